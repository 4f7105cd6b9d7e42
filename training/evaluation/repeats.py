"""Repeats of cross-validation over seeds: how far scores depend on what is drawn, splits and heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import FeatureTable
from training.evaluation.cross_validation import CrossValidationPlan, Evaluation, cross_validate
from training.results import ResultRow

REPEATED_SCORES = ("auroc", "balanced_accuracy", "macro_f1", "ece", "brier")


def cross_validate_repeatedly(examples: FeatureTable, random: F64, plan: CrossValidationPlan) -> Evaluation:
    """Score with the plan's seed, and again with the next ones, as often as ``evaluate.repeats`` asks for.

    Rows, intervals and predictions are those of the first seed. Each row has mean and standard deviation of its scores
    over all of them. With ``loso`` and linear heads nothing is drawn, and the deviation is 0.

    Raises
    ------
    DatasetError
        As `cross_validate`.
    """
    first = cross_validate(examples, random, plan)
    count = plan.evaluate.repeats
    if count == 1:
        return first
    seeds = range(plan.seed + 1, plan.seed + count)
    all_rows = [first.rows, *(cross_validate(examples, random, replace(plan, seed=seed)).rows for seed in seeds)]
    rows = tuple(replace(same[0], repeats=_spread(same)) for same in zip(*all_rows, strict=True))
    remark = f"scored {count} times, with the seeds {plan.seed} to {plan.seed + count - 1}: intervals are of the first"
    return first._replace(rows=rows, remarks=(*first.remarks, remark))


def _spread(rows: Sequence[ResultRow]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each score over the seeds; those that a seed does not have are left out."""
    found = {name: [getattr(row.scores, name) for row in rows] for name in REPEATED_SCORES}
    return {
        name: (float(np.mean(values)), float(np.std(values, ddof=1)))
        for name, values in found.items()
        if None not in values
    }
