"""Metrics of predicted ratings: concordance, error, correlation within a subject, and how often the interval holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import Ints, Mask, Names
from training.results import RegressionScores

MIN_WITHIN_WINDOWS = 3  # of a subject, for a correlation
_MIN_VARIANCE = 1e-12  # of ratings or predictions; below it they are constant
_SUMS = ("n", "p", "t", "pp", "tt", "pt", "error", "inside", "width")


@dataclass(frozen=True, slots=True, eq=False)
class RatingPredictions:
    """Rating and interval (n, 3) of windows, their true ratings (n,) and subjects (n,)."""

    estimate: F64
    truth: F64
    subject: Names

    def take(self, rows: Mask) -> RatingPredictions:
        """Some of the windows."""
        return RatingPredictions(self.estimate[rows], self.truth[rows], self.subject[rows])


def regression_scores(predictions: RatingPredictions) -> RegressionScores:
    """Scores over all windows at once; the correlation within is the mean over subjects."""
    subjects = len(np.unique(predictions.subject))
    values = {name: float(score[0]) for name, score in weighted_regression(predictions, np.ones((1, subjects))).items()}
    ccc, within = (None if np.isnan(values[name]) else values[name] for name in ("ccc", "within"))
    return RegressionScores(
        ccc, values["rmse"], within, values["coverage"], values["width"], len(predictions.truth), subjects
    )


def bootstrap_regression(predictions: RatingPredictions, draws: int, seed: int = 0) -> dict[str, F64]:
    """Each score (draws,) of subjects drawn with replacement, the same for the same seed; NaN where undefined."""
    subjects = len(np.unique(predictions.subject))
    drawn = np.random.default_rng(seed).integers(0, subjects, (draws, subjects))
    weights = np.zeros((draws, subjects))
    np.add.at(weights, (np.arange(draws)[:, None], drawn), 1)
    return weighted_regression(predictions, weights)


def weighted_regression(predictions: RatingPredictions, weights: F64) -> dict[str, F64]:
    """Scores (draws,) by name, where subject s counts ``weights[draw, s]`` times; NaN where a score is undefined.

    ``ccc`` is Lin's concordance correlation coefficient (1989, Biometrics 45).
    """
    index = np.unique(predictions.subject, return_inverse=True)[1]
    own = _subject_sums(predictions, index)
    total = {name: weights @ own[name] for name in _SUMS}
    n = total["n"]
    mean_p, mean_t = total["p"] / n, total["t"] / n
    var_p, var_t = total["pp"] / n - mean_p**2, total["tt"] / n - mean_t**2
    covariance = total["pt"] / n - mean_p * mean_t
    spread = var_p + var_t + (mean_p - mean_t) ** 2
    within, known = _within(own)
    counted = weights @ known
    return {
        "ccc": _ratio(2 * covariance, spread),
        "rmse": np.sqrt(total["error"] / n),
        "within": np.divide(weights @ within, counted, out=np.full(len(weights), np.nan), where=counted > 0),
        "coverage": total["inside"] / n,
        "width": total["width"] / n,
    }


def _subject_sums(predictions: RatingPredictions, index: Ints) -> dict[str, F64]:
    """Sums (subjects,) that every score is made of."""
    value, low, high = predictions.estimate.T
    truth = predictions.truth
    inside = (low <= truth) & (truth <= high)
    columns = (np.ones_like(truth), value, truth, value**2, truth**2, value * truth, (value - truth) ** 2, inside)
    parts = dict(zip(_SUMS, (*columns, high - low), strict=True))
    return {name: np.bincount(index, each).astype(np.float64) for name, each in parts.items()}


def _within(own: dict[str, F64]) -> tuple[F64, F64]:
    """Correlation (subjects,) of prediction and rating within each subject, and where there is one (1, else 0)."""
    n = own["n"]
    covariance = own["pt"] / n - own["p"] * own["t"] / n**2
    variances = [own[square] / n - (own[plain] / n) ** 2 for square, plain in (("pp", "p"), ("tt", "t"))]
    known = (n >= MIN_WITHIN_WINDOWS) & (variances[0] > _MIN_VARIANCE) & (variances[1] > _MIN_VARIANCE)
    scale = np.sqrt(np.where(known, variances[0] * variances[1], 1.0))
    return np.where(known, covariance / scale, 0.0), known.astype(np.float64)


def _ratio(numerator: F64, denominator: F64) -> F64:
    return np.asarray(
        np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > _MIN_VARIANCE)
    )
