"""RR intervals as items of a session: from its ECG, from a strap, for the screen and for all sinks."""

from __future__ import annotations

import json
from io import StringIO

import numpy as np
import pytest

from ecg_live.events import Beats, Gap, LeadOff, State, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.model.predictor import Predictor
from ecg_live.presentation.formatting import hrv_text
from ecg_live.results import RR_FLAGS, RR_SOURCES, Hrv, HrvResult, Item, Poll, Prediction, RrInterval, Summary
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import LATE_MARGIN_S
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.sinks.jsonl import JsonLines, line_fields
from ecg_live.sinks.stream_layout import RR_CHANNELS, StreamRows
from tests.support.scripted_source import RATE, HandClock, Keep, Make, Script, of, paced
from tests.support.session_items import HEADS, HRV, INFO
from tests.support.synthetic_signals import Tape, ecg, info

STRAP = StreamInfo(0.0, (), name="Strap")


def intervals(sink: Keep) -> list[RrInterval]:
    return [item for item in of(sink, RrInterval) if isinstance(item, RrInterval)]


def test_those_of_an_ecg_follow_the_prediction_that_completes_them(make: Make, clock: HandClock) -> None:
    sink = Keep()
    make(paced(clock, 30), sink)[0].run()
    found = intervals(sink)
    assert len(found) == pytest.approx(30 * 72 / 60, abs=3)
    assert {(each.flag, each.source) for each in found} == {("normal", "ecg")}
    assert np.mean([each.rr for each in found]) == pytest.approx(60 / 72, rel=0.02)
    stop = 0.0
    for item in sink.items:
        if isinstance(item, Prediction):
            stop = item.stop
        elif isinstance(item, RrInterval) and item.raw is not None:
            assert stop - 10 <= item.raw <= stop
    assert found[-1].raw == pytest.approx(30 - LATE_MARGIN_S, abs=0.9)  # those that waited come at the end
    assert isinstance(sink.items[-2], State)
    assert isinstance(sink.items[-1], Summary)


def test_a_gap_comes_after_the_intervals_before_it(make: Make) -> None:
    sink = Keep()
    make(Tape(ecg(40, RATE), RATE, ((256 * 20, 300),)).items([256] * 100), sink)[0].run()
    (gap,) = [at for at, item in enumerate(sink.items) if isinstance(item, Gap)]
    raws = [(at, item.raw or 0.0) for at, item in enumerate(sink.items) if isinstance(item, RrInterval)]
    assert all((at < gap) == (raw < 20) for at, raw in raws)
    assert not any(raw - 1 < 20.5 < raw for _, raw in raws)


def test_those_of_a_strap_are_its_own(random_model: Bundle) -> None:
    clock, sink = HandClock(), Keep()

    def notifications() -> object:
        for _ in range(30):
            clock.wait(1.0)
            yield Beats(clock.now, 60.0, (1.0,))
        yield LeadOff(0, off=True)

    path, predictor = RrPath(random_model.head_infos), Predictor(random_model, embeds=False)
    session = Session(Script(STRAP, notifications()), path, predictor, random_model.head_infos, [sink], clock)  # type: ignore[arg-type]  # it yields items
    session.run()
    found = intervals(sink)
    assert [(each.rr, each.flag, each.source) for each in found] == [(1.0, "normal", "device")] * 30
    assert [each.raw for each in found] == pytest.approx(list(range(30)))
    assert [each.time for each in found] == pytest.approx([1001.0 + k for k in range(30)])


def test_the_screen_gets_each_once(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, _ = make(paced(clock, 20), sink)
    seen: list[RrInterval] = []
    cursor = Poll()

    def polled() -> None:
        nonlocal cursor
        snapshot, cursor = session.poll(cursor)
        seen.extend(snapshot.rr_intervals)

    def write(item: Item) -> None:
        sink.items.append(item)
        polled()

    sink.write = write  # type: ignore[method-assign]  # a screen that looks after each item
    session.run()
    polled()
    assert seen == intervals(sink)
    assert len(seen) > 15


def test_lines_and_rows() -> None:
    found = [RrInterval(1010.5, 10.5, 0.8, "normal", "ecg"), RrInterval(1011.0, None, 0.5, "ectopic", "device")]
    out = StringIO()
    lines = JsonLines(out, 256.0)
    for each in found:
        lines.write(each)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"type": "rr", "time": 10.5, "rr": 0.8, "flag": "normal", "source": "ecg"},
        {"type": "rr", "time": None, "rr": 0.5, "flag": "ectopic", "source": "device"},
    ]
    rows = [row for each in found for row in StreamRows(INFO, HEADS, HandClock()).rows_for(each)]
    assert [(row.key, row.stamp) for row in rows] == [("rr_intervals", 1010.5), ("rr_intervals", 1011.0)]
    np.testing.assert_array_equal(rows[0].values, [[0.8, 0, 0, 10.5]])
    np.testing.assert_array_equal(rows[1].values, [[0.5, 1, 2, np.nan]])
    assert [channel.unit for channel in RR_CHANNELS[1:3]] == [
        "0 normal, 1 ectopic, 2 artefact",
        "0 ecg, 1 ppg, 2 device",
    ]
    assert (RR_FLAGS[1], RR_SOURCES[2]) == ("ectopic", "device")


def test_a_path_with_another_hop_finds_the_same_number(random_model: Bundle) -> None:
    counts = []
    for hop in (1.0, 5.0):
        sink, stream = Keep(), info(RATE)
        source = Script(stream, Tape(ecg(40, RATE), RATE).items([256] * 40))
        predictor = Predictor(random_model, hop)
        Session(source, SignalPath(stream, hop), predictor, random_model.head_infos, [sink], HandClock()).run()
        counts.append(len(intervals(sink)))
    assert counts[0] == counts[1]


def test_heart_rate_variability_comes_with_the_interval_that_completes_it(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, _ = make(paced(clock, 130), sink)
    session.run()
    results = [item for item in of(sink, HrvResult) if isinstance(item, HrvResult)]
    assert [each.raw for each in results] == [5.0 * k for k in range(1, 26)]
    assert results[10].hrv.reason == "55 of 120 s so far"
    last = results[-1].hrv
    assert last.heart_rate == pytest.approx(72, abs=0.5)
    assert last.sdnn is not None
    assert last.lf_hf is not None
    for at, item in enumerate(sink.items):
        if isinstance(item, HrvResult):
            after = next(each for each in sink.items[at:] if isinstance(each, RrInterval))
            assert item.raw <= (after.raw or 0) < item.raw + 5
    snapshot, _ = session.poll(Poll())
    assert snapshot.hrv == tuple(results)


def test_rows_and_lines_of_heart_rate_variability() -> None:
    (row,) = StreamRows(INFO, HEADS, HandClock()).rows_for(HRV)
    assert (row.key, row.stamp) == ("hrv", 1120.0)
    np.testing.assert_array_equal(
        row.values, [[0.0, 120.0, 140, 0.98, 2, 70.0, 50.0, 40.0, 20.0, 28.0, 60.0, 500.0, 400.0, 1.25]]
    )
    none = HrvResult(1060.0, 60.0, Hrv(120.0, 70, 0.5, 2, reason="60 of 120 s so far"))
    (row,) = StreamRows(INFO, HEADS, HandClock()).rows_for(none)
    assert np.isnan(np.asarray(row.values)[0, 5:]).all()
    line = line_fields(none, 500.0)
    assert line is not None
    assert (line["start"], line["stop"], line["sdnn"], line["reason"]) == (-60.0, 60.0, None, "60 of 120 s so far")
    assert "seconds" not in line


def test_the_terminal_shows_it_or_why_there_is_none() -> None:
    assert hrv_text(HRV.hrv) == (
        "SDNN 50 ms  RMSSD 40 ms  pNN50 20 %  LF/HF 1.25  SD1/SD2 28/60 ms  (over 120 s, 2 intervals left out)"
    )
    assert hrv_text(Hrv(120.0, 70, 0.5, 0, reason="60 of 120 s so far")) == "--  over 120 s: 60 of 120 s so far"
    assert hrv_text(None) == "--"
