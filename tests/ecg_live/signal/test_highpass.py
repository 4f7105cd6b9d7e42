"""The high-pass, against scipy's filter over the whole signal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt, sosfilt_zi

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal.highpass import SECTIONS, STEADY_STATE, HighPass
from tests.support.chunk_cutting import cut, through


def in_one_pass(x: F64) -> F64:
    sos = butter(2, 0.8, "highpass", fs=256, output="sos")
    assert np.array_equal(SECTIONS, sos)
    assert np.array_equal(STEADY_STATE, sosfilt_zi(sos))
    start = sosfilt_zi(sos)[:, :, None] * np.median(x[:256], axis=0)
    return sosfilt(sos, x, axis=0, zi=start)[0]


@pytest.mark.parametrize("n", [1, 255, 256, 257, 5000])
def test_as_scipy_in_one_pass(n: int) -> None:
    x = np.random.default_rng(0).normal(size=(n, 1)) + 300
    out = through(HighPass(), cut(x, MODEL_RATE_HZ, [100, 155, 1, 1]))
    assert np.array_equal(out, in_one_pass(x))


def test_half_power_at_the_cut_off() -> None:
    t = np.arange(60 * MODEL_RATE_HZ) / MODEL_RATE_HZ
    for hz, gain in ((0.8, 0.5**0.5), (0.08, 0.01), (8.0, 1.0)):
        out = through(HighPass(), cut(np.sin(2 * np.pi * hz * t)[:, None], MODEL_RATE_HZ, ()))
        assert np.abs(out[30 * MODEL_RATE_HZ :]).max() == pytest.approx(gain, rel=0.02)


@pytest.mark.parametrize("offset", [300.0, -300.0])
def test_an_offset_is_gone_within_a_quarter_second(offset: float) -> None:
    beat = np.zeros((5 * MODEL_RATE_HZ, 1))
    beat[::200] = 1.0  # the first sample is an R peak
    out = through(HighPass(), cut(beat + offset, MODEL_RATE_HZ, ()))
    assert np.abs(out - through(HighPass(), cut(beat, MODEL_RATE_HZ, ())))[MODEL_RATE_HZ // 4 :].max() < 0.05


def test_the_first_second_is_held() -> None:
    stage = HighPass()
    assert len(stage.push(next(cut(np.zeros((255, 1)), MODEL_RATE_HZ, ()))).samples) == 0
    (chunk,) = cut(np.zeros((1, 1)), MODEL_RATE_HZ, (), 255)
    given = stage.push(chunk)
    assert (given.start, len(given.samples)) == (0, 256)
