"""A linear discriminant for few subjects with many windows each: no setting, no iteration, no random number.

The covariance within classes is shrunk towards a multiple of the identity by the rule of Ledoit & Wolf 2004 (J.
Multivariate Analysis 88), with one change: windows of one subject resemble each other, so that the error of the
covariance is estimated from how subjects, not windows, differ. All classes have the same weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import Ints, Names

ABSENT_CLASS_LOGIT = -10.0  # of a class without windows
MIN_STD = 1e-9  # of a feature; below it the feature is constant


@dataclass(frozen=True, slots=True, eq=False)
class LinearDiscriminant:
    """Logits (n, classes) = z weights' + bias for z = (x - mean) / sd; features that are NaN count as average."""

    mean: F64
    sd: F64
    weights: F64
    bias: F64

    def logits(self, x: F64) -> F64:
        """Logits (n, classes) of features (n, d), not calibrated."""
        return np.asarray(np.nan_to_num((x - self.mean) / self.sd) @ self.weights.T + self.bias)


def fit_lda(x: F64, y: Ints, subject: Names, classes: int) -> LinearDiscriminant:
    """Fit a discriminant.

    Parameters
    ----------
    x : F64
        Features (n, d); NaN counts as average.
    y : Ints
        Index of each window's class (n,).
    subject : Names
        Subject of each window (n,).
    classes : int
        Number of classes; some may have no window.
    """
    mean, sd = mean_and_std(x)
    z = np.nan_to_num((x - mean) / sd)
    present = np.unique(y)
    centres = np.stack([z[y == each].mean(axis=0) for each in present])
    index = np.searchsorted(present, y)
    share = 1 / (np.bincount(index)[index] * len(present))
    weights = np.zeros((classes, z.shape[1]))
    bias = np.full(classes, ABSENT_CLASS_LOGIT)
    weights[present] = np.linalg.solve(_shrunk_covariance(z - centres[index], share, subject), centres.T).T
    bias[present] = -(weights[present] * centres).sum(axis=1) / 2
    return LinearDiscriminant(mean, sd, weights, bias)


def mean_and_std(x: F64) -> tuple[F64, F64]:
    """Mean and standard deviation (d,) of features (n, d) without NaN; 0 and 1 for a feature that is all NaN."""
    known = ~np.isnan(x)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0.0).sum(axis=0) / n
    sd = np.sqrt(np.where(known, (x - mean) ** 2, 0.0).sum(axis=0) / n)
    return mean, np.where(sd > MIN_STD, sd, 1.0)


def _shrunk_covariance(z: F64, share: F64, subject: Names) -> F64:
    """Shrunk covariance (d, d) of centred features (n, d); ``share`` (n,) is the weight of each window."""
    whole = (z * share[:, None]).T @ z
    target = max(float(np.trace(whole)) / len(whole), MIN_STD) * np.eye(len(whole))
    order = np.argsort(subject, kind="stable")
    own = np.split(order, np.flatnonzero(subject[order][1:] != subject[order][:-1]) + 1)
    error = sum(float(np.sum(((z[rows].T * share[rows]) @ z[rows] - share[rows].sum() * whole) ** 2)) for rows in own)
    far = float(np.sum((whole - target) ** 2))
    shrink = min(1.0, error / far) if far > 0 else 1.0
    return np.asarray((1 - shrink) * whole + shrink * target + MIN_STD * np.eye(len(whole)))
