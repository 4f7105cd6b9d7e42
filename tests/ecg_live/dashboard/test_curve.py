"""The key and the lines of a head's curve, with up to nine classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.curve import ProbabilityCurve
from ecg_live.dashboard.legend import row_height
from ecg_live.dashboard.theme import DARK, LIGHT, Palette
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline, TimelineMarker
from ecg_live.results import HeadInfo, HeadResult

LOAD = HeadInfo("mental_load", ("rest", "load"))
FEELINGS = ("amusement", "excitement", "happiness", "calmness", "anger", "disgust", "fear", "sadness", "surprise")


@pytest.mark.parametrize("count", range(2, 10))
@pytest.mark.parametrize("size", [(300, 140), (186, 125)])  # a quarter of the window at 1280 x 800, and at 1024 x 700
def test_the_key_names_every_line_and_leaves_the_plot_half_of_the_height(
    qtbot: QtBot, count: int, size: tuple[int, int]
) -> None:
    curve = ProbabilityCurve(HeadInfo("emotion", FEELINGS[:count]), LIGHT)
    qtbot.addWidget(curve)
    curve.resize(*size)
    metrics = curve.fontMetrics()
    key = curve.legend()
    assert [which for which, *_ in key] == list(range(1 if count == 2 else count))
    assert key[-1].y + row_height(metrics) <= size[1] / 2
    for which, x, _, text in key:
        assert (f"probability of {FEELINGS[1]}" if count == 2 else FEELINGS[which]).startswith(text)
        assert len(text) >= 3
        assert x + 28 + metrics.horizontalAdvance(text) <= size[0]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_nine_lines_differ_in_colour_or_style(qtbot: QtBot, palette: Palette) -> None:
    curve = ProbabilityCurve(HeadInfo("valence", tuple("123456789")), palette)
    qtbot.addWidget(curve)
    pens = [curve._pen(which) for which in range(9)]
    assert len({(pen.color().name(), pen.style()) for pen in pens}) == 9


def test_the_name_of_a_set_is_not_written_over_that_of_a_marker(qtbot: QtBot) -> None:
    rows = []
    for which in ("population", "personal"):
        timeline = SessionTimeline((LOAD,))
        timeline.markers = (TimelineMarker(11.0, "a stimulus with a long name"),)
        curve = ProbabilityCurve(LOAD, LIGHT, timeline)
        qtbot.addWidget(curve)
        curve.resize(300, 140)
        for stop in (10.0, 12.0):
            curve.add(stop, HeadResult({"rest": 0.6, "load": 0.4}, "load", set=which if stop > 11 else "population"))
        curve.show_at(40.0, 2.0)
        plot, image = curve.plot, curve.grab().toImage()
        row = round(plot.top()) + curve.fontMetrics().ascent() // 2
        rows.append([image.pixelColor(x, row).name() for x in range(image.width())])
    assert sum(one != other for one, other in zip(*rows, strict=True)) <= 2  # the line at the change


def test_answers_of_two_sets_are_never_joined_and_the_moment_is_marked(qtbot: QtBot) -> None:
    curve = ProbabilityCurve(LOAD, LIGHT)
    qtbot.addWidget(curve)
    curve.resize(300, 140)
    for stop, which in ((10.0, "population"), (11.0, "population"), (12.0, "personal"), (13.0, "personal")):
        curve.add(stop, HeadResult({"rest": 0.2, "load": 0.8}, "load", set=which))
    curve.show_at(13.0, 1.0)
    times, values = curve.line(1)
    assert times == [10, 11, 11, 12, 13]
    np.testing.assert_array_equal(values, [0.8, 0.8, np.nan, 0.8, 0.8])
    assert [len(piece) for piece, _ in curve.runs()] == [2, 2]
    assert curve.changes() == [(11.5, "personal")]
    without = ProbabilityCurve(LOAD, LIGHT)
    qtbot.addWidget(without)
    without.resize(300, 140)
    for point in curve.points:
        without.points.append(replace(point, set="population"))
    without.show_at(13.0, 1.0)
    plot = curve.plot
    assert rules(curve) == [pytest.approx(plot.left() + plot.width() * (1 - 1.5 / 60), abs=1)]
    assert rules(without) == []


def test_the_mark_of_a_new_set_stands_beside_its_answers_after_a_gap(qtbot: QtBot) -> None:
    curve = ProbabilityCurve(LOAD, LIGHT)
    qtbot.addWidget(curve)
    for stop, which in ((10.0, "population"), (40.0, "personal")):
        curve.add(stop, HeadResult(None, None, "no", set=which))
    assert curve.changes() == [(39.5, "personal")]


def rules(curve: ProbabilityCurve) -> list[int]:
    """Columns of pixels that are dark from top to bottom of the plot, dashes apart."""
    image = curve.grab().toImage()
    rows = range(30, 110)
    dark = [sum(image.pixelColor(x, y).lightness() < 60 for y in rows) for x in range(40, image.width())]
    return [40 + x for x, count in enumerate(dark) if count > len(rows) / 3]
