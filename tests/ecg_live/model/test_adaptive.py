"""A wearer's running mean: the same at any hop, kept over gaps, and a value that can be written down."""

from __future__ import annotations

import json
from itertools import pairwise
from math import inf
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.events import F64
from ecg_live.model.adaptive import (
    FEATURES,
    MAX_KEPT_WINDOWS,
    POPULATION_WINDOWS,
    RunningMean,
    columns,
    relative_to_mean,
)
from ecg_live.model.features import FeatureKind, input_size

WINDOW_S = 10.0


def features_at(start: float, size: int = 3) -> F64:
    """Any function of time; now and then a value is missing."""
    x = np.sin(start * np.arange(1, size + 1)) * 7
    x[0] = np.nan if int(start) % 7 == 3 else x[0]
    return np.asarray(x)


def run(starts: list[float], unusable: frozenset[float] = frozenset()) -> dict[float, RunningMean]:
    """What is known when each window begins."""
    state, found = RunningMean.unknown(3), {}
    for start in starts:
        state = state.before(start)
        found[start] = state
        state = state.after(start, start + WINDOW_S, features_at(start), usable=start not in unusable)
    return found


def same(one: RunningMean, other: RunningMean) -> bool:
    return one.total.tobytes() == other.total.tobytes() and one.count.tobytes() == other.count.tobytes()


@given(st.integers(0, 40), st.sampled_from([0.5, 1.0, 2.0, 2.5, 5.0]), st.integers(2, 12))
def test_windows_on_a_common_grid_meet_the_same_state_at_any_hop(first: int, hop: float, count: int) -> None:
    coarse = run([first + WINDOW_S * k for k in range(count)])
    fine = run([first + hop * k for k in range(int(WINDOW_S * count / hop))])
    assert all(same(fine[start], coarse[start]) for start in coarse)


@given(st.lists(st.sampled_from([1.0, 1.0, 1.0, 4.0, 10.0, 57.0]), min_size=1, max_size=60), st.data())
def test_windows_that_count_do_not_overlap_and_none_that_begins_late_enough_is_left_out(
    steps: list[float], data: st.DataObject
) -> None:
    starts = np.cumsum(steps).tolist()
    unusable = frozenset(data.draw(st.lists(st.sampled_from(starts), max_size=5)))
    taken, free = [], -inf
    for start in starts:
        if start >= free and start not in unusable:
            taken.append(start)
            free = start + WINDOW_S
    assert all(b - a >= WINDOW_S for a, b in pairwise(taken))
    for start, state in run(starts, unusable).items():
        known = [features_at(each) for each in taken if each + WINDOW_S <= start]
        assert state.count[1] == len(known)
        assert state.count[0] == sum(not np.isnan(each[0]) for each in known)
        assert state.total == pytest.approx(np.nansum(known, axis=0) if known else np.zeros(3))


def test_a_window_is_compared_with_the_population_the_earlier_windows_and_itself() -> None:
    x, centre = np.array([[10.0, np.nan]]), np.array([4.0, 4.0])
    found = relative_to_mean(x, np.array([30.0, 5.0]), np.array([3.0, 1.0]), centre)
    mean = (POPULATION_WINDOWS * 4 + 30 + 10) / (POPULATION_WINDOWS + 3 + 1)
    assert found[0, 0] == 10 - mean
    assert np.isnan(found[0, 1])  # a missing value stays one


def test_a_level_of_ones_own_goes_away_with_time() -> None:
    centre, starts = np.zeros(3), [WINDOW_S * k for k in range(200)]
    state = RunningMean.unknown(3)
    for start in starts:
        state = state.after(start, start + WINDOW_S, np.full(3, 50.0))
    assert relative_to_mean(np.full((1, 3), 52.0), state.total, state.count, centre) == pytest.approx(2.0, abs=0.6)


@given(st.lists(st.sampled_from([1.0, 3.0, 10.0, 30.0]), min_size=1, max_size=30), st.integers(0, 29))
def test_a_state_that_was_written_down_goes_on_to_the_bit(steps: list[float], cut: int) -> None:
    state = other = RunningMean.unknown(3)
    for i, start in enumerate(np.cumsum(steps).tolist()):
        if i == cut:
            other = RunningMean.from_plain(json.loads(json.dumps(other.to_plain(), allow_nan=False)))
        state = state.after(start, start + WINDOW_S, features_at(start))
        other = other.after(start, start + WINDOW_S, features_at(start))
    assert same(state, other)
    assert same(state.before(inf), other.before(inf))


@pytest.mark.parametrize(
    "broken",
    [
        {"count": [1.0]},
        {"total": [None, 1.0, 1.0]},
        {"count": [-1.0, 0.0, 0.0]},
        {"pending": [1.0]},
        {"last": "soon"},
        {"total": "x"},
    ],
)
def test_what_is_no_state_is_refused(broken: dict[str, object]) -> None:
    plain = RunningMean.unknown(3).after(0.0, 10.0, np.ones(3)).to_plain()
    with pytest.raises((ValueError, TypeError)):
        RunningMean.from_plain(plain | broken)


def test_an_earlier_session_counts_at_most_five_minutes_and_brings_no_times() -> None:
    state = RunningMean.unknown(3)
    for k in range(100):
        state = state.after(WINDOW_S * k, WINDOW_S * (k + 1), np.full(3, 8.0))
    kept = state.kept()
    assert kept.count.tolist() == [MAX_KEPT_WINDOWS] * 3
    assert kept.total / kept.count == pytest.approx(8.0)
    assert kept.after(0.0, 10.0, np.ones(3)).before(10.0).count[0] == MAX_KEPT_WINDOWS + 1
    few = RunningMean.unknown(3).after(0.0, 10.0, np.ones(3)).kept()
    assert (few.count.tolist(), few.pending, few.last) == ([1.0] * 3, None, -inf)


def test_the_first_answer_comes_once_another_window_has_ended_before() -> None:
    state = RunningMean.unknown(FEATURES)
    left = []
    for start in np.arange(0.0, 12.0):
        state = state.before(start)
        known, state = state.windows("hrv"), state.after(start, start + 10, np.ones(FEATURES))
        left.append((known, state.seconds_left(start + 10, "hrv")))
    assert left == [(0, 10.0 - k) for k in range(10)] + [(1, 0.0), (1, 0.0)]
    assert RunningMean.unknown(FEATURES).seconds_left(10.0, "hrv") == 20.0  # no usable window yet


def test_heads_take_their_columns() -> None:
    for inputs in get_args(FeatureKind):
        assert len(np.arange(FEATURES)[columns(inputs)]) == input_size(inputs)
    assert np.arange(FEATURES)[columns("hrv")][0] == input_size("embedding")
