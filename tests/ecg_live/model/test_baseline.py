"""Features relative to the wearer's baseline, and which windows make one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.events import F64
from ecg_live.model.baseline import MIN_FEATURE_SD, Baseline, baseline_normalise, within_subject_std
from ecg_live.model.features import FeatureKind, combine_features
from ecg_live.results import Quality, Window

NAN = float("nan")
WINDOW = Window(np.zeros(2560, np.float32), 0, 0.0, 10.0, 0.0, 0, Quality("good"))


def at(start: float) -> Window:
    return replace(WINDOW, start=start, stop=start + 10.0)


def row(start: float) -> tuple[F64, F64]:
    """Features that say where their window began."""
    return np.full((1, 128), start), np.full((1, 3), start)


def gathered(baseline: Baseline, starts: list[float], unusable: tuple[float, ...] = ()) -> list[float]:
    """Take windows until it is complete; give the starts of those that are in it."""
    for start in starts:
        if not baseline.complete:
            baseline.add_window(at(start), *row(start), usable=start not in unusable)
    return [float(start) for start in baseline.features("hrv")[:, 0]]


def test_relative_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    x, rest, prior = rng.normal(3, 2, (7, 4)), rng.normal(3, 2, (6, 4)), np.array([1.0, 2.0, 0.5, 3.0])
    expected = (x - rest.mean(axis=0)) / np.sqrt((5 * prior**2 + 6 * rest.var(axis=0)) / 11)
    assert baseline_normalise(x, rest, prior) == pytest.approx(expected)


def test_a_nan_in_the_baseline_is_left_out_and_a_feature_without_any_value_is_none() -> None:
    rest = np.array([[1.0, NAN, NAN], [3.0, 5.0, NAN]])
    made = baseline_normalise(np.array([[4.0, 5.0, 1.0], [NAN, 6.0, 1.0]]), rest, np.ones(3))
    scale = np.sqrt([(5 + 2 * 1) / 7, 5 / 6])
    np.testing.assert_allclose(made, [[2 / scale[0], 0, NAN], [NAN, 1 / scale[1], NAN]])


def test_a_feature_that_never_varied_gives_numbers() -> None:
    made = baseline_normalise(np.array([[1.0, 1.0 + MIN_FEATURE_SD]]), np.ones((4, 2)), np.zeros(2))
    np.testing.assert_allclose(made, [[0.0, 3 / np.sqrt(5)]])


def test_spread_is_the_average_deviation_within_a_subject_at_rest() -> None:
    x = np.array([[0.0, 7.0], [2.0, NAN], [10.0, 7.0], [16.0, 7.0], [99.0, 0.0], [5.0, 5.0]])
    person, rest = np.array(["a", "a", "b", "b", "b", "c"]), np.array([1, 1, 1, 1, 0, 1], bool)
    assert within_subject_std(x, person, rest).tolist() == [
        2.0,
        0.0,
    ]  # deviations 1 and 3; c has one window, a one value of two
    assert within_subject_std(x, person, np.zeros(6, bool)).tolist() == [0.0, 0.0]


@settings(max_examples=40, deadline=None)
@given(hop=st.sampled_from((0.5, 1.0, 2.0, 2.5, 5.0, 10.0)), first=st.floats(0, 1e5), seconds=st.integers(30, 200))
def test_the_same_windows_whatever_the_hop(hop: float, first: float, seconds: int) -> None:
    """As training sees them, 10 s apart: all that end within so many seconds from the start of the first."""
    baseline = Baseline(float(seconds))
    starts = gathered(baseline, [first + k * hop for k in range(round((seconds + 20) / hop))])
    assert baseline.complete
    assert starts == pytest.approx([first + 10 * k for k in range(seconds // 10)], abs=1e-6)


@pytest.mark.parametrize("inputs", ["embedding", "hrv", "both"])
def test_live_and_training_agree_to_the_bit(inputs: FeatureKind) -> None:
    rng = np.random.default_rng(0)
    embedding, beats = rng.normal(size=(8, 128)), rng.normal(size=(8, 3))
    beats[2, 1] = NAN
    x = combine_features(embedding, beats, inputs)
    prior = np.linspace(0.1, 2.0, x.shape[1])
    baseline = Baseline(60.0)
    for k in range(6):
        baseline.add_window(at(10.0 * k), embedding[k : k + 1], beats[k : k + 1], usable=True)
    trained = baseline_normalise(x, x[:6], prior)
    live = [baseline_normalise(x[k : k + 1], baseline.features(inputs), prior) for k in range(8)]
    assert np.concatenate(live).tobytes() == trained.tobytes()


def test_it_begins_with_the_first_usable_window() -> None:
    starts = [float(k) for k in range(100)]
    assert gathered(Baseline(30.0), starts, unusable=tuple(starts[:7])) == [7, 17, 27]


def test_unusable_windows_are_left_out_and_the_next_usable_ones_taken() -> None:
    starts = [float(k) for k in range(100)]
    assert gathered(Baseline(60.0), starts, unusable=(10.0, 11.0, 12.0)) == [0, 13, 23, 33, 43]


def test_it_goes_on_until_it_has_three_windows() -> None:
    baseline = Baseline(30.0)
    starts = [0.0, 45.0, 50.0, 55.0, 60.0, 65.0]
    assert gathered(baseline, starts[:-1], unusable=(60.0,)) == [0, 45, 55]
    assert baseline.complete
    baseline = Baseline(30.0)
    gathered(baseline, [0.0, 1.0, 2.0])
    assert not baseline.complete


def test_a_gap_at_its_end_completes_it_and_adds_nothing() -> None:
    baseline = Baseline(60.0)
    assert gathered(baseline, [0.0, 10.0, 20.0, 300.0]) == [0, 10, 20]
    assert baseline.complete


def test_it_counts_down() -> None:
    baseline, left = Baseline(30.0), []
    for start in range(-2, 31):
        if not baseline.complete:
            baseline.add_window(at(float(start)), *row(start), usable=start >= 0 and not 15 <= start <= 17)
            left.append(baseline.seconds_left)
    assert left[:2] == [30, 30]  # until a first window is usable
    assert left[2:16] == [20 - start for start in range(11)] + [9, 8, 7]
    assert left[17:20] == [10, 10, 10]  # a third window must be usable as a whole
    assert baseline.complete


def test_windows_that_start_before_the_rest_began_are_left_out_and_the_countdown_begins_there() -> None:
    baseline = Baseline(30.0, since=20.4)
    left = []
    for start in range(12, 60):
        if not baseline.complete:
            baseline.add_window(at(float(start)), *row(float(start)), usable=True)
            left.append(baseline.seconds_left)
    assert baseline.features("hrv")[:, 0].tolist() == [21.0, 31.0, 41.0]
    assert left[:9] == pytest.approx([28.4 - k for k in range(9)])  # as long as a window began before
    assert left[9] == 20.0
    assert left[-1] == 0.0


def test_a_rest_that_begins_with_a_window_takes_it() -> None:
    assert gathered(Baseline(30.0, since=20.0), [19.0 + k for k in range(60)]) == [20, 30, 40]
