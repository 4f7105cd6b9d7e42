"""Scores of probabilities, and how they vary when people are drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import Ints, Mask, Names
from training.results import PairedComparison, Scores

CALIBRATION_BINS = 15  # of the calibration error (Guo et al. 2017)
INTERVAL_PERCENTILES = (2.5, 97.5)  # percentiles of a 95 % interval
TWO_CLASS_SCORES = ("auroc", "balanced_accuracy", "macro_f1")  # classes, to mean anything
BootstrapScores = Mapping[str, F64]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Probabilities (n, classes) of windows, their labels (n,) and people (n,).

    ``ranking`` (n, classes) is what the AUROC goes by; it differs from the probabilities where those of different folds
    are not to be compared, as of a majority that varies with who is left out.
    """

    probability: F64
    ranking: F64
    label: Ints
    subject: Names

    def take(self, rows: Mask) -> Predictions:
        """Some of the windows."""
        return Predictions(self.probability[rows], self.ranking[rows], self.label[rows], self.subject[rows])


def scores(judged: Predictions) -> Scores:
    """Over all windows at once."""
    one = np.ones((1, len(np.unique(judged.subject))))
    found = {name: float(values[0]) for name, values in weighted_scores(judged, one).items()}
    auroc, accuracy, f1 = (None if np.isnan(found[name]) else found[name] for name in TWO_CLASS_SCORES)
    return Scores(auroc, accuracy, f1, found["ece"], found["brier"], len(judged.label), one.shape[1])


def confusion(judged: Predictions) -> tuple[tuple[int, ...], ...]:
    """Windows by true and predicted class."""
    return tuple(tuple(row) for row in _confusion_by_subject(judged).sum(axis=0).astype(int).tolist())


def reliability(judged: Predictions) -> tuple[tuple[float, float, int], ...]:
    """(mean confidence, share right, windows) of the bins that are not empty."""
    confidence, right, at = _binned(judged)
    return tuple(
        (float(confidence[at == each].mean()), float(right[at == each].mean()), int((at == each).sum()))
        for each in np.unique(at)
    )


def bootstrap(judged: Predictions, draws: int, seed: int = 0) -> BootstrapScores:
    """Each score (draws,) of people drawn with replacement, the same for the same seed; NaN where it is meaningless."""
    people = len(np.unique(judged.subject))
    chosen = np.random.default_rng(seed).integers(0, people, (draws, people))
    counts = np.zeros((draws, people))
    np.add.at(counts, (np.arange(draws)[:, None], chosen), 1)
    return weighted_scores(judged, counts)


def interval(drawn: F64) -> tuple[float, float] | None:
    """95 % of the draws in which a score means something; None if there are none."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return None
    low, high = np.percentile(known, INTERVAL_PERCENTILES)
    return float(low), float(high)


def compare_paired(ours: BootstrapScores, theirs: BootstrapScores, difference: float) -> PairedComparison | None:
    """AUROC against a rival's in the same draws, given the difference over all people."""
    drawn = ours["auroc"] - theirs["auroc"]
    between = interval(drawn)
    if between is None:
        return None
    known = drawn[~np.isnan(drawn)]
    side = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return PairedComparison(difference, between, min(1.0, 2 * (side + 1) / (len(known) + 1)))


def weighted_scores(judged: Predictions, counts: F64) -> dict[str, F64]:
    """Scores (draws,) where each person counts so many times (draws, people)."""
    table = np.tensordot(counts, _confusion_by_subject(judged), axes=1)  # (draws, true, predicted)
    true, predicted, right = table.sum(axis=2), table.sum(axis=1), np.diagonal(table, axis1=1, axis2=2)
    several = (true > 0).sum(axis=1) > 1
    return {
        "auroc": _auroc(judged, counts),
        "balanced_accuracy": np.where(several, _mean_ratio(right, true), np.nan),
        "macro_f1": np.where(several, _mean_ratio(2 * right, true + predicted), np.nan),
        **_calibration(judged, counts),
    }


def _calibration(judged: Predictions, counts: F64) -> dict[str, F64]:
    """Expected calibration error and Brier score (draws,)."""
    people, person = np.unique(judged.subject, return_inverse=True)
    confidence, right, at = _binned(judged)
    over = np.zeros((len(people), CALIBRATION_BINS))  # confidence, by person and bin
    np.add.at(over, (person, at), confidence - right)
    squares = ((judged.probability - np.eye(judged.probability.shape[1])[judged.label]) ** 2).sum(axis=1) / 2
    windows = counts @ np.bincount(person)
    return {
        "ece": np.abs(counts @ over).sum(axis=1) / windows,
        "brier": counts @ np.bincount(person, squares) / windows,
    }


def _binned(judged: Predictions) -> tuple[F64, Mask, Ints]:
    """Each window's confidence, whether it is right, and its bin (n,)."""
    confidence = judged.probability.max(axis=1)
    right = judged.probability.argmax(axis=1) == judged.label
    return confidence, right, np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)


def _auroc(judged: Predictions, counts: F64) -> F64:
    """One against the rest, averaged over classes that have both; two classes need one."""
    classes = judged.ranking.shape[1]
    wanted = [1] if classes == 2 else range(classes)
    person = np.unique(judged.subject, return_inverse=True)[1]
    over, under = [], []
    for each in wanted:
        wins = _pairwise_wins(judged.ranking[:, each], judged.label == each, person)
        mine = counts @ np.bincount(person[judged.label == each], minlength=len(wins))
        others = counts @ np.bincount(person[judged.label != each], minlength=len(wins))
        over.append(np.einsum("dp,pq,dq->d", counts, wins, counts, optimize=True))
        under.append(mine * others)
    return _mean_ratio(np.stack(over, axis=1), np.stack(under, axis=1))


def _pairwise_wins(ranking: F64, mine: Mask, person: Ints) -> F64:
    """Pairs (p, q) in order: one window of person p and of the class, one of q and of another; ties count half."""
    people = int(person.max()) + 1
    wins = np.zeros((people, people))
    at, values = person[mine], ranking[mine]
    for q in range(people):
        others = np.sort(ranking[~mine & (person == q)])
        each = (np.searchsorted(others, values, "left") + np.searchsorted(others, values, "right")) / 2
        wins[:, q] = np.bincount(at, each, people)
    return wins


def _confusion_by_subject(judged: Predictions) -> F64:
    """Windows by person, true and predicted class."""
    person = np.unique(judged.subject, return_inverse=True)[1]
    classes = judged.probability.shape[1]
    out = np.zeros((int(person.max()) + 1, classes, classes))
    np.add.at(out, (person, judged.label, judged.probability.argmax(axis=1)), 1)
    return out


def _mean_ratio(over: F64, under: F64) -> F64:
    """Mean (draws,) of ratios (draws, classes) whose lower part is not 0; NaN if all are."""
    ratio = np.divide(over, under, out=np.zeros_like(over), where=under > 0)
    count = (under > 0).sum(axis=1)
    return np.asarray(np.divide(ratio.sum(axis=1), count, out=np.full(len(over), np.nan), where=count > 0))
