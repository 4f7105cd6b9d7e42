"""Grades of windows, each reason by a signal made for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F64
from ecg_live.results import Quality
from ecg_live.signal.beats import find_rhythm
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.quality import assess_window
from ecg_live.signal.raw_quality import BlockQuality
from tests.support.synthetic_signals import ecg, play

FINE = [BlockQuality()] * 10
T = np.arange(WINDOW_SAMPLES) / MODEL_RATE_HZ


def graded(
    x: F64, blocks: list[BlockQuality] | None = None, bridged: float = 0.0, baseline: F64 | None = None
) -> Quality:
    return assess_window(blocks or FINE, x if baseline is None else baseline, x, find_rhythm(x), bridged)


def clean() -> F64:
    return ecg(10, MODEL_RATE_HZ)[:, 0]


def test_a_clean_ecg_is_good() -> None:
    assert graded(clean()) == Quality("good")


@pytest.mark.parametrize(
    ("fault", "count", "grade", "reason"),
    [
        (BlockQuality(flat=True), 1, "poor", "flat for a second"),
        (BlockQuality(flat=True), 2, "unusable", "flat line"),
        (BlockQuality(railed=True), 1, "poor", "clipped for a second"),
        (BlockQuality(railed=True), 2, "unusable", "signal at the converter's limit"),
        (BlockQuality(lead_off=True), 1, "unusable", "electrode off"),
        (BlockQuality(step=True), 1, "unusable", "baseline step"),
    ],
)
def test_faults_of_raw_seconds(fault: BlockQuality, count: int, grade: str, reason: str) -> None:
    found = graded(clean(), [fault] * count + FINE[count:])
    assert (found.grade, found.reasons) == (grade, (reason,))


def test_bridges_make_it_poor() -> None:
    assert graded(clean(), bridged=0.02).grade == "good"
    assert graded(clean(), bridged=0.03) == Quality("poor", ("3% of samples bridged",))


def test_a_wandering_baseline_is_seen_before_the_high_pass() -> None:
    wander = clean() + 20 * np.sin(2 * np.pi * 0.3 * T)
    assert graded(clean(), baseline=wander) == Quality("poor", ("baseline wander",))


@pytest.mark.parametrize(("noise", "grade"), [(0.1, "good"), (0.37, "poor"), (1.5, "unusable")])
def test_noise_costs_first_the_grade_and_then_the_window(noise: float, grade: str) -> None:
    assert graded(clean() + np.random.default_rng(0).normal(size=WINDOW_SAMPLES) * noise).grade == grade


def test_power_beside_the_qrs_band_is_noise() -> None:
    hum = clean() + 0.25 * np.sin(2 * np.pi * 35 * T)
    assert any(reason.startswith("noisy") for reason in graded(hum).reasons)


def test_no_beats_no_use() -> None:
    for x in (np.zeros(WINDOW_SAMPLES), 0.1 * np.sin(2 * np.pi * 0.1 * T)):
        assert graded(x) == Quality("unusable", ("no plausible heartbeat",))


@pytest.mark.parametrize("hz", [0.3, 1.2, 2.5])
def test_a_sine_is_no_heart(hz: float) -> None:
    assert graded(np.sin(2 * np.pi * hz * T)) == Quality("unusable", ("no plausible heartbeat",))


@pytest.mark.parametrize(("person", "most"), [("13", 2), ("02", 8), ("28", 18), ("31", 14)])
def test_bad_electrodes_of_real_subjects_are_distinguished_from_faint_hearts(
    person: str, most: int, shared_data: Path
) -> None:
    """In 13 and 02 there is hardly a beat to see; those of 28 and 31 are small, but there."""
    recording = open_recording(shared_data / "eegmat" / f"Subject{person}_1.edf", ReadOptions())
    made = play(SignalPath(recording.info, 10.0), recording.chunks(500)).windows
    borne_out = [window for window in made if window.quality.grade != "unusable"]
    assert len(borne_out) <= most
    assert len(borne_out) == len(made) or person in {"13", "02"}
    assert all(window.heart_rate is None for window in made if window.quality.grade == "unusable")
    assert all(50 <= window.heart_rate <= 130 for window in borne_out if window.heart_rate)
