"""One trial of a sweep, and its files: ``scores.json`` when it is done, ``problem.txt`` when it failed."""

from __future__ import annotations

import contextlib
import json
import math
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecg_live.errors import EcgLiveError
from training.settings import TrainSettings, as_dict
from training.sweep.plan import SweepCell

TrainCell = Callable[[Mapping[str, Any], TrainSettings, Path], Mapping[str, float]]
"""Trains with the ``[run]`` table and settings, continues an earlier try in the folder, and returns scores.

The first score is the one that is plotted; ``NAME_low`` and ``NAME_high`` beside a score NAME are its interval.
"""
SCORES_FILE, PROBLEM_FILE, LOG_FILE = "scores.json", "problem.txt", "log.txt"


@dataclass(frozen=True, slots=True)
class SweepTrial:
    """A cell with everything that another process needs to run it."""

    cell: SweepCell
    run: TrainCell
    table: Mapping[str, Any]

    def __call__(self) -> None:
        """Run the cell; write an error to a file, so that other cells continue; what it prints goes to a log."""
        folder = self.cell.folder
        (folder / PROBLEM_FILE).unlink(missing_ok=True)
        log = (folder / LOG_FILE).open("a", encoding="utf-8")
        with log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            try:
                found = self.run(self.table, self.cell.settings, folder)
                scores = {name: float(value) for name, value in found.items()}
            except EcgLiveError as error:
                note_problem(self.cell, str(error))
                return
            except Exception as error:  # noqa: BLE001 - other cells continue, and the log has the traceback
                traceback.print_exc()
                note_problem(self.cell, f"{type(error).__name__}: {error}")
                return
        part = folder / f"{SCORES_FILE}.part"
        finite = {name: value if math.isfinite(value) else None for name, value in scores.items()}
        part.write_text(json.dumps(finite, allow_nan=False), encoding="utf-8")
        part.replace(folder / SCORES_FILE)


def prepare(cell: SweepCell, table: Mapping[str, Any]) -> None:
    """Make the cell's folder, with its settings in a file."""
    cell.folder.mkdir(parents=True, exist_ok=True)
    described = {"run": table, "values": cell.values, "settings": as_dict(cell.settings)}
    (cell.folder / "settings.json").write_text(json.dumps(described, indent=1), encoding="utf-8")


def note_problem(cell: SweepCell, text: str) -> None:
    """Write the reason of a failed cell to its folder."""
    (cell.folder / PROBLEM_FILE).write_text(text, encoding="utf-8")


def read_scores(cell: SweepCell) -> dict[str, float] | None:
    """Scores of a cell that is done, NaN where there is none; None if it is not done."""
    try:
        found = json.loads((cell.folder / SCORES_FILE).read_text(encoding="utf-8"))
        return {str(name): math.nan if value is None else float(value) for name, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def read_problem(cell: SweepCell) -> str:
    """The reason of a failed cell."""
    try:
        return (cell.folder / PROBLEM_FILE).read_text(encoding="utf-8")
    except OSError:
        return "it did not end"
