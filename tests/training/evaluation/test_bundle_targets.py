"""What heads of a bundle should have said, and the scores of those that give a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.errors import ConfigError
from ecg_live.results import HeadResult
from tests.support.random_bundles import add_rating_head, random_bundle
from tests.support.small_datasets import corpus
from training.datasets.dataset import Annotation, LabelTrack, Rating
from training.evaluation.bundle_targets import HeadTarget, estimate_of, rating_row
from training.evaluation.prediction_table import NamedRatings
from training.evaluation.window_ratings import WindowRatings

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
    silent = HeadResult(None, None, "flat line", scale=scale)
    windows = WindowRatings(
        "hrv",
        "evaluate",
        0.0,
        "population",
        subject=np.array(list("aaab")),
        recording=np.array(list("aaab")),
        onset=np.arange(4.0),
        truth=np.array([2.0, 5.5, 4.0, 3.0]),
        fold=np.full(4, ""),
        estimate=np.array([estimate_of(each) for each in (*answers, silent)]),
    )
    row = rating_row(NamedRatings("m", "made", "stress", windows))
    assert (row["head"], row["set"]) == ("stress", "population")
    assert (row["windows"], row["people"], row["abstained"]) == (3, 1, 1)
    assert row["rmse"] == pytest.approx(((0.25 + 16) / 3) ** 0.5)
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["width"] == pytest.approx(2.0)
