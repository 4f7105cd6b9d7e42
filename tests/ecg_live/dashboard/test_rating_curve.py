"""The curve of a head that gives a number: on the rating's own scale, with its interval as a band."""

from __future__ import annotations

import math

import numpy as np
from pytestqt.qtbot import QtBot

from ecg_live.dashboard.curve import BAND_OPACITY, ProbabilityCurve
from ecg_live.dashboard.head_panel import HeadPanel
from ecg_live.dashboard.theme import LIGHT
from ecg_live.presentation.status import HeadStatus
from ecg_live.results import HeadInfo, HeadResult

STRESS = HeadInfo("stress", (), (1.0, 9.0))


def curve_with(qtbot: QtBot, *values: float | None) -> ProbabilityCurve:
    curve = ProbabilityCurve(STRESS, LIGHT)
    qtbot.addWidget(curve)
    curve.resize(300, 140)
    for k, value in enumerate(values):
        if value is None:
            curve.add(10.0 + k, HeadResult(None, None, "unusable signal", scale=STRESS.scale))
        else:
            curve.add(
                10.0 + k, HeadResult(None, None, value=value, interval=(value - 1, value + 1), scale=STRESS.scale)
            )
    curve.show_at(10.0 + len(values) - 1, 1.0)
    return curve


def test_numbers_are_drawn_at_their_place_on_the_scale(qtbot: QtBot) -> None:
    curve = curve_with(qtbot, 5.0, 9.0, None, 1.0)
    _, values = curve.line(0)
    np.testing.assert_allclose(values, [0.5, 1.0, math.nan, 0.0])
    assert curve.points[0].band == (0.375, 0.625)
    assert [curve._axis_text(share) for share in (0.0, 0.5, 1.0)] == ["1", "5", "9"]
    assert curve.legend()[0].text.startswith("stress, with its 80 % interval"[:20])


def test_the_band_is_painted_and_an_abstention_breaks_it(qtbot: QtBot) -> None:
    curve = curve_with(qtbot, *([5.0] * 30), *([None] * 30))
    picture = curve.grab().toImage()
    colours = {picture.pixelColor(x, y).name() for x in range(40, 290, 3) for y in range(20, 120, 2)}
    silent = curve_with(qtbot, *([None] * 60)).grab().toImage()
    plain = {silent.pixelColor(x, y).name() for x in range(40, 290, 3) for y in range(20, 120, 2)}
    assert len(colours - plain) >= 2  # the line and the band
    assert [kind for _, kind in curve.runs()] == ["number", "abstain"]
    assert 0 < BAND_OPACITY < 1


def test_the_panel_shows_number_and_interval(qtbot: QtBot) -> None:
    panel = HeadPanel(STRESS, LIGHT)
    qtbot.addWidget(panel)
    panel.show_status(HeadStatus("number", "4.5", "2.5 to 6.5", "On a scale of 1 to 9", dim=False), 10.0, 1.0)
    assert panel.accessibleDescription() == "Estimate: 4.5 2.5 to 6.5 On a scale of 1 to 9"
