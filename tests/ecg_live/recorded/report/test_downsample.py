"""However many windows there are, a figure shows their extremes and bridges nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.recorded.report.downsample import MAX_COLUMNS, column_duration, downsample_line, downsample_share


def test_few_windows_are_points_and_the_line_breaks_between_those_apart() -> None:
    stop = np.array([10.0, 11.0, 12.0, 20.0, 21.0])
    made = downsample_line(stop, np.array([1.0, np.nan, 3.0, 4.0, 5.0]), 30.0, 1.0)
    assert made.width == 0
    np.testing.assert_array_equal(made.at, [10, 11, 12, np.nan, 20, 21])
    np.testing.assert_array_equal(made.middle, [1, np.nan, 3, np.nan, 4, 5])


def test_many_windows_become_medians_between_their_extremes() -> None:
    stop = np.arange(1.0, 3951.0)  # ten a column
    made = downsample_line(stop, stop, 3950.0, 1.0)
    assert made.width == pytest.approx(10)
    assert len(made.at) == MAX_COLUMNS
    assert (made.low[1], made.middle[1], made.high[1]) == (10, 14.5, 19)


def test_a_column_without_a_number_is_a_break() -> None:
    stop = np.arange(1.0, 3951.0)
    values = np.where((stop >= 100) & (stop < 130), np.nan, 7.0)
    made = downsample_line(stop, values, 3950.0, 1.0)
    assert np.flatnonzero(np.isnan(made.middle)).tolist() == [10, 11, 12]


@settings(max_examples=50, deadline=None)
@given(st.integers(2 * MAX_COLUMNS + 1, 6000), st.integers(0, 2**32 - 1))
def test_no_extreme_is_lost_and_none_is_made(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stop = np.sort(rng.uniform(0, 5000, count))
    values = np.where(rng.random(count) < 0.3, np.nan, rng.normal(size=count))
    made = downsample_line(stop, values, 5000.0, 1.0)
    assert np.nanmin(made.low) == np.nanmin(values)
    assert np.nanmax(made.high) == np.nanmax(values)
    shown = downsample_share(stop, np.isfinite(values), 5000.0, 1.0)
    assert ((shown.share > 0) == np.isfinite(made.middle)).all()


def test_a_share_is_that_of_the_windows_of_a_column() -> None:
    stop = np.arange(1.0, 3951.0)
    made = downsample_share(stop, np.asarray(stop % 10 < 4), 3950.0, 1.0)
    assert made.share[1] == pytest.approx(0.4)
    few = downsample_share(np.array([10.0, 11.0]), np.array([True, False]), 3950.0, 2.0)
    assert (few.start.tolist(), few.stop.tolist(), few.share.tolist()) == ([8, 9], [10, 11], [1, 0])


def test_columns_begin_where_windows_would_be_thinner_than_two_pixels() -> None:
    assert column_duration(2 * MAX_COLUMNS, 1000.0) == 0
    assert column_duration(2 * MAX_COLUMNS + 1, 1000.0) == 1000 / MAX_COLUMNS
    assert column_duration(10**6, 0.0) == 0
