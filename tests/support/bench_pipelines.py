"""Estimators for the benchmark that misbehave, each in its own way."""

from __future__ import annotations

import gc
import sys
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from tests.support.bench_tables import examples


class Steady(BaseEstimator):
    """Two classes by the sign of the first feature; what others are made of."""

    def fit(self, x: Any, y: Any) -> Self:
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, x: Any) -> Any:
        p = 1 / (1 + np.exp(-x[:, 0]))
        return np.stack([1 - p, p], axis=1)


class Raising(Steady):
    def fit(self, x: Any, y: Any) -> Self:
        raise RuntimeError("matrix is\nsingular")


class TooFewAnswers(Steady):
    def predict_proba(self, x: Any) -> Any:
        return super().predict_proba(x)[1:]


class Unsure(Steady):
    def predict_proba(self, x: Any) -> Any:
        return np.full((len(x), 2), np.nan)


class Unscaled(Steady):
    def predict_proba(self, x: Any) -> Any:
        return np.full((len(x), 2), 0.9)


class ByPlace(Steady):
    """Knows that load comes last."""

    def predict_proba(self, x: Any) -> Any:
        p = np.linspace(0.01, 0.99, len(x))
        return np.stack([1 - p, p], axis=1)


class ReadsFiles(Steady):
    """Looks windows up in the data set, where their labels are."""

    def predict_proba(self, x: Any) -> Any:
        table = examples()
        rows = [int(np.flatnonzero((table.hrv == each).all(axis=1))[0]) for each in x]
        p = np.where(table.label[rows] == 1, 0.9, 0.1)
        return np.stack([1 - p, p], axis=1)


class SearchesMemory(Steady):
    """Looks for the labels in the frames that called it: test windows' as well."""

    def predict_proba(self, x: Any) -> Any:
        frame = sys._getframe()
        while "rows" not in frame.f_locals or "y" not in frame.f_locals:
            frame = frame.f_back  # type: ignore[assignment]  # it is called within such a frame
        p = np.where(frame.f_locals["y"][frame.f_locals["rows"]] == 1, 0.9, 0.1)
        return np.stack([1 - p, p], axis=1)


class Remembers(BaseEstimator):
    """Keeps what it was given."""

    def __init__(self, seen: Any = None) -> None:
        self.seen = seen

    def fit(self, x: Any, y: Any, groups: Any) -> Self:
        gc.collect()
        self.classes_ = np.array([0, 1])
        LOG.append((len(x), len(y), sorted(set(groups))))
        return self

    def predict_proba(self, x: Any) -> Any:
        LOG.append(len(x))
        return np.full((len(x), 2), 0.5)


LOG: list[Any] = []
