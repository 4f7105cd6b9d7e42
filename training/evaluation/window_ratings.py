"""What a row of scores of a label that is a number was made from: each window's rating and interval, and its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import FeatureTable, Mask, Names
from training.evaluation.regression_metrics import RatingPredictions
from training.evaluation.window_predictions import NATURAL_ORDER


@dataclass(frozen=True, slots=True, eq=False)
class WindowRatings:
    """Ratings that were predicted for the n windows of one row, each by a head that learnt from other windows.

    Parameters
    ----------
    features, protocol, baseline
        The row, as in `training.results.RegressionRow`.
    set : str
        ``population`` or ``personal``.
    subject, recording : Names
        Where each window is from (n,).
    onset : F64
        Where it begins (n,), in s of the recording.
    truth : F64
        Its rating (n,).
    fold : Names
        The fold (n,) whose head predicted it.
    estimate : F64
        Rating and both ends of its interval (n, 3); NaN where the head abstains.
    order : str
        In which order the head met the windows.
    """

    features: str
    protocol: str
    baseline: float
    set: str
    subject: Names
    recording: Names
    onset: F64
    truth: F64
    fold: Names
    estimate: F64
    order: str = NATURAL_ORDER

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def predictions(self) -> RatingPredictions:
        """What scores are made from: the windows that were answered."""
        answered = np.asarray(np.isfinite(self.estimate).all(axis=1))
        return RatingPredictions(self.estimate, self.truth, self.subject).take(answered)


def rated_windows(
    table: FeatureTable, keep: Mask, fold: Names, estimate: F64, features: str, protocol: str, baseline: float
) -> WindowRatings:
    """The windows (m,) in ``keep`` of a table (n,), with their folds (n,) and estimates (m, 3).

    ``baseline`` (s) above 0 makes the set ``personal``.
    """
    return WindowRatings(
        features,
        protocol,
        baseline,
        "personal" if baseline else "population",
        table.subject[keep],
        table.recording[keep],
        table.onset[keep],
        table.ratings[keep],
        fold[keep],
        estimate,
    )
