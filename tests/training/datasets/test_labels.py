"""From ratings to classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.constants import Split
from ecg_live.errors import DatasetError
from training.datasets.dataset import Classes, Rating
from training.datasets.labels import classify

SPLITS: tuple[Split, ...] = ("raw", "middle", "median")
FIVE, NINE = Rating(1, 5), Rating(1, 9)


def test_the_middle_of_the_scale_is_low_and_counted() -> None:
    indices, names, remarks = classify([1, 3, 3.5, 5, None, 3], list("aabbbb"), FIVE, "middle")
    assert (indices.tolist(), names) == ([0, 0, 1, 1, -1, 0], ("low", "high"))
    assert indices.dtype == np.int64
    assert remarks == ("2 of 5 ratings are 3, the middle of the scale, and count as low",)
    assert classify([5, 5.1], ["a", "a"], NINE, "middle").indices.tolist() == [0, 1]
    assert classify([1, 5], ["a", "a"], FIVE, "middle").remarks == ()


def test_each_subject_is_split_at_their_own_median() -> None:
    values = [1, 2, 3, 7, 8, 9, None, 9]
    indices, names, remarks = classify(values, list("aaabbbbb"), NINE, "median")
    assert (indices.tolist(), names) == ([0, 0, 1, 0, 0, 1, -1, 1], ("low", "high"))
    assert remarks == ("1 of 7 ratings are their subject's median and count as low",)


def test_subjects_with_one_rating_only_are_left_out_and_named() -> None:
    indices, _, remarks = classify([3, 3, 1, 2, None, 4], list("aabbcd"), FIVE, "median")
    assert indices.tolist() == [-1, -1, 0, 1, -1, -1]
    assert remarks == ("left out, as all their ratings are the same: a, d",)


def test_raw_values_are_classes_of_their_own() -> None:
    indices, names, remarks = classify([4, 2, 9, None, 2], list("aaaaa"), NINE, "raw")
    assert (indices.tolist(), names, remarks) == ([1, 0, 2, -1, 0], ("2", "4", "9"), ())
    indices, names, remarks = classify([2.5, 1.4, 4], list("aaa"), NINE, "raw")
    assert (indices.tolist(), names) == ([1, 0, 2], ("1", "3", "4"))
    assert remarks == ("2 ratings are not whole numbers and are rounded, halves up",)


@pytest.mark.parametrize("split", SPLITS)
def test_classes_stay_what_they_are(split: Split) -> None:
    meaning = Classes(("rest", "load"))
    indices, names, remarks = classify(["load", None, "rest", "load"], list("aabb"), meaning, split)
    assert (indices.tolist(), names, remarks) == ([1, -1, 0, 1], ("rest", "load"), ())
    with pytest.raises(DatasetError, match="a label is 'stress', expected one of rest, load"):
        classify(["stress"], ["a"], meaning, "middle")


@pytest.mark.parametrize("split", SPLITS)
def test_nothing_at_all(split: Split) -> None:
    for values in ([], [None, None]):
        found = classify(values, ["a"] * len(values), FIVE, split)
        assert found.indices.tolist() == [-1] * len(values)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(1, 9)), max_size=30))
def test_high_is_above_low_for_every_subject(rows: list[tuple[str, int | None]]) -> None:
    subjects, values = [subject for subject, _ in rows], [value for _, value in rows]
    for split in SPLITS[1:]:
        indices = classify(values, subjects, NINE, split).indices
        assert [i for i, value in enumerate(values) if value is None and indices[i] != -1] == []
        for person in set(subjects):
            own = [(i, v) for i, (s, v) in enumerate(rows) if s == person and v is not None]
            low = [v for i, v in own if indices[i] == 0]
            high = [v for i, v in own if indices[i] == 1]
            assert max(low, default=0) < min(high, default=10)
            left_out = len({v for _, v in own}) < 2 and split == "median"
            assert len(low) + len(high) == (0 if left_out else len(own))
