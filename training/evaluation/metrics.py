"""Metrics of predicted probabilities: AUROC, balanced accuracy, F1, calibration error, Brier score, confusion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import Ints, Mask, Names
from training.results import Scores

CALIBRATION_BINS = 15  # Guo et al. 2017
OPTIONAL_SCORES = (  # undefined where one class only occurs, or no rest, or no subject with several classes
    "auroc",
    "balanced_accuracy",
    "macro_f1",
    "auroc_within",
    "false_positive_rate",
    "unchanging_label",
)
RISK_COVERAGES = tuple(i / 20 for i in range(1, 21))  # shares of the windows


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Probabilities (n, classes) of windows, their labels (n,) and subjects (n,).

    ``ranking`` (n, classes) is what the AUROC uses. It differs from the probabilities where those of different folds
    cannot be compared, as a majority's share, which depends on the subject that is left out. ``rest_class`` is the
    index of the class of rest.
    """

    probability: F64
    ranking: F64
    label: Ints
    subject: Names
    rest_class: int = 0

    def take(self, rows: Mask) -> Predictions:
        """Some of the windows."""
        return replace(
            self,
            probability=self.probability[rows],
            ranking=self.ranking[rows],
            label=self.label[rows],
            subject=self.subject[rows],
        )

    def without_ranking(self) -> Predictions:
        """The same with all windows ranked alike: an AUROC of 0.5."""
        return replace(self, ranking=np.zeros_like(self.ranking))


def scores(predictions: Predictions) -> Scores:
    """Scores over all windows at once."""
    once = np.ones((1, len(np.unique(predictions.subject))))
    values = {name: float(score[0]) for name, score in weighted_scores(predictions, once).items()}
    optional = {name: None if np.isnan(values[name]) else values[name] for name in OPTIONAL_SCORES}
    return Scores(
        **optional,
        ece=values["ece"],
        brier=values["brier"],
        windows=len(predictions.label),
        people=once.shape[1],
        brier_constant=values["brier_constant"],
    )


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


def risk_coverage(predictions: Predictions) -> tuple[tuple[float, float], ...]:
    """Share of wrong labels among the surest windows, for each of `RISK_COVERAGES` (a share of the windows).

    Windows of equal confidence come together: among them the share of wrong labels is the same for each.
    """
    confidence, right, _ = _binned(predictions)
    level = np.unique(-confidence, return_inverse=True)[1]  # the surest first
    windows = np.cumsum(np.bincount(level))
    wrong = np.cumsum(np.bincount(level, ~right))
    wanted = np.array(RISK_COVERAGES) * len(right)
    found = np.interp(wanted, np.append(0, windows), np.append(0, wrong)) / wanted
    return tuple(zip(RISK_COVERAGES, found.tolist(), strict=True))


def weighted_scores(predictions: Predictions, weights: F64) -> dict[str, F64]:
    """Scores (draws,) by name, where subject s counts ``weights[draw, s]`` times; NaN where a score is undefined."""
    table = np.tensordot(weights, _confusion_by_subject(predictions), axes=1)  # (draws, true, predicted)
    true, predicted, right = table.sum(axis=2), table.sum(axis=1), np.diagonal(table, axis1=1, axis2=2)
    several = (true > 0).sum(axis=1) > 1
    rest = predictions.rest_class
    return {
        **_aurocs(predictions, weights),
        "balanced_accuracy": np.where(several, _mean_ratio(right, true), np.nan),
        "macro_f1": np.where(several, _mean_ratio(2 * right, true + predicted), np.nan),
        "false_positive_rate": 1 - _ratio(right[:, rest], true[:, rest]),
        "unchanging_label": _unchanging_label(predictions, weights),
        "brier_constant": (1 - ((true / true.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)) / 2,
        **_calibration(predictions, weights),
    }


def _unchanging_label(predictions: Predictions, weights: F64) -> F64:
    """Share (draws,) of subjects with several true classes whose windows all get the same label."""
    table = _confusion_by_subject(predictions)
    several = (table.sum(axis=2) > 0).sum(axis=1) > 1
    same = several & ((table.sum(axis=1) > 0).sum(axis=1) == 1)
    return _ratio(weights @ same, weights @ several)


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


def _aurocs(predictions: Predictions, weights: F64) -> dict[str, F64]:
    """One-vs-rest AUROC (draws,), averaged over the classes that have both; two classes need one.

    ``auroc`` compares all windows, ``auroc_within`` those of each subject, averaged over subjects who have several
    classes.
    """
    classes = predictions.ranking.shape[1]
    index = _subject_index(predictions)
    won, pairs, own_won, own_pairs = [], [], [], []
    for each in [1] if classes == 2 else range(classes):
        mine = predictions.label == each
        wins = _pairwise_wins(predictions.ranking[:, each], mine, index)
        positives = np.bincount(index[mine], minlength=len(wins))
        negatives = np.bincount(index[~mine], minlength=len(wins))
        won.append(np.einsum("dp,pq,dq->d", weights, wins, weights, optimize=True))
        pairs.append((weights @ positives) * (weights @ negatives))
        own_won.append(np.diagonal(wins))
        own_pairs.append((positives * negatives).astype(np.float64))
    within = _mean_ratio(np.stack(own_won, axis=1), np.stack(own_pairs, axis=1))  # (subjects,)
    known = ~np.isnan(within)
    return {
        "auroc": _mean_ratio(np.stack(won, axis=1), np.stack(pairs, axis=1)),
        "auroc_within": _ratio(weights @ np.nan_to_num(within), weights @ known),
    }


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


def _ratio(numerator: F64, denominator: F64) -> F64:
    """Quotient (draws,); NaN where there is nothing to divide by."""
    return np.asarray(np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0))


def _mean_ratio(numerators: F64, denominators: F64) -> F64:
    """Mean (draws,) over classes of the ratios (draws, classes) with a denominator above 0; NaN if there are none."""
    ratio = np.divide(numerators, denominators, out=np.zeros_like(numerators), where=denominators > 0)
    count = (denominators > 0).sum(axis=1)
    return np.asarray(np.divide(ratio.sum(axis=1), count, out=np.full(len(numerators), np.nan), where=count > 0))
