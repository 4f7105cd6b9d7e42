"""Honest scores: one person left out at a time, intervals over people, simple rivals on the same windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import LeaveOneGroupOut

from ecg_live.errors import DatasetError
from ecg_live.types import F64
from training.head import Ints, fit

BINS = 15  # of the calibration error
DRAWS = 2000  # of people, for the interval


def leave_one_out(x: F64, y: Ints, person: Ints) -> F64:
    """Probability (n,) of the second class for every window, from a head that never saw its person.

    Raises
    ------
    DatasetError
        If there is one person only, or one class only.
    """
    if len(np.unique(person)) < 3 or len(np.unique(y)) < 2:
        raise DatasetError(
            f"{len(np.unique(person))} people with {len(np.unique(y))} classes; leaving one out needs 3 and 2",
            "give more recordings",
        )
    out = np.empty(len(y))
    for train, test in LeaveOneGroupOut().split(x, y, person):
        out[test] = expit(fit(x[train], y[train], person[train]).log_odds(x[test]))
    return out


def against_baseline(x: F64, person: Ints, baseline: Ints) -> F64:
    """Features (n, d) minus each person's mean over the windows marked as baseline; NaN is left out of the mean."""
    out = np.full_like(x, np.nan)
    for one in np.unique(person):
        own = person == one
        if (own & (baseline > 0)).any():
            out[own] = x[own] - np.nanmean(x[own & (baseline > 0)], axis=0)
    return out


def scores(probability: F64, y: Ints, person: Ints) -> dict[str, Any]:
    """AUROC over all windows with its 95 % interval over people, balanced accuracy, macro-F1, ECE and Brier."""
    label = (probability > 0.5).astype(np.int64)
    return {
        "auroc": float(roc_auc_score(y, probability)),
        "interval": _interval(probability, y, person),
        "balanced_accuracy": float(balanced_accuracy_score(y, label)),
        "macro_f1": float(f1_score(y, label, average="macro")),
        "ece": calibration_error(probability, y),
        "brier": float(np.mean((probability - y) ** 2)),
        "windows": len(y),
        "people": len(np.unique(person)),
    }


def per_person(probability: F64, y: Ints, person: Ints) -> dict[int, float]:
    """AUROC of each person who has both classes."""
    people = [one for one in np.unique(person).tolist() if len(np.unique(y[person == one])) == 2]
    return {one: float(roc_auc_score(y[person == one], probability[person == one])) for one in people}


def calibration_error(probability: F64, y: Ints) -> float:
    """Expected calibration error over 15 equal bins (Guo et al. 2017)."""
    confidence = np.maximum(probability, 1 - probability)
    right = (probability > 0.5) == (y == 1)
    at = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(float(right[at == b].mean() - confidence[at == b].mean())) * float((at == b).mean())
        for b in set(at.tolist())
    ]
    return float(sum(gaps))


def _interval(probability: F64, y: Ints, person: Ints) -> list[float]:
    """95 % bootstrap interval of the AUROC, drawing people."""
    rng = np.random.default_rng(0)
    people = [np.flatnonzero(person == one) for one in np.unique(person)]
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([people[i] for i in rng.integers(0, len(people), len(people))])
        if len(np.unique(y[rows])) == 2:
            drawn.append(roc_auc_score(y[rows], probability[rows]))
    return [float(edge) for edge in np.percentile(drawn, [2.5, 97.5])]
