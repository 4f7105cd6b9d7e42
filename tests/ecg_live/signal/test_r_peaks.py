"""R peaks between the samples: each as worked out by itself, also where the signal ends beside it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.events import F64
from ecg_live.signal.r_peaks import refine_peaks


def refined(x: F64, peak: int) -> float:
    """The place of one peak; beyond its ends the signal stays as it is there."""
    x0, x1, x2, x3, x4, x5, x6 = (float(x[min(max(peak + k, 0), len(x) - 1)]) for k in range(-3, 4))
    middle = x2 + x3 + x4
    before, at, after = x0 + x1 + middle, x1 + middle + x5, middle + x5 + x6
    curvature = before - 2 * at + after
    if not (at - before) * (at - after) > 0:
        return float(peak)
    return peak + min(max((before - after) / (2 * curvature), -0.5), 0.5)


@given(st.integers(1, 40), st.integers(0, 2**31 - 1), st.booleans())
def test_peaks_are_refined_one_by_one(length: int, seed: int, coarse: bool) -> None:
    """To the bit, with any number of them anywhere in a signal, of numbers that are often equal or hardly ever."""
    draws = np.random.default_rng(seed)
    x = np.array(draws.normal(size=length), dtype=np.float64)
    if coarse:
        np.round(x, out=x)
    peaks = draws.integers(0, length, draws.integers(0, 12))
    assert refine_peaks(x, peaks).tolist() == [refined(x, int(peak)) for peak in peaks]


def test_a_parabola_is_found_between_its_samples() -> None:
    place = np.arange(40)
    found = refine_peaks(np.array(-((place - 20.3) ** 2), dtype=np.float64), np.array([20]))
    np.testing.assert_allclose(found, [20.3], atol=1e-9)
