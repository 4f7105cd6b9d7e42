"""Orders of a subject's windows: nothing is lost, and what came before is what the order's name states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.window_orders import (
    ORDERS,
    SHUFFLED_BLOCK_S,
    OrderName,
    PlacedWindows,
    WindowOrder,
    shuffled_order,
    window_order,
)

REST, LOAD = 0, 1


def placed(*recordings: tuple[int, int], subject: str = "p0", hop: float = 10.0) -> PlacedWindows:
    """One subject; each recording holds so many windows of one class."""
    sizes = [count for _, count in recordings]
    return PlacedWindows(
        np.full(sum(sizes), subject),
        np.repeat([f"{subject}_{i}" for i in range(len(sizes))], sizes),
        np.concatenate([hop * np.arange(count) for count in sizes]),
        np.repeat([each for each, _ in recordings], sizes),
    )


def both(first: PlacedWindows, second: PlacedWindows) -> PlacedWindows:
    pairs = [
        np.concatenate((getattr(first, name), getattr(second, name)))
        for name in ("subject", "recording", "onset", "label")
    ]
    return PlacedWindows(*pairs)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("natural", "r" * 18 + "l" * 6),
        ("reversed", "l" * 6 + "r" * 18),
        ("interleaved", "rrrrrr" + "lll" + "rrrrrr" + "lll" + "rrrrrr"),
        ("interleaved reversed", "lll" + "rrrrrr" + "lll" + "rrrrrr" + "rrrrrr"),
    ],
)
def test_three_minutes_of_rest_and_one_of_load(order: OrderName, wanted: str) -> None:
    windows = placed((REST, 18), (LOAD, 6))
    made = window_order(windows, order)
    assert "".join("rl"[each] for each in windows.label[made.rows]) == wanted
    assert made.start.tolist() == [10.0 * i for i in range(24)]  # no time is lost, none is gained


def test_the_natural_order_keeps_the_times_of_windows_that_are_missing() -> None:
    windows = placed((REST, 6))
    kept = PlacedWindows(*(getattr(windows, name)[[0, 1, 4, 5]] for name in ("subject", "recording", "onset", "label")))
    assert window_order(kept, "natural").start.tolist() == [0.0, 10.0, 40.0, 50.0]


def test_windows_within_a_stretch_keep_their_direction() -> None:
    made = window_order(placed((REST, 3), (LOAD, 2), (REST, 2)), "reversed")
    assert made.rows.tolist() == [5, 6, 3, 4, 0, 1, 2]


def test_a_subject_of_one_class_has_one_order_only() -> None:
    windows = placed((REST, 9))
    for order in ORDERS:
        assert window_order(windows, order).rows.tolist() == list(range(9))


def test_subjects_stay_apart() -> None:
    windows = both(placed((REST, 4), (LOAD, 2)), placed((LOAD, 3), subject="p1"))
    made = window_order(windows, "reversed")
    assert made.rows.tolist() == [4, 5, 0, 1, 2, 3, 6, 7, 8]
    assert made.start.tolist() == [0, 10, 20, 30, 40, 50, 0, 10, 20]


def test_a_shuffle_is_decided_by_its_seed_and_moves_whole_blocks() -> None:
    windows = placed((REST, 18), (LOAD, 6))
    first, again, other = (shuffled_order(windows, np.random.default_rng(seed)).rows.tolist() for seed in (1, 1, 2))
    assert first == again != other
    joints = np.flatnonzero(np.diff(first) != 1)
    assert len(joints) <= 240 / SHUFFLED_BLOCK_S[0]


def test_shuffles_begin_with_either_class() -> None:
    windows = placed((REST, 18), (LOAD, 6))
    rng = np.random.default_rng(0)
    begins = {int(windows.label[shuffled_order(windows, rng).rows[0]]) for _ in range(40)}
    assert begins == {REST, LOAD}


recordings = st.lists(st.tuples(st.integers(-1, 2), st.integers(1, 25)), min_size=1, max_size=5)


@given(recordings, st.sampled_from([*ORDERS, "shuffled"]), st.sampled_from([1.0, 5.0, 10.0]), st.integers(0, 5))
def test_every_window_comes_once_and_in_time(
    made: list[tuple[int, int]], order: OrderName, hop: float, seed: int
) -> None:
    windows = both(placed(*made, hop=hop), placed((LOAD, 3), (REST, 4), subject="p1", hop=hop))
    rng = np.random.default_rng(seed)
    found: WindowOrder = shuffled_order(windows, rng) if order not in ORDERS else window_order(windows, order)
    assert sorted(found.rows.tolist()) == list(range(len(windows.label)))
    for subject in ("p0", "p1"):
        start = found.start[windows.subject[found.rows] == subject]
        assert start[0] == 0.0
        assert (np.diff(start) >= hop).all()
