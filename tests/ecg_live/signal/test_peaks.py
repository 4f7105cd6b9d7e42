"""Maxima by SciPy's compiled parts are those of its public function."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from ecg_live.signal.peaks import find_peaks, peaks_by_scipy


@pytest.mark.parametrize("distance", [1, 2, 46])
@pytest.mark.parametrize("length", [3, 50, 3072])
def test_peaks_are_those_of_scipy(distance: int, length: int) -> None:
    random = np.random.default_rng(length)
    for x in (random.normal(size=length), random.integers(0, 4, length).astype(np.float64), np.zeros(length)):
        wanted = signal.find_peaks(x, distance=distance)[0]
        assert np.array_equal(find_peaks(x, distance), wanted)
        assert np.array_equal(peaks_by_scipy(x, distance), wanted)


def test_the_compiled_parts_are_used() -> None:
    assert find_peaks is not peaks_by_scipy
