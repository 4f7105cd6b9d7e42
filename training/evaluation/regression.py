"""Cross-validation of heads that give a number: the folds of the other heads, and scores of ratings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from training.data.feature_table import FeatureTable, Mask
from training.evaluation.bootstrap import interval, paired_difference
from training.evaluation.cross_validation import CrossValidationPlan, fold_names
from training.evaluation.fold import FEATURE_SETS, feature_variants, result_key
from training.evaluation.fold_cache import FoldArrays, run_folds
from training.evaluation.rating_fold import ESTIMATE_COLUMNS, RatingFold, run_rating_fold
from training.evaluation.regression_metrics import RatingPredictions, bootstrap_regression, regression_scores
from training.evaluation.splits import check_scorable, fold_masks
from training.evaluation.window_ratings import WindowRatings, rated_windows
from training.results import PairedComparison, RegressionRow
from training.settings import HeadInputs

RMSE_TIE = 1.01  # a smaller ratio of errors does not justify the less simple features
SIMPLEST_FIRST = ("hrv", "embedding", "both")
COMPARATORS = ("majority", "hrv", "random encoder")


class RegressionEvaluation(NamedTuple):
    """Rows of the report, remarks that belong to them, and the ratings of every window of each row."""

    rows: tuple[RegressionRow, ...]
    remarks: tuple[str, ...]
    windows: tuple[WindowRatings, ...] = ()


def cross_validate_ratings(examples: FeatureTable, random: F64, plan: CrossValidationPlan) -> RegressionEvaluation:
    """Score the ratings that heads on all kinds of features predict, with and without a resting baseline.

    Parameters and errors are those of `training.evaluation.cross_validation.cross_validate`. ``majority`` is the
    constant: the mean rating of the training subjects.
    """
    check_scorable(examples.take(examples.scored(relative=False)), plan.evaluate)
    tests = fold_masks(examples, plan.evaluate, plan.seed)
    baselines, remarks = _baselines(examples, plan)
    folds = _folds(examples, random, tests, plan, relative=len(baselines) > 1)
    arrays = run_folds(run_rating_fold, folds, len(tests), plan.folder, plan.engine, plan.report)
    tables = [_windows(examples, tests, arrays, each, plan.evaluate.protocol, len(random)) for each in baselines]
    rows = [row for table in tables for row in _rows(table, plan.evaluate.draws)]
    return RegressionEvaluation(tuple(rows), tuple(remarks), tuple(each for table in tables for each in table))


def _baselines(examples: FeatureTable, plan: CrossValidationPlan) -> tuple[list[float], list[str]]:
    """Seconds of the baselines that are possible (0: none), and remarks on them."""
    if not plan.evaluate.baseline:
        return [0.0], []
    kept = examples.take(examples.scored(relative=True))
    try:
        check_scorable(kept, plan.evaluate)
    except DatasetError as error:
        return [0.0], [f"no rows with a baseline: {error.message}"]
    lost = sorted(set(examples.take(examples.label >= 0).subjects) - set(kept.subjects))
    remarks = [f"subjects without a baseline of rest, left out of rows with one: {', '.join(lost)}"] if lost else []
    return [0.0, plan.evaluate.baseline], remarks


def _folds(
    examples: FeatureTable, random: F64, tests: Mapping[str, Mask], plan: CrossValidationPlan, *, relative: bool
) -> Iterator[RatingFold]:
    mixed = plan.evaluate.protocol == "kfold"
    for name, test in tests.items():
        embedded = examples.with_embedding(plan.embed(None if mixed else name, test)) if plan.embed else examples
        yield RatingFold(name, embedded, random, test, relative, mixed)


def choose_rating_features(rows: Sequence[RegressionRow], inputs: HeadInputs) -> dict[str, str]:
    """Features of the population set and of the personal set: with ``auto`` the least error wins, or the simplest."""
    wanted = SIMPLEST_FIRST if inputs == "auto" else (inputs,)
    chosen: dict[str, str] = {}
    for name, personal in (("population", False), ("personal", True)):
        rmse = {row.features: row.scores.rmse for row in rows if (row.baseline > 0) == personal}
        scored = [features for features in wanted if features in rmse]
        if scored:
            best = min(rmse[features] for features in scored)
            chosen[name] = next(features for features in scored if rmse[features] <= RMSE_TIE * best)
    return chosen


def _windows(
    examples: FeatureTable,
    tests: dict[str, Mask],
    arrays: Mapping[str, FoldArrays],
    baseline: float,
    protocol: str,
    encoders: int,
) -> list[WindowRatings]:
    """Ratings by all kinds of features; of the random encoders those of the one with the median error."""
    relative = baseline > 0
    keep, fold = examples.scored(relative=relative), fold_names(tests, len(examples))
    windows: list[WindowRatings] = []
    for name in FEATURE_SETS:
        keys = [result_key(variant, relative=relative) for variant in feature_variants(name, encoders)]
        each = [_collect(examples, tests, arrays, key).take(keep) for key in keys]
        ranked = sorted(each, key=lambda predictions: regression_scores(predictions).rmse)
        estimate = ranked[len(ranked) // 2].estimate
        windows.append(rated_windows(examples, keep, fold, estimate, name, protocol, baseline))
    return windows


def _rows(windows: Sequence[WindowRatings], count: int) -> list[RegressionRow]:
    """A row for each kind of features, all of the same windows; with so many draws of the bootstrap."""
    found = {each.features: each.predictions for each in windows}
    draws = {name: bootstrap_regression(each, count) for name, each in found.items()}
    return [make_rating_row(each.features, found, draws, each.baseline, each.protocol) for each in windows]


def _collect(
    examples: FeatureTable, tests: Mapping[str, Mask], arrays: Mapping[str, FoldArrays], key: str
) -> RatingPredictions:
    """Predictions of all folds for all windows."""
    estimate = np.full((len(examples), ESTIMATE_COLUMNS), np.nan)
    for fold, test in tests.items():
        estimate[test] = arrays[fold][key]
    return RatingPredictions(estimate, examples.ratings, examples.subject)


def make_rating_row(
    name: str,
    found: Mapping[str, RatingPredictions],
    draws: Mapping[str, Mapping[str, F64]],
    baseline: float,
    protocol: str,
) -> RegressionRow:
    """A row of one kind of features, from the predictions of all kinds and the bootstrap draws of their scores."""
    own = found[name]
    rmse = {other: regression_scores(each).rmse for other, each in found.items()}
    intervals = {key: interval(values) for key, values in draws[name].items()}
    versus: dict[str, PairedComparison | None] = {
        other: paired_difference(draws[name]["rmse"], draws[other]["rmse"], rmse[name] - rmse[other])
        for other in COMPARATORS
        if other != name and other in found
    }
    return RegressionRow(
        features=name,
        protocol=protocol,
        baseline=baseline,
        scores=regression_scores(own),
        interval={key: value for key, value in intervals.items() if value is not None},
        per_subject={
            each: regression_scores(own.take(own.subject == each)) for each in np.unique(own.subject).tolist()
        },
        versus={other: value for other, value in versus.items() if value is not None},
    )
