"""One fold: fit heads on its training windows, and predict its test windows with every kind of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable, Ints, Mask, Names
from training.evaluation.fold_cache import FoldArrays
from training.evaluation.metrics import Predictions, scores
from training.heads.fit import fit_head
from training.heads.fitted import FittedHead
from training.settings import HeadSettings

CHOSEN = "auto"  # features that each fold chose by its training subjects alone
CHOICE = "auto choice"  # which they are: an index into SIMPLEST_FIRST
SIMPLEST_FIRST: tuple[FeatureKind, ...] = ("hrv", "embedding", "both")
AUROC_TIE = 0.005  # a smaller difference does not justify the less simple features
FEATURE_SETS = ("majority", "hrv", "random encoder", "random encoder + hrv", "embedding", "both")
FROZEN = "frozen encoder"  # the embedding before fine-tuning with labels
HEAD_INPUTS: dict[str, FeatureKind] = {
    "hrv": "hrv",
    "random encoder": "embedding",
    "random encoder + hrv": "both",
    "embedding": "embedding",
    "both": "both",
    FROZEN: "embedding",
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
    kinds : tuple of str
        Kinds of features, of `FEATURE_SETS`, and `FROZEN`.
    frozen : F64, optional
        The embedding (n, 128) of `FROZEN`.
    """

    name: str
    examples: FeatureTable
    random: F64
    test: Mask
    head: HeadSettings
    seed: int
    relative: bool
    mixed: bool = False
    kinds: tuple[str, ...] = FEATURE_SETS
    frozen: F64 | None = None


def result_key(features: str, *, relative: bool) -> str:
    """The name of an array of `run_fold`."""
    return f"{features} relative" if relative else features


def feature_variants(features: str, encoders: int) -> list[str]:
    """Names of what is predicted for a kind of features: one, or one for each of several random ``encoders``."""
    return [f"{features} {i}" for i in range(encoders)] if features.startswith("random") else [features]


def choose_simplest(auroc: Mapping[FeatureKind, float]) -> FeatureKind:
    """The features with the highest AUROC, and within 0.005 of it the simplest."""
    best = max(auroc.values())
    return next(kind for kind in SIMPLEST_FIRST if kind in auroc and auroc[kind] >= best - AUROC_TIE)


def held_out_auroc(fitted: FittedHead, label: Ints, subject: Names) -> float:
    """AUROC of a head's training windows, each by a head that had not seen the window's subject; 0 if undefined."""
    known = np.isfinite(fitted.held_out).all(axis=1) if fitted.held_out is not None else np.zeros(len(label), np.bool_)
    if fitted.held_out is None or not known.any():
        return 0.0
    probability = softmax(fitted.held_out[known], axis=1)
    return scores(Predictions(probability, fitted.held_out[known], label[known], subject[known])).auroc or 0.0


def run_fold(fold: Fold) -> FoldArrays:
    """Probabilities (test windows, classes) for each kind of features; NaN where a window is not scored.

    Under `CHOSEN` stand those of the features that are best on the fold's training subjects, under `CHOICE` which these
    are.
    """
    arrays: dict[str, F64] = {}
    for relative in (False, True) if fold.relative else (False,):
        keep = fold.examples.scored(relative=relative)
        auroc: dict[FeatureKind, float] = {}
        for name in fold.kinds:
            for i, variant in enumerate(feature_variants(name, len(fold.random))):
                out = np.full((len(fold.test), len(fold.examples.classes)), np.nan)
                if (keep & fold.test).any():
                    out[keep & fold.test], found = _probabilities(fold, name, i, keep, relative=relative)
                    auroc |= {kind: found for kind in SIMPLEST_FIRST if kind == name}
                arrays[result_key(variant, relative=relative)] = out[fold.test]
        arrays |= _chosen(arrays, auroc, fold, relative=relative)
    return arrays


def _chosen(arrays: FoldArrays, auroc: Mapping[FeatureKind, float], fold: Fold, *, relative: bool) -> FoldArrays:
    """Probabilities by the features that are best on the training subjects, and which they are, for every window."""
    nothing = np.full((int(fold.test.sum()), len(fold.examples.classes)), np.nan)
    choice = choose_simplest(auroc) if auroc else None  # a subject without a baseline has nothing to choose for
    return {
        result_key(CHOSEN, relative=relative): arrays[result_key(choice, relative=relative)] if choice else nothing,
        result_key(CHOICE, relative=relative): np.full(
            len(nothing), SIMPLEST_FIRST.index(choice) if choice else np.nan
        ),
    }


def _probabilities(fold: Fold, name: str, encoder: int, keep: Mask, *, relative: bool) -> tuple[F64, float]:
    """Probabilities of the test windows in ``keep`` by a head that learnt from the training windows in it.

    Beside them, the head's AUROC on its training subjects while they were held out.
    """
    train, test, examples = keep & ~fold.test, keep & fold.test, fold.examples
    classes = len(examples.classes)
    if name == "majority":
        share = np.bincount(examples.label[train], minlength=classes) / train.sum()
        return np.tile(share, (int(test.sum()), 1)), 0.0
    inputs = HEAD_INPUTS[name]
    other = fold.frozen if name == FROZEN else fold.random[encoder] if name.startswith("random") else None
    embedded = examples if other is None else examples.with_embedding(other)
    x = embedded.features(inputs)
    if relative:
        spread = embedded.take(~fold.test | _training_subjects_rest(fold)).within_subject_std(inputs)
        x = embedded.baseline_normalised(inputs, spread)
    groups = np.arange(len(examples)).astype(np.str_) if fold.mixed else examples.subject
    label, subject = examples.label[train], groups[train]
    fitted = fit_head(x[train], label, subject, classes, inputs, fold.head, fold.seed)
    auroc = held_out_auroc(fitted, label, examples.subject[train]) if name in SIMPLEST_FIRST else 0.0
    return fitted.probabilities(x[test]), auroc


def _training_subjects_rest(fold: Fold) -> Mask:
    """Rest (n,) of subjects with training windows: in k-fold, it may be among the test windows."""
    return fold.examples.rest & np.isin(fold.examples.subject, fold.examples.subject[~fold.test])
