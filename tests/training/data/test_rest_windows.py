"""Which windows are a wearer's baseline, and which overlap it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.model.baseline import Baseline
from ecg_live.results import Quality, Window
from tests.support.small_datasets import corpus
from training.data.rest_windows import baseline_windows, overlapping

INF = float("inf")


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ([10, 20, 30, 40, 50, 60, 70, 80, INF], [True] * 6 + [False] * 3),
        ([40, 50, 60, 70, 80, 90, 100, INF], [True] * 6 + [False] * 2),  # bad signal at first: it begins later
        ([10, 60, 70, 80], [True, True, True, False]),  # bad signal within: fewer windows
        ([10, 90, 150, 160], [True, True, True, False]),  # nearly all bad: goes on until there are three
        ([INF, INF], [False, False]),
        ([10 + 5 * k for k in range(12)], [True, False] * 5 + [True, False]),  # every 5 s: those that do not overlap
        ([10, 15, 25, 35, 40], [True, False, True, True, False]),
    ],
)
def test_a_baseline_in_training_is_the_one_that_would_have_been_taken_live(
    rest: list[float], wanted: list[bool]
) -> None:
    made = corpus([rest, [10, 20, INF]])
    mask = baseline_windows(made, 60.0)
    assert mask.tolist() == [*wanted, True, True, False]
    live = Baseline(60.0)
    for stop in (value for value in rest if np.isfinite(value)):
        if live.complete:
            break
        window = Window(np.zeros(2560, np.float32), 0, stop - 10, stop, 0.0, 0, Quality("good"))
        live.add_window(window, np.zeros((1, 128)), np.zeros((1, 3)), usable=True)
    assert len(live) == sum(wanted)


def test_no_baseline_is_no_window() -> None:
    made = corpus([[10, 20, 30]])
    assert not baseline_windows(made, 0.0).any()


def test_rest_counts_on_from_sitting_to_sitting() -> None:
    """20 s of rest in the first, and of the second as much as is missing."""
    made = corpus([[10, 20, INF], [INF, 10, 20, 30, 40]])
    one = replace(made.dataset, sessions=tuple(replace(each, subject="p0") for each in made.dataset.sessions))
    assert baseline_windows(replace(made, dataset=one), 40.0).tolist() == [
        True,
        True,
        False,
        False,
        True,
        True,
        False,
        False,
    ]


def test_what_has_a_sample_in_common_touches() -> None:
    made = corpus([[10, 15, 19.99609375, 20, 30], [10, 15]])
    chosen = np.zeros(7, np.bool_)
    chosen[0] = True
    assert overlapping(made.rows, chosen).tolist() == [True, True, True, False, False, False, False]
    made.rows["part"][1] = 1
    assert overlapping(made.rows, chosen).tolist() == [True, False, True, False, False, False, False]
