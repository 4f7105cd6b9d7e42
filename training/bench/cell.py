"""One cell of the benchmark: a pipeline's scores on one data set by one protocol, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg_live.errors import ConfigError
from ecg_live.events import F64
from training.bench.fixed_splits import FixedSplit, read_splits
from training.bench.folds import predict_folds
from training.bench.inputs import BenchInputs, read_inputs
from training.bench.peeking import check_peeking
from training.bench.pipelines import ADAPTIVE, ADAPTIVE_NEEDS, BenchPipeline, open_pipeline
from training.data.feature_table import FeatureTable, Mask
from training.data.window_orders import ORDERS
from training.evaluation.adaptive_fold import AdaptiveFold, adaptive_key, run_adaptive_fold
from training.evaluation.bootstrap import bootstrap, interval
from training.evaluation.fold import CHOSEN
from training.evaluation.metrics import Predictions, weighted_scores
from training.evaluation.regression_metrics import RatingPredictions, bootstrap_regression, weighted_regression
from training.parallel import single_threaded
from training.settings import HeadSettings, TrainSettings

CLASS_SCORES = ("auroc", "auroc_within", "balanced_accuracy", "brier")
NUMBER_SCORES = ("ccc", "within", "rmse")
VERSUS = "versus_constant"  # Brier score, or error, minus that of a constant fitted in the same folds


def run_bench_cell(table: Mapping[str, Any], settings: TrainSettings, _folder: Path) -> dict[str, float]:
    """Score a pipeline; intervals over subjects stand under ``NAME_low`` and ``NAME_high``.

    Parameters
    ----------
    table : mapping
        ``inputs`` and ``splits``, files; ``split``, the digest of the split; ``pipeline``, its name.
    settings : TrainSettings
        Draws of the bootstrap, and the seed.

    Raises
    ------
    ConfigError
        The pipeline raises, or cannot answer this label.
    DatasetError
        It knows labels that it was not given.
    """
    return single_threaded(_run, (table, settings))


def _run(job: tuple[Mapping[str, Any], TrainSettings]) -> dict[str, float]:
    table, settings = job
    began = time.monotonic()
    inputs = read_inputs(Path(table["inputs"]))
    split = next(each for each in read_splits(Path(table["splits"])) if each.digest == table["split"])
    if table["pipeline"] == ADAPTIVE:
        found = _run_adaptive(inputs, split, settings)
    else:
        found = _run_pipeline(open_pipeline(table["pipeline"]), inputs, split, settings)
    return found | {"seconds": time.monotonic() - began}


def _run_pipeline(
    pipeline: BenchPipeline, inputs: BenchInputs, split: FixedSplit, settings: TrainSettings
) -> dict[str, float]:
    examples = inputs.examples
    needed = "predict_proba" if examples.value is None else "predict"
    if not hasattr(pipeline.estimator, needed):
        what = "has classes" if examples.value is None else "is a number"
        raise ConfigError(f"the pipeline has no {needed}, and the label {inputs.label} {what}", "leave it out")
    x, known, tests = inputs.features(pipeline.inputs), np.asarray(examples.label >= 0), split.masks()
    y = examples.label if examples.value is None else examples.value
    answers = predict_folds(pipeline, x, y, examples.subject, tests, known, len(examples.classes), settings.seed)
    check = check_peeking(pipeline, examples, x, settings.seed)
    about = {"permuted_true": check.true, "permuted_own": check.own}
    return _scores(examples, answers, tests, settings) | about


def adaptive_applies(inputs: BenchInputs, split: FixedSplit) -> bool:
    """Whether the adaptive set can be scored: it tells classes apart, and each subject is left out once."""
    return inputs.examples.value is None and split.protocol == "loso"


def _run_adaptive(inputs: BenchInputs, split: FixedSplit, settings: TrainSettings) -> dict[str, float]:
    """The adaptive set in its natural order, with its AUROC in the others; each on the windows that it answers."""
    examples = inputs.examples
    if not adaptive_applies(inputs, split):
        raise ConfigError(ADAPTIVE_NEEDS, "leave it out, or --protocol loso")
    tests = split.masks()
    answers = {order: np.full((len(examples), len(examples.classes)), np.nan) for order in ORDERS}
    for name, test in tests.items():
        fold = AdaptiveFold(name, examples, test, HeadSettings(), settings.seed, ("hrv", "embedding", "both"))
        arrays = run_adaptive_fold(fold)
        for order in ORDERS:
            answers[order][test] = arrays[adaptive_key(CHOSEN, order)]
    found = _scores(examples, answers["natural"], tests, settings)
    others = {order: _scores(examples, answers[order], tests, settings)["auroc"] for order in ORDERS[1:]}
    return found | {f"auroc_{order.replace(' ', '_')}": value for order, value in others.items()}


def _scores(
    examples: FeatureTable, answers: F64, tests: Mapping[str, Mask], settings: TrainSettings
) -> dict[str, float]:
    """Scores with intervals over subjects, and the difference to a constant."""
    keep = np.asarray(np.isfinite(answers).all(axis=1) & (examples.label >= 0))
    draws = settings.evaluate.draws
    constant = _constant(examples, tests)[keep]
    subject = examples.subject[keep]
    once = np.ones((1, len(np.unique(subject))))
    names: tuple[str, ...]
    if examples.value is None:
        names, error = CLASS_SCORES, "brier"
        own = Predictions(answers[keep], answers[keep], examples.label[keep], subject, examples.rest_class)
        own = own.without_ranking() if _ranks_nothing(answers, tests, keep) else own
        other = Predictions(constant, constant, own.label, subject, examples.rest_class)
        values, drawn = weighted_scores(own, once), bootstrap(own, draws)
        rival, rival_drawn = weighted_scores(other, once), bootstrap(other, draws)
    else:
        names, error = NUMBER_SCORES, "rmse"
        truth = examples.value[keep]
        own_ratings, other_ratings = (
            RatingPredictions(np.repeat(each, 3, axis=1), truth, subject) for each in (answers[keep], constant)
        )
        values, drawn = weighted_regression(own_ratings, once), bootstrap_regression(own_ratings, draws)
        rival, rival_drawn = weighted_regression(other_ratings, once), bootstrap_regression(other_ratings, draws)
    found: dict[str, float] = {}
    for name in names:
        found |= _with_interval(name, float(values[name][0]), drawn[name])
    difference = float(values[error][0] - rival[error][0])
    found |= _with_interval(VERSUS, difference, drawn[error] - rival_drawn[error])
    return found | {"windows": float(keep.sum()), "subjects": float(once.shape[1])}


def _with_interval(name: str, value: float, draws: F64) -> dict[str, float]:
    low, high = interval(draws) or (np.nan, np.nan)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _ranks_nothing(answers: F64, tests: Mapping[str, Mask], keep: Mask) -> bool:
    """Whether each fold's answers are all alike: what differs between folds then depends on who is left out."""
    return all(not np.ptp(answers[test & keep], axis=0).any() for test in tests.values() if (test & keep).any())


def _constant(examples: FeatureTable, tests: Mapping[str, Mask]) -> F64:
    """Shares of the classes (n, classes), or the mean (n, 1), of each fold's training windows."""
    known = np.asarray(examples.label >= 0)
    out = np.full((len(examples), max(1, len(examples.classes))), np.nan)
    for test in tests.values():
        train = known & ~test
        if examples.value is None:
            out[test] = np.bincount(examples.label[train], minlength=len(examples.classes)) / train.sum()
        else:
            out[test] = examples.value[train].mean()
    return out
