"""The automatic gain: any ECG is well seen, and the scale is changed seldom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pyqtgraph.Qt import QtCore, QtTest

from ecg_live.dashboard.auto_gain import MIN_AMPLITUDE_MV, fitted_scale, typical_range
from ecg_live.dashboard.ecg_grid import PAPER_GAINS, PaperScale, axis_step
from ecg_live.events import F32
from tests.support.dashboard_windows import Open, live
from tests.support.simulated_view import LOAD, abstained, answer, synthetic_ecg

HEIGHT_PX = 180.0


def ecg(factor: float, seconds: int = 10) -> F32:
    return (synthetic_ecg(0, seconds * 256) * factor).astype(np.float32)


@pytest.mark.parametrize("factor", [-3.0, -0.3, 0.12, 0.2, 0.29, 0.5, 1.0, 1.7, 3.0, 5.0])
def test_a_beat_fills_the_strip_and_lies_inside(factor: float) -> None:
    scale = fitted_scale(PaperScale(), ecg(factor), HEIGHT_PX)
    low, high = ecg(factor).min() * scale.height, ecg(factor).max() * scale.height
    assert 0.3 <= (high - low) / HEIGHT_PX <= 0.9
    zero = scale.zero(HEIGHT_PX)
    assert zero - high >= -13  # half a large box
    assert zero - low <= HEIGHT_PX + 13
    assert scale.gain in PAPER_GAINS
    assert scale.shift % 5 == 0


def test_it_stays_while_it_will_do() -> None:
    scale = fitted_scale(PaperScale(), ecg(0.3), HEIGHT_PX)
    for factor in np.linspace(0.3, 0.4, 5):
        assert fitted_scale(scale, ecg(float(factor)), HEIGHT_PX) == scale
    assert fitted_scale(scale, ecg(3.0), HEIGHT_PX) != scale


@pytest.mark.parametrize(
    "samples",
    [
        ecg(1.0, 3),
        np.full(2560, np.nan, np.float32),
        np.zeros(2560, np.float32),
        ecg(MIN_AMPLITUDE_MV / 2),
        np.zeros(0, np.float32),
    ],
    ids=["short", "gap", "flat", "tiny", "none"],
)
def test_without_an_ecg_nothing_changes(samples: F32) -> None:
    assert fitted_scale(PaperScale(gain=4.0, shift=5), samples, HEIGHT_PX) == PaperScale(gain=4.0, shift=5)


def test_one_artefact_does_not_shrink_the_trace() -> None:
    spoilt = ecg(0.3)
    spoilt[1000:1005] = 20.0
    assert typical_range(spoilt) == pytest.approx(typical_range(ecg(0.3)), abs=0.03)


@pytest.mark.parametrize("gain", PAPER_GAINS)
def test_labels_of_the_axis_have_room(gain: float) -> None:
    scale = PaperScale(gain=gain)
    assert 30 <= axis_step(scale, 30) * scale.height <= 100


def test_the_window_fits_a_small_ecg_and_a_key_fixes_the_gain(opened: Open) -> None:
    view, window = live(opened)
    for _ in range(12):
        view.feed((synthetic_ecg(view.fed, view.fed + 256) * 0.2).astype(np.float32))
        view.predict(answer(LOAD, 1, 0.8))
        window.refresh()
    fitted = window.trace.sweep.scale
    assert fitted.gain > 2
    assert window.trace.transport.gain.currentText() == f"Auto {10 * fitted.gain:g} mm/mV"
    QtTest.QTest.keyClick(window.trace.sweep, QtCore.Qt.Key.Key_Minus)
    fixed = window.trace.sweep.scale
    assert (fixed.gain, fixed.shift) == (fitted.gain / 2, 0)
    for _ in range(6):
        view.feed((synthetic_ecg(view.fed, view.fed + 256) * 0.1).astype(np.float32))
        view.predict(answer(LOAD, 1, 0.8))
        window.refresh()
    assert window.trace.sweep.scale == fixed
    window.trace.transport.gain.setCurrentIndex(0)
    view.feed_ecg(10)
    view.predict(abstained("noise"), grade="unusable")
    window.refresh()
    assert window.trace.sweep.scale == fixed  # noise enlarges nothing
    view.predict(answer(LOAD, 1, 0.8))
    view.wait(1)
    window.refresh()
    assert window.trace.sweep.scale != fixed
    assert replace(window.trace.sweep.scale, shift=0).gain <= 2
