"""One fold of a label that is a number: ridge regressions on its training windows, ratings of its test windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import FeatureTable, Mask
from training.evaluation.fold import FEATURE_SETS, HEAD_INPUTS, feature_variants, result_key
from training.evaluation.fold_cache import FoldArrays
from training.heads.ridge import constant_estimates, fit_ridge

ESTIMATE_COLUMNS = 3  # the rating, and both ends of its interval


@dataclass(frozen=True, slots=True, eq=False)
class RatingFold:
    """One train/test split, as an own process needs it.

    Parameters
    ----------
    name : str
        The subject that is left out, or the number of the fold.
    examples : FeatureTable
        All n windows, with this fold's embedding and ratings.
    random : F64
        Embeddings (m, n, 128) of untrained encoders.
    test : Mask
        Test windows (n,).
    relative : bool
        Whether heads relative to a resting baseline are fitted as well.
    mixed : bool
        Test windows are drawn regardless of subject (k-fold): intervals and penalties are made by window, too.
    kinds : tuple of str
        Kinds of features, of `FEATURE_SETS`.
    """

    name: str
    examples: FeatureTable
    random: F64
    test: Mask
    relative: bool
    mixed: bool = False
    kinds: tuple[str, ...] = FEATURE_SETS


def run_rating_fold(fold: RatingFold) -> FoldArrays:
    """Estimates (test windows, 3) for each kind of features; NaN where a window is not scored."""
    arrays: dict[str, F64] = {}
    for relative in (False, True) if fold.relative else (False,):
        keep = fold.examples.scored(relative=relative)
        for name in fold.kinds:
            for i, variant in enumerate(feature_variants(name, len(fold.random))):
                out = np.full((len(fold.test), ESTIMATE_COLUMNS), np.nan)
                if (keep & fold.test).any():
                    out[keep & fold.test] = _estimates(fold, name, i, keep, relative=relative)
                arrays[result_key(variant, relative=relative)] = out[fold.test]
    return arrays


def _estimates(fold: RatingFold, name: str, encoder: int, keep: Mask, *, relative: bool) -> F64:
    """Estimates of the test windows in ``keep``, by a head that learnt from the training windows in ``keep``."""
    train, test, examples = keep & ~fold.test, keep & fold.test, fold.examples
    value = examples.ratings
    if name == "majority":
        return constant_estimates(value[train], int(test.sum()))
    inputs = HEAD_INPUTS[name]
    embedded = examples.with_embedding(fold.random[encoder]) if name.startswith("random") else examples
    x = embedded.features(inputs)
    if relative:
        known = ~fold.test | (examples.rest & np.isin(examples.subject, examples.subject[~fold.test]))
        x = embedded.baseline_normalised(inputs, embedded.take(known).within_subject_std(inputs))
    groups = np.arange(len(examples)).astype(np.str_) if fold.mixed else examples.subject
    return fit_ridge(x[train], value[train], groups[train], inputs, examples.scale).estimates(x[test])
