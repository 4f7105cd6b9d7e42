"""Paired tests of two models on the same windows: bootstrap and Wilcoxon over subjects, with Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ecg_live.errors import DatasetError
from ecg_live.events import F64
from training.data.feature_table import Ints, Names
from training.evaluation.bootstrap import bootstrap, interval, two_sided_p
from training.evaluation.metrics import Predictions, scores, weighted_scores
from training.evaluation.window_predictions import WindowPredictions

SCORES_TESTED = ("auroc", "brier")  # ranking, and probabilities
SCORE_DECIMALS = 12  # of a difference of scores; what lies beyond is rounding, and would break ties
LOWER_IS_BETTER = ("brier",)


@dataclass(frozen=True, slots=True)
class PairedTest:
    """One score of one model minus that of another on the same windows.

    Parameters
    ----------
    first, second : str
        Names of the two.
    score : str
        ``auroc`` or ``brier``.
    difference : float
        Over all windows; NaN if one of them has no such score.
    interval : tuple of float
        95 %, bootstrap over subjects.
    p : float
        Two-sided, of the bootstrap.
    within : float
        Median over subjects of the difference of their own scores.
    p_wilcoxon : float
        Wilcoxon's signed-rank test of these differences, two-sided; NaN without any that is not 0.
    subjects, windows : int
        How many of each both have predicted; ``compared`` of the subjects have a score of their own.
    p_holm, p_wilcoxon_holm : float
        Corrected for all tests of the same score that were made together; NaN before `corrected`.
    """

    first: str
    second: str
    score: str
    difference: float
    interval: tuple[float, float]
    p: float
    within: float
    p_wilcoxon: float
    subjects: int
    windows: int
    compared: int
    p_holm: float = math.nan
    p_wilcoxon_holm: float = math.nan


def compare_pairs(models: Mapping[str, WindowPredictions], draws: int, *, same_folds: bool = False) -> list[PairedTest]:
    """Compare all pairs of models, each on the windows that both have predicted; see `corrected`.

    Parameters
    ----------
    models : mapping
        Predictions by the models' names; those of windows without an answer are NaN.
    draws : int
        Of the bootstrap.
    same_folds : bool
        Refuse models that did not learn from the same folds of the same windows.

    Raises
    ------
    DatasetError
        Two models differ in their classes, true labels or folds, or have no window in common.
    """
    tests: list[PairedTest] = []
    for first, second in combinations(models, 2):
        pair = _paired(models[first], models[second], (first, second), same_folds=same_folds)
        tests += [_test(first, second, score, *pair, draws) for score in SCORES_TESTED]
    return tests


def corrected(tests: Sequence[PairedTest]) -> list[PairedTest]:
    """The same tests, with p-values corrected by Holm for all tests of a score that were made together."""
    found = list(tests)
    for score in SCORES_TESTED:
        rows = [i for i, test in enumerate(tests) if test.score == score]
        p, p_wilcoxon = (holm([getattr(tests[i], name) for i in rows]) for name in ("p", "p_wilcoxon"))
        for i, one, other in zip(rows, p, p_wilcoxon, strict=True):
            found[i] = replace(tests[i], p_holm=one, p_wilcoxon_holm=other)
    return found


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected for their number by Holm 1979 (Scand. J. Statistics 6); NaN stays, and does not count."""
    known = [i for i, value in enumerate(p) if not math.isnan(value)]
    corrected, highest = [math.nan] * len(p), 0.0
    for rank, i in enumerate(sorted(known, key=lambda i: p[i])):
        highest = max(highest, min(1.0, p[i] * (len(known) - rank)))
        corrected[i] = highest
    return corrected


def signed_rank_p(differences: F64) -> float:
    """Two-sided p of Wilcoxon's signed-rank test of differences (n,), those of 0 left out; NaN without others.

    Exact, also with ties: all ways to give the ranks a sign are counted (SciPy's permutations of few subjects take
    seconds).
    """
    rounded = np.round(differences, SCORE_DECIMALS)
    others = rounded[rounded != 0]
    if not len(others):
        return math.nan
    _, place, ties = np.unique(np.abs(others), return_inverse=True, return_counts=True)
    ranks = (2 * np.cumsum(ties) - ties + 1)[place]  # twice the mean rank of those that tie, which may be a half
    share = np.ones(1)  # of all signs, by the sum of the positive ranks
    for rank in ranks.tolist():
        share = (np.pad(share, (0, rank)) + np.pad(share, (rank, 0))) / 2
    found = int(ranks[others > 0].sum())
    return min(1.0, 2 * min(float(share[: found + 1].sum()), float(share[found:].sum())))


def _paired(
    ours: WindowPredictions, theirs: WindowPredictions, names: tuple[str, str], *, same_folds: bool
) -> tuple[Predictions, Predictions]:
    """Predictions of both for the windows that both answered, in the same order.

    Raises
    ------
    DatasetError
        They cannot be compared.
    """
    if ours.classes != theirs.classes:
        found = f"the classes of one are {', '.join(ours.classes)}, of the other {', '.join(theirs.classes)}"
        raise _incomparable(names, found, "compare models of the same label")
    place, other = _places(ours), _places(theirs)
    both = [each for each in place if each in other]
    if same_folds and not len(both) == len(place) == len(other):
        found = f"their windows are not the same: {len(place)} and {len(other)}, {len(both)} in common"
        raise _incomparable(names, found, "compare cells with the same windows and labels")
    if not both:
        raise _incomparable(names, "they have no window in common", "score them on the same data")
    rows, other_rows = np.array([place[each] for each in both]), np.array([other[each] for each in both])
    if (ours.label[rows] != theirs.label[other_rows]).any():
        raise _incomparable(names, "their true labels differ", "split the label in the same way")
    if same_folds and not _same_partition(ours.fold[rows], theirs.fold[other_rows]):
        raise _incomparable(names, "their folds differ", "compare cells with the same protocol and seed")
    known = np.isfinite(ours.probability[rows]).all(axis=1) & np.isfinite(theirs.probability[other_rows]).all(axis=1)
    if not known.any():
        raise _incomparable(names, "no window was answered by both", "score them on the same data")
    return ours.predictions.take(rows[known]), theirs.predictions.take(other_rows[known])


def _incomparable(names: tuple[str, str], found: str, remedy: str) -> DatasetError:
    return DatasetError(f"{names[0]} and {names[1]} cannot be compared: {found}", remedy)


def _places(windows: WindowPredictions) -> dict[tuple[str, str, float], int]:
    """Row of each window by its subject, recording and onset."""
    places = zip(windows.subject.tolist(), windows.recording.tolist(), windows.onset.tolist(), strict=True)
    return {place: row for row, place in enumerate(places)}


def _same_partition(ours: Names, theirs: Names) -> bool:
    """Whether folds (n,) divide the windows alike, whatever they are called."""
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    return len(pairs) == len(set(ours.tolist())) == len(set(theirs.tolist()))


def _test(first: str, second: str, score: str, ours: Predictions, theirs: Predictions, draws: int) -> PairedTest:
    subjects = np.unique(ours.subject, return_inverse=True)[1]
    own, other = (_value(each, score) for each in (ours, theirs))
    drawn = bootstrap(ours, draws)[score] - bootstrap(theirs, draws)[score]
    within = _by_subject(ours, score, subjects) - _by_subject(theirs, score, subjects)
    within = within[~np.isnan(within)]
    return PairedTest(
        first,
        second,
        score,
        own - other,
        interval(drawn) or (math.nan, math.nan),
        two_sided_p(drawn),
        float(np.median(within)) if len(within) else math.nan,
        signed_rank_p(within),
        int(subjects.max()) + 1,
        len(ours.label),
        len(within),
    )


def _value(predictions: Predictions, score: str) -> float:
    value = getattr(scores(predictions), score)
    return math.nan if value is None else float(value)


def _by_subject(predictions: Predictions, score: str, subjects: Ints) -> F64:
    """A score of each subject's own windows (subjects,); NaN where it has none."""
    each = np.eye(int(subjects.max()) + 1)  # a draw for each subject, of that subject alone
    return weighted_scores(predictions, each)[score]
