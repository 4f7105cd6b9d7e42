"""Stage two: a head on frozen features, and how it is shipped."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.covariance import LedoitWolf

from ecg_live.events import F64
from ecg_live.model.calibrated_head import TRAINING_RANGE_SHARE, CalibratedHead, PersonalHead
from ecg_live.model.features import INPUT_SIZES, FeatureKind
from training.data.feature_table import Ints, Names
from training.heads.calibration import fit_stacking
from training.heads.fitted import FittedHead, inner_folds
from training.heads.lda import LinearDiscriminant, fit_lda
from training.heads.mlp import fit_mlp
from training.settings import HeadSettings

VARIANCE_FLOOR = 1e-6  # variance of standardised features: those of few windows may hang together, or be all the same


def fit_head(
    x: F64, y: Ints, person: Names, classes: int, inputs: FeatureKind, settings: HeadSettings, seed: int = 0
) -> FittedHead:
    """Fit on features (n, d), labels (n,) and people (n,), and calibrate on people held out among the same.

    ``linear``: on eegmat, shrunk discriminants told people left out apart better than logistic regression with a
    strength chosen inside (AUROC .80 and .76 without baseline, .86 and .82 with), and in a tenth of the time.
    """
    if settings.kind == "dense":
        return fit_mlp(x, y, person, classes, inputs, settings, seed)
    return fit_linear(x, y, person, classes, inputs)


def fit_linear(x: F64, y: Ints, person: Names, classes: int, inputs: FeatureKind) -> FittedHead:
    """One linear discriminant a block of features, fused by what they said of held-out people; a single layer."""
    blocks = _feature_blocks(inputs)
    held = [np.empty((len(y), classes)) for _ in blocks]
    for train, test in inner_folds(person):
        for block, out in zip(blocks, held, strict=True):
            out[test] = fit_lda(x[train, block], y[train], person[train], classes).logits(x[test, block])
    weights, bias = fit_stacking(held, y)
    return _as_one_layer([fit_lda(x[:, block], y, person, classes) for block in blocks], weights, bias, inputs)


def to_head(fitted: FittedHead, x: F64, person: Names, spread: F64 | None = None) -> CalibratedHead:
    """A shippable head, with the training range of its features (n, d); a personal one if there is a ``spread`` (d,).

    Its limit is the 99.5th percentile of distances that people had while they were held out.
    """
    made = CalibratedHead if spread is None else PersonalHead
    head = made(fitted.classes, fitted.inputs, fitted.hidden, fitted.dropout)
    z = np.nan_to_num((x - fitted.mean) / fitted.sd)
    distances = [np.linalg.norm(z[test] @ _whitening(z[train]), axis=1) for train, test in inner_folds(person)]
    state = {
        "mean": fitted.mean,
        "sd": fitted.sd,
        "whiten": _whitening(z),
        "limit": np.quantile(np.concatenate(distances), TRAINING_RANGE_SHARE),
        "temperature": fitted.temperature,
    }
    state |= {f"net.{name}": value for name, value in fitted.net.items()}
    state |= {} if spread is None else {"spread": spread}
    dtypes = {name: value.dtype for name, value in head.state_dict().items()}
    head.load_state_dict({name: torch.as_tensor(value, dtype=dtypes[name]) for name, value in state.items()})
    return head


def _feature_blocks(inputs: FeatureKind) -> tuple[slice, ...]:
    """Columns of the embedding and of heart rate and variability, which are far fewer and would drown."""
    if inputs != "both":
        return (slice(None),)
    return slice(INPUT_SIZES["embedding"]), slice(INPUT_SIZES["embedding"], None)


def _as_one_layer(parts: list[LinearDiscriminant], weights: F64, bias: F64, inputs: FeatureKind) -> FittedHead:
    """Blocks and what they count, as one layer over all columns."""
    total = float(weights.sum()) or 1.0
    layers = zip(parts, weights / total, strict=True)
    weight, offset = zip(*[(share * part.weights, share * part.bias) for part, share in layers], strict=True)
    return FittedHead(
        inputs,
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.sd for part in parts]),
        {"0.weight": np.concatenate(weight, axis=1), "0.bias": sum(offset, bias / total)},
        1 / total,
        len(bias),
        shares=tuple((weights / total).tolist()),
    )


def _whitening(z: F64) -> F64:
    """W (d, d) such that the norm of z W is the Mahalanobis distance, covariance shrunk (few people, many features)."""
    covariance = LedoitWolf(store_precision=False, assume_centered=True).fit(z).covariance_
    return np.asarray(np.linalg.cholesky(np.linalg.inv(covariance + VARIANCE_FLOOR * np.eye(len(covariance)))))
