"""What heads of a bundle should have said, and the scores of those that give a number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecg_live.errors import ConfigError
from ecg_live.results import HeadResult
from tests.support.random_bundles import add_rating_head, random_bundle
from tests.support.small_datasets import corpus
from training.datasets.dataset import Annotation, LabelTrack, Rating
from training.evaluation.bundle_targets import HeadTarget, ScoredRating, rating_row

CARDS = add_rating_head(random_bundle()).card.heads
TRACK = LabelTrack((0.0, 10.0), (2.0, 6.0), 20.0)


def test_numbers_are_read_within_the_window_and_classes_by_the_heads_own_order() -> None:
    data = corpus([[10.0]]).dataset
    rated = replace(data.sessions[0], annotations=(Annotation(0, 0, 20, {"stress": TRACK}), Annotation(0, 20, 40)))
    target = HeadTarget("stress", CARDS["stress"], replace(data, sessions=(rated,), labels={"stress": Rating(0, 10)}))
    assert target.numbers
    assert [target.truth((0, 0), onset) for onset in (0.0, 5.0, 10.0)] == [2.0, 4.0, 6.0]
    assert target.truth((0, 1), 25.0) is None
    card = replace(CARDS["mental_load"], classes=("load", "rest"))
    classes = HeadTarget("task", card, data)
    assert [classes.truth((0, i), 0.0) for i in range(3)] == [1, 0, None]


def test_a_number_and_classes_do_not_compare() -> None:
    with pytest.raises(ConfigError, match="head task gives a number; made has the classes rest, load"):
        HeadTarget("task", CARDS["stress"], corpus([[10.0]]).dataset)
    with pytest.raises(ConfigError, match="head valence has the classes rest, load; made has low, high"):
        HeadTarget("valence", CARDS["mental_load"], corpus([[10.0]]).dataset)


def test_scores_are_over_the_windows_that_were_answered() -> None:
    scale = (0.0, 10.0)
    answers = [HeadResult(None, None, value=v, interval=(v - 1, v + 1), scale=scale) for v in (2.0, 5.0, 8.0)]
    found = [ScoredRating("a", truth, answer) for truth, answer in zip((2.0, 5.5, 4.0), answers, strict=True)]
    silent = ScoredRating("b", 3.0, HeadResult(None, None, "flat line", scale=scale))
    row = rating_row("stress", "population", [*found, silent])
    assert (row["windows"], row["people"], row["abstained"]) == (3, 1, 1)
    assert row["rmse"] == pytest.approx(((0.25 + 16) / 3) ** 0.5)
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["width"] == pytest.approx(2.0)
