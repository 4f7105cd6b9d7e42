"""``ecg-live sweep``: train once for each combination of some settings' values."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from ecg_live.cli import INTERRUPTED_EXIT_CODE, print_notice
from ecg_live.cli.signals import CaughtSignals
from ecg_live.cli.training_extra import training_imports
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from training.sweep.tables import ScoreTable

TESTS_TITLE = "Paired tests between cells, on the embedding's predictions"
TABLE_TITLES = ("Scores (95 % interval)", "Pretext accuracy on windows that were kept back")
SWEEP_ENGINES: Mapping[str, Literal["local", "ray"]] = {"local": "local", "ray": "ray"}


def sweep(
    file: Annotated[
        Path,
        typer.Argument(
            readable=False, help=r"TOML file: \[run], \[grid] of settings with their values, \[settings] of all."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the runs, their table and plot.")] = Path("sweep"),
    engine: Annotated[str, typer.Option(help="What runs the cells: local or ray.")] = "local",
    jobs: Annotated[int, typer.Option(help="Cells at a time.")] = 1,
    table: Annotated[
        list[Path] | None, typer.Option(help="Write scores and paired tests as text: .md or .tex (repeat).")
    ] = None,
) -> None:
    """Train once for each combination of some settings' values; finished cells are not run again.

    Example: ecg-live sweep sweep.toml --out runs --jobs 2
    """
    raise typer.Exit(run_sweep(file, out, engine, jobs, tuple(table or ())))


def run_sweep(spec: Path, out: Path, engine: str, jobs: int, tables: Sequence[Path] = ()) -> int:
    """Run a sweep file and print its tables; exit code 0 if all cells are done, 1 if some failed.

    Parameters
    ----------
    spec : Path
        TOML file.
    out : Path
        Folder for the runs, their table and plot.
    engine : str
        One of `SWEEP_ENGINES`.
    jobs : int
        Cells at a time.
    tables : sequence of Path
        Where scores and paired tests are written as text.

    Raises
    ------
    ConfigError
        If the file or the engine cannot be used, or the packages for training are missing.
    DatasetError
        If nothing can be written to the folder.
    """
    with training_imports():
        from training.pipeline import run_cell
        from training.report.score_tables import comparison_table
        from training.report.text_tables import PaperTable, check_text_path, write_text_tables
        from training.sweep import sweep as run_cells
        from training.sweep.tables import ScoreTable
    if engine not in SWEEP_ENGINES:
        raise ConfigError(f"the engine is {engine!r}; known are {', '.join(SWEEP_ENGINES)}", "choose one of them")
    for path in tables:
        check_text_path(path)
    caught = CaughtSignals()
    try:
        with caught.handled(lambda: _exit(caught.exit_code), signal.SIGTERM):
            found = run_cells(spec, out, run_cell, _print_progress, SWEEP_ENGINES[engine], jobs)
    except KeyboardInterrupt:
        print_notice("stopped; the same command goes on with the cells that are not done")
        return INTERRUPTED_EXIT_CODE
    for title, table in zip(TABLE_TITLES, found.shown, strict=False):
        _print_table(title, table)
    tests = comparison_table(found.comparisons.tests, TESTS_TITLE)
    if tests.rows:
        _print_table(tests.title, ScoreTable(tests.header, tests.rows, tests.words))
    for remark in found.comparisons.remarks:
        print_notice(remark)
    shown = zip(TABLE_TITLES, found.shown, strict=False)
    scores = [PaperTable(title, each.header, each.rows, each.keys) for title, each in shown]
    for path in tables:
        write_text_tables(path, [*scores, tests])
    print(f"table: {found.csv}" + (f"\nplot: {found.plot}" if found.plot else ""))
    return 1 if found.failed else 0


def _print_table(title: str, scores: ScoreTable) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    for part in scores.fitted(console.width):
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for name in part.header:
            table.add_column(escape(name), overflow="fold")
        for row in part.rows:
            table.add_row(*map(escape, row))
        console.print(table)


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _exit(code: int) -> NoReturn:
    """Leave through all ``finally`` blocks, so that no cell runs on."""
    raise SystemExit(code)
