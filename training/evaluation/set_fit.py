"""The head of a set as it is shipped: fitted on all subjects but those kept back, and scored on these once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead
from ecg_live.model.features import FeatureKind
from training.data.feature_table import FeatureTable
from training.evaluation.fold import HEAD_INPUTS, SIMPLEST_FIRST, choose_simplest, held_out_auroc
from training.evaluation.window_predictions import ScoredTable, WindowPredictions
from training.heads.fit import fit_head, to_head
from training.heads.fitted import FittedHead
from training.settings import HeadSettings

KEPT_BACK = "kept back"  # the protocol of scores on subjects that no choice looked at


@dataclass(frozen=True, slots=True, eq=False)
class SetFit:
    """A head that was fitted for a set.

    Parameters
    ----------
    set : str
        ``population`` or ``personal``.
    features : str
        What it looks at, of `training.evaluation.fold.SIMPLEST_FIRST`.
    fitted : FittedHead
        The head.
    spread : F64, optional
        Standard deviation of the features (d,) within one subject at rest, of a personal one.
    """

    set: str
    features: FeatureKind
    fitted: FittedHead
    spread: F64 | None

    def inputs_of(self, table: FeatureTable) -> F64:
        """What it is given (n, d) for the windows of a table."""
        if self.spread is None:
            return table.features(self.features)
        return table.baseline_normalised(self.features, self.spread)

    def shipped(self, table: FeatureTable) -> CalibratedHead:
        """As a bundle holds it; ``table`` is what it was fitted on."""
        keep = table.scored(relative=self.spread is not None)
        return to_head(self.fitted, self.inputs_of(table)[keep], table.subject[keep], self.spread)

    def predict_kept_back(self, table: FeatureTable, baseline: float) -> WindowPredictions:
        """Predictions for subjects that were kept back; ``baseline`` in s of rest, 0 for none."""
        keep = table.scored(relative=self.spread is not None)
        probability = np.full((len(table), len(table.classes)), np.nan)
        if keep.any():
            probability[keep] = self.fitted.probabilities(self.inputs_of(table)[keep])
        scored = ScoredTable(table, np.full(len(table), KEPT_BACK), keep, KEPT_BACK, baseline)
        return scored.row(self.features, probability, self.set)

    def orders_kept_back(self, _table: FeatureTable) -> list[WindowPredictions]:
        """In other orders: none, as the features look at one window only, and at a baseline of rest."""
        return []


def fit_set(table: FeatureTable, name: str, settings: HeadSettings, seed: int) -> SetFit:
    """Fit the head of a set on all windows of a table.

    With ``head.inputs = auto`` the features are chosen as in every fold of cross-validation, by subjects held out
    within the table: so the score of that choice, made in each fold, is the score of this one.
    """
    kinds = SIMPLEST_FIRST if settings.inputs == "auto" else (settings.inputs,)
    fits = {kind: _fit(table, name, kind, settings, seed) for kind in kinds}
    keep = table.scored(relative=name == "personal")
    auroc = {kind: held_out_auroc(fit.fitted, table.label[keep], table.subject[keep]) for kind, fit in fits.items()}
    return fits[choose_simplest(auroc)]


def _fit(table: FeatureTable, name: str, features: FeatureKind, settings: HeadSettings, seed: int) -> SetFit:
    inputs, personal = HEAD_INPUTS[features], name == "personal"
    keep = table.scored(relative=personal)
    spread = table.within_subject_std(inputs) if personal else None
    x = table.features(inputs) if spread is None else table.baseline_normalised(inputs, spread)
    label, subject = table.label[keep], table.subject[keep]
    fitted = fit_head(x[keep], label, subject, len(table.classes), inputs, settings, seed)
    return SetFit(name, features, fitted, spread)
