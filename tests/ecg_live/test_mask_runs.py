"""Runs of True in a mask."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.mask_runs import mask_runs


@pytest.mark.parametrize(
    ("mask", "runs"),
    [
        ([], []),
        ([False, False], []),
        ([True], [[0, 1]]),
        ([True, False, True, True], [[0, 1], [2, 4]]),
        ([False, True, True, False], [[1, 3]]),
    ],
)
def test_each_run_has_its_first_index_and_the_one_after_its_last(mask: list[bool], runs: list[list[int]]) -> None:
    found = mask_runs(np.array(mask, dtype=bool))
    assert found.tolist() == runs
    assert found.shape == (len(runs), 2)
    assert found.dtype == np.int64
