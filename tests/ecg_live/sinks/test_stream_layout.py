"""A session as streams: what each item adds to them, and when."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.events import AffectRating, Beats, Chunk, Gap, LeadOff, Marker, SelfReportAnswer, State, StreamInfo
from ecg_live.results import Item, Summary, Trace
from ecg_live.sinks.stream_layout import StreamRow, StreamRows, stream_specs
from tests.support.session_items import HEADS, HRV, INFO, OTHERS, RR_INTERVAL, chunk, prediction, trace

NOW = 777.0
SUMMARY = Summary(1, 2, 3, 4, 5, 6.0, 7.0)


def rows_of(items: Sequence[Item], speed: float = 1.0, info: StreamInfo = INFO) -> list[StreamRow]:
    rows = StreamRows(replace(info, speed=speed), HEADS, lambda: NOW)
    return [row for item in items for row in rows.rows_for(item)]


def stamps(items: Sequence[Item], speed: float = 1.0) -> list[tuple[str, float]]:
    return [(row.key, row.stamp) for row in rows_of(items, speed)]


def test_every_row_fits_its_stream() -> None:
    known = {spec.key: spec for spec in stream_specs(INFO, HEADS)}
    items: list[Item] = [chunk(0, 1000.0), trace(0, 1000.0), prediction(0, 1000.0), Marker(1.0, "x", 0.0)]
    asked: list[Item] = [SelfReportAnswer("mood", "sam", 0.5, 1.0, (("valence", 7.0),)), AffectRating(1.0, 0.5, -0.5)]
    rows = rows_of([*items, Gap(1, 2, "radio"), State("ended", "x", 1.0), RR_INTERVAL, HRV, *OTHERS, *asked, SUMMARY])
    assert {row.key for row in rows} == set(known)
    for row in rows:
        spec = known[row.key]
        assert np.shape(row.values)[1] == len(spec.channels)
        if isinstance(row.values, np.ndarray):
            assert row.values.dtype == {"double64": np.float64, "float32": np.float32}[spec.form]
        else:
            assert spec.form == "string"
            assert all(isinstance(value, str) for sample in row.values for value in sample)


def test_streams_are_described() -> None:
    known = {spec.key: spec for spec in stream_specs(INFO, HEADS)}
    assert (known["ecg"].rate, known["filtered"].rate) == (500.0, 256)
    assert [(c.label, c.unit) for c in known["ecg"].channels] == [("ECG", "millivolts"), ("acc", "millivolts")]
    labels = [channel.label for channel in known["predictions"].channels]
    assert labels == ["start", "stop", "latency", "load/rest", "load/load", "mood/low", "mood/high"]
    assert [c.label for c in known["decisions"].channels][3:] == ["mood/label", "mood/abstain", "mood/set"]
    assert len(known["features"].channels) == 128
    assert {spec.rate for key, spec in known.items() if key not in ("ecg", "filtered")} == {0.0}


def test_without_ecg_the_straps_heart_rate_is_the_heart_rate() -> None:
    strap = StreamInfo(1.0, ())
    keys = {spec.key for spec in stream_specs(strap, HEADS)}
    assert not keys & {"ecg", "filtered", "gaps"}
    first, second = rows_of([Beats(1002.0, 60.0, (1.0,))], info=strap)
    assert (first.key, first.stamp, second.key) == ("heart_rate", 1002.0, "events")
    np.testing.assert_equal(first.values, [[60.0, math.nan]])
    assert [row.key for row in rows_of([Beats(1002.0, 60.0)])] == ["events"]  # the ECG tells it


def test_a_prediction_in_rows() -> None:
    found = {row.key: row for row in rows_of([prediction(5.0, 1005.0)])}
    assert {row.stamp for row in found.values()} == {1015.0}  # where its window ends
    np.testing.assert_equal(found["predictions"].values, [[5.0, 15.0, 0.125, 0.25, 0.75, math.nan, math.nan]])
    assert found["decisions"].values == [["load", "", "personal", "", "outside the training range", "population"]]
    assert found["quality"].values == [["poor", "baseline wander; step"]]
    np.testing.assert_equal(found["heart_rate"].values, [[61.5, math.nan]])
    np.testing.assert_array_equal(found["features"].values, [np.arange(128)])
    assert "features" not in {row.key for row in rows_of([replace(prediction(5.0, 1005.0), features=None)])}


def test_events_are_the_lines_of_json() -> None:
    rows = rows_of([*OTHERS, State("lost", "gone", 1.0), Gap(500, 250, "radio"), SUMMARY])
    lines = [json.loads(str(row.values[0][0])) for row in rows if row.key == "events"]
    assert [line["type"] for line in lines] == ["beats", "lead_off", "battery", "state", "gap", "summary"]
    (gap,) = [row for row in rows if row.key == "gaps"]
    np.testing.assert_array_equal(gap.values, [[500, 250, 0]])


def test_at_real_time_stamps_are_the_devices() -> None:
    items: list[Item] = [
        State("searching", "", 990.0),
        chunk(0, 1000.0),
        trace(0.0, 1000.01),
        Marker(999.5, "before", -0.5),
        chunk(100, 1000.21),
        Gap(200, 50, "radio", time=1000.4),
        LeadOff(120, True),
        Gap(300, 50, "radio"),
        State("warning", "of a file"),
        SUMMARY,
    ]
    assert [stamp for _, stamp in stamps(items)] == pytest.approx(
        # a gap of unknown time lies behind the newest chunk; what lies at no time comes with the newest sample
        [990.0, 1000.0, 1000.01, 999.5, 1000.21, 1000.4, 1000.4, 1000.41, 1000.61, 1000.41, 1000.41, 1000.41]
    )


@pytest.mark.parametrize("speed", [0.5, 4.0, math.inf])
def test_at_other_speeds_stamps_run_as_at_real_time(speed: float) -> None:
    items: list[Item] = [
        State("searching", "", 990.0),
        chunk(0, 1000.0),
        trace(0.1, 1000.0 + 0.1 / speed),
        Marker(1000.0 + 0.15 / speed, "x", 0.15),
        chunk(100, 1000.0 + 0.2 / speed),
        prediction(-9.7, 1000.0 - 9.7 / speed),
        State("ended", "", 1003.0),
    ]
    expected = [990.0, 1000.0, 1000.1, 1000.15, 1000.2, *[1000.3] * 5, 1000.4]
    assert [stamp for _, stamp in stamps(items, speed)] == pytest.approx(expected)


@pytest.mark.parametrize("speed", [1.0, 4.0, math.inf])
def test_before_the_first_sample_the_clock_says_when(speed: float) -> None:
    items: list[Item] = [State("warning"), SUMMARY, LeadOff(3, False), Gap(3, 4, "radio"), Marker(990.0, "x")]
    assert [stamp for _, stamp in stamps(items, speed)] == [NOW, NOW, NOW, NOW, NOW, 990.0]


def test_empty_chunks_add_nothing() -> None:
    assert rows_of([Chunk(np.empty((0, 2)), 0, 5.0)]) == []


@settings(max_examples=50, deadline=None)
@given(cuts=st.lists(st.integers(1, 60), max_size=12), speed=st.sampled_from([0.5, 1.0, 8.0]))
def test_stamps_do_not_depend_on_how_the_signal_is_cut(cuts: list[int], speed: float) -> None:
    whole = chunk(0, 1000.0, 200)
    edges = [0, *np.minimum(np.cumsum(cuts), 200).tolist(), 200]
    pieces: list[Item] = [chunk(a, 1000.0 + a / 500 / speed, b - a) for a, b in itertools.pairwise(edges) if b > a]
    found = [(row.stamp + np.arange(len(row.values)) / 500, row.values) for row in rows_of(pieces, speed)]
    (one,) = rows_of([whole], speed)
    np.testing.assert_allclose(np.concatenate([at for at, _ in found]), one.stamp + np.arange(200) / 500, atol=1e-9)
    np.testing.assert_array_equal(np.concatenate([values for _, values in found]), one.values)


def test_traces_with_an_unknown_time_follow_the_signal() -> None:
    items: list[Item] = [chunk(0, 1000.0), Trace(np.zeros(4, np.float32), 0.5, 0)]
    assert stamps(items)[-1] == ("filtered", 1000.5)
