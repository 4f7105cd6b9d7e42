"""The adaptive set as it is shipped: fitted on all subjects but those kept back, and scored on these once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable
from training.data.window_orders import ORDERS, OrderName
from training.evaluation.fold import SIMPLEST_FIRST, choose_simplest, held_out_auroc
from training.evaluation.set_fit import KEPT_BACK
from training.evaluation.window_predictions import ScoredTable, WindowPredictions
from training.heads.adaptive_fit import AdaptiveFit, AdaptiveTable
from training.heads.fit import to_head
from training.heads.fitted import FittedHead
from training.settings import HeadSettings


@dataclass(frozen=True, slots=True, eq=False)
class AdaptiveSetFit:
    """A head that was fitted for the adaptive set, as `training.evaluation.set_fit.SetFit` for the other sets."""

    features: FeatureKind
    fit: AdaptiveFit
    set: str = "adaptive"

    @property
    def fitted(self) -> FittedHead:
        """The head."""
        return self.fit.fitted

    def shipped(self, _table: FeatureTable) -> CalibratedHead:
        """As a bundle holds it."""
        return to_head(self.fit.fitted, self.fit.x, self.fit.subject, centre=self.fit.centre)

    def predict_kept_back(self, table: FeatureTable, _baseline: float) -> WindowPredictions:
        """Predictions for subjects that were kept back, in the order in which they were recorded."""
        return self._predict(table, "natural")

    def orders_kept_back(self, table: FeatureTable) -> list[WindowPredictions]:
        """Likewise in the other orders."""
        return [self._predict(table, order) for order in ORDERS if order != "natural"]

    def _predict(self, table: FeatureTable, order: OrderName) -> WindowPredictions:
        shown = AdaptiveTable(table)
        keep = shown.answered(order, self.features)
        probability = np.full((len(table), len(table.classes)), np.nan)
        if keep.any():
            x = shown.features(order, self.features, self.fit.centre)
            probability[keep] = self.fit.fitted.probabilities(x[keep])
        scored = ScoredTable(table, np.full(len(table), KEPT_BACK), keep, KEPT_BACK, 0.0)
        return scored.row(self.features, probability, self.set, order)


def fit_adaptive_set(table: FeatureTable, settings: HeadSettings, seed: int) -> AdaptiveSetFit:
    """Fit the head of the adaptive set on all windows of a table; features are chosen as in every fold."""
    kinds = SIMPLEST_FIRST if settings.inputs == "auto" else (settings.inputs,)
    shown = AdaptiveTable(table, seed)
    every = np.ones(len(table), np.bool_)
    fits = {kind: shown.fit(every, kind, settings, seed) for kind in kinds}
    auroc = {kind: held_out_auroc(fit.fitted, fit.label, fit.subject) for kind, fit in fits.items()}
    choice = choose_simplest(auroc)
    return AdaptiveSetFit(choice, fits[choice])
