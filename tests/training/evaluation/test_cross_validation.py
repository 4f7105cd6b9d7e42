"""Scores are honest: who is left out is really left out, and baselines never enter.

Each mistake that was seen in public code has a test here that would fail with it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import training.evaluation.fold
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from tests.support.fold_jobs import made, plan, random
from training.data.feature_table import FeatureTable, Mask
from training.datasets.labels import NO_LABEL
from training.evaluation.cross_validation import CrossValidationPlan, Evaluation, cross_validate
from training.evaluation.fold import CHOSEN, FEATURE_SETS, Fold, choose_simplest, feature_variants, run_fold
from training.evaluation.metrics import scores
from training.evaluation.splits import fold_masks
from training.heads.fit import fit_head
from training.heads.fitted import FittedHead
from training.results import ResultRow
from training.settings import EvaluateSettings, HeadSettings, ScoringProtocol

LINEAR = HeadSettings()


def row(found: Evaluation, features: str, baseline: float = 0.0) -> ResultRow:
    return next(each for each in found.rows if (each.features, each.baseline) == (features, baseline))


def auroc(found: Evaluation, features: str, baseline: float = 0.0) -> float:
    value = row(found, features, baseline).scores.auroc
    assert value is not None
    return value


def marked(people: int = 12) -> FeatureTable:
    """Each person has one class only, at random; a column of their own names the person, and nothing tells classes."""
    examples = made(people, 10, strength=0.0)
    label = np.repeat(np.random.default_rng(0).permutation([0, 1] * (people // 2)), 10)
    embedding = examples.embedding.copy()
    embedding[:, :people] += 20 * np.repeat(np.eye(people), 10, axis=0)
    return replace(examples, embedding=embedding, label=label)


@pytest.mark.parametrize("protocol", ["loso", "kfold"])
def test_rest_without_a_label_is_never_scored_as_a_class(tmp_path: Path, protocol: ScoringProtocol) -> None:
    examples = made(6, 20, rest=4)
    only_rest = examples.subject == "p05"
    examples.label[examples.rest | only_rest] = NO_LABEL
    rows, *_ = cross_validate(examples, random(examples), plan(tmp_path, protocol=protocol, baseline=60.0, folds=4))
    for row in rows:
        assert row.scores.windows == 5 * 16
        assert sorted(row.per_subject) == ["p00", "p01", "p02", "p03", "p04"]
        assert np.array(row.confusion).sum() == 5 * 16


@pytest.mark.parametrize("kind", ["linear", "dense"])
def test_a_test_subject_is_never_in_the_training_set(tmp_path: Path, kind: str) -> None:
    """A 98 % of public code came from a test loader that returned the training set."""
    head = HeadSettings(kind="dense", hidden=(16,), epochs=10) if kind == "dense" else LINEAR
    examples = marked()
    assert auroc(cross_validate(examples, random(examples), plan(tmp_path, head)), "embedding") < 0.65


def test_mixed_segments_do_know_the_subject_and_say_so(tmp_path: Path) -> None:
    """The same data: a score of segments that were mixed is another thing, and carries its name."""
    examples = marked()
    found = cross_validate(examples, random(examples), plan(tmp_path, protocol="kfold", folds=5))
    assert auroc(found, "embedding") > 0.95
    assert {each.protocol for each in found.rows} == {"kfold"}


@pytest.mark.parametrize("kind", ["linear", "dense"])
def test_what_is_held_out_changes_no_head(kind: str) -> None:
    """Neither labels nor features of held-out windows reach training, early stopping or calibration."""
    head = HeadSettings(kind="dense", hidden=(16,), epochs=3) if kind == "dense" else LINEAR
    examples = made(5, 16, rest=4)
    test = examples.subject == "p02"
    half = test & (np.arange(len(examples)) % 16 < 12)
    changed = examples.label.copy()
    changed[test] = 1 - changed[test]
    embedding = examples.embedding.copy()
    embedding[test & ~half] += 100
    other = replace(examples, label=changed, embedding=embedding)
    wanted = half[test] & examples.scored(relative=True)[test]
    first, second = (
        run_fold(Fold("p02", each, random(each), test, head, 0, relative=True)) for each in (examples, other)
    )
    assert len(first) == 2 * sum(len(feature_variants(name, 3)) for name in FEATURE_SETS) + 4 == 24  # and the choice
    for key, said in first.items():
        assert np.array_equal(said[wanted], second[key][wanted]), key


def test_windows_of_the_baseline_never_enter_a_score(tmp_path: Path) -> None:
    examples = made(5, 20, rest=4)
    found = cross_validate(examples, random(examples), plan(tmp_path, baseline=60.0))
    assert {each.scores.windows for each in found.rows if each.baseline} == {5 * 16}
    assert {each.scores.windows for each in found.rows if not each.baseline} == {5 * 20}
    assert all(sum(map(sum, each.confusion)) == each.scores.windows for each in found.rows)
    test = examples.subject == "p00"
    said = run_fold(Fold("p00", examples, random(examples), test, LINEAR, 0, relative=True))
    assert np.isnan(said["both relative"][examples.rest[test]]).all()
    assert np.isfinite(said["both relative"][~examples.rest[test]]).all()


def test_the_spread_at_rest_comes_from_training_subjects_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """However restless the held-out person is at rest, heads learn from the same numbers."""
    examples = made(5, 20, rest=4)
    test = examples.subject == "p03"
    hrv = examples.hrv.copy()
    hrv[test & examples.rest] *= 50
    learnt: list[F64] = []

    def noted(x: F64, *others: Any) -> FittedHead:
        learnt.append(x)
        return fit_head(x, *others)

    monkeypatch.setattr(training.evaluation.fold, "fit_head", noted)
    for each in (examples, replace(examples, hrv=hrv)):
        run_fold(Fold("p03", each, random(each), test, LINEAR, 0, relative=True))
    first, second = learnt[: len(learnt) // 2], learnt[len(learnt) // 2 :]
    assert len(first) == 2 * (3 + 2 * 3)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_baseline_takes_offsets_of_subjects_away(tmp_path: Path) -> None:
    examples = made(8, 20, rest=5, strength=1.0)
    far = replace(examples, hrv=examples.hrv + 10 * np.repeat(np.arange(8.0), 20)[:, None])
    found = cross_validate(far, random(far), plan(tmp_path, baseline=60.0))
    assert auroc(found, "hrv", 60.0) > auroc(found, "hrv") + 0.1


def test_the_encoder_of_a_fold_has_not_seen_its_subject(tmp_path: Path) -> None:
    """Every fold asks for an encoder by the person left out, and scores with that one's embedding."""
    examples = made(4, 12, strength=0.0)
    asked: list[str | None] = []

    def embed(held_out: str | None, _test: Mask) -> F64:
        """Knows the answers of everybody but the one whom it has not seen."""
        asked.append(held_out)
        telling = examples.embedding.copy()
        telling[:, 0] += 50 * examples.label * (examples.subject != held_out)
        return telling

    found = cross_validate(examples, random(examples), replace(plan(tmp_path), embed=embed))
    assert asked == ["p00", "p01", "p02", "p03"]
    assert auroc(found, "embedding") < 0.75


def test_with_mixed_segments_one_encoder_serves_all(tmp_path: Path) -> None:
    examples = made(4, 12)
    asked: list[str | None] = []

    def embed(held_out: str | None, _test: Mask) -> F64:
        asked.append(held_out)
        return examples.embedding

    cross_validate(examples, random(examples), replace(plan(tmp_path, protocol="kfold", folds=3), embed=embed))
    assert set(asked) == {None}


def test_every_window_is_held_out_once() -> None:
    examples = made(5, 12)
    for protocol in ("loso", "kfold"):
        tests = fold_masks(examples, EvaluateSettings(protocol=protocol, folds=4), 0)
        assert (np.stack(list(tests.values())).sum(axis=0) == 1).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_rows_hold_all_that_a_report_shows(tmp_path: Path, classes: int) -> None:
    examples = made(5, 18, classes, rest=3, strength=2.0)
    found = cross_validate(examples, random(examples), plan(tmp_path, baseline=60.0))
    assert [(each.features, each.baseline) for each in found.rows] == [
        (f, b) for b in (0.0, 60.0) for f in (*FEATURE_SETS, CHOSEN)
    ]
    for each in found.rows:
        rivals = {"majority", "hrv", "random encoder"} | (
            {"random encoder + hrv"} if each.features == "both" else set()
        )
        assert each.versus.keys() == rivals - {each.features}
        assert set(each.per_subject) == set(examples.subjects)
        assert set(each.interval) == {
            "auroc",
            "balanced_accuracy",
            "macro_f1",
            "ece",
            "brier",
            "brier_constant",
            "auroc_within",
            "false_positive_rate",
            "unchanging_label",
        }
        assert len(each.risk_coverage) == 20
        assert np.shape(each.confusion) == (classes, classes)
    both = row(found, "both")
    assert both.scores.auroc is not None
    assert both.interval["auroc"][0] <= both.scores.auroc <= both.interval["auroc"][1]
    assert both.scores.auroc > 0.8
    assert both.versus["majority"].difference == pytest.approx(both.scores.auroc - 0.5)
    assert auroc(found, "random encoder") < 0.7


def test_every_scored_window_keeps_its_place_and_probabilities(tmp_path: Path) -> None:
    """Scores computed again from them are those of the row."""
    examples = made(5, 20, rest=4)
    found = cross_validate(examples, random(examples), plan(tmp_path, baseline=60.0))
    assert [(each.features, each.baseline) for each in found.windows] == [
        (each.features, each.baseline) for each in found.rows
    ]
    for windows, each in zip(found.windows, found.rows, strict=True):
        assert scores(windows.predictions) == each.scores
        assert windows.set == ("personal" if each.baseline else "population")
        assert (windows.fold == windows.subject).all()
        assert (windows.recording == np.char.add(windows.subject, ".edf")).all()
        places = list(zip(windows.recording.tolist(), windows.onset.tolist(), strict=True))
        assert len(set(places)) == len(windows) == each.scores.windows


def test_a_majority_ranks_nothing(tmp_path: Path) -> None:
    """Its share depends on who is left out: pooled over people, that alone would rank windows below chance."""
    examples = made(6, 12)
    examples = examples.take(~((examples.subject == "p01") & (examples.label == 1)))
    found = row(cross_validate(examples, random(examples), plan(tmp_path)), "majority")
    assert found.scores.auroc == 0.5
    assert found.scores.balanced_accuracy == 0.5


@pytest.mark.parametrize("protocol", ["loso", pytest.param("kfold", marks=pytest.mark.soak)])
def test_the_typical_random_encoder_is_scored_not_the_luckiest(tmp_path: Path, protocol: ScoringProtocol) -> None:
    """Three that know more and more: the middle one's score is shown, alone and with HRV, and the range is said."""
    examples = made(5, 20, rest=4, strength=0.0)
    random = np.random.default_rng(3).standard_normal((3, len(examples), 128))
    random[:, :, :16] += np.array([3.0, 0.0, 0.7])[:, None, None] * examples.label[:, None]
    told = plan(tmp_path, protocol=protocol, baseline=60.0, folds=4)
    found = cross_validate(examples, random, told)
    alone = [cross_validate(examples, random[i : i + 1], told) for i in range(3)]
    for name in ("random encoder", "random encoder + hrv"):
        for baseline in (0.0, 60.0):
            best, worst, middle = (auroc(each, name, baseline) for each in alone)
            assert worst < middle < best
            assert auroc(found, name, baseline) == middle
            rest = " with 60 s of baseline" if baseline else ""
            assert f"{name}{rest}: {worst:.3f} to {best:.3f}" in found.remarks[-1]
    assert "of 3 seeds that with the median AUROC" in found.remarks[-1]
    assert found.remarks[-1].startswith("segments mixed") == (protocol == "kfold")
    both, rival = row(found, "both"), row(found, "random encoder")
    assert both.scores.auroc is not None
    assert both.versus["random encoder"].difference == pytest.approx(both.scores.auroc - (rival.scores.auroc or 0))


def test_a_subject_with_one_class_has_no_auroc(tmp_path: Path) -> None:
    examples = made(5, 12)
    examples = examples.take(~((examples.subject == "p01") & (examples.label == 1)))
    found = row(cross_validate(examples, random(examples), plan(tmp_path)), "both")
    assert found.per_subject["p01"].auroc is None
    assert found.per_subject["p02"].auroc is not None
    assert found.scores.auroc is not None


def test_subjects_without_a_baseline_are_left_out_and_named(tmp_path: Path) -> None:
    examples = made(5, 20, rest=4)
    examples.rest[examples.subject == "p02"] = False
    found = cross_validate(examples, random(examples), plan(tmp_path, baseline=60.0))
    assert set(row(found, "hrv", 60.0).per_subject) == {"p00", "p01", "p03", "p04"}
    assert len(row(found, "hrv").per_subject) == 5
    assert found.remarks[0] == "subjects without a baseline of rest, left out of rows with one: p02"


def test_without_any_rest_there_are_no_rows_with_a_baseline(tmp_path: Path) -> None:
    examples = made(4, 12)
    found = cross_validate(examples, random(examples), plan(tmp_path, baseline=60.0))
    assert {each.baseline for each in found.rows} == {0.0}
    assert found.remarks[0] == "no rows with a baseline: no subject has 3 windows of rest for one"


def test_a_class_that_one_subject_alone_has_counts_as_wrong_and_is_said(tmp_path: Path) -> None:
    examples = made(5, 12, 3)
    examples = examples.take((examples.label != 2) | (examples.subject == "p04"))
    found = cross_validate(examples, random(examples), plan(tmp_path))
    assert found.remarks[0] == "only p04 has c: no fold can get it right"
    assert row(found, "both").confusion[2][2] == 0
    assert sum(row(found, "both").confusion[2]) == 4


def refused(examples: FeatureTable, told: CrossValidationPlan, match: str) -> None:
    with pytest.raises(DatasetError, match=match):
        cross_validate(examples, random(examples), told)


@pytest.mark.parametrize("people", [1, 2])
def test_leaving_one_out_needs_three_subjects(tmp_path: Path, people: int) -> None:
    refused(made(people), plan(tmp_path), f"{people} subjects; leaving some out needs 3")


def test_one_subject_alone_can_be_scored_with_mixed_segments(tmp_path: Path) -> None:
    examples = made(1, 60)
    found = cross_validate(examples, random(examples), plan(tmp_path, protocol="kfold", folds=3))
    assert auroc(found, "both") > 0.9


def test_labels_all_equal_are_refused(tmp_path: Path) -> None:
    examples = made(4, 12)
    refused(examples.take(examples.label == 1), plan(tmp_path), "all 24 windows are of b; two classes are needed")


def test_a_class_without_windows_is_refused(tmp_path: Path) -> None:
    examples = made(4, 12, 3)
    refused(examples.take(examples.label != 1), plan(tmp_path), "no window is of class b")


@pytest.mark.parametrize("folds", [1, 4])
def test_folds_must_not_outnumber_the_smallest_class(tmp_path: Path, folds: int) -> None:
    examples = made(4, 12)
    few = examples.take((examples.label == 0) | (np.arange(len(examples)) < 6))
    refused(few, plan(tmp_path, protocol="kfold", folds=folds), f"{folds} folds; the smallest class, b, has 3 windows")


@pytest.mark.parametrize(
    ("hrv", "embedding", "both", "chosen"),
    [
        (0.80, 0.80, 0.80, "hrv"),
        (0.80, 0.81, 0.814, "embedding"),
        (0.80, 0.81, 0.82, "both"),
        (0.8, 0.804, 0.8049, "hrv"),
        (0.0, 0.6, 0.0, "embedding"),
    ],
)
def test_the_simplest_of_the_best_is_chosen(hrv: float, embedding: float, both: float, chosen: str) -> None:
    assert choose_simplest({"hrv": hrv, "embedding": embedding, "both": both}) == chosen
    assert choose_simplest({"both": both}) == "both"


def test_a_subject_has_no_say_in_the_features_that_it_is_scored_with(tmp_path: Path) -> None:
    """Noise in all: the best of three on the scored subjects flatters; the choice made inside the folds does not."""
    flattered, nested = [], []
    for seed in range(6):
        examples = made(6, 10, strength=0.0, seed=seed)
        found = cross_validate(examples, random(examples), plan(tmp_path / str(seed)))
        flattered.append(max(auroc(found, kind) for kind in ("hrv", "embedding", "both")))
        nested.append(auroc(found, CHOSEN))
    assert all(one >= other for one, other in zip(flattered, nested, strict=True))
    assert np.mean(flattered) > np.mean(nested) + 0.02

    test = examples.subject == "p02"
    turned = replace(examples, label=np.where(test, 1 - examples.label, examples.label))
    first, second = (
        run_fold(Fold("p02", each, random(each), test, LINEAR, 0, relative=False)) for each in (examples, turned)
    )
    assert np.array_equal(first["auto choice"], second["auto choice"])
    assert np.array_equal(first[CHOSEN], second[CHOSEN])


def test_the_choice_of_each_fold_is_counted_and_scored(tmp_path: Path) -> None:
    """Only the embedding knows anything: every fold finds it, and the row has its probabilities."""
    examples = made(6, 12)
    examples = replace(examples, hrv=np.random.default_rng(5).standard_normal(examples.hrv.shape))
    found = cross_validate(examples, random(examples), plan(tmp_path))
    assert any(
        remark.startswith("features of the population set, chosen in each of 6 folds: ") for remark in found.remarks
    )
    assert auroc(found, CHOSEN) > 0.9
    named = cross_validate(examples, random(examples), plan(tmp_path, HeadSettings(inputs="hrv")))
    assert CHOSEN not in {each.features for each in named.rows}


def test_a_row_takes_no_longer_than_it_must(tmp_path: Path) -> None:
    """2000 draws for all rows of a small data set."""
    examples = made(6, 12, rest=3)
    told = plan(tmp_path, baseline=60.0, draws=2000)
    cross_validate(examples, random(examples), told)
    begin = time.process_time()
    cross_validate(examples, random(examples), told)  # all folds are there
    assert time.process_time() - begin < 12
