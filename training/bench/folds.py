"""Fit a pipeline in each fold and predict the windows that are left out: it never gets their labels or their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from ecg_live.errors import ConfigError
from ecg_live.events import F32, F64
from training.bench.pipelines import BenchPipeline
from training.data.feature_table import Ints, Mask, Names

MAX_SUM_ERROR = 1e-3  # of a window's probabilities, from 1


def predict_folds(
    pipeline: BenchPipeline,
    x: F64 | F32,
    y: F64 | Ints,
    subject: Names,
    tests: Mapping[str, Mask],
    known: Mask,
    classes: int,
    seed: int = 0,
) -> F64:
    """Predictions of all windows that a fold tests; NaN for others.

    A fold's estimator is a clone, fitted on X, y and subjects of its training windows only. The test windows come in
    random order, as their order would give their conditions away.

    Parameters
    ----------
    pipeline : BenchPipeline
        What is scored.
    x : F64 or F32
        What it looks at (n, d).
    y : F64 or Ints
        Labels (n,): indices of classes, or numbers.
    subject : Names
        Subject of each window (n,).
    tests : mapping
        Test windows (n,) of each fold.
    known : Mask
        Windows (n,) with a label.
    classes : int
        How many there are; 0 where the label is a number.
    seed : int
        Of the order of the test windows.

    Returns
    -------
    F64
        Probabilities (n, classes), or numbers (n, 1).

    Raises
    ------
    ConfigError
        The pipeline raises, or answers something else: one line that names the fold.
    """
    out = np.full((len(y), max(1, classes)), np.nan)
    rng = np.random.default_rng(seed)
    for name, test in tests.items():
        train, rows = known & ~test, rng.permutation(np.flatnonzero(known & test))
        if not len(rows):
            continue
        try:
            fitted = _fit(clone(pipeline.estimator), x[train], y[train].copy(), subject[train].copy())
            out[rows] = _answers(fitted, x[rows], classes)
        except Exception as error:
            reason = " ".join(str(error).split()) or "no reason given"
            raise ConfigError(
                f"fold {name}: the pipeline raises {type(error).__name__}: {reason}", "mend it; other cells went on"
            ) from error
    return out


def _fit(estimator: Any, x: F64 | F32, y: F64 | Ints, subject: Names) -> Any:
    more = {"groups": subject} if has_fit_parameter(estimator, "groups") else {}
    return estimator.fit(x, y, **more)


def _answers(fitted: Any, x: F64 | F32, classes: int) -> F64:
    """Probabilities (n, classes) or numbers (n, 1) of windows, checked."""
    if not classes:
        found = np.asarray(fitted.predict(x), np.float64).reshape(-1, 1)
        _check(found, (len(x), 1))
        return found
    given = np.asarray(fitted.predict_proba(x), np.float64)
    own = [int(each) for each in fitted.classes_]
    _check(given, (len(x), len(own)))
    if (given < -MAX_SUM_ERROR).any() or (np.abs(given.sum(axis=1) - 1) > MAX_SUM_ERROR).any():
        worst = given.sum(axis=1)[np.abs(given.sum(axis=1) - 1).argmax()]
        raise ValueError(f"probabilities of a window sum to {worst:.4g}, expected 1, none below 0")
    out = np.zeros((len(x), classes))
    out[:, own] = np.clip(given, 0.0, 1.0)
    return out


def _check(found: F64, shape: tuple[int, int]) -> None:
    if found.shape != shape:
        raise ValueError(f"its answer has the shape {found.shape}, expected {shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{int((~np.isfinite(found)).any(axis=1).sum())} of its answers are NaN or infinite")
