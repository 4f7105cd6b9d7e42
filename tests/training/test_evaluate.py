"""Scores are honest: the person is really left out, and baselines never enter."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from training.evaluate import against_baseline, calibration_error, leave_one_out, per_person, scores


def test_a_person_marker_does_not_help() -> None:
    """Labels are random per person: a feature that names the person is worth 1.0 unless the person is left out."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(12), 10)
    label = np.repeat(rng.permutation([0, 1] * 6), 10)
    x = np.eye(12)[person]
    probability = leave_one_out(x, label, person)
    assert scores(probability, label, person)["auroc"] < 0.6


def test_a_telling_feature_is_found() -> None:
    rng = np.random.default_rng(0)
    person, label = np.repeat(np.arange(8), 10), np.tile([0, 1], 40)
    x = np.column_stack((label + 0.1 * rng.standard_normal(80), rng.standard_normal((80, 3))))
    found = scores(leave_one_out(x, label, person), label, person)
    assert found["auroc"] > 0.99
    assert found["balanced_accuracy"] > 0.95
    assert found["interval"][0] <= found["auroc"] <= found["interval"][1]


@pytest.mark.parametrize(("people", "classes"), [(1, 2), (2, 2), (5, 1)])
def test_too_few_people_or_classes_are_refused(people: int, classes: int) -> None:
    person = np.repeat(np.arange(people), 4)
    label = np.tile(np.arange(4) % classes, people)
    with pytest.raises(DatasetError, match=f"{people} people with {classes} class"):
        leave_one_out(np.zeros((len(person), 2)), label, person)


def test_baseline_is_each_persons_own() -> None:
    person = np.array([1, 1, 1, 2, 2, 3])
    baseline = np.array([1, 1, 0, 1, 0, 0])
    x = np.array([[1.0], [3.0], [10.0], [5.0], [6.0], [7.0]])
    made = against_baseline(x, person, baseline)
    assert made[:5, 0].tolist() == [-1.0, 1.0, 8.0, 0.0, 1.0]
    assert np.isnan(made[5, 0])


def test_calibration_error_of_known_cases() -> None:
    y = np.array([1, 1, 1, 0])
    assert calibration_error(np.array([1.0, 1.0, 1.0, 0.0]), y) == pytest.approx(0.0)
    assert calibration_error(np.full(4, 0.75), y) == pytest.approx(0.0)
    assert calibration_error(np.full(4, 1.0), y) == pytest.approx(0.25)


def test_people_with_one_class_have_no_score_of_their_own() -> None:
    y, person = np.array([0, 1, 0, 0]), np.array([1, 1, 2, 2])
    assert per_person(np.array([0.1, 0.9, 0.2, 0.3]), y, person) == {1: 1.0}
