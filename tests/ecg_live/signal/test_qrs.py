"""QRS complexes: whichever way up, among T waves and artefacts, at any size; and nothing where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F64, Chunk
from ecg_live.signal import qrs
from ecg_live.signal.beats import find_rhythm
from ecg_live.signal.pipeline import SignalPath
from tests.support.signals_without_ecg import KINDS, drift
from tests.support.synthetic_signals import Tape, ecg, info, play

T = np.arange(WINDOW_SAMPLES) / MODEL_RATE_HZ
TRUE = np.arange(0.3, 9.9, 60 / 72)  # s


def heart(r: float, s: float = 0.0, t: float = 0.2, at: F64 = TRUE) -> F64:
    """Ten seconds of beats with an R wave, an S wave and a T wave of these heights in mV."""
    parts = ((r, 0.0, 0.010), (s, 0.030, 0.010), (t, 0.27, 0.045))
    return sum(
        (height * np.exp(-(((T - beat - late) / width) ** 2) / 2) for beat in at for height, late, width in parts),
        np.random.default_rng(0).normal(size=WINDOW_SAMPLES) * 0.005,
    )


@pytest.mark.parametrize(
    ("r", "s", "t"),
    [(1, 0, 0.2), (-1, 0, 0.2), (-1, 0, -0.4), (0.1, -1, 0.3), (0.6, -0.6, 0.2), (0.2, -0.05, 0.35), (-0.15, 0, -0.3)],
)
def test_every_beat_once_whatever_its_shape(r: float, s: float, t: float) -> None:
    found = qrs.find_complexes(heart(r, s, t)).peaks / MODEL_RATE_HZ
    assert len(found) == len(TRUE)
    assert np.abs(found - TRUE).max() <= 0.040
    assert np.ptp(found - TRUE) <= 0.008  # the same part of every beat


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), noise=st.floats(0, 2), scale=st.sampled_from((1e-6, 1.0, 1e6)), beats=st.booleans())
def test_a_signal_and_its_negative_have_the_same_beats(seed: int, noise: float, scale: float, beats: bool) -> None:
    rng = np.random.default_rng(seed)
    x = (heart(rng.normal(), rng.normal(), rng.normal()) * beats + rng.normal(size=WINDOW_SAMPLES) * noise) * scale
    one, other = qrs.find_complexes(x), qrs.find_complexes(-x)
    assert one.peaks.tolist() == other.peaks.tolist()
    assert one.heights.tolist() == other.heights.tolist()
    assert find_rhythm(x).heart_rate == find_rhythm(-x).heart_rate


def test_electrodes_the_wrong_way_up_change_no_beat_no_rate_and_no_grade() -> None:
    x = ecg(40, 250.0)
    one, other = (play(SignalPath(info(250.0)), Tape(turned, 250.0).items()).windows for turned in (x, -x))
    assert len(one) == 31
    assert [window.beats for window in one] == [window.beats for window in other]
    assert [window.quality for window in one] == [window.quality for window in other]
    assert all(window.heart_rate == pytest.approx(72, abs=1) for window in other)


def test_one_artefact_hides_no_beat() -> None:
    x = heart(1)
    x[1100:1180] += 12 * np.hanning(80)
    found = qrs.find_complexes(x).peaks / MODEL_RATE_HZ
    missed = [beat for beat in TRUE if np.abs(found - beat).min() > 0.040]
    assert all(1000 / MODEL_RATE_HZ < beat < 1280 / MODEL_RATE_HZ for beat in missed)
    assert find_rhythm(x).heart_rate == pytest.approx(72, abs=1)


def test_a_faint_beat_where_one_is_missing_is_found() -> None:
    x = heart(1, at=np.delete(TRUE, 5)) + 0.28 * np.exp(-(((T - TRUE[5]) / 0.010) ** 2) / 2)
    assert len(qrs.find_complexes(x).peaks) == len(TRUE)


@pytest.mark.parametrize("width", [0.010, 0.030])
def test_an_early_beat_narrow_or_wide_does_not_change_the_rate(width: float) -> None:
    early = TRUE[5] - 0.2
    other = 1.5 * np.exp(-(((T - early) / width) ** 2) / 2) - 0.8 * np.exp(-(((T - early - 0.1) / 0.040) ** 2) / 2)
    found = find_rhythm(heart(1, at=np.delete(TRUE, 5)) + other)
    assert len(found.beats) >= len(TRUE) - 1
    assert found.heart_rate == pytest.approx(72, abs=1)


@pytest.mark.parametrize("length", [0, 1, 100, 767])
def test_too_short_for_a_level_is_nothing(length: int) -> None:
    assert qrs.find_complexes(heart(1)[:length]) is qrs.NO_COMPLEXES


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_rate_without_a_heart(kind: str) -> None:
    for seed in range(8):
        x = KINDS[kind](np.random.default_rng([7, seed]), 4 * WINDOW_SAMPLES)
        windows = play(SignalPath(info(256.0), 5.0), Tape(x[:, None], 256.0).items()).windows
        assert len(windows) == 7
        assert {(window.heart_rate, window.quality.grade) for window in windows} == {(None, "unusable")}


def test_ten_seconds_of_drift_have_no_beat_at_all() -> None:
    for seed in range(40):
        found = find_rhythm(drift(np.random.default_rng(seed), WINDOW_SAMPLES))
        assert (found.heart_rate, found.rmssd, len(found.beats)) == (None, None, 0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_hard_stretch_between_easy_ones_keeps_its_rate(sign: int, shared_data: Path) -> None:
    """An artefact at 301 s was once taken for the heart: 137 bpm, between neighbours of 71."""
    recording = open_recording(shared_data / "flightcrews" / "P24Sc4.edf", ReadOptions())
    chunks = [item for item in recording.chunks(3000) if isinstance(item, Chunk)]
    x = np.concatenate([chunk.samples for chunk in chunks])[290 * 300 : 325 * 300] * sign
    windows = play(SignalPath(info(300.0)), Tape(x, 300.0).items()).windows
    assert len(windows) == 26
    assert all(60 < window.heart_rate < 80 for window in windows if window.heart_rate)
    assert sum(window.heart_rate is None for window in windows) <= 2
