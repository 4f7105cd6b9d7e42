"""Bootstrap over subjects: how scores and differences of AUROC vary when subjects are drawn with replacement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecg_live.events import F64
from training.evaluation.metrics import Predictions, weighted_scores
from training.results import PairedComparison

INTERVAL_PERCENTILES = (2.5, 97.5)  # of a 95 % interval
BootstrapScores = Mapping[str, F64]


def bootstrap(predictions: Predictions, draws: int, seed: int = 0) -> BootstrapScores:
    """Each score (draws,) of subjects drawn with replacement, the same for the same seed; NaN where it is undefined."""
    subjects = len(np.unique(predictions.subject))
    drawn = np.random.default_rng(seed).integers(0, subjects, (draws, subjects))
    weights = np.zeros((draws, subjects))
    np.add.at(weights, (np.arange(draws)[:, None], drawn), 1)
    return weighted_scores(predictions, weights)


def interval(draws: F64) -> tuple[float, float] | None:
    """95 % interval over the draws (draws,) in which the score is defined; None if it is in none."""
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return None
    low, high = np.percentile(defined, INTERVAL_PERCENTILES)
    return float(low), float(high)


def compare_paired(ours: BootstrapScores, theirs: BootstrapScores, difference: float) -> PairedComparison | None:
    """AUROC against a comparator's in the same draws: interval and two-sided p.

    ``difference`` is that over all subjects. None if no draw has both.
    """
    return paired_difference(ours["auroc"], theirs["auroc"], difference)


def paired_difference(ours: F64, theirs: F64, difference: float) -> PairedComparison | None:
    """One score (draws,) against another's in the same draws, as `compare_paired` does for AUROC."""
    draws = ours - theirs
    low_high = interval(draws)
    if low_high is None:
        return None
    return PairedComparison(difference, low_high, two_sided_p(draws))


def two_sided_p(differences: F64) -> float:
    """Two-sided p of differences (draws,) against 0, by the draws in which they are defined; NaN if in none."""
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return float("nan")
    tail = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (len(defined) + 1))
