"""Permuted labels cannot be learnt; where they can, the scores are none, and the check fails."""

from __future__ import annotations

from pathlib import Path

import pytest

import training.evaluation.permuted_labels
from ecg_live.model.features import FeatureKind
from tests.support.fold_jobs import made, plan
from training.evaluation.fold import Fold
from training.evaluation.fold_cache import FoldArrays
from training.evaluation.permuted_labels import check_permuted_labels
from training.heads.fit import fit_head
from training.settings import HeadSettings

BOTH: dict[str, FeatureKind] = {"population": "embedding", "personal": "hrv"}


@pytest.mark.parametrize("classes", [2, 3])
def test_sound_folds_pass_however_well_the_true_labels_are_learnt(tmp_path: Path, classes: int) -> None:
    check = check_permuted_labels(made(6, 24, classes, rest=4), BOTH, plan(tmp_path, baseline=60.0))
    assert check.passed
    assert check.name == "permuted labels"
    assert "population set 0." in check.text
    assert "personal set 0." in check.text


def test_a_dense_head_is_checked_by_a_linear_one(tmp_path: Path) -> None:
    """A network a fold, three times over, would take longer than the training."""
    told = plan(tmp_path, HeadSettings(kind="dense", epochs=100_000))
    assert check_permuted_labels(made(4, 12), {"population": "hrv"}, told).passed


def test_folds_that_learn_from_what_they_test_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that has seen the scored windows knows even labels that mean nothing."""

    def leaking(fold: Fold) -> FoldArrays:
        table = fold.examples
        fitted = fit_head(table.embedding, table.label, table.subject, 2, "embedding", fold.head)
        return {"embedding": fitted.probabilities(table.embedding[fold.test])}

    monkeypatch.setattr(training.evaluation.permuted_labels, "run_fold", leaking)
    check = check_permuted_labels(made(5, 12, strength=0.0), {"population": "embedding"}, plan(tmp_path))
    assert not check.passed
    assert check.text.endswith("are on both sides of the folds")
