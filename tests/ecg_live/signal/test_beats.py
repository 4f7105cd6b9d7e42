"""Beats, heart rate and RMSSD, against annotated beats and against rhythms made by hand."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F64
from ecg_live.resources import recordings_folder
from ecg_live.signal.beats import find_beats, find_rhythm
from ecg_live.signal.pipeline import SignalPath
from tests.support.synthetic_signals import Tape, info, play

GOLDEN = Path(__file__).parents[2] / "golden" / "supine_1min_beats.csv"
NEAR = 0.050  # s


def matched(found: F64, true: F64) -> int:
    """How many true beats have a found one of their own within 50 ms."""
    left = list(found)
    for beat in true:
        near = [other for other in left if abs(other - beat) <= NEAR]
        if near:
            left.remove(min(near, key=lambda other: abs(other - beat)))
    return len(found) - len(left)


@pytest.fixture(scope="module")
def supine() -> tuple[F64, F64]:
    """A real minute at 1000 Hz (n, 1) in mV, and its R peaks in s."""
    raw = np.loadtxt(recordings_folder() / "supine_1min.txt", comments="#", usecols=2)
    return ((raw / 2**16 - 0.5) * 3)[:, None], np.loadtxt(GOLDEN, skiprows=3) / 1000


def test_annotated_beats_are_found(supine: tuple[F64, F64]) -> None:
    x, true = supine
    made = play(SignalPath(info(1000.0)), Tape(x, 1000).items())
    found = find_beats(made.trace().astype(np.float64)) / MODEL_RATE_HZ
    hits = matched(found, true)
    assert hits / len(true) >= 0.99  # sensitivity
    assert hits / len(found) >= 0.99  # positive predictive value


def test_every_window_of_the_minute_has_its_beats_and_its_rate(supine: tuple[F64, F64]) -> None:
    x, true = supine
    made = play(SignalPath(info(1000.0)), Tape(x, 1000).items())
    assert len(made.windows) == 51
    hits, found = 0, 0
    for window in made.windows:
        inside = true[(true >= window.start + NEAR) & (true < window.stop - NEAR)]
        hits += matched(np.array(window.beats), inside)
        found += len(inside)
        assert window.heart_rate == pytest.approx(60 / np.diff(inside).mean(), abs=1)
        assert window.rmssd == pytest.approx(1000 * np.sqrt(np.mean(np.diff(np.diff(inside)) ** 2)), abs=8)
        assert window.quality.grade == "good"
    assert hits / found >= 0.99


def test_beats_that_the_makers_software_annotated_are_found(shared_data: Path) -> None:
    """OpenSignals wrote the R peaks of this recording (peaks of 0.15 mV) beside it, each 15 ms early."""
    path = shared_data / "opensignals" / "ecg_5_min.h5"
    with h5py.File(path, "r") as file:
        true = np.asarray(file[next(iter(file))]["plugin/hrv/RR_peaks1"][:]) / 1000 + 0.015
    recording = open_recording(path, ReadOptions())
    trace = play(SignalPath(recording.info), recording.chunks(1000)).trace().astype(np.float64)
    found = find_beats(trace) / MODEL_RATE_HZ
    assert len(true) == 386
    assert matched(found, true) / len(true) >= 0.99
    assert matched(found, true) / len(found) >= 0.99


def spikes(at: npt.NDArray[np.float64]) -> F64:
    """A beat of 1 mV at each time (s), 10 s in all."""
    t = np.arange(WINDOW_SAMPLES) / MODEL_RATE_HZ
    return np.asarray(sum(np.exp(-(((t - beat) / 0.012) ** 2) / 2) for beat in at))


@pytest.mark.parametrize("bpm", [40, 60, 90, 150, 180])
def test_a_steady_heart(bpm: int) -> None:
    found = find_rhythm(spikes(np.arange(0.4, 9.8, 60 / bpm)))
    assert found.heart_rate == pytest.approx(bpm, abs=1)
    assert found.regular_rr_share == 1
    assert found.rmssd == pytest.approx(0, abs=6)  # beats lie on a grid of 4 ms


def test_rmssd_of_a_heart_that_alternates() -> None:
    rr = np.tile([0.80, 0.90], 6)
    found = find_rhythm(spikes(0.3 + np.cumsum(rr)[:-1]))
    assert found.rmssd == pytest.approx(100, abs=6)
    assert found.heart_rate == pytest.approx(60 / 0.85, abs=1)


def test_one_extra_beat_counts_neither_in_the_rate_nor_in_the_rmssd() -> None:
    steady = np.arange(0.4, 9.8, 0.8)
    found = find_rhythm(spikes(np.sort(np.append(steady, steady[5] + 0.4))))
    assert found.heart_rate == pytest.approx(75, abs=1)
    assert found.rmssd == pytest.approx(0, abs=6)
    assert found.regular_rr_share < 1


def test_no_heart_no_rate() -> None:
    for x in (
        np.zeros(WINDOW_SAMPLES),
        np.full(WINDOW_SAMPLES, 2.0),
        spikes(np.array([3.0])),
        np.zeros(10),
        np.empty(0),
    ):
        found = find_rhythm(x)
        assert (found.heart_rate, found.rmssd, found.regular_rr_share) == (None, None, 0.0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from((1e-9, 1e-3, 1.0, 1e3, 1e9)), kind=st.integers(0, 3))
def test_whatever_comes_there_is_a_plausible_rate_or_none(seed: int, scale: float, kind: int) -> None:
    rng = np.random.default_rng(seed)
    white = rng.normal(size=WINDOW_SAMPLES)
    x = (white, np.cumsum(white), np.sign(white), white * (rng.random(WINDOW_SAMPLES) < 0.01))[kind] * scale
    found = find_rhythm(x)
    assert found.heart_rate is None or 22 <= found.heart_rate <= 300
    assert found.rmssd is None or np.isfinite(found.rmssd)
    assert np.all(np.diff(found.beats) > 0)
