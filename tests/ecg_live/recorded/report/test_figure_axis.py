"""The time axis: round times, names that have room, strips that say how much."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.html.charts import Plot
from ecg_live.recorded.report.downsample import downsample_share
from ecg_live.recorded.report.figure_axis import (
    AXIS_LEFT_PX,
    AXIS_WIDTH_PX,
    FIGURE_WIDTH_PX,
    MAX_TICKS,
    FigureAxis,
    share_lane,
    shorten,
    time_ticks,
)
from ecg_live.recorded.report.sentences import percent, time_text
from ecg_live.recorded.report.session import RecordedGap, RecordedMarker


@given(st.floats(0, 1e7))
def test_ticks_are_round_and_few(duration: float) -> None:
    marks = time_ticks(duration)
    assert 1 <= len(marks) <= MAX_TICKS + 1
    assert marks[0] == 0
    assert marks[-1] <= duration
    assert len({round(b - a, 6) for a, b in pairwise(marks)}) <= 1


def test_ticks_are_round_times() -> None:
    assert time_ticks(60)[:3] == [0, 10, 20]
    assert time_ticks(600)[:3] == [0, 60, 120]
    assert time_ticks(8 * 3600)[:3] == [0, 3600, 7200]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.text(max_size=40)), max_size=60))
def test_names_of_markers_never_lie_on_each_other(found: list[tuple[float, str]]) -> None:
    axis = FigureAxis(100.0, (), tuple(RecordedMarker(time, text) for time, text in sorted(found)))
    ends: dict[str, float] = {}
    for x, y, text in re.findall(r'<text x="([^"]+)" y="([^"]+)"[^>]*>([^<]*)</text>', "".join(axis.marker_names())):
        assert float(x) > ends.get(y, 0.0)
        ends[y] = float(x) + 5 * len(re.sub("&[^;]+;", "x", text))
        assert AXIS_LEFT_PX - 200 < float(x) <= FIGURE_WIDTH_PX


def test_gaps_are_shades_unless_they_were_bridged() -> None:
    gaps = RecordedGap(20, 30, 256, False, "lost"), RecordedGap(40, 40.02, 5, True, "lost")
    axis = FigureAxis(100.0, gaps)
    (shade,) = [part for part in axis.background(axis.panel(0, 10, (0, 1))) if 'class="gap"' in part]
    assert re.findall(r"M([\d.]+) [\d.]+h([\d.]+)v", shade) == [
        (f"{AXIS_LEFT_PX + 0.2 * AXIS_WIDTH_PX:.1f}", f"{0.1 * AXIS_WIDTH_PX:.1f}")
    ]


def test_a_strip_is_as_high_as_the_share_of_windows() -> None:
    plot = Plot(0, 0, 100, 10, (0, 3950), (0, 1))
    stop = np.arange(1.0, 3951.0)
    (filled,) = [
        part
        for part in share_lane(plot, "x", downsample_share(stop, np.asarray(stop % 2 == 0), 3950.0, 1.0), "fill")
        if "h" in part and 'class="fill"' in part
    ]
    heights = {float(found) for found in re.findall(r"v([\d.]+)h", filled)}
    assert max(heights) == pytest.approx(5, abs=0.6)


def test_words_of_times_and_shares() -> None:
    assert (time_text(3725.1239), time_text(-0.5), time_text(0.9996)) == (
        "1:02:05.124",
        "\u22120:00:00.500",
        "0:00:01.000",
    )
    assert [percent(part, 10_000) for part in (0, 1, 50, 9_999, 10_000)] == ["0%", "<0.1%", "0.5%", ">99.9%", "100%"]
    assert percent(0, 0) == "--"
    assert shorten("a\n  b" + "c" * 40, 10) == "a bcccccc\u2026"
