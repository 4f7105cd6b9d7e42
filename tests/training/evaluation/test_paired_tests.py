"""Paired tests: what they find is there, what they cannot compare is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wilcoxon
from sklearn.metrics import roc_auc_score

from ecg_live.errors import DatasetError
from tests.support.fold_jobs import made
from training.evaluation.paired_tests import compare_pairs, corrected, holm, signed_rank_p
from training.evaluation.window_predictions import ScoredTable, WindowPredictions

SUBJECTS, WINDOWS = 12, 12


def predicted(strength: float, seed: int = 0) -> WindowPredictions:
    """Predictions that know ``strength`` of the label; the noise is the same for the same seed."""
    examples = made(SUBJECTS, WINDOWS)
    logit = strength * (2 * examples.label - 1) + np.random.default_rng(seed).standard_normal(len(examples))
    load = 1 / (1 + np.exp(-logit))
    keep = np.ones(len(examples), np.bool_)
    table = ScoredTable(examples, examples.subject, keep, "loso", 0.0)
    return table.row("embedding", np.stack([1 - load, load], axis=1), "population")


def test_a_better_model_is_found_better_and_the_numbers_are_scikit_learns() -> None:
    good, bad = predicted(1.5), predicted(0.3, seed=1)
    auroc, brier = corrected(compare_pairs({"good": good, "bad": bad}, 500))
    assert (auroc.first, auroc.second, auroc.score, brier.score) == ("good", "bad", "auroc", "brier")
    own, other = (roc_auc_score(each.label, each.probability[:, 1]) for each in (good, bad))
    assert auroc.difference == pytest.approx(own - other)
    assert auroc.interval[0] > 0
    assert max(auroc.p, auroc.p_holm, auroc.p_wilcoxon_holm) < 0.05
    assert brier.difference < 0
    within = [
        roc_auc_score(good.label[rows], good.probability[rows, 1])
        - roc_auc_score(bad.label[rows], bad.probability[rows, 1])
        for rows in (good.subject == each for each in np.unique(good.subject))
    ]
    assert auroc.within == pytest.approx(np.median(within))
    assert auroc.p_wilcoxon == signed_rank_p(np.array(within))
    assert (auroc.subjects, auroc.windows, auroc.compared) == (SUBJECTS, SUBJECTS * WINDOWS, SUBJECTS)


def test_models_that_differ_by_chance_are_not_found_to_differ() -> None:
    """20 pairs of equally good models: few are below .05 (the bootstrap over 12 subjects has a few too many)."""
    tests = [compare_pairs({"a": predicted(0.5, i), "b": predicted(0.5, 100 + i)}, 100)[0] for i in range(20)]
    assert sum(each.p < 0.05 for each in tests) <= 5
    assert sum(each.p_wilcoxon < 0.05 for each in tests) <= 3


def test_a_model_does_not_differ_from_itself() -> None:
    same, _ = compare_pairs({"a": predicted(1.0), "b": predicted(1.0)}, 50)
    assert (same.difference, same.interval, same.p, same.within) == (0.0, (0.0, 0.0), 1.0, 0.0)
    assert math.isnan(same.p_wilcoxon)


def test_all_pairs_are_compared_and_corrected_for_their_number() -> None:
    tests = corrected(compare_pairs({"a": predicted(1.5), "b": predicted(0.2), "c": predicted(0.2, 1)}, 200))
    assert [(each.first, each.second, each.score) for each in tests] == [
        (first, second, score) for first, second in ("ab", "ac", "bc") for score in ("auroc", "brier")
    ]
    for score in ("auroc", "brier"):
        own = [each for each in tests if each.score == score]
        assert [each.p_holm for each in own] == holm([each.p for each in own])
    assert all(each.p_holm >= each.p for each in tests)


def test_holm() -> None:
    """By hand: .01 times 3, .03 times 2, .04 no less than that before."""
    corrected = holm([0.04, 0.01, math.nan, 0.03])
    assert corrected[:2] == [0.06, 0.03]
    assert math.isnan(corrected[2])
    assert corrected[3] == 0.06
    assert holm([0.7, 0.9]) == [1.0, 1.0]


@pytest.mark.parametrize("count", [1, 5, 12, 40])
def test_the_signed_rank_test_is_scipys(count: int) -> None:
    differences = np.random.default_rng(count).standard_normal(count) + 0.3
    assert signed_rank_p(differences) == pytest.approx(wilcoxon(differences, method="exact").pvalue)
    assert signed_rank_p(np.append(differences, 0.0)) == signed_rank_p(differences)


def test_ties_are_counted() -> None:
    """Of the 8 ways to sign the ranks 1.5, 1.5, 3 none sums higher than all, and one as high."""
    assert signed_rank_p(np.array([1.0, 1.0, 2.0])) == 0.25
    assert signed_rank_p(np.array([1.0, -1.0, 2.0])) == 2 * 3 / 8
    assert math.isnan(signed_rank_p(np.zeros(3)))
    rounded = np.array([0.3 - 0.2, 0.1, 0.2, 0.9 - 0.9 + 1e-17])  # the first is less than 0.1 by 2e-17
    assert signed_rank_p(rounded) == 0.25
    assert signed_rank_p(np.array([0.2 - 0.3, 0.1, 0.2])) == 2 * 3 / 8


def test_only_windows_that_both_answered_are_compared() -> None:
    first, second = predicted(1.0), predicted(1.0, 1)
    first.probability[:WINDOWS] = np.nan  # abstains for the first subject
    test = compare_pairs({"a": first, "b": second}, 50)[0]
    assert (test.subjects, test.windows) == (SUBJECTS - 1, (SUBJECTS - 1) * WINDOWS)
    first.probability[:] = np.nan
    with pytest.raises(DatasetError, match="no window was answered by both"):
        compare_pairs({"a": first, "b": second}, 50)


def test_the_order_of_windows_does_not_matter() -> None:
    first, second = predicted(1.0), predicted(0.5, 1)
    turned = np.arange(len(second))[::-1]
    arrays = {name: getattr(second, name)[turned] for name in ("subject", "recording", "onset", "label", "fold")}
    other = replace(second, probability=second.probability[turned], **arrays)
    assert str(compare_pairs({"a": first, "b": other}, 50)) == str(compare_pairs({"a": first, "b": second}, 50))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"classes": ("low", "high")}, "the classes of one are a, b, of the other low, high"),
        ({"label": 1 - predicted(1.0).label}, "their true labels differ"),
        (
            {"recording": np.char.add(predicted(1.0).recording, "x")},
            "their windows are not the same: 144 and 144, 0",
        ),
        ({"fold": np.repeat(["1 of 2", "2 of 2"], SUBJECTS * WINDOWS // 2)}, "their folds differ"),
    ],
)
def test_what_cannot_be_compared_is_refused(change: dict[str, object], reason: str) -> None:
    own = predicted(1.0)
    with pytest.raises(DatasetError, match=f"a and b cannot be compared: .*{reason}") as refused:
        compare_pairs({"a": own, "b": replace(own, **change)}, 50, same_folds=True)  # type: ignore[arg-type]  # arrays
    assert refused.value.remedy
