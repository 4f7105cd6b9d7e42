"""Folds of the benchmark: what a pipeline gets, and what its faults become."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ecg_live.errors import ConfigError, DatasetError
from tests.support import bench_pipelines as made
from tests.support.bench_tables import SUBJECTS, WINDOWS, examples
from training.bench.folds import predict_folds
from training.bench.peeking import check_peeking
from training.bench.pipelines import BUILT_IN_PIPELINES, BenchPipeline
from training.evaluation.metrics import Predictions, scores

TABLE = examples()


def answers(estimator: Any) -> Any:
    tests = {each: TABLE.subject == each for each in TABLE.subjects}
    known = TABLE.label >= 0
    return predict_folds(BenchPipeline(estimator, "hrv"), TABLE.hrv, TABLE.label, TABLE.subject, tests, known, 2)


def auroc(probability: Any) -> float:
    return scores(Predictions(probability, probability, TABLE.label, TABLE.subject)).auroc or 0.0


def test_a_pipeline_gets_labels_and_subjects_of_training_windows_only() -> None:
    made.LOG.clear()
    answers(made.Remembers())
    others = (SUBJECTS - 1) * WINDOWS
    for fitted, asked, subject in zip(made.LOG[::2], made.LOG[1::2], TABLE.subjects, strict=True):
        assert fitted == (others, others, [each for each in TABLE.subjects if each != subject])
        assert asked == WINDOWS


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (made.Raising(), r"fold S0: the pipeline raises RuntimeError: matrix is singular"),
        (made.TooFewAnswers(), r"its answer has the shape \(19, 2\), expected \(20, 2\)"),
        (made.Unsure(), "20 of its answers are NaN or infinite"),
        (made.Unscaled(), "probabilities of a window sum to 1.8, expected 1"),
    ],
)
def test_a_fault_is_one_line_that_names_the_fold(estimator: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        answers(estimator)
    assert "\n" not in str(caught.value)


def test_the_order_of_test_windows_gives_nothing_away() -> None:
    assert abs(auroc(answers(made.ByPlace())) - 0.5) < 0.15  # in the data set's order it would be 1


@pytest.mark.parametrize(
    ("estimator", "where"), [(made.ReadsFiles(), "data set's files"), (made.SearchesMemory(), "this run")]
)
def test_labels_from_elsewhere_are_found_by_what_permuted_ones_teach(estimator: Any, where: str) -> None:
    assert auroc(answers(estimator)) == 1.0
    with pytest.raises(DatasetError, match=rf"AUROC against .* is 1.000, expected 0.5: it has them from .*{where}"):
        check_peeking(BenchPipeline(estimator, "hrv"), TABLE, TABLE.hrv, 0)


@pytest.mark.parametrize("name", BUILT_IN_PIPELINES)
def test_our_pipelines_know_nothing_after_permuted_labels(name: str) -> None:
    pipeline = BUILT_IN_PIPELINES[name]()
    x = TABLE.features("hrv" if pipeline.inputs == "hrv" else "both" if pipeline.inputs == "both" else "embedding")
    found = check_peeking(pipeline, TABLE, x, 0)
    assert abs(found.true - 0.5) < 0.1
    assert found.own < 0.6


def test_numbers_are_checked_as_well() -> None:
    table = examples(numbers=True)
    found = check_peeking(BUILT_IN_PIPELINES["hrv"](), table, table.hrv, 0)
    assert abs(found.true) < 0.1
    assert np.isfinite(found.own)
