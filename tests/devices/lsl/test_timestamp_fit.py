"""The line through timestamps: its robust statistics against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import median_abs_deviation, theilslopes

from devices.lsl.timestamp_fit import median_absolute_deviation, theil_sen_slope


@pytest.mark.parametrize("count", [2, 3, 20, 120])
def test_slope_is_scipys(count: int) -> None:
    rng = np.random.default_rng(count)
    index = np.cumsum(rng.integers(100, 200, count)).astype(float)
    stamps = index / 256 + rng.normal(0, 0.005, count)
    assert theil_sen_slope(index, stamps) == pytest.approx(theilslopes(stamps, index).slope, rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 2561])
def test_deviation_is_scipys(count: int) -> None:
    values = np.random.default_rng(count).normal(0, 0.005, count)
    assert median_absolute_deviation(values) == pytest.approx(float(median_abs_deviation(values)), rel=1e-12)
