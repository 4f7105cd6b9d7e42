"""Cells of a sweep are compared by the predictions that they left; those that cannot be are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.fold_jobs import made
from training.evaluation.paired_tests import holm
from training.evaluation.prediction_table import NamedPredictions, write_predictions
from training.evaluation.window_predictions import ScoredTable, WindowPredictions
from training.sweep.comparisons import PREDICTIONS_FILE, cell_name, compare_cells
from training.sweep.plan import SweepPlan, read_plan


@pytest.fixture
def plan(tmp_path: Path) -> SweepPlan:
    """Four cells, none of them run."""
    spec = tmp_path / "sweep.toml"
    spec.write_text('[run]\ndataset = "made"\ndata = "."\n[grid]\nseed = [0, 1, 2, 3]\n', encoding="utf-8")
    return read_plan(spec, tmp_path / "out")


def predicted(strength: float, seed: int, windows: int = 10) -> WindowPredictions:
    examples = made(8, windows)
    logit = strength * (2 * examples.label - 1) + np.random.default_rng(seed).standard_normal(len(examples))
    load = 1 / (1 + np.exp(-logit))
    table = ScoredTable(examples, examples.subject, np.ones(len(examples), np.bool_), "loso", 0.0)
    return table.row("embedding", np.stack([1 - load, load], axis=1), "population")


def leave(plan: SweepPlan, *predictions: WindowPredictions) -> None:
    """Write the predictions of the first cells, beside what is not compared."""
    for cell, windows in zip(plan.cells, predictions, strict=False):
        cell.folder.mkdir(parents=True)
        others = (replace(windows, features="hrv"), replace(windows, protocol="kfold"))
        parts = [NamedPredictions("model.safetensors", "made", "load", each) for each in (windows, *others)]
        write_predictions(cell.folder / PREDICTIONS_FILE, parts)


def test_all_pairs_of_finished_cells_are_compared_and_corrected(plan: SweepPlan) -> None:
    leave(plan, predicted(2.0, 0), predicted(0.2, 1), predicted(0.2, 2))
    tests, remarks = compare_cells(plan)
    aurocs = [test for what, test in tests if test.score == "auroc" and what == "load"]
    assert [(each.first, each.second) for each in aurocs] == [
        ("seed=0", "seed=1"), ("seed=0", "seed=2"), ("seed=1", "seed=2"),
    ]  # fmt: skip
    assert len(tests) == 2 * len(aurocs)
    assert [each.p_holm for each in aurocs] == holm([each.p for each in aurocs])
    assert aurocs[0].p_holm < 0.05 < aurocs[2].p_holm
    assert remarks == ()
    assert cell_name(plan.cells[3]) == "seed=3"


def test_cells_that_cannot_be_compared_are_named_in_one_line_each(plan: SweepPlan) -> None:
    own = predicted(1.0, 0)
    folds = np.where(own.fold < "p04", "1 of 2", "2 of 2")
    leave(plan, own, predicted(1.0, 1, windows=8), replace(predicted(1.0, 2), fold=folds))
    plan.cells[3].folder.mkdir(parents=True)
    (plan.cells[3].folder / PREDICTIONS_FILE).write_text("no table", encoding="utf-8")
    tests, remarks = compare_cells(plan)
    assert tests == ()
    damaged, first, second, third = remarks
    assert damaged.startswith(f"{plan.cells[3].folder / PREDICTIONS_FILE}: no table can be read")
    assert "seed=0 and seed=1 cannot be compared: their windows are not the same: 80 and 64, 64 in common" in first
    assert second == "load: seed=0 and seed=2 cannot be compared: their folds differ"
    assert "seed=1 and seed=2" in third


def test_without_a_finished_cell_there_is_nothing_to_compare(plan: SweepPlan) -> None:
    assert compare_cells(plan) == ((), ())
