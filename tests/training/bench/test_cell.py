"""One cell of the benchmark, from its files to its scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import ConfigError, FormatError
from tests.support.bench_tables import SUBJECTS, WINDOWS, examples, inputs
from training.bench.cell import run_bench_cell
from training.bench.fixed_splits import fix_split, given_split, read_splits, write_splits
from training.bench.inputs import read_inputs, write_inputs
from training.bench.rows import make_row
from training.data.feature_table import FeatureTable
from training.evaluation.splits import fold_masks
from training.settings import EvaluateSettings, TrainSettings

SETTINGS = TrainSettings(evaluate=EvaluateSettings(draws=200))


def cell(folder: Path, table: FeatureTable, pipeline: str) -> dict[str, float]:
    write_inputs(folder / "inputs.npz", inputs(folder, table))
    split = fix_split("made", "task", "loso", table, fold_masks(table, SETTINGS.evaluate, 0))
    write_splits(folder / "splits.json", [split])
    places = {"inputs": str(folder / "inputs.npz"), "splits": str(folder / "splits.json")}
    return run_bench_cell({**places, "split": split.digest, "pipeline": pipeline}, SETTINGS, folder)


def test_inputs_come_back_as_they_were(tmp_path: Path) -> None:
    made = inputs(tmp_path, examples(numbers=True))
    write_inputs(tmp_path / "inputs.npz", made)
    found = read_inputs(tmp_path / "inputs.npz")
    assert (found.dataset, found.label, found.examples.scale) == ("made", "task", (0.0, 10.0))
    assert np.array_equal(found.examples.ratings, made.examples.ratings)
    assert np.array_equal(found.features("both"), made.examples.features("both"))
    assert found.features("windows").shape == (SUBJECTS * WINDOWS, 2560)


def test_what_tells_classes_apart_beats_a_constant(tmp_path: Path) -> None:
    found = cell(tmp_path, examples(), "hrv")
    assert found["auroc_low"] < found["auroc"] < found["auroc_high"]
    assert found["auroc"] > 0.8
    row = make_row({"dataset": "made", "label": "task", "protocol": "loso", "pipeline": "hrv"}, found, "", "0")
    assert row.better_than_constant
    assert row.remark() == ""


def test_a_constant_is_no_better_than_itself(tmp_path: Path) -> None:
    found = cell(tmp_path, examples(), "constant")
    assert found["auroc"] == 0.5
    assert found["versus_constant"] == pytest.approx(0.0, abs=1e-12)
    row = make_row({"dataset": "made", "label": "task", "protocol": "loso", "pipeline": "constant"}, found, "", "0")
    assert row.remark() == "no better than a constant"


def test_the_adaptive_set_is_scored_in_every_order(tmp_path: Path) -> None:
    found = cell(tmp_path, examples(), "adaptive")
    assert {"auroc_reversed", "auroc_interleaved", "auroc_interleaved_reversed"} <= set(found)
    assert found["windows"] < SUBJECTS * WINDOWS  # it does not know the wearer from the start


def test_numbers_have_scores_of_their_own(tmp_path: Path) -> None:
    found = cell(tmp_path, examples(numbers=True), "hrv")
    assert {"ccc", "within", "rmse", "rmse_low"} <= set(found)
    assert found["versus_constant_high"] < 0
    with pytest.raises(ConfigError, match="the adaptive set needs classes"):
        cell(tmp_path, examples(numbers=True), "adaptive")


def test_splits_can_be_given_back_and_refuse_other_windows(tmp_path: Path) -> None:
    table = examples()
    split = fix_split("made", "task", "loso", table, fold_masks(table, SETTINGS.evaluate, 0))
    path = tmp_path / "splits.json"
    write_splits(path, [split])
    assert read_splits(path) == [split]
    assert given_split(split, read_splits(path), path) is not split
    other = examples(seed=1).take(np.arange(100))
    ours = fix_split("made", "task", "loso", other, fold_masks(other, SETTINGS.evaluate, 0))
    with pytest.raises(ConfigError, match=r"is of 120 windows of 6 subjects .* here are 100 of 5"):
        given_split(ours, [split], path)
    with pytest.raises(ConfigError, match="has no split of made, task, kfold; it has made, task, loso"):
        given_split(replace(ours, protocol="kfold"), [split], path)


def test_changed_splits_are_refused(tmp_path: Path) -> None:
    table, path = examples(), tmp_path / "splits.json"
    write_splits(path, [fix_split("made", "task", "loso", table, fold_masks(table, SETTINGS.evaluate, 0))])
    path.write_text(path.read_text().replace('"windows": 120', '"windows": 119'))
    with pytest.raises(FormatError, match="was changed"):
        read_splits(path)
    path.write_text("[]")
    with pytest.raises(FormatError, match="no splits of the benchmark"):
        read_splits(path)
