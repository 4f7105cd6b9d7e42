"""One fold of the adaptive set: fit on shuffled blocks, predict the test windows in every order of scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable, Mask
from training.data.window_orders import ORDERS
from training.evaluation.fold import CHOSEN, SIMPLEST_FIRST, choose_simplest, held_out_auroc
from training.evaluation.fold_cache import FoldArrays
from training.heads.adaptive_fit import AdaptiveTable
from training.settings import HeadSettings

ADAPTIVE_CHOICE = "adaptive choice"  # which features were chosen: an index into SIMPLEST_FIRST
ADAPTIVE_KINDS = ("majority", *SIMPLEST_FIRST)


@dataclass(frozen=True, slots=True, eq=False)
class AdaptiveFold:
    """One split by subject, as an own process needs it.

    Parameters
    ----------
    name : str
        The subject that is left out.
    examples : FeatureTable
        All n windows, with this fold's embedding.
    test : Mask
        Test windows (n,): all of a subject.
    head : HeadSettings
        How heads are fitted.
    seed : int
        Of heads and of the orders to learn from.
    kinds : tuple of str
        Kinds of features, of `ADAPTIVE_KINDS`.
    """

    name: str
    examples: FeatureTable
    test: Mask
    head: HeadSettings
    seed: int
    kinds: tuple[str, ...] = ADAPTIVE_KINDS


def adaptive_key(features: str, order: str) -> str:
    """The name of an array of `run_adaptive_fold`."""
    return f"{features} {order}"


def run_adaptive_fold(fold: AdaptiveFold) -> FoldArrays:
    """Probabilities (test windows, classes) for each kind of features and order; NaN where a live head abstains.

    Features are chosen by the training subjects, each held out in turn and shown in all its shuffled orders.
    """
    arrays: dict[str, F64] = {}
    auroc: dict[FeatureKind, float] = {}
    table = AdaptiveTable(fold.examples, fold.seed)
    for kind in (kind for kind in SIMPLEST_FIRST if kind in fold.kinds):
        fit = table.fit(~fold.test, kind, fold.head, fold.seed)
        auroc[kind] = held_out_auroc(fit.fitted, fit.label, fit.subject)
        for order in ORDERS:
            rows = table.answered(order, kind) & fold.test
            found = fit.fitted.probabilities(table.features(order, kind, fit.centre)[rows])
            arrays[adaptive_key(kind, order)] = _placed(found, rows, fold)
    if "majority" in fold.kinds:
        for order in ORDERS:
            rows = table.answered(order, "embedding") & fold.test
            found = np.tile(_shares(fold), (int(rows.sum()), 1))
            arrays[adaptive_key("majority", order)] = _placed(found, rows, fold)
    return {**arrays, **_chosen(arrays, auroc, fold)}


def _chosen(arrays: FoldArrays, auroc: Mapping[FeatureKind, float], fold: AdaptiveFold) -> FoldArrays:
    choice = choose_simplest(auroc)
    index = np.full(int(fold.test.sum()), float(SIMPLEST_FIRST.index(choice)))
    own = {adaptive_key(CHOSEN, order): arrays[adaptive_key(choice, order)] for order in ORDERS}
    return {**own, ADAPTIVE_CHOICE: index}


def _shares(fold: AdaptiveFold) -> F64:
    """Share of each class in the training subjects' windows."""
    label = fold.examples.label[~fold.test & (fold.examples.label >= 0)]
    return np.asarray(np.bincount(label, minlength=len(fold.examples.classes)) / len(label))


def _placed(found: F64, rows: Mask, fold: AdaptiveFold) -> F64:
    """Probabilities of some windows at their places among the test windows."""
    out = np.full((len(fold.test), len(fold.examples.classes)), np.nan)
    out[rows] = found
    return out[fold.test]
