"""Calibration of logits, and stacking: the weights with which blocks of features are fused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax

from ecg_live.events import F64
from training.data.feature_table import Ints

STACKING_RIDGE = 0.01  # keeps weights and biases bounded even where classes separate
LOG_TEMPERATURE_RANGE = (-4.0, 4.0)


def fit_stacking(parts: Sequence[F64], y: Ints) -> tuple[F64, F64]:
    """Weights (blocks,) and biases (classes,) that combine the blocks' held-out logits (n, classes) best.

    Weights are not negative: a block of noise gets 0, and no block's logits are inverted. With one block this is
    temperature scaling with biases. All classes have the same weight.
    """
    centred = np.stack([part - part.mean(axis=1, keepdims=True) for part in parts])  # (blocks, n, classes)
    scale = np.maximum(centred.std(axis=(1, 2)), 1e-9)
    centred /= scale[:, None, None]
    blocks, n, classes = centred.shape
    present, index = np.unique(y, return_inverse=True)
    share = 1 / (np.bincount(index)[index] * len(present))
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
    """The temperature that calibrates held-out logits (n, classes), which are divided by it (Guo et al. 2017)."""

    def loss(power: float) -> float:
        return -float(log_softmax(logits / np.exp(power), axis=1)[np.arange(len(y)), y].mean())

    return float(np.exp(minimize_scalar(loss, bounds=LOG_TEMPERATURE_RANGE, method="bounded").x))
