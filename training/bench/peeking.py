"""Does a pipeline know labels that it was not given? It learns permuted ones, and must then know nothing.

A pipeline gets no label of a test window (`training.bench.folds`). One that reads them from the data set's files all
the same ranks the true labels well although it learnt permuted ones; one that finds this run's labels in memory ranks
the permuted labels of the test windows. What is learnt from noise may by chance resemble the truth or its contrary, for
all subjects alike. So each permutation is learnt in all its relabellings (of two classes, also with the two exchanged;
of numbers, also mirrored at their mean): chance then cancels, knowledge does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F32, F64
from training.bench.folds import predict_folds
from training.bench.pipelines import BenchPipeline
from training.data.feature_table import FeatureTable, Ints, Mask
from training.evaluation.bootstrap import bootstrap
from training.evaluation.metrics import Predictions
from training.evaluation.regression_metrics import RatingPredictions, bootstrap_regression

GROUPS = 5  # of subjects, each left out once
PERMUTATIONS = 2
CHECK_DRAWS = 1000
LOWEST_PERCENTILE = 0.5  # of a 99 % interval
CHANCE_AUROC, CHANCE_CCC = 0.5, 0.0
TOLERANCE = 0.1  # above chance: pipelines that are not symmetric in the classes leave a rest of chance


class PeekCheck(NamedTuple):
    """Mean score against the true labels and against those of the run, after learning permuted ones.

    AUROC, or CCC of a label that is a number; each with the lower end of its 99 % interval over subjects.
    """

    true: float
    true_low: float
    own: float
    own_low: float


def check_peeking(pipeline: BenchPipeline, table: FeatureTable, x: F64 | F32, seed: int) -> PeekCheck:
    """Let a pipeline learn permuted labels, and score what it then knows.

    Raises
    ------
    DatasetError
        It knows labels that it was not given.
    ConfigError
        As `training.bench.folds.predict_folds`.
    """
    known = np.asarray(table.label >= 0)
    tests = _groups(table, seed)
    true, own = [], []
    for i in range(PERMUTATIONS):
        for y in _relabelled(table, known, (seed, i)):
            answers = predict_folds(pipeline, x, y, table.subject, tests, known, len(table.classes), seed + i)
            true.append(_draws(table, answers, known, _truth(table)))
            own.append(_draws(table, answers, known, y))
    found = PeekCheck(*_mean_and_low(true), *_mean_and_low(own))
    chance, name = (CHANCE_AUROC, "AUROC") if table.value is None else (CHANCE_CCC, "CCC")
    for value, low, of, where in (
        (found.true, found.true_low, "true", "the data set's files"),
        (found.own, found.own_low, "this run's", "this run"),
    ):
        if value > chance + TOLERANCE and low > chance:
            raise DatasetError(
                f"the pipeline learnt permuted labels, and its {name} against {of} labels of test windows is "
                f"{value:.3f}, expected {chance:g}: it has them from {where}",
                "its scores are not shown; mend it",
            )
    return found


def _groups(table: FeatureTable, seed: int) -> dict[str, Mask]:
    drawn = np.random.default_rng(seed).permutation(np.array(table.take(table.label >= 0).subjects))
    parts = np.array_split(drawn, min(GROUPS, len(drawn)))
    return {str(i): np.isin(table.subject, part) for i, part in enumerate(parts, 1)}


def _truth(table: FeatureTable) -> F64 | Ints:
    return table.label if table.value is None else table.value


def _relabelled(table: FeatureTable, known: Mask, seed: tuple[int, int]) -> Iterator[F64 | Ints]:
    """Labels (n,) permuted over all windows, and their relabellings."""
    y = _truth(table).copy()
    y[known] = np.random.default_rng(seed).permutation(y[known])
    if table.value is not None:
        yield y
        yield np.asarray(2 * float(y[known].mean()) - y, np.float64)
        return
    for shift in range(len(table.classes)):
        yield np.where(known, (y + shift) % len(table.classes), y)


def _draws(table: FeatureTable, answers: F64, known: Mask, y: F64 | Ints) -> F64:
    """A score against labels (n,): over all subjects, then in each bootstrap draw; chance where it is undefined."""
    subject = table.subject[known]
    if table.value is None:
        found = Predictions(answers[known], answers[known], y[known].astype(np.int64), subject)
        return np.nan_to_num(bootstrap(found, CHECK_DRAWS)["auroc"], nan=CHANCE_AUROC)
    estimate = np.repeat(answers[known], 3, axis=1)
    found_ratings = RatingPredictions(estimate, np.asarray(y[known], np.float64), subject)
    return np.nan_to_num(bootstrap_regression(found_ratings, CHECK_DRAWS)["ccc"], nan=CHANCE_CCC)


def _mean_and_low(draws: list[F64]) -> tuple[float, float]:
    mean = np.mean(draws, axis=0)
    return float(mean.mean()), float(np.percentile(mean, LOWEST_PERCENTILE))
