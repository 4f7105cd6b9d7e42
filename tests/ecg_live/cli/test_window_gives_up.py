"""A dashboard that cannot draw any more: what is recorded goes on in the terminal, what nobody keeps ends."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from ecg_live.cli.live import _show_dashboard
from ecg_live.cli.recording import RecorderFactory
from ecg_live.config import LiveSettings
from ecg_live.dashboard.app import MAX_DROPPED_FRAMES, DrawingError
from ecg_live.model.predictor import Predictor
from ecg_live.results import Poll, Snapshot
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.study.course import StudyCourse
from ecg_live.study.plan import Block, SelfReport, Study
from ecg_live.study.run import StudyRun
from tests.support.chunk_cutting import cut
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import Script
from tests.support.synthetic_signals import ecg, info


class Unseen(Session):
    """Cannot be looked at so many times, then can; ends once it was."""

    blind = MAX_DROPPED_FRAMES

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        if self.blind:
            self.blind -= 1
            raise ValueError("nothing to see")
        self.stop()
        return super().poll(since)


class Asked(Unseen):
    """Ends once the study that runs beside it asks for nothing any more."""

    study: StudyRun

    def stop(self) -> None:
        if self.study.status().course.phase != "self_report":
            super().stop()


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_CONFIG", str(tmp_path / "config.toml"))


@pytest.mark.usefixtures("qapp", "own_settings")
@pytest.mark.parametrize("recorded", [True, False])
def test_a_recording_goes_on_without_its_window(
    tmp_path: Path, recorded: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    source, bundle = Script(info(256.0), [*cut(ecg(3, 256.0), 256.0, [256, 256]), Script.SILENCE]), random_bundle()
    settings = LiveSettings(record=str(tmp_path / "a.xdf"))
    recordings = RecorderFactory(settings, "x", source.info, bundle, time.monotonic)
    session = Unseen(
        source,
        SignalPath(source.info),
        Predictor(bundle),
        bundle.head_infos,
        [],
        time.monotonic,
        recordings=recordings,
        record=recorded,
    )
    session.start()
    source.silent.wait(60)
    try:
        if recorded:
            _show_dashboard(session, settings, "x")
        else:
            with pytest.raises(DrawingError):
                _show_dashboard(session, settings, "x")
            assert not session.wait(0)
    finally:
        session.stop()
        assert session.wait(60)
    said = capsys.readouterr().err
    assert ("goes on without its window" in said) == recorded
    assert session.error is None
    if recorded:
        assert f"{MAX_DROPPED_FRAMES} frames of the dashboard could not be drawn: ValueError: nothing to see" in said
        assert session.summary is not None
        assert session.summary.samples == 768
        assert (tmp_path / "a.xdf").stat().st_size > 768 * 4


@pytest.mark.usefixtures("qapp", "own_settings")
def test_a_study_goes_on_in_the_terminal_without_its_window(tmp_path: Path) -> None:
    """Nothing can be typed here, so that the self-report is not asked, and the next block runs."""
    source, bundle = Script(info(256.0), [*cut(ecg(3, 256.0), 256.0, [256, 256]), Script.SILENCE]), random_bundle()
    settings = LiveSettings(record=str(tmp_path / "a.xdf"))
    session = Asked(
        source,
        SignalPath(source.info),
        Predictor(bundle),
        bundle.head_infos,
        [],
        time.monotonic,
        seconds=20.0,
        recordings=RecorderFactory(settings, "x", source.info, bundle, time.monotonic),
        record=True,
    )
    blocks = Block("rest", self_reports=("mood",)), Block("talk")
    run = StudyRun(
        Study("Lab", blocks, self_reports={"mood": SelfReport("mood", "sam")}), StudyCourse(blocks), time.monotonic
    )
    session.study = run
    run.tick()
    assert run.advance()
    assert run.advance()
    assert run.status().course.phase == "self_report"
    session.start()
    source.silent.wait(60)
    study: Any = SimpleNamespace(run=run)
    try:
        _show_dashboard(session, settings, "x", study)
        assert run.status().course.number == 2
    finally:
        Unseen.stop(session)
        assert session.wait(60)
