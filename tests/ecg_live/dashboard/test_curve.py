"""The key and the lines of a head's curve, with up to nine classes."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.curve import ROW, ProbabilityCurve
from ecg_live.dashboard.palette import DARK, LIGHT, Palette
from ecg_live.types import HeadInfo

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
    key = curve.key(metrics)
    assert [which for which, *_ in key] == ([1] if count == 2 else list(range(count)))
    assert key[-1][2] + ROW <= size[1] / 2
    for which, x, _, text in key:
        assert (f"probability of {FEELINGS[which]}" if count == 2 else FEELINGS[which]).startswith(text)
        assert len(text) >= 3
        assert x + 28 + metrics.horizontalAdvance(text) <= size[0]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_nine_lines_differ_in_colour_or_style(qtbot: QtBot, palette: Palette) -> None:
    curve = ProbabilityCurve(HeadInfo("valence", tuple("123456789")), palette)
    qtbot.addWidget(curve)
    pens = [curve._pen(which) for which in range(9)]
    assert len({(pen.color().name(), pen.style()) for pen in pens}) == 9
