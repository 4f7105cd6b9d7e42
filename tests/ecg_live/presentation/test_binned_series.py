"""A series in bins: what it tells of a part is that of the numbers themselves, in memory that does not grow."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from ecg_live.presentation.binned_series import BIN_WIDTHS_S, BINS_KEPT, BinnedSeries


def filled(values: np.ndarray, hop: float = 1.0) -> BinnedSeries:
    series = BinnedSeries()
    for place, value in enumerate(values.tolist()):
        series.add(place * hop, value)
    return series


def test_a_short_series_comes_back_as_it_is() -> None:
    part = filled(np.array([1.0, 4.0, 2.0])).read(0.0, 60.0, 500)
    np.testing.assert_array_equal(part.at, [0.5, 1.5, 2.5])
    for found in (part.low, part.high, part.mean):
        np.testing.assert_array_equal(found, [1.0, 4.0, 2.0])


@pytest.mark.parametrize("columns", [40, 300, 1200])
@pytest.mark.parametrize("span", [(0.0, 4000.0), (1000.0, 1400.0), (3990.0, 4000.0)])
def test_thinned_it_keeps_every_peak_and_the_mean(columns: int, span: tuple[float, float]) -> None:
    values = np.random.default_rng(3).standard_normal(4000)
    part = filled(values).read(*span, columns)
    inside = values[int(span[0]) : int(span[1])]
    assert len(part.at) <= columns + 1
    assert np.all(np.diff(part.at) > 0)
    assert part.low.min() == pytest.approx(inside.min(), abs=1e-6)
    assert part.high.max() == pytest.approx(inside.max(), abs=1e-6)
    assert part.mean.mean() == pytest.approx(inside.mean(), abs=0.05)


def test_a_hole_and_an_answer_without_a_number_are_kept_apart() -> None:
    series = BinnedSeries()
    for at in (0.0, 1.0, 5.0):
        series.add(at, None if at == 1.0 else at)
    part = series.read(0.0, 10.0, 100)
    np.testing.assert_array_equal(part.at, [0.5, 1.5, 5.5])
    np.testing.assert_array_equal(part.mean, [0.0, math.nan, 5.0])


def test_days_are_kept_coarsely_in_the_memory_of_the_first_minute() -> None:
    series = BinnedSeries()
    sizes = {sum(array.nbytes for level in series._levels for array in (level.low, level.total, level.known))}
    for at in range(0, 200_000, 7):
        series.add(float(at), 1.0 if at < 100_000 else 3.0)
    sizes.add(sum(array.nbytes for level in series._levels for array in (level.low, level.total, level.known)))
    assert len(sizes) == 1
    assert sys.getsizeof(series.__dict__) < 1000
    part = series.read(0.0, 200_000.0, 500)
    assert part.width > BIN_WIDTHS_S[-1]
    assert (part.mean[10], part.mean[-10]) == (1.0, 3.0)
    late = series.read(199_000.0, 200_000.0, 500)
    assert late.width == 1.0
    assert len(series.read(1000.0, 2000.0, 500).at) == pytest.approx(1000 / BIN_WIDTHS_S[-1], abs=2)  # coarse by now
    assert BINS_KEPT * BIN_WIDTHS_S[0] < 199_000


def test_a_jump_over_all_bins_leaves_nothing_old() -> None:
    series = filled(np.arange(100.0))
    series.add(1e6, 7.0)
    np.testing.assert_array_equal(series.read(999_990.0, 1_000_010.0, 50).mean, [7.0])
    series.add(50.0, 1.0)  # far too late
    assert len(series.read(999_000.0, 1e6 + 10, 50).at) == 1
