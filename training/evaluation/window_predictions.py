"""What a row of scores was made from: the probabilities of every scored window, and where the window comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import FeatureTable, Ints, Mask, Names
from training.evaluation.metrics import Predictions

NATURAL_ORDER = "natural"  # windows as they were recorded


@dataclass(frozen=True, slots=True, eq=False)
class WindowPredictions:
    """Predictions for the n windows of one row, each by a head that learnt from other windows.

    Parameters
    ----------
    features, protocol, baseline
        The row, as in `training.results.ResultRow`.
    set : str
        ``population``, ``adaptive`` or ``personal``: what the features are relative to.
    order : str
        In which order the head met the windows.
    classes : tuple of str
        Names of the classes.
    subject, recording : Names
        Where each window is from (n,).
    onset : F64
        Where it begins (n,), in s of the recording.
    label : Ints
        Its class (n,).
    fold : Names
        The fold (n,) whose head predicted it.
    probability : F64
        Probabilities (n, classes).
    rest_class : int
        Index of the class of rest.
    """

    features: str
    protocol: str
    baseline: float
    set: str
    order: str
    classes: tuple[str, ...]
    subject: Names
    recording: Names
    onset: F64
    label: Ints
    fold: Names
    probability: F64
    rest_class: int = 0

    def __len__(self) -> int:
        return len(self.label)

    @property
    def predictions(self) -> Predictions:
        """What scores are made from; a majority, which depends on the fold, ranks nothing."""
        found = Predictions(self.probability, self.probability, self.label, self.subject, self.rest_class)
        return found.without_ranking() if self.features == "majority" else found


@dataclass(frozen=True, slots=True, eq=False)
class ScoredTable:
    """Windows of a feature table with the fold of each, from which predictions of a row are taken.

    Parameters
    ----------
    examples : FeatureTable
        All n windows.
    fold : Names
        The fold (n,) that tests each; empty for windows that none does.
    keep : Mask
        Windows (n,) that are scored.
    protocol : str
        Of the folds.
    baseline : float
        Seconds of resting baseline; 0 for none.
    """

    examples: FeatureTable
    fold: Names
    keep: Mask
    protocol: str
    baseline: float

    def row(self, features: str, probability: F64, set_name: str, order: str = NATURAL_ORDER) -> WindowPredictions:
        """The scored windows with their probabilities, of all windows (n, classes)."""
        table, keep = self.examples, self.keep
        return WindowPredictions(
            features,
            self.protocol,
            self.baseline,
            set_name,
            order,
            table.classes,
            table.subject[keep],
            table.recording[keep],
            table.onset[keep],
            table.label[keep],
            self.fold[keep],
            np.asarray(probability[keep]),
            table.rest_class,
        )
