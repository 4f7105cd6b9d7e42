"""Scores agree with those of scikit-learn, and the quick bootstrap with a slow one."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from tests.support.fold_jobs import made
from training.evaluation.bootstrap import bootstrap, compare_paired, interval
from training.evaluation.metrics import Predictions, confusion, reliability, risk_coverage, scores


def judged(classes: int = 2, people: int = 6, windows: int = 30, seed: int = 0) -> Predictions:
    """Probabilities with ties, better than chance."""
    rng = np.random.default_rng(seed)
    examples = made(people, windows, classes)
    values = np.round(rng.random((len(examples), classes)) + 0.4 * np.eye(classes)[examples.label], 1) + 0.01
    probability = values / values.sum(axis=1, keepdims=True)
    return Predictions(probability, probability, examples.label, examples.subject)


def auroc(each: Predictions) -> float:
    """By scikit-learn."""
    return float(
        np.mean([roc_auc_score((each.label == k) * 1, each.ranking[:, k]) for k in range(each.ranking.shape[1])])
    )


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_scores_are_those_of_scikit_learn(classes: int) -> None:
    each = judged(classes)
    found, said = scores(each), each.probability.argmax(axis=1)
    assert found.auroc == pytest.approx(auroc(each))
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(each.label, said))
    assert found.macro_f1 == pytest.approx(f1_score(each.label, said, average="macro"))
    assert (found.windows, found.people) == (180, 6)
    table = np.array(confusion(each))
    assert table.sum() == 180
    assert table[1, 0] == ((each.label == 1) & (said == 0)).sum()


def test_brier_of_two_classes_is_the_usual_one() -> None:
    each = judged()
    assert scores(each).brier == pytest.approx(np.mean((each.probability[:, 1] - each.label) ** 2))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_draw_is_what_one_gets_from_the_windows_of_the_subjects_drawn(classes: int) -> None:
    each = judged(classes)
    drawn = bootstrap(each, 20, seed=3)
    chosen = np.random.default_rng(3).integers(0, 6, (20, 6))
    people = np.unique(each.subject)
    for i, drawing in enumerate(chosen):
        rows = np.concatenate([np.flatnonzero(each.subject == people[who]) for who in drawing])
        copy = Predictions(each.probability[rows], each.ranking[rows], each.label[rows], each.subject[rows])
        said = copy.probability.argmax(axis=1)
        assert drawn["auroc"][i] == pytest.approx(auroc(copy))
        assert drawn["balanced_accuracy"][i] == pytest.approx(balanced_accuracy_score(copy.label, said))
        assert drawn["macro_f1"][i] == pytest.approx(f1_score(copy.label, said, average="macro"))
        gaps = [abs(confidence - right) * count for confidence, right, count in reliability(copy)]
        assert drawn["ece"][i] == pytest.approx(sum(gaps) / len(rows))
        squares = (copy.probability - np.eye(classes)[copy.label]) ** 2
        assert drawn["brier"][i] == pytest.approx(squares.sum(axis=1).mean() / 2)


def test_two_thousand_draws_take_less_than_a_second() -> None:
    each = judged(3, people=40, windows=60)
    begin = time.process_time()
    bootstrap(each, 2000)
    assert time.process_time() - begin < 1.0


def test_one_class_has_an_accuracy_of_nothing() -> None:
    each = judged()
    own = each.take(each.label == 1)
    found = scores(own)
    assert (found.auroc, found.balanced_accuracy, found.macro_f1) == (None, None, None)
    assert found.brier > 0
    assert interval(bootstrap(own, 10)["auroc"]) is None
    assert compare_paired(bootstrap(own, 10), bootstrap(own, 10), 0.0) is None


def test_draws_without_two_classes_are_left_out_of_the_interval() -> None:
    each = judged(people=2)
    own = each.take((each.subject == "p00") == (each.label == 0))
    drawn = bootstrap(own, 100)
    assert np.isnan(drawn["auroc"]).any()
    found = interval(drawn["auroc"])
    assert found is not None
    assert np.isfinite(found).all()


def test_calibration_error_of_known_cases() -> None:
    label = np.array([1, 1, 1, 0])
    subject = np.array(["a", "a", "b", "b"])

    def ece(p: list[float]) -> float:
        probability = np.column_stack((1 - np.array(p), p))
        return scores(Predictions(probability, probability, label, subject)).ece

    assert ece([1.0, 1.0, 1.0, 0.0]) == pytest.approx(0.0)
    assert ece([0.75] * 4) == pytest.approx(0.0)
    assert ece([1.0] * 4) == pytest.approx(0.25)
    assert ece([0.6, 0.6, 0.6, 0.9]) == pytest.approx(0.75 * 0.4 + 0.25 * 0.9)


def test_reliability_counts_every_window_once() -> None:
    bins = reliability(judged(3))
    assert sum(count for _, _, count in bins) == 180
    assert len(bins) <= 15
    assert all(0 <= right <= 1 and 1 / 3 <= confidence <= 1 for confidence, right, _ in bins)


def test_a_rival_that_is_as_good_is_not_beaten_and_a_worse_one_is() -> None:
    each = judged(people=12)
    noise = np.random.default_rng(1).random(each.probability.shape)
    worse = Predictions(noise, noise, each.label, each.subject)
    ours, theirs = bootstrap(each, 500), bootstrap(worse, 500)
    same = compare_paired(ours, ours, 0.0)
    beaten = compare_paired(ours, theirs, 0.2)
    assert same is not None
    assert same.p == 1.0
    assert same.interval == (0.0, 0.0)
    assert beaten is not None
    assert beaten.interval[0] > 0
    assert beaten.p < 0.05


def test_what_pooled_scores_hide_is_scored() -> None:
    """Three subjects whose offsets hide what each one's windows show: ranked well within, one label throughout."""
    within = np.array([0.1, 0.2, 0.3, 0.4])
    load = np.concatenate([0.5 * within, 0.55 + within, [0.2, 0.6, 0.4, 0.8]])
    label = np.tile([0, 0, 1, 1], 3)
    subject = np.repeat(["low", "high", "changes"], 4)
    probability = np.stack([1 - load, load], axis=1)
    found = scores(Predictions(probability, probability, label, subject))
    assert found.auroc_within == pytest.approx((1 + 1 + 0.75) / 3)
    assert found.auroc is not None
    assert found.auroc < (1 + 1 + 0.75) / 3
    assert found.unchanging_label == pytest.approx(2 / 3)
    assert found.false_positive_rate == pytest.approx(3 / 6)
    assert found.brier_constant == pytest.approx(0.25)
    turned = scores(Predictions(probability, probability, label, subject, rest_class=1))
    assert turned.false_positive_rate == pytest.approx(3 / 6)
    one_class = scores(Predictions(probability[:2], probability[:2], label[:2], subject[:2]))
    assert one_class.unchanging_label is None
    assert one_class.auroc_within is None
    assert one_class.brier_constant == 0


@pytest.mark.parametrize("classes", [2, 3])
def test_the_constant_is_what_always_the_true_shares_would_score(classes: int) -> None:
    each = judged(classes)
    each = each.take(np.arange(len(each.label)) % 7 != 0)
    share = np.bincount(each.label, minlength=classes) / len(each.label)
    same = np.tile(share, (len(each.label), 1))
    assert scores(each).brier_constant == pytest.approx(scores(Predictions(same, same, each.label, each.subject)).brier)


def test_the_surest_windows_are_wrong_less_often_and_ties_come_together() -> None:
    sure = np.array([0.95, 0.9, 0.8, 0.8, 0.6])
    right = np.array([True, True, True, False, False])
    probability = np.stack([sure, 1 - sure], axis=1)
    found = dict(risk_coverage(Predictions(probability, probability, (~right).astype(int), np.array(["a"] * 5))))
    assert found[0.4] == 0
    assert found[0.6] == pytest.approx(0.5 / 3)  # one of the two that tie, and each is as likely
    assert found[0.8] == pytest.approx(1 / 4)
    assert found[1.0] == pytest.approx(2 / 5)
