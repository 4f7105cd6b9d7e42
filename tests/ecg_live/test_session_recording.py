"""A session that records onto a disk with troubles: what is live stays live."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

from ecg_live.model.bundle import Bundle
from ecg_live.model.predictor import Predictor
from ecg_live.recorded.verify import verify
from ecg_live.results import Prediction, Summary
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_recorder import XdfRecorder
from tests.support.scripted_source import RATE, HandClock, Keep, Script, of, paced
from tests.support.synthetic_signals import info
from tests.support.xdf_recordings import ecg, until


def test_a_disk_that_does_not_answer_holds_up_nothing_but_the_end(
    tmp_path: Path, random_model: Bundle, clock: HandClock
) -> None:
    path, slow, keep = tmp_path / "a.xdf", Event(), Keep()
    slow.set()

    def sync(file: int) -> None:
        slow.wait(60)
        os.fsync(file)

    def opened(_: Path | None) -> XdfRecorder:
        found = XdfRecorder(
            path, stream_specs(source.info, heads), source.info, heads, {}, clock, interval=0.01, sync=sync
        )
        slow.clear()
        return found

    source, heads = Script(info(RATE), paced(clock, 40)), random_model.head_infos
    session = Session(
        source, SignalPath(source.info), Predictor(random_model), heads, [keep], clock,
        recordings=opened, record=True,
    )  # fmt: skip
    session.start()
    until(lambda: bool(of(keep, Summary)))
    assert not session.wait(0)  # it waits for the disk now, and for nothing before
    assert len(of(keep, Prediction)) == 31
    assert max(each.latency for each in keep.items if isinstance(each, Prediction)) == 0.0
    slow.set()
    assert session.wait(60)
    assert session.error is None
    assert len(ecg(path)) == 40 * RATE
    report = verify(path)
    assert (report.sound, report.closed) == (True, True)
