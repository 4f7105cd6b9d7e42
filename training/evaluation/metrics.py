"""Metrics of predicted probabilities: AUROC, balanced accuracy, F1, calibration error, Brier score, confusion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import Ints, Mask, Names
from training.results import Scores

CALIBRATION_BINS = 15  # Guo et al. 2017
TWO_CLASS_SCORES = ("auroc", "balanced_accuracy", "macro_f1")  # undefined where one class only occurs


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Probabilities (n, classes) of windows, their labels (n,) and subjects (n,).

    ``ranking`` (n, classes) is what the AUROC uses. It differs from the probabilities where those of different folds
    cannot be compared, as a majority's share, which depends on the subject that is left out.
    """

    probability: F64
    ranking: F64
    label: Ints
    subject: Names

    def take(self, rows: Mask) -> Predictions:
        """Some of the windows."""
        return Predictions(self.probability[rows], self.ranking[rows], self.label[rows], self.subject[rows])

    def without_ranking(self) -> Predictions:
        """The same with all windows ranked alike: an AUROC of 0.5."""
        return replace(self, ranking=np.zeros_like(self.ranking))


def scores(predictions: Predictions) -> Scores:
    """Scores over all windows at once."""
    once = np.ones((1, len(np.unique(predictions.subject))))
    values = {name: float(score[0]) for name, score in weighted_scores(predictions, once).items()}
    auroc, accuracy, f1 = (None if np.isnan(values[name]) else values[name] for name in TWO_CLASS_SCORES)
    return Scores(auroc, accuracy, f1, values["ece"], values["brier"], len(predictions.label), once.shape[1])


def confusion(predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    """Windows by true and predicted class."""
    return tuple(tuple(row) for row in _confusion_by_subject(predictions).sum(axis=0).astype(int).tolist())


def reliability(predictions: Predictions) -> tuple[tuple[float, float, int], ...]:
    """(mean confidence, share right, windows) of the calibration bins that are not empty."""
    confidence, right, bins = _binned(predictions)
    return tuple(
        (float(confidence[bins == each].mean()), float(right[bins == each].mean()), int((bins == each).sum()))
        for each in np.unique(bins)
    )


def weighted_scores(predictions: Predictions, weights: F64) -> dict[str, F64]:
    """Scores (draws,) by name, where subject s counts ``weights[draw, s]`` times; NaN where a score is undefined."""
    table = np.tensordot(weights, _confusion_by_subject(predictions), axes=1)  # (draws, true, predicted)
    true, predicted, right = table.sum(axis=2), table.sum(axis=1), np.diagonal(table, axis1=1, axis2=2)
    several = (true > 0).sum(axis=1) > 1
    return {
        "auroc": _auroc(predictions, weights),
        "balanced_accuracy": np.where(several, _mean_ratio(right, true), np.nan),
        "macro_f1": np.where(several, _mean_ratio(2 * right, true + predicted), np.nan),
        **_calibration(predictions, weights),
    }


def _calibration(predictions: Predictions, weights: F64) -> dict[str, F64]:
    """Expected calibration error and Brier score (draws,)."""
    index = _subject_index(predictions)
    confidence, right, bins = _binned(predictions)
    excess = np.zeros((weights.shape[1], CALIBRATION_BINS))  # confidence minus accuracy, summed by subject and bin
    np.add.at(excess, (index, bins), confidence - right)
    classes = predictions.probability.shape[1]
    squares = ((predictions.probability - np.eye(classes)[predictions.label]) ** 2).sum(axis=1) / 2
    windows = weights @ np.bincount(index)
    return {
        "ece": np.abs(weights @ excess).sum(axis=1) / windows,
        "brier": weights @ np.bincount(index, squares) / windows,
    }


def _binned(predictions: Predictions) -> tuple[F64, Mask, Ints]:
    """Each window's confidence, whether the prediction is right, and its calibration bin (n,)."""
    confidence = predictions.probability.max(axis=1)
    right = predictions.probability.argmax(axis=1) == predictions.label
    return confidence, right, np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)


def _auroc(predictions: Predictions, weights: F64) -> F64:
    """One-vs-rest AUROC (draws,), averaged over the classes that have both; two classes need one."""
    classes = predictions.ranking.shape[1]
    index = _subject_index(predictions)
    won, pairs = [], []
    for each in [1] if classes == 2 else range(classes):
        mine = predictions.label == each
        wins = _pairwise_wins(predictions.ranking[:, each], mine, index)
        positives = weights @ np.bincount(index[mine], minlength=len(wins))
        negatives = weights @ np.bincount(index[~mine], minlength=len(wins))
        won.append(np.einsum("dp,pq,dq->d", weights, wins, weights, optimize=True))
        pairs.append(positives * negatives)
    return _mean_ratio(np.stack(won, axis=1), np.stack(pairs, axis=1))


def _pairwise_wins(ranking: F64, mine: Mask, index: Ints) -> F64:
    """Mann-Whitney counts (subjects p, subjects q): windows of the class of p that rank above others of q.

    Ties count half. Weighted sums over p and q give the AUROC of any bootstrap draw without ranking again.
    """
    subjects = int(index.max()) + 1
    wins = np.zeros((subjects, subjects))
    of_subject, values = index[mine], ranking[mine]
    for q in range(subjects):
        others = np.sort(ranking[~mine & (index == q)])
        each = (np.searchsorted(others, values, "left") + np.searchsorted(others, values, "right")) / 2
        wins[:, q] = np.bincount(of_subject, each, subjects)
    return wins


def _confusion_by_subject(predictions: Predictions) -> F64:
    """Windows by subject, true and predicted class."""
    index = _subject_index(predictions)
    classes = predictions.probability.shape[1]
    out = np.zeros((int(index.max()) + 1, classes, classes))
    np.add.at(out, (index, predictions.label, predictions.probability.argmax(axis=1)), 1)
    return out


def _subject_index(predictions: Predictions) -> Ints:
    """Each window's subject (n,) as an index into the sorted subjects."""
    return np.unique(predictions.subject, return_inverse=True)[1]


def _mean_ratio(numerators: F64, denominators: F64) -> F64:
    """Mean (draws,) over classes of the ratios (draws, classes) with a denominator above 0; NaN if there are none."""
    ratio = np.divide(numerators, denominators, out=np.zeros_like(numerators), where=denominators > 0)
    count = (denominators > 0).sum(axis=1)
    return np.asarray(np.divide(ratio.sum(axis=1), count, out=np.full(len(numerators), np.nan), where=count > 0))
