"""Protocols: who or what is left out is left out whole, and repeats have other draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from tests.support.fold_jobs import made, plan, random
from training.data.feature_table import FeatureTable
from training.evaluation.cross_validation import cross_validate
from training.evaluation.repeats import cross_validate_repeatedly
from training.evaluation.splits import check_scorable, fold_masks
from training.settings import EvaluateSettings

STIMULUS = "leave-one-stimulus-out"


def films(subjects: int = 5, windows: int = 12) -> FeatureTable:
    """Each subject saw the same three films."""
    table = made(subjects, windows)
    names = np.array(["film 1", "film 2", "film 3"])
    return replace(table, stimuli=np.tile(np.repeat(names, windows // 3), subjects))


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_groups_of_subjects_are_left_out_whole_and_once(folds: int) -> None:
    table = made(7, 6)
    masks = fold_masks(table, EvaluateSettings(protocol="groupkfold", folds=folds), 3)
    assert list(masks) == [f"{i} of {folds}" for i in range(1, folds + 1)]
    assert (np.sum(list(masks.values()), axis=0) == 1).all()
    groups = [set(table.subject[mask].tolist()) for mask in masks.values()]
    assert sorted(each for group in groups for each in group) == sorted(table.subjects)
    assert max(map(len, groups)) - min(map(len, groups)) <= 1


def test_groups_are_drawn_by_the_seed() -> None:
    table, settings = made(9, 4), EvaluateSettings(protocol="groupkfold", folds=3)
    first, again, other = (fold_masks(table, settings, seed)["1 of 3"] for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_a_stimulus_is_left_out_of_all_subjects() -> None:
    table = films()
    masks = fold_masks(table, EvaluateSettings(protocol="leave-one-stimulus-out"), 0)
    assert list(masks) == ["film 1", "film 2", "film 3"]
    for name, mask in masks.items():
        assert set(table.stimulus[mask].tolist()) == {name}
        assert name not in table.stimulus[~mask]
        assert set(table.subject[mask].tolist()) == set(table.subjects)


@pytest.mark.parametrize("protocol", ["groupkfold", STIMULUS])
def test_what_can_be_learnt_is_learnt_and_rows_name_the_protocol(tmp_path: Path, protocol: str) -> None:
    table = films(6)
    found = cross_validate(table, random(table), plan(tmp_path, protocol=protocol, folds=3))
    (row,) = (row for row in found.rows if row.features == "embedding")
    assert row.protocol == protocol
    assert row.scores.windows == len(table)
    assert (row.scores.auroc or 0) > 0.8
    (windows,) = (each for each in found.windows if each.features == "embedding")
    assert set(windows.fold.tolist()) == (
        {"1 of 3", "2 of 3", "3 of 3"} if protocol == "groupkfold" else set(table.stimulus.tolist())
    )


def test_labels_of_subjects_who_differ_cannot_be_learnt_by_groups(tmp_path: Path) -> None:
    """A label that is the subject's own: k-fold knows it by the subject, groups of subjects do not."""
    table = made(6, 8, strength=0.0)
    table = replace(table, label=(np.unique(table.subject, return_inverse=True)[1] % 2).astype(np.int64))

    def auroc(protocol: str) -> float:
        rows = cross_validate(table, random(table), plan(tmp_path / protocol, protocol=protocol, folds=3)).rows
        return next(row.scores.auroc or 0.0 for row in rows if row.features == "embedding")

    assert auroc("kfold") > 0.9
    assert auroc("groupkfold") < 0.75


def test_repeats_give_mean_and_deviation_over_seeds(tmp_path: Path) -> None:
    table = made(6, 10, strength=0.7)
    own = plan(tmp_path, protocol="groupkfold", folds=3, repeats=3)
    found = cross_validate_repeatedly(table, random(table), own)
    single = [cross_validate(table, random(table), replace(own, seed=seed)).rows for seed in (0, 1, 2)]
    for i, row in enumerate(found.rows):
        values = [rows[i].scores.auroc or 0.0 for rows in single]
        assert row.scores == single[0][i].scores
        assert list(row.repeats["auroc"]) == pytest.approx([np.mean(values), np.std(values, ddof=1)])
    assert any(row.repeats["auroc"][1] > 0 for row in found.rows)
    assert "scored 3 times, with the seeds 0 to 2: intervals are of the first" in found.remarks
    assert not any(row.repeats for row in cross_validate_repeatedly(table, random(table), plan(tmp_path)).rows)


@pytest.mark.parametrize(
    ("table", "settings", "reason"),
    [
        (made(1, 6), {"protocol": "groupkfold", "folds": 2}, "1 subjects; leaving some out needs 3"),
        (made(5, 6), {"protocol": "groupkfold", "folds": 6}, "6 groups of 5 subjects; two groups are the fewest"),
        (made(5, 6), {"protocol": STIMULUS}, "30 of 30 windows are of annotations without a stimulus"),
        (replace(films(), stimuli=np.full(60, "film")), {"protocol": STIMULUS}, "all windows are of the stimulus film"),
    ],
)
def test_too_few_are_refused(table: FeatureTable, settings: dict[str, object], reason: str) -> None:
    with pytest.raises(DatasetError, match=reason) as refused:
        check_scorable(table, EvaluateSettings(**settings))  # type: ignore[arg-type]  # of several types
    assert refused.value.remedy
