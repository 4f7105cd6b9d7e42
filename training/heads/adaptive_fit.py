"""Fit the head of an adaptive set: on features relative to the running mean, with each subject's blocks shuffled.

The order of the conditions is the same for all subjects of most data sets. A head that learnt from that order would
know load by its coming last. So every subject is shown in several random orders of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecg_live.events import F64
from ecg_live.model.adaptive import MIN_EARLIER_WINDOWS, columns
from ecg_live.model.features import FeatureKind
from training.data.adaptive_features import EarlierWindows, earlier_windows, placed_windows, population_centre
from training.data.feature_table import FeatureTable, Ints, Mask, Names
from training.data.window_orders import ORDERS, OrderName, WindowOrder, shuffled_order, window_order
from training.heads.fit import fit_head
from training.heads.fitted import FittedHead
from training.settings import HeadSettings

SHUFFLES = 8  # orders that each subject is shown in


@dataclass(frozen=True, slots=True, eq=False)
class AdaptiveFit:
    """A head for features relative to the running mean, and the population's mean ``centre`` (d,) that it starts from.

    ``x`` (n, d) and ``subject`` (n,) are what it learnt from.
    """

    fitted: FittedHead
    centre: F64
    x: F64
    label: Ints
    subject: Names


class AdaptiveTable:
    """A table of windows with what was known before each of them, in orders to learn from and in those of scores.

    Parameters
    ----------
    table : FeatureTable
        All windows of its subjects, with and without a label.
    seed : int
        Decides the orders to learn from.
    """

    def __init__(self, table: FeatureTable, seed: int = 0) -> None:
        self._table = table
        self._features = table.features("both")
        self._placed, self._seed = placed_windows(table), seed
        self._ordered = {name: self._earlier(window_order(self._placed, name)) for name in ORDERS}

    def _earlier(self, order: WindowOrder) -> EarlierWindows:
        return earlier_windows(self._features, self._table.subject, order)

    @cached_property
    def _shuffled(self) -> list[EarlierWindows]:
        rng = np.random.default_rng(self._seed)
        return [self._earlier(shuffled_order(self._placed, rng)) for _ in range(SHUFFLES)]

    def answered(self, order: OrderName, inputs: FeatureKind) -> Mask:
        """Labelled windows (n,) that a live head with these inputs would not still abstain from."""
        return self._answered(self._ordered[order], inputs)

    def features(self, order: OrderName, inputs: FeatureKind, centre: F64) -> F64:
        """Features (n, d) relative to the running mean, with the windows in one of the orders of scores."""
        return self._relative(self._ordered[order], inputs, centre)

    def fit(self, train: Mask, inputs: FeatureKind, settings: HeadSettings, seed: int) -> AdaptiveFit:
        """Fit a head on the windows in ``train`` (n,): all of some subjects."""
        centre = population_centre(self._table.take(train), inputs)
        shuffled = self._shuffled
        keep = [self._answered(each, inputs) & train for each in shuffled]
        x = np.concatenate(
            [self._relative(each, inputs, centre)[rows] for each, rows in zip(shuffled, keep, strict=True)]
        )
        label = np.concatenate([self._table.label[rows] for rows in keep])
        subject = np.concatenate([self._table.subject[rows] for rows in keep])
        fitted = fit_head(x, label, subject, len(self._table.classes), inputs, settings, seed)
        return AdaptiveFit(fitted, centre, x, label, subject)

    def _answered(self, earlier: EarlierWindows, inputs: FeatureKind) -> Mask:
        known = earlier.count[:, columns(inputs)].min(axis=1)
        return np.asarray((known >= MIN_EARLIER_WINDOWS) & (self._table.label >= 0))

    def _relative(self, earlier: EarlierWindows, inputs: FeatureKind, centre: F64) -> F64:
        own = columns(inputs)
        part = EarlierWindows(earlier.total[:, own], earlier.count[:, own])
        return part.relative(self._features[:, own], centre)
