"""One fold: fit heads on its training windows, and predict its test windows with every kind of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable, Mask
from training.evaluation.fold_cache import FoldArrays
from training.heads.fit import fit_head
from training.settings import HeadSettings

FEATURE_SETS = ("majority", "hrv", "random encoder", "random encoder + hrv", "embedding", "both")
HEAD_INPUTS: dict[str, FeatureKind] = {
    "hrv": "hrv",
    "random encoder": "embedding",
    "random encoder + hrv": "both",
    "embedding": "embedding",
    "both": "both",
}


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One train/test split, as an own process needs it.

    Parameters
    ----------
    name : str
        The subject that is left out, or the number of the fold.
    examples : FeatureTable
        All n windows, with this fold's embedding.
    random : F64
        Embeddings (m, n, 128) of untrained encoders.
    test : Mask
        Test windows (n,).
    head : HeadSettings
        How heads are fitted.
    seed : int
        Of heads.
    relative : bool
        Whether heads relative to a resting baseline are fitted as well.
    mixed : bool
        Test windows are drawn regardless of subject (k-fold): heads select and calibrate by window, not by subject.
    """

    name: str
    examples: FeatureTable
    random: F64
    test: Mask
    head: HeadSettings
    seed: int
    relative: bool
    mixed: bool = False


def result_key(features: str, *, relative: bool) -> str:
    """The name of an array of `run_fold`."""
    return f"{features} relative" if relative else features


def feature_variants(features: str, encoders: int) -> list[str]:
    """Names of what is predicted for a kind of features: one, or one for each of several random ``encoders``."""
    return [f"{features} {i}" for i in range(encoders)] if features.startswith("random") else [features]


def run_fold(fold: Fold) -> FoldArrays:
    """Probabilities (test windows, classes) for each kind of features; NaN where a window is not scored."""
    arrays: dict[str, F64] = {}
    for relative in (False, True) if fold.relative else (False,):
        keep = fold.examples.scored(relative=relative)
        for name in FEATURE_SETS:
            for i, variant in enumerate(feature_variants(name, len(fold.random))):
                out = np.full((len(fold.test), len(fold.examples.classes)), np.nan)
                if (keep & fold.test).any():
                    out[keep & fold.test] = _probabilities(fold, name, i, keep, relative=relative)
                arrays[result_key(variant, relative=relative)] = out[fold.test]
    return arrays


def _probabilities(fold: Fold, name: str, encoder: int, keep: Mask, *, relative: bool) -> F64:
    """Probabilities of the test windows in ``keep``, by a head that learnt from the training windows in ``keep``."""
    train, test, examples = keep & ~fold.test, keep & fold.test, fold.examples
    classes = len(examples.classes)
    if name == "majority":
        share = np.bincount(examples.label[train], minlength=classes) / train.sum()
        return np.tile(share, (int(test.sum()), 1))
    inputs = HEAD_INPUTS[name]
    embedded = examples.with_embedding(fold.random[encoder]) if name.startswith("random") else examples
    x = embedded.features(inputs)
    if relative:
        spread = embedded.take(~fold.test | _training_subjects_rest(fold)).within_subject_std(inputs)
        x = embedded.baseline_normalised(inputs, spread)
    groups = np.arange(len(examples)).astype(np.str_) if fold.mixed else examples.subject
    fitted = fit_head(x[train], examples.label[train], groups[train], classes, inputs, fold.head, fold.seed)
    return fitted.probabilities(x[test])


def _training_subjects_rest(fold: Fold) -> Mask:
    """Rest (n,) of subjects with training windows: in k-fold, it may be among the test windows."""
    return fold.examples.rest & np.isin(fold.examples.subject, fold.examples.subject[~fold.test])
