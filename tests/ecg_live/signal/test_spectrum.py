"""Spline and spectrum have SciPy's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from scipy.interpolate import CubicSpline

from ecg_live.signal.spectrum import cubic_spline, welch


@given(st.integers(4, 60), st.integers(0, 2**31 - 1))
def test_the_spline_is_scipys(count: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    x, y = np.cumsum(draws.uniform(0.3, 2.0, count)), draws.normal(size=count)
    at = np.linspace(x[0], x[-1], 97)
    np.testing.assert_allclose(cubic_spline(x, y, at), CubicSpline(x, y)(at), atol=1e-9 * np.abs(y).max())


@pytest.mark.parametrize("segment", [480, 241, 240, 17])
def test_the_spectrum_is_scipys(segment: int) -> None:
    x = np.random.default_rng(0).normal(size=481) + 800
    frequency, power = welch(x, 4.0, segment)
    known, expected = signal.welch(x, 4.0, nperseg=segment, detrend="constant")
    np.testing.assert_allclose(frequency, known, rtol=1e-12)
    np.testing.assert_allclose(power, expected, rtol=1e-6, atol=1e-9)
