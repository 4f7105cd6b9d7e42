"""What the path makes of electrodes and converters that misbehave."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64, LeadOff
from ecg_live.signal.pipeline import SignalPath
from tests.support.synthetic_signals import Tape, ecg, info, play


@pytest.mark.parametrize("rate", [250.0, 1000.0])
def test_an_offset_of_300_mv_gives_no_transient(rate: float) -> None:
    plain = play(SignalPath(info(rate)), Tape(ecg(12, rate), rate).items())
    raised = play(SignalPath(info(rate)), Tape(ecg(12, rate) + 300, rate).items())
    quarter = MODEL_RATE_HZ // 4
    assert np.abs(plain.trace() - raised.trace()).max() < 1e-3
    assert np.abs(raised.trace()[quarter:]).max() < 1.5  # R peaks have 1.2 mV
    assert raised.windows[0].quality.grade == "good"


@pytest.mark.parametrize("height", [10.0, 300.0, -300.0])
@pytest.mark.parametrize("at", [15.3, 15.9, 15.996])
def test_an_electrode_step_settles_and_marks_its_windows(height: float, at: float) -> None:
    x = ecg(40, 500)
    x[round(at * 500) :] += height
    made = play(SignalPath(info(500.0)), Tape(x, 500).items())
    plain = play(SignalPath(info(500.0)), Tape(ecg(40, 500), 500).items())
    settled = at + (1.6 if abs(height) == 10 else 2.65)
    assert np.abs(made.trace() - plain.trace())[round(settled * MODEL_RATE_HZ) :].max() < 0.05
    for window, same in zip(made.windows, plain.windows, strict=True):
        if window.start < settled and window.stop > at:
            assert window.quality.grade == "unusable"
            assert "baseline step" in window.quality.reasons
        elif window.start >= 20 or window.stop <= at:
            assert window.quality.grade == "good"
            assert np.abs(window.data - same.data).max() < 0.1 * np.abs(same.data).max()  # it taught the scale nothing


def grades(x: F64, rate: float = 500.0, full_scale: tuple[float, float] | None = None) -> list[tuple[str, str]]:
    made = play(SignalPath(info(rate, full_scale)), Tape(x, rate).items([50] * 10))
    assert all(np.isfinite(window.data).all() for window in made.windows)
    return [(window.quality.grade, ", ".join(window.quality.reasons)) for window in made.windows]


@pytest.mark.parametrize("value", [0.0, -1.5, 300.0])
def test_a_flat_line_is_unusable(value: float) -> None:
    found = grades(np.full((500 * 30, 1), value))
    assert len(found) == 21
    assert all(grade == "unusable" and "flat line" in why for grade, why in found)


def test_noise_of_a_microvolt_is_a_flat_line() -> None:
    x = np.random.default_rng(1).normal(size=(500 * 20, 1)) * 0.0002
    assert all(grade == "unusable" for grade, _ in grades(x))


@pytest.mark.parametrize("full_scale", [None, (-1.5, 1.5)])
def test_rail_to_rail_is_unusable(full_scale: tuple[float, float] | None) -> None:
    x = np.where(np.arange(500 * 30) // 37 % 2 == 0, 1.5, -1.5)[:, None]
    found = grades(x, full_scale=full_scale)
    assert all(grade == "unusable" and "limit" in why for grade, why in found)


def test_a_signal_at_the_known_rail_is_unusable() -> None:
    x = np.clip(ecg(30, 500) + 1.4, -1.5, 1.5)  # everything above 0.1 mV is cut
    clipped = np.clip(ecg(30, 500) * 4 + 1.2, -1.5, 1.5)
    assert all(grade == "good" for grade, _ in grades(ecg(30, 500), full_scale=(-1.5, 1.5)))
    assert all(grade != "good" for grade, _ in grades(clipped, full_scale=(-1.5, 1.5)))
    assert all(grade in {"good", "poor", "unusable"} for grade, _ in grades(x, full_scale=(-1.5, 1.5)))


def test_clipped_r_peaks_alone_are_not() -> None:
    x = np.minimum(ecg(30, 500), 1.15)  # few samples a beat
    assert all(grade == "good" for grade, _ in grades(x, full_scale=(-1.15, 1.15)))


def test_noise_is_no_ecg() -> None:
    x = np.random.default_rng(2).normal(size=(500 * 30, 1)) * 0.3
    assert all(grade != "good" for grade, _ in grades(x))


def test_an_electrode_that_is_off_makes_its_windows_unusable() -> None:
    leads = (LeadOff(round(15.2 * 500), off=True), LeadOff(round(16.1 * 500), off=False))
    made = play(SignalPath(info(500.0)), Tape(ecg(40, 500), 500, leads=leads).items())
    for window in made.windows:
        touched = window.start < 17 and window.stop > 15
        assert (window.quality.grade == "unusable") == touched
        assert ("electrode off" in window.quality.reasons) == touched


@pytest.mark.parametrize("into", [[], [5000], [100] * 80])
def test_an_electrode_may_be_off_before_the_first_sample_or_over_a_gap(into: list[int]) -> None:
    early = (LeadOff(200, off=True), LeadOff(900, off=False))
    made = play(SignalPath(info(500.0)), Tape(ecg(14, 500), 500, leads=early).items(into))
    assert [window.quality.grade == "unusable" for window in made.windows] == [True, True, False, False, False]
    over = (LeadOff(6000, off=True), LeadOff(7700, off=False))  # lost: 6500 to 7500
    made = play(SignalPath(info(500.0)), Tape(ecg(30, 500), 500, ((6500, 1000),), over).items(into))
    after = [window.quality.grade == "unusable" for window in made.windows if window.segment == 1]
    assert after == [True, False, False, False, False, False]
