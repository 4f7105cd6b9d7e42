"""Parameter sweep: train once for each combination of settings, and tabulate and plot the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ecg_live.errors import ConfigError, DatasetError
from training.sweep.comparisons import CellComparisons, compare_cells
from training.sweep.engines import run_locally, run_on_ray
from training.sweep.plan import read_plan
from training.sweep.plot import plot_scores
from training.sweep.tables import ScoreTable, summary_tables, tabulate, value_text, write_csv
from training.sweep.trial import SweepTrial, TrainCell, prepare, read_problem, read_scores

__all__ = ["Sweep", "TrainCell", "sweep"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Result of a sweep: a row for each cell, how many failed, and the files; no plot without scores.

    ``shown`` are tables for a terminal: short values, scores with intervals, then accuracies of the pretext tasks.
    ``comparisons`` are paired tests between the cells.
    """

    table: ScoreTable
    shown: tuple[ScoreTable, ...]
    failed: int
    csv: Path
    plot: Path | None
    comparisons: CellComparisons


def sweep(
    spec: Path,
    out: Path,
    run: TrainCell,
    report: Callable[[str], None],
    engine: Literal["local", "ray"] = "local",
    jobs: int = 1,
) -> Sweep:
    """Run all cells that are not done yet; those that fail are reported and the others continue.

    Parameters
    ----------
    spec : Path
        See `training.sweep.plan`.
    out : Path
        Folder for the cells' own folders, ``sweep.csv`` and ``sweep.svg``.
    run : callable
        Trains a cell; a function that another process can import.
    report : callable
        Called with one line on each event.
    engine, jobs
        Where the cells run, and how many at a time.

    Raises
    ------
    ConfigError
        If the file or the engine cannot be used.
    DatasetError
        If nothing can be written to the folder.
    """
    if jobs < 1:
        raise ConfigError(f"{jobs} cells at a time; at least one is needed", "give a positive number")
    plan = read_plan(spec, out)
    tasks = [SweepTrial(cell, run, plan.run) for cell in plan.cells if read_scores(cell) is None]
    report(f"{len(plan.cells)} cells, {len(plan.cells) - len(tasks)} of them done already")

    def ended(task: SweepTrial) -> None:
        cell = task.cell
        values = ", ".join(f"{name} = {value_text(value)}" for name, value in cell.values.items())
        how = "done" if read_scores(cell) is not None else f"failed: {read_problem(cell)} (see {cell.folder})"
        report(f"{cell.name}: {values}: {how}")

    try:
        for task in tasks:
            prepare(task.cell, plan.run)
        if engine == "ray" and tasks:
            run_on_ray(tasks, jobs, ended, out)
        else:
            run_locally(tasks, jobs, ended)
        table = tabulate(plan)
        write_csv(table, out / "sweep.csv")
        plot = out / "sweep.svg" if plot_scores(plan, out / "sweep.svg") else None
    except OSError as error:
        raise DatasetError(
            f"{error.filename or out}: {error.strerror}", "choose another folder, or make room"
        ) from error
    failed = sum(read_scores(cell) is None for cell in plan.cells)
    return Sweep(table, summary_tables(plan), failed, out / "sweep.csv", plot, compare_cells(plan))
