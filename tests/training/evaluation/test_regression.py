"""Ratings are scored on people who were left out, against a constant; CCC and RMSE agree with their definitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from tests.support.fold_jobs import made, plan, random
from training.data.feature_table import FeatureTable
from training.evaluation.regression import RegressionEvaluation, choose_rating_features, cross_validate_ratings
from training.evaluation.regression_metrics import RatingPredictions, bootstrap_regression, regression_scores
from training.results import RegressionRow


def rated(people: int = 6, windows: int = 20, rest: int = 0, strength: float = 2.0) -> FeatureTable:
    """A rating that one column of the HRV gives, with an offset by person."""
    table = made(people, windows, rest=rest, strength=0.0)
    rng = np.random.default_rng(5)
    value = np.clip(5 + strength * table.hrv[:, 0] / 2 + 0.3 * rng.standard_normal(len(table)), 0, 10)
    return replace(table, classes=(), label=np.zeros(len(table), np.int64), value=value, scale=(0.0, 10.0))


def row(found: RegressionEvaluation, features: str, baseline: float = 0.0) -> RegressionRow:
    return next(each for each in found.rows if (each.features, each.baseline) == (features, baseline))


def estimates(value: F64, margin: float = 1.0) -> F64:
    return np.stack((value, value - margin, value + margin), axis=1)


def test_scores_are_those_of_the_definitions() -> None:
    rng = np.random.default_rng(0)
    truth, value = rng.uniform(0, 10, 60), rng.uniform(0, 10, 60)
    value[:30] = truth[:30] + 1
    subject = np.repeat(["a", "b"], 30)
    found = regression_scores(RatingPredictions(estimates(value), truth, subject))
    covariance = np.mean((value - value.mean()) * (truth - truth.mean()))
    assert found.ccc == pytest.approx(2 * covariance / (value.var() + truth.var() + (value.mean() - truth.mean()) ** 2))
    assert found.rmse == pytest.approx(np.sqrt(np.mean((value - truth) ** 2)))
    within = [np.corrcoef(value[subject == each], truth[subject == each])[0, 1] for each in "ab"]
    assert found.within == pytest.approx(np.mean(within))
    assert found.coverage == pytest.approx(np.mean(np.abs(value - truth) <= 1))
    assert found.width == pytest.approx(2.0)
    assert (found.windows, found.people) == (60, 2)


def test_a_constant_has_no_correlation_within_a_person() -> None:
    truth = np.random.default_rng(0).uniform(0, 10, 20)
    found = regression_scores(RatingPredictions(estimates(np.full(20, 5.0)), truth, np.repeat(["a", "b"], 10)))
    assert found.within is None
    assert found.ccc == pytest.approx(0.0)


def test_intervals_are_over_people_not_windows() -> None:
    truth = np.zeros(40)
    value = np.repeat([0.0, 4.0], 20)
    draws = bootstrap_regression(RatingPredictions(estimates(value), truth, np.repeat(["a", "b"], 20)), 200)["rmse"]
    assert sorted({round(float(each), 6) for each in draws}) == [0.0, pytest.approx(np.sqrt(8), abs=1e-6), 4.0]


def test_what_gives_the_rating_beats_the_constant_and_noise_does_not(tmp_path: Path) -> None:
    examples = rated(rest=4)
    found = cross_validate_ratings(examples, random(examples), plan(tmp_path, baseline=30.0))
    assert {each.baseline for each in found.rows} == {0.0, 30.0}
    best, noise = row(found, "hrv"), row(found, "random encoder")
    assert best.versus["majority"].interval[1] < 0
    assert noise.versus["majority"].interval[1] >= 0
    assert best.scores.ccc is not None
    assert best.scores.ccc > 0.8
    assert best.scores.windows == 120
    assert row(found, "hrv", 30.0).scores.windows == 120 - 24
    assert choose_rating_features(found.rows, "auto") == {"population": "hrv", "personal": "hrv"}
    assert choose_rating_features(found.rows, "both") == {"population": "both", "personal": "both"}


def test_a_rating_of_the_person_who_is_left_out_never_changes_the_prediction(tmp_path: Path) -> None:
    examples = rated(4)
    other = replace(examples, value=np.where(examples.subject == "p00", 9.0, examples.ratings))
    found = [
        cross_validate_ratings(each, random(each), plan(tmp_path / name))
        for each, name in ((examples, "a"), (other, "b"))
    ]
    own = [row(each, "hrv").per_subject["p00"] for each in found]
    assert own[0].rmse != own[1].rmse
    assert own[0].width == own[1].width


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("alike", "all 120 windows are rated 5; a rating that never changes cannot be learnt"),
        ("one", "1 subjects; leaving some out needs 3"),
    ],
)
def test_what_cannot_be_scored_is_refused(tmp_path: Path, change: str, message: str) -> None:
    examples = rated()
    if change == "alike":
        examples = replace(examples, value=np.full(len(examples), 5.0))
    else:
        examples = examples.take(examples.subject == "p00")
    with pytest.raises(DatasetError, match=message):
        cross_validate_ratings(examples, random(examples), plan(tmp_path))
