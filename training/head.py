"""Stage two: a head on frozen features. Few people, so it is a strongly regularised logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_expit
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut

from ecg_live.model.head import INSIDE, Head
from ecg_live.types import F64

STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0)  # C of the regression, tried inside the training people
INNER = 5  # folds over people
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted head for two classes: log-odds = weights . (x - mean) / sd + bias, divided by temperature."""

    mean: F64
    sd: F64
    weights: F64
    bias: float
    temperature: float
    strength: float

    def log_odds(self, x: F64) -> F64:
        """Calibrated log-odds (n,) of the second class for features (n, d); NaN features count as average."""
        z = np.nan_to_num((x - self.mean) / self.sd)
        return np.asarray((z @ self.weights + self.bias) / self.temperature)


def fit(x: F64, y: Ints, person: Ints) -> Fit:
    """Fit on features (n, d), labels (n,) in {0, 1}; strength and temperature from folds over the same people."""
    held = {strength: _held_out(x, y, person, strength) for strength in STRENGTHS}
    strength = min(held, key=lambda s: _loss(held[s] / _temperature(held[s], y), y))
    whole = _regress(x, y, strength)
    return Fit(whole.mean, whole.sd, whole.weights, whole.bias, _temperature(held[strength], y), strength)


def to_head(fitted: Fit, x: F64, person: Ints) -> Head:
    """A shippable head, with the training range of its features (n, 128).

    Its limit is the 99.5th percentile of distances that people had while they were held out.
    """
    head = Head(2)
    z = (x - fitted.mean) / fitted.sd
    folds = LeaveOneGroupOut().split(z, groups=person)
    distances = np.concatenate([np.linalg.norm(z[test] @ _whitening(z[train]), axis=1) for train, test in folds])
    state = {
        "mean": fitted.mean,
        "sd": fitted.sd,
        "whiten": _whitening(z),
        "limit": np.quantile(distances, INSIDE),
        "temperature": fitted.temperature,
        "net.0.weight": np.stack([np.zeros_like(fitted.weights), fitted.weights]),
        "net.0.bias": np.array([0.0, fitted.bias]),
    }
    head.load_state_dict({name: torch.as_tensor(value, dtype=torch.float32) for name, value in state.items()})
    return head


def _held_out(x: F64, y: Ints, person: Ints, strength: float) -> F64:
    """Log-odds of every row from folds that had not seen its person."""
    out = np.empty(len(y))
    for train, test in GroupKFold(min(INNER, len(np.unique(person)))).split(x, y, person):
        out[test] = _regress(x[train], y[train], strength).log_odds(x[test])
    return out


def _regress(x: F64, y: Ints, strength: float) -> Fit:
    mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0) + 1e-9
    z = np.nan_to_num((x - mean) / sd)
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000).fit(z, y)
    return Fit(mean, sd, model.coef_[0], float(model.intercept_[0]), 1.0, strength)


def _loss(log_odds: F64, y: Ints) -> float:
    """Cross-entropy, both classes counting the same."""
    each = -log_expit(np.where(y == 1, log_odds, -log_odds))
    return float(each[y == 0].mean() + each[y == 1].mean()) / 2


def _temperature(log_odds: F64, y: Ints) -> float:
    """What to divide log-odds by to make them honest."""
    found = minimize_scalar(lambda t: _loss(log_odds / np.exp(t), y), bounds=(-4, 4), method="bounded")
    return float(np.exp(found.x))


def _whitening(z: F64) -> F64:
    """W (d, d) such that the norm of z W is the Mahalanobis distance, covariance shrunk (few people, many features)."""
    return np.asarray(np.linalg.cholesky(LedoitWolf(assume_centered=True).fit(z).precision_))
