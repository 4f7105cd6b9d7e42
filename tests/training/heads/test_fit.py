"""Heads are fitted on people, calibrated on people, and ship as they were fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ecg_live.errors import ModelError
from ecg_live.events import F64
from ecg_live.model.baseline import baseline_normalise
from ecg_live.model.calibrated_head import CalibratedHead, PersonalHead
from ecg_live.model.features import FeatureKind
from tests.support.fold_jobs import made
from training.data.feature_table import FeatureTable
from training.heads.calibration import fit_stacking, fit_temperature
from training.heads.fit import fit_head, to_head
from training.heads.fitted import FittedHead, inner_folds
from training.heads.lda import fit_lda
from training.settings import HeadSettings

LINEAR = HeadSettings()
DENSE = HeadSettings(kind="dense", hidden=(32, 16), epochs=30, dropout=0.2, l2=1e-4)


def learn(
    examples: FeatureTable, inputs: FeatureKind = "both", settings: HeadSettings = LINEAR, seed: int = 0
) -> FittedHead:
    x, classes = examples.features(inputs), len(examples.classes)
    return fit_head(x, examples.label, examples.subject, classes, inputs, settings, seed)


def right(fitted: FittedHead, examples: FeatureTable) -> float:
    said = fitted.probabilities(examples.features(fitted.inputs)).argmax(axis=1)
    return float((said == examples.label).mean())


@pytest.mark.parametrize("settings", [LINEAR, DENSE], ids=["linear", "dense"])
@pytest.mark.parametrize("inputs", ["embedding", "hrv", "both"])
@pytest.mark.parametrize("classes", [2, 4])
def test_a_head_learns_and_ships_as_it_was_fitted(settings: HeadSettings, inputs: FeatureKind, classes: int) -> None:
    examples, others = made(classes=classes), made(classes=classes, seed=1)
    fitted = learn(examples, inputs, settings)
    assert right(fitted, others) > (0.85 if classes == 2 else 0.5)
    head = to_head(fitted, examples.features(inputs), examples.subject)
    assert type(head) is CalibratedHead
    shipped = head(others.features(inputs))
    assert shipped == pytest.approx(fitted.probabilities(others.features(inputs)), abs=1e-4)
    assert shipped.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_training_really_changes_the_dense_network() -> None:
    """A head that is never trained is one of the mistakes of public code: every layer must move."""
    examples = made()
    before, after = (
        learn(examples, "embedding", HeadSettings(kind="dense", hidden=(32, 16), epochs=n)) for n in (0, 5)
    )
    assert before.net.keys() == after.net.keys()
    assert len(before.net) == 6
    assert all(np.abs(before.net[name] - after.net[name]).max() > 1e-3 for name in before.net)


def test_l2_keeps_hidden_weights_small_and_leaves_the_last_layer_alone() -> None:
    examples = made()
    settings: dict[str, Any] = {"kind": "dense", "hidden": (32,), "epochs": 30, "rate": 0.01}
    free = learn(examples, "hrv", HeadSettings(**settings))
    tied = learn(examples, "hrv", HeadSettings(**settings, l2=1.0))
    assert np.square(tied.net["0.weight"]).sum() < 0.5 * np.square(free.net["0.weight"]).sum()
    assert np.square(tied.net["2.weight"]).sum() > 0.5 * np.square(free.net["2.weight"]).sum()


def test_a_dense_network_that_diverges_says_in_which_epoch() -> None:
    with pytest.raises(ModelError, match=r"epoch [123]: weights of the dense head are not finite"):
        learn(made(), "hrv", HeadSettings(kind="dense", hidden=(8,), epochs=3, rate=1e30))


def test_the_seed_decides_a_dense_network_and_nothing_else_does() -> None:
    examples = made()
    torch.manual_seed(1)
    first = learn(examples, "hrv", DENSE, seed=4)
    torch.manual_seed(2)
    again, other = learn(examples, "hrv", DENSE, seed=4), learn(examples, "hrv", DENSE, seed=5)
    assert all(np.array_equal(first.net[name], again.net[name]) for name in first.net)
    assert first.temperature == again.temperature
    assert not np.array_equal(first.net["0.weight"], other.net["0.weight"])


def test_many_noisy_columns_do_not_drown_three_that_matter() -> None:
    """Without blocks, 128 columns of noise would weigh on the fit."""
    examples, others = made(strength=1.5), made(strength=1.5, seed=1)
    noise = np.random.default_rng(0).standard_normal(examples.embedding.shape)
    fitted = learn(examples.with_embedding(noise))
    assert fitted.shares[0] < 0.1
    assert right(fitted, others.with_embedding(noise)) >= right(learn(examples, "hrv"), others) - 0.02


def test_no_block_counts_negatively() -> None:
    truth = np.tile([0, 1], 50)
    good = np.random.default_rng(0).standard_normal((100, 2)) + 2 * np.eye(2)[truth]
    weights, _ = fit_stacking([good, -good], truth)
    assert weights[0] > 0
    assert weights[1] == 0


@pytest.mark.parametrize("settings", [LINEAR, DENSE], ids=["linear", "dense"])
def test_labels_without_meaning_give_probabilities_near_the_shares(settings: HeadSettings) -> None:
    """On people that it learnt from the head could know better; it is calibrated on others."""
    examples, others = made(12), made(12, seed=1)
    shuffled = replace(examples, label=np.random.default_rng(1).permutation(examples.label))
    said = learn(shuffled, "both", settings).probabilities(others.features("both"))
    assert np.abs(said - 0.5).mean() < 0.15


def test_temperature_makes_logits_honest() -> None:
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((20_000, 3)) * 1.5
    odds = np.exp(logits)
    y = (rng.random((20_000, 1)) > np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    assert fit_temperature(logits * 4, y) == pytest.approx(4.0, rel=0.05)


def test_missing_features_count_as_average() -> None:
    fitted = learn(made())
    hole = made(seed=1).features("both")[:1]
    hole[0, 129] = np.nan
    filled = hole.copy()
    filled[0, 129] = fitted.mean[129]
    assert fitted.probabilities(hole) == pytest.approx(fitted.probabilities(filled))


def test_features_that_are_absent_do_no_harm() -> None:
    examples = made()
    x = examples.features("both")
    x[:, 130] = np.nan
    x[:, 7] = 2.0
    fitted = fit_head(x, examples.label, examples.subject, 2, "both", LINEAR)
    assert np.isfinite(fitted.probabilities(x)).all()
    assert all(np.isfinite(value).all() for value in to_head(fitted, x, examples.subject).arrays().values())


def test_training_range_holds_subjects_like_those_of_training_and_not_what_is_far() -> None:
    examples = made(12)
    head = to_head(learn(examples), examples.features("both"), examples.subject)
    x = examples.features("both")
    assert head.outside(x).mean() <= 0.01
    assert bool(head.outside(x + 30).all())


def test_a_personal_head_answers_from_raw_features_and_a_baseline() -> None:
    examples = made(rest=4)
    spread, keep = examples.within_subject_std("both"), examples.scored(relative=True)
    x = examples.baseline_normalised("both", spread)[keep]
    fitted = fit_head(x, examples.label[keep], examples.subject[keep], 2, "both", LINEAR)
    head = to_head(fitted, x, examples.subject[keep], spread)
    assert isinstance(head, PersonalHead)
    assert head.spread == pytest.approx(spread, abs=1e-12)
    own = examples.subject == "p03"
    live = baseline_normalise(
        examples.features("both")[own & keep], examples.features("both")[own & examples.rest], head.spread
    )
    shipped = head(live)
    assert shipped == pytest.approx(fitted.probabilities(x[examples.subject[keep] == "p03"]), abs=1e-4)


def test_classes_that_were_absent_are_hardly_expected() -> None:
    examples = made(classes=3)
    some = examples.take(examples.label != 2)
    said = learn(some).probabilities(made(classes=3, seed=1).features("both"))
    assert said[:, 2].max() < 0.2
    assert said[:, 2].mean() < 0.05


@pytest.mark.parametrize("people", [1, 2, 3])
def test_few_subjects_are_enough_to_fit(people: int) -> None:
    examples = made(people, 40)
    assert right(learn(examples), examples) > 0.8


def test_inner_folds_hold_whole_subjects_out() -> None:
    person = np.repeat([f"p{i}" for i in range(7)], 5)
    folds = inner_folds(person)
    assert len(folds) == 5
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(35))
    assert all(not set(person[train]) & set(person[test]) for train, test in folds)


def test_of_one_subject_stretches_of_time_are_held_out() -> None:
    folds = inner_folds(np.full(20, "me"))
    assert len(folds) == 5
    assert all(np.all(np.diff(test) == 1) and len(test) == 4 for _, test in folds)


def test_shrinkage_follows_subjects_not_windows() -> None:
    """Windows copied ten times tell nothing new, and so change nothing."""
    examples = made(6, 10)
    rows = np.repeat(np.arange(len(examples)), 10)
    copied = examples.take(rows)

    def weights(each: FeatureTable) -> F64:
        return fit_lda(each.embedding, each.label, each.subject, 2).weights

    assert weights(copied) == pytest.approx(weights(examples))


@pytest.mark.parametrize("hrv", [np.zeros((1, 3)), np.arange(2.0)[:, None] * np.ones(3)], ids=["alike", "dependent"])
def test_beats_without_information_still_make_a_head(hrv: F64) -> None:
    """As of a simulator that beats like a clock."""
    examples = made(3, 8)
    examples = replace(examples, hrv=np.resize(hrv, examples.hrv.shape))
    head = to_head(learn(examples, "hrv"), examples.hrv, examples.subject)
    assert all(np.isfinite(value).all() for value in head.arrays().values())
