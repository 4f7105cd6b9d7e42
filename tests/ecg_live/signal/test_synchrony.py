"""Synchrony: the grid of whole seconds, Pearson's r of a window, and what chance makes of two slow series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from ecg_live.events import F64
from ecg_live.signal.synchrony import (
    MAX_GRID_S,
    SecondGrid,
    chance_limits,
    correlate_rows,
    correlation_over_time,
)


def filled(times: F64, values: F64, max_step: float = 2.5) -> SecondGrid:
    grid = SecondGrid(max_step)
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        grid.add(time, value)
    return grid


def slow(seed: int, seconds: int, over: int = 10) -> F64:
    """White noise averaged over so many seconds, as values of overlapping windows are."""
    noise = np.random.default_rng(seed).standard_normal(seconds + over - 1)
    return np.convolve(noise, np.ones(over) / over, "valid")


def test_a_line_is_interpolated_on_whole_seconds() -> None:
    grid = filled(np.arange(100.3, 110, 1.0), np.arange(100.3, 110, 1.0) * 2)
    assert (grid.first, grid.stop) == (101, 110)
    np.testing.assert_allclose(grid.read(101, 110), 2.0 * np.arange(101, 110))
    assert np.isnan(grid.read(99, 101)).all()
    assert np.isnan(grid.read(110, 112)).all()


def test_a_missing_value_and_a_hole_stay_missing() -> None:
    grid = SecondGrid()
    for time, value in ((0.5, 1.0), (1.5, None), (2.5, 1.0), (3.5, math.inf), (4.5, 1.0), (9.5, 1.0), (10.5, 1.0)):
        grid.add(time, value)
    assert np.isnan(grid.read(1, 10)).all()
    assert grid.read(10, 11).tolist() == [1.0]


def test_values_that_go_back_or_have_no_time_are_ignored() -> None:
    grid = SecondGrid()
    for time in (5.0, 6.0, 5.5, math.nan, 6.0, 7.0):
        grid.add(time, time)
    assert grid.read(5, 8).tolist() == [5.0, 6.0, 7.0]


def test_a_value_on_a_whole_second_beside_a_hole_counts() -> None:
    grid = SecondGrid()
    for time in (3.0, 10.0):
        grid.add(time, time)
    np.testing.assert_array_equal(grid.read(3, 11), [3, *[np.nan] * 6, 10])


def test_seconds_after_a_hole_of_hours_are_at_their_place() -> None:
    grid = SecondGrid()
    for second in (*range(MAX_GRID_S - 100), *range(2 * MAX_GRID_S, 2 * MAX_GRID_S + 5)):
        grid.add(float(second), float(second))
    assert grid.stop == 2 * MAX_GRID_S + 5
    np.testing.assert_array_equal(
        grid.read(2 * MAX_GRID_S - 2, 2 * MAX_GRID_S + 5), [np.nan, np.nan, *range(2 * MAX_GRID_S, 2 * MAX_GRID_S + 5)]
    )


def test_the_grid_is_bounded() -> None:
    grid = SecondGrid()
    for second in range(MAX_GRID_S + 100):
        grid.add(float(second), float(second))
    assert grid.stop == MAX_GRID_S + 100
    assert grid.first is not None
    assert grid.stop - grid.first <= MAX_GRID_S
    assert grid.read(grid.stop - 3, grid.stop).tolist() == [MAX_GRID_S + 97.0, MAX_GRID_S + 98.0, MAX_GRID_S + 99.0]
    grid.add(MAX_GRID_S + 200_000.0, 1.0)  # as much again without a value
    assert grid.stop - grid.first <= MAX_GRID_S


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 40))
def test_r_does_not_depend_on_how_much_came_at_once(seed: int, cut: int) -> None:
    """The correlation of a window is the same, bit for bit, when it is reached and when all has come."""
    x, y = slow(seed, 120), slow(seed + 1, 120)
    x[seed % 100] = np.nan
    _, whole, limits = correlation_over_time(x, y, 60)
    _, part, limits_part = correlation_over_time(x[: 60 + cut], y[: 60 + cut], 60)
    assert whole[: cut + 1].tobytes() == part.tobytes()
    assert limits[: cut + 1].tobytes() == limits_part.tobytes()
    at_once, _ = correlate_rows(x[None, cut : cut + 60], y[None, cut : cut + 60])
    assert at_once.tobytes() == whole[cut : cut + 1].tobytes()


def test_r_is_pearsons_over_what_both_have() -> None:
    x, y = slow(1, 180), slow(2, 180) + slow(1, 180)
    x[10:20], y[15:40] = np.nan, np.nan
    both = np.isfinite(x) & np.isfinite(y)
    r, count = correlate_rows(x[None], y[None])
    assert r[0] == pytest.approx(pearsonr(x[both], y[both]).statistic, abs=1e-12)
    assert count[0] == both.sum() == 150


def test_r_of_one_wearer_with_themselves_and_against_is_one() -> None:
    x = slow(3, 180)[None] + 70
    assert correlate_rows(x, x)[0][0] == pytest.approx(1)
    assert correlate_rows(x, -x)[0][0] == pytest.approx(-1)


def test_too_little_overlap_or_a_flat_series_has_no_r() -> None:
    x, y = slow(4, 90), slow(5, 90)
    half = x.copy()
    half[:31] = np.nan
    assert np.isnan(correlate_rows(half[None], y[None])[0][0])
    assert np.isnan(correlate_rows(np.full((1, 90), 0.7), y[None])[0][0])
    assert np.isnan(correlate_rows(np.full((1, 90), np.nan), y[None])[0][0])
    assert chance_limits(np.full((1, 90), np.nan), y[None])[0] == 1


def test_a_series_shorter_than_the_window_has_no_course() -> None:
    at, r, limits = correlation_over_time(slow(1, 50), slow(2, 50), 60)
    assert len(at) == len(r) == len(limits) == 0


def test_the_course_finds_the_minutes_together() -> None:
    """Two wearers who share five minutes in the middle of fifteen."""
    x, y = slow(6, 900), slow(7, 900)
    y[300:600] = x[300:600] + 0.2 * y[300:600]
    at, r, limits = correlation_over_time(x, y, 180, step=10)
    inside = (at >= 300 + 180) & (at <= 600)
    assert r[inside].min() > 0.9 > limits[inside].max()
    assert np.abs(r[(at <= 300) | (at >= 600 + 180)]).max() < 0.7


def test_chance_is_held_to_about_five_percent() -> None:
    """Unrelated series of overlapping windows: plain tests call far more of them related than the adjusted limit."""
    x, y = (np.array([slow(seed + offset, 180) for seed in range(400)]) for offset in (0, 1000))
    r, _ = correlate_rows(x, y)
    share = float((np.abs(r) > chance_limits(x, y)).mean())
    plain = float((np.abs(r) > 0.147).mean())  # the limit for 180 independent values
    assert plain > 0.4
    assert 0.01 < share < 0.12
