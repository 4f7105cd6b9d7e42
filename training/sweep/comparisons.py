"""Paired tests between the cells of a sweep, by the predictions for every window that each cell left."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from ecg_live.errors import DatasetError, FormatError
from training.evaluation.paired_tests import PairedTest, compare_pairs, corrected
from training.evaluation.prediction_table import NamedPredictions, read_predictions
from training.evaluation.window_predictions import NATURAL_ORDER, WindowPredictions
from training.settings import EvaluateSettings
from training.sweep.plan import SweepCell, SweepPlan
from training.sweep.tables import value_text

PREDICTIONS_FILE = "model.predictions.parquet"  # in a cell's folder
COMPARED_FEATURES = "embedding"  # what a sweep's first score is of
MAX_ALL_PAIRS = 10  # cells; of more, each is compared with the first


class CellComparisons(NamedTuple):
    """Tests, each with the label and baseline, and remarks on cells that cannot be compared."""

    tests: tuple[tuple[str, PairedTest], ...]
    remarks: tuple[str, ...]


def compare_cells(plan: SweepPlan) -> CellComparisons:
    """Compare the embeddings' scores of all finished cells, on the same windows in the same folds.

    P-values are corrected for the number of tests. Cells whose windows, labels or folds differ, and cells without
    predictions, are named in remarks.
    """
    found: dict[str, dict[str, WindowPredictions]] = {}
    remarks: list[str] = []
    for cell in plan.cells:
        path = cell.folder / PREDICTIONS_FILE
        try:
            parts = read_predictions(path) if path.exists() else []
        except FormatError as error:
            remarks.append(error.message)
            continue
        for part in parts:
            if _is_compared(part, cell):
                rest = f", {part.windows.baseline:g} s baseline" if part.windows.baseline else ""
                kind = ", adaptive set" if part.windows.set == "adaptive" else ""
                found.setdefault(f"{part.label}{kind}{rest}", {})[cell_name(cell)] = part.windows
    named: list[tuple[str, PairedTest]] = []
    for what, cells in found.items():
        for pair in _pairs(list(cells)):
            try:
                models = {name: cells[name] for name in pair}
                named += [(what, test) for test in compare_pairs(models, EvaluateSettings().draws, same_folds=True)]
            except DatasetError as error:
                remarks.append(f"{what}: {error.message}")
    tests = corrected([test for _, test in named])
    return CellComparisons(tuple(zip([what for what, _ in named], tests, strict=True)), tuple(dict.fromkeys(remarks)))


def cell_name(cell: SweepCell) -> str:
    """A cell by its values."""
    return ", ".join(f"{name.rpartition('.')[2]}={value_text(value)}" for name, value in cell.values.items())


def _is_compared(part: NamedPredictions, cell: SweepCell) -> bool:
    windows = part.windows
    own = windows.protocol == cell.settings.evaluate.protocol and windows.order == NATURAL_ORDER
    return own and windows.features == COMPARED_FEATURES


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    if len(names) <= MAX_ALL_PAIRS:
        return list(combinations(names, 2))
    return [(names[0], other) for other in names[1:]]
