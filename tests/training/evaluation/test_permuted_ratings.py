"""Permuted ratings cannot be learnt; where they can, the scores are none, and the check fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import training.evaluation.permuted_ratings
from tests.support.fold_jobs import made, plan
from training.data.feature_table import FeatureTable
from training.evaluation.fold_cache import FoldArrays
from training.evaluation.permuted_ratings import check_permuted_ratings
from training.evaluation.rating_fold import RatingFold

BOTH = {"population": "embedding", "personal": "hrv"}


def rated(people: int = 6, windows: int = 24) -> FeatureTable:
    """A rating that one column of the HRV gives."""
    table = made(people, windows, rest=4, strength=0.0)
    value = np.clip(5 + table.hrv[:, 0], 0, 10)
    return replace(table, classes=(), label=np.zeros(len(table), np.int64), value=value, scale=(0.0, 10.0))


def test_sound_folds_pass_however_well_the_true_ratings_are_learnt(tmp_path: Path) -> None:
    check = check_permuted_ratings(rated(), BOTH, plan(tmp_path, baseline=30.0))
    assert check.passed
    assert check.name == "permuted labels"
    assert check.text.startswith(
        "CCC of heads that learnt permuted ratings, 3 times, 99 % interval: population set -0."
    )
    assert "personal set " in check.text


def test_folds_that_learn_from_what_they_test_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(fold: RatingFold) -> FoldArrays:
        value = fold.examples.ratings[fold.test]
        return {"embedding": np.stack((value, value - 1, value + 1), axis=1)}

    monkeypatch.setattr(training.evaluation.permuted_ratings, "run_rating_fold", leaking)
    check = check_permuted_ratings(rated(), {"population": "embedding"}, plan(tmp_path))
    assert not check.passed
    assert check.text.endswith("are on both sides of the folds")
