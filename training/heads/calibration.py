"""Calibration, and fusion of several blocks of features: what each block's logits count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax

from ecg_live.events import F64
from training.data.feature_table import Ints

STACKING_RIDGE = 0.01  # of weights and biases: bounded even where classes separate
LOG_TEMPERATURE_RANGE = (-4.0, 4.0)  # logarithm of a temperature


def fit_stacking(parts: Sequence[F64], y: Ints) -> tuple[F64, F64]:
    """Weights (blocks,) and biases (classes,) with which held-out logits (n, classes) of blocks add up best.

    A weight is never negative: a block that only holds noise gets none, and none can be used against its own word.
    With one block it is temperature scaling with biases. All classes count the same.
    """
    centred = np.stack([part - part.mean(axis=1, keepdims=True) for part in parts])  # (blocks, n, classes)
    scale = np.maximum(centred.std(axis=(1, 2)), 1e-9)
    centred /= scale[:, None, None]
    blocks, n, classes = centred.shape
    there, at = np.unique(y, return_inverse=True)
    share = 1 / (np.bincount(at)[at] * len(there))
    truth = np.eye(classes)[y]

    def loss(values: F64) -> tuple[float, F64]:
        logits = np.tensordot(values[:blocks], centred, axes=1) + values[blocks:]
        error = (softmax(logits, axis=1) - truth) * share[:, None]
        slope = np.concatenate((np.tensordot(centred, error, axes=2), error.sum(axis=0))) + 2 * STACKING_RIDGE * values
        each = -log_softmax(logits, axis=1)[np.arange(n), y]
        return float(each @ share + STACKING_RIDGE * values @ values), slope

    start = np.concatenate((np.full(blocks, 1 / blocks), np.zeros(classes)))
    bounds = [(0.0, None)] * blocks + [(None, None)] * classes
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found[:blocks] / scale, found[blocks:]


def fit_temperature(logits: F64, y: Ints) -> float:
    """What to divide held-out logits (n, classes) by to make them honest (Guo et al. 2017)."""

    def loss(power: float) -> float:
        return -float(log_softmax(logits / np.exp(power), axis=1)[np.arange(len(y)), y].mean())

    return float(np.exp(minimize_scalar(loss, bounds=LOG_TEMPERATURE_RANGE, method="bounded").x))
