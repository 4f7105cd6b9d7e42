"""``ecg-live sweep``: train once for each combination of some settings' values."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NoReturn

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ecg_live.cli import say
from ecg_live.cli.signals import INTERRUPTED_EXIT_CODE, CaughtSignals
from ecg_live.errors import ConfigError

TABLE_TITLES = ("Scores (95 % interval)", "Pretext accuracy on windows that were kept back")
SWEEP_ENGINES: Mapping[str, Literal["local", "ray"]] = {"local": "local", "ray": "ray"}


def run_sweep(spec: Path, out: Path, engine: str, jobs: int) -> int:
    """Run a sweep file, print its table; exit code 0 if all cells are done, 1 if some failed.

    Raises
    ------
    ConfigError
        If the file or the engine cannot be used, or the packages for training are missing.
    DatasetError
        If nothing can be written to the folder.
    """
    try:
        from training.pipeline import run_cell
        from training.sweep import sweep
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed", "run: python -m pip install 'ecg-live[train]'") from error
    if engine not in SWEEP_ENGINES:
        raise ConfigError(f"the engine is {engine!r}; known are {', '.join(SWEEP_ENGINES)}", "choose one of them")
    caught = CaughtSignals()
    try:
        with caught.handled(lambda: _end(caught.exit_code), signal.SIGTERM):
            found = sweep(spec, out, run_cell, _say, SWEEP_ENGINES[engine], jobs)
    except KeyboardInterrupt:
        say("stopped; the same command goes on with the cells that are not done")
        return INTERRUPTED_EXIT_CODE
    for title, shown in zip(TABLE_TITLES, found.shown, strict=False):
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for name in shown.header:
            table.add_column(escape(name), overflow="fold")
        for row in shown.rows:
            table.add_row(*map(escape, row))
        Console().print(table)
    print(f"table: {found.csv}" + (f"\nplot: {found.plot}" if found.plot else ""))
    return 1 if found.failed else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _end(code: int) -> NoReturn:
    """Leave through all ``finally``, so that no cell goes on alone."""
    raise SystemExit(code)
