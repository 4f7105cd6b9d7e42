"""Our heads as scikit-learn estimators: a head on some features, and a constant."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator

from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import Ints, Names
from training.heads.fit import fit_head
from training.heads.fitted import FittedHead
from training.heads.ridge import FittedRidge, fit_ridge
from training.settings import HeadSettings


class HeadEstimator(BaseEstimator):
    """The head that ``ecg-live train`` fits: a calibrated discriminant for classes, a ridge regression for numbers.

    Parameters
    ----------
    inputs : str
        What the features are: ``hrv``, ``embedding`` or ``both``.
    """

    def __init__(self, inputs: FeatureKind = "both") -> None:
        self.inputs = inputs
        self.classes_: Ints = np.zeros(0, np.int64)
        self._fitted: FittedHead | FittedRidge | None = None

    def fit(self, x: F64, y: F64 | Ints, groups: Names) -> Self:
        """Learn labels (n,) of features (n, d) of these subjects (n,): whole numbers are classes."""
        if np.issubdtype(y.dtype, np.integer):
            self.classes_, index = np.unique(y, return_inverse=True)
            self._fitted = fit_head(x, index, groups, len(self.classes_), self.inputs, HeadSettings())
        else:
            value: F64 = np.asarray(y, np.float64)
            self._fitted = fit_ridge(x, value, groups, self.inputs, (float(value.min()), float(value.max())))
        return self

    def predict_proba(self, x: F64) -> F64:
        """Probabilities (n, classes)."""
        assert isinstance(self._fitted, FittedHead), "fit comes first"  # noqa: S101
        return self._fitted.probabilities(x)

    def predict(self, x: F64) -> F64:
        """Numbers (n,)."""
        assert isinstance(self._fitted, FittedRidge), "fit comes first"  # noqa: S101
        return self._fitted.estimates(x)[:, 0]


class ConstantEstimator(BaseEstimator):
    """Always the shares of the classes, or the mean of the numbers, that it was fitted on."""

    def __init__(self) -> None:
        self.classes_: Ints = np.zeros(0, np.int64)
        self._answer: F64 = np.zeros(0)

    def fit(self, x: F64, y: F64 | Ints) -> Self:  # noqa: ARG002 - features (n, d) are ignored
        """Learn labels (n,): whole numbers are classes."""
        if np.issubdtype(y.dtype, np.integer):
            self.classes_, count = np.unique(y, return_counts=True)
            self._answer = count / len(y)
        else:
            self._answer = np.array([y.mean()])
        return self

    def predict_proba(self, x: F64) -> F64:
        """Probabilities (n, classes)."""
        return np.tile(self._answer, (len(x), 1))

    def predict(self, x: F64) -> F64:
        """Numbers (n,)."""
        return np.full(len(x), self._answer[0])
