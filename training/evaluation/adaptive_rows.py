"""Rows of the adaptive set: scored by leaving one subject out, in every order of the windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import FeatureTable, Mask, Names
from training.data.window_orders import ORDERS
from training.evaluation.adaptive_fold import (
    ADAPTIVE_CHOICE,
    ADAPTIVE_KINDS,
    AdaptiveFold,
    adaptive_key,
    run_adaptive_fold,
)
from training.evaluation.cross_validation import CrossValidationPlan, Evaluation
from training.evaluation.fold import CHOSEN, SIMPLEST_FIRST
from training.evaluation.fold_cache import FoldArrays, run_folds
from training.evaluation.rows import make_rows
from training.evaluation.splits import fold_masks
from training.evaluation.window_predictions import ScoredTable, WindowPredictions


def score_adaptive(examples: FeatureTable, plan: CrossValidationPlan) -> Evaluation:
    """Rows, remarks and predictions of the adaptive set; none without subjects to leave out.

    Windows that a live head would abstain from, since it does not know the wearer yet, are not scored.
    """
    if plan.evaluate.protocol != "loso" or not plan.head.adaptive:
        return Evaluation((), ())
    tests = fold_masks(examples, plan.evaluate, plan.seed)
    arrays = run_folds(
        run_adaptive_fold, adaptive_folds(examples, tests, plan), len(tests), plan.folder, plan.engine, plan.report
    )
    names = (*ADAPTIVE_KINDS, *([CHOSEN] if plan.head.inputs == CHOSEN else []))
    found = {name: adaptive_predictions(examples, tests, arrays, name) for name in names}
    orders = {name: each[1:] for name, each in found.items() if name != "majority"}
    rows = make_rows([each[0] for each in found.values()], plan.evaluate.draws, orders)
    remarks = _choice_remarks(arrays) if plan.head.inputs == CHOSEN else ()
    return Evaluation(rows, remarks, tuple(each for name in found for each in found[name]))


def adaptive_folds(
    examples: FeatureTable,
    tests: Mapping[str, Mask],
    plan: CrossValidationPlan,
    kinds: tuple[str, ...] = ADAPTIVE_KINDS,
) -> Iterator[AdaptiveFold]:
    """The fold of each subject, with an embedding by an encoder that never saw it."""
    for name, test in tests.items():
        embedded = examples.with_embedding(plan.embed(name, test)) if plan.embed else examples
        yield AdaptiveFold(name, embedded, test, plan.head, plan.seed, kinds)


def adaptive_predictions(
    examples: FeatureTable, tests: Mapping[str, Mask], arrays: Mapping[str, FoldArrays], features: str
) -> list[WindowPredictions]:
    """Predictions by some features in each of `ORDERS`."""
    fold: Names = np.full(len(examples), "", dtype=f"U{max(map(len, tests))}")
    for name, test in tests.items():
        fold[test] = name
    found = []
    for order in ORDERS:
        probability: F64 = np.full((len(examples), len(examples.classes)), np.nan)
        for name, test in tests.items():
            probability[test] = arrays[name][adaptive_key(features, order)]
        keep = np.asarray(np.isfinite(probability).all(axis=1))
        scored = ScoredTable(examples, fold, keep, "loso", 0.0)
        found.append(scored.row(features, probability, "adaptive", order))
    return found


def _choice_remarks(arrays: Mapping[str, FoldArrays]) -> tuple[str, ...]:
    """How often the folds chose each kind of features."""
    found = Counter(SIMPLEST_FIRST[int(each[ADAPTIVE_CHOICE][0])] for each in arrays.values())
    counts = ", ".join(f"{kind} in {count}" for kind, count in found.most_common())
    return (f"features of the adaptive set, chosen in each of {found.total()} folds: {counts}",)
