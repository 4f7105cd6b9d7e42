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
    weighted = z * np.sqrt(share)[:, None]
    whole = weighted.T @ weighted
    target = max(float(np.trace(whole)) / len(whole), MIN_STD) * np.eye(len(whole))
    far = float(np.sum((whole - target) ** 2))
    shrink = min(1.0, _between_subjects(weighted, whole, share, subject) / far) if far > 0 else 1.0
    return np.asarray((1 - shrink) * whole + shrink * target + MIN_STD * np.eye(len(whole)))


def _between_subjects(weighted: F64, whole: F64, share: F64, subject: Names) -> float:
    """Sum over subjects of the squared distance between their part of a covariance and their share of the whole.

    ``weighted`` (n, d) times itself is the ``whole`` (d, d). Subjects are padded to one length and handled at once:
    with a loop over subjects, folds of mixed segments took ten times as long.
    """
    index = np.unique(subject, return_inverse=True)[1]
    order, count = np.argsort(index, kind="stable"), np.bincount(index)
    place = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    rows = np.zeros((len(count), int(count.max()), weighted.shape[1]))
    rows[index[order], place] = weighted[order]
    across = rows.swapaxes(1, 2)
    own = rows @ across if rows.shape[1] < rows.shape[2] else across @ rows  # of equal norm
    parts = np.bincount(index, share)
    mixed = np.bincount(index, np.einsum("ij,ij->i", weighted @ whole, weighted))
    return max(0.0, float(np.sum(own**2) - 2 * parts @ mixed + parts @ parts * np.sum(whole**2)))
