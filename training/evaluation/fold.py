"""One fold: heads that learn from some windows, and what they say of those held out."""

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
    """All windows with this fold's embedding, and ``test`` (n,): which of them are held out.

    ``random`` (m, n, 128) are the embeddings of encoders that learnt nothing; ``relative`` says whether heads with a
    baseline are wanted as well. ``mixed``: windows are held out whoever they are of, so that heads choose and calibrate
    by windows, not by people.
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
    """What a kind of features is made of: with encoders that learnt nothing there are so many."""
    return [f"{features} {i}" for i in range(encoders)] if features.startswith("random") else [features]


def run_fold(fold: Fold) -> FoldArrays:
    """Probabilities (windows held out, classes) for each kind of features; NaN where a window is not scored."""
    found: dict[str, F64] = {}
    for relative in (False, True)[: 1 + fold.relative]:
        keep = fold.examples.scored(relative=relative)
        for name in FEATURE_SETS:
            for i, variant in enumerate(feature_variants(name, len(fold.random))):
                out = np.full((len(fold.test), len(fold.examples.classes)), np.nan)
                if (keep & fold.test).any():
                    out[keep & fold.test] = _probabilities(fold, name, i, keep, relative=relative)
                found[result_key(variant, relative=relative)] = out[fold.test]
    return found


def _probabilities(fold: Fold, name: str, encoder: int, keep: Mask, *, relative: bool) -> F64:
    """Of the windows that are held out and kept, from a head that learnt from the others that are kept."""
    learnt, asked, examples = keep & ~fold.test, keep & fold.test, fold.examples
    classes = len(examples.classes)
    if name == "majority":
        share = np.bincount(examples.label[learnt], minlength=classes) / learnt.sum()
        return np.tile(share, (int(asked.sum()), 1))
    inputs = HEAD_INPUTS[name]
    seen = examples.with_embedding(fold.random[encoder]) if name.startswith("random") else examples
    x = seen.features(inputs)
    if relative:
        x = seen.relative(inputs, seen.take(~fold.test | _training_subjects_rest(fold)).spread(inputs))
    groups = np.arange(len(examples)).astype(np.str_) if fold.mixed else examples.subject
    fitted = fit_head(x[learnt], examples.label[learnt], groups[learnt], classes, inputs, fold.head, fold.seed)
    return fitted.probabilities(x[asked])


def _training_subjects_rest(fold: Fold) -> Mask:
    """Baselines of people whom the fold learns from, too: with mixed segments their windows lie on both sides."""
    return fold.examples.rest & np.isin(fold.examples.subject, fold.examples.subject[~fold.test])
