"""A head that gives a number: ridge regression on frozen features, with an interval from people who were held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import Ridge

from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.features import FeatureKind
from training.data.feature_table import Names
from training.heads.fit import to_head
from training.heads.fitted import FittedHead, inner_folds
from training.heads.lda import mean_and_std

RIDGE_PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)  # of standardised features; held-out subjects choose
INTERVAL_COVERAGE = 0.8  # of ratings of new subjects that shall lie within a head's interval


@dataclass(frozen=True, slots=True, eq=False)
class FittedRidge:
    """Rating = z weights + bias for z = (x - mean) / sd, and within ``margin`` of it in 80 % of windows.

    Features that are NaN count as average. ``scale`` is the rating's own: no answer leaves it.
    """

    inputs: FeatureKind
    mean: F64
    sd: F64
    weights: F64
    bias: float
    margin: float
    scale: tuple[float, float]

    def estimates(self, x: F64) -> F64:
        """Rating, and lower and upper end of its interval, (n, 3) of features (n, d)."""
        value = np.nan_to_num((x - self.mean) / self.sd) @ self.weights + self.bias
        return np.clip(np.stack((value, value - self.margin, value + self.margin), axis=1), *self.scale)


def fit_ridge(x: F64, y: F64, subject: Names, inputs: FeatureKind, scale: tuple[float, float]) -> FittedRidge:
    """Fit a ridge regression; subjects held out among the training subjects choose its penalty and make its interval.

    The interval is that of split conformal prediction (Lei et al. 2018, JASA 113): the 80th percentile of the absolute
    errors on held-out subjects. It holds for new subjects as far as they resemble these.

    Parameters
    ----------
    x, y, subject
        Features (n, d), ratings (n,) and subjects (n,).
    inputs : str
        What the features are.
    scale : tuple of float
        The least and the largest rating that there can be.
    """
    mean, sd = mean_and_std(x)
    z = np.nan_to_num((x - mean) / sd)
    errors = _held_out_errors(z, y, subject)
    best = int((errors**2).mean(axis=0).argmin())
    fitted, error = Ridge(RIDGE_PENALTIES[best]).fit(z, y), errors[:, best]
    rank = min(1.0, INTERVAL_COVERAGE * (1 + 1 / len(y)))
    margin = float(np.quantile(error, rank, method="higher"))
    return FittedRidge(inputs, mean, sd, np.asarray(fitted.coef_), float(fitted.intercept_), margin, scale)


def _held_out_errors(z: F64, y: F64, subject: Names) -> F64:
    """Absolute errors (n, penalties) of each penalty, for subjects who were held out."""
    errors = np.empty((len(y), len(RIDGE_PENALTIES)))
    for train, test in inner_folds(subject):
        several = np.repeat(y[train, None], len(RIDGE_PENALTIES), axis=1)  # one fit serves all penalties
        model = Ridge(np.array(RIDGE_PENALTIES), solver="cholesky").fit(z[train], several)
        errors[test] = np.abs(model.predict(z[test]) - y[test, None])
    return errors


def ridge_head(fitted: FittedRidge, x: F64, subject: Names, spread: F64 | None = None) -> CalibratedHead:
    """What a bundle holds of it: a head with one output, which is not calibrated; parameters as of `to_head`."""
    net = {"0.weight": fitted.weights[None], "0.bias": np.array([fitted.bias])}
    return to_head(FittedHead(fitted.inputs, fitted.mean, fitted.sd, net, 1.0, 1), x, subject, spread)


def constant_estimates(y: F64, windows: int) -> F64:
    """What always the mean of the training ratings answers for so many windows, (windows, 3), with its interval."""
    middle = float(y.mean())
    margin = float(np.quantile(np.abs(y - middle), INTERVAL_COVERAGE))
    return np.tile([middle, middle - margin, middle + margin], (windows, 1))
