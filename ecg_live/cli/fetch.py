"""``ecg-live fetch``: bring a public data set here, after its licence was accepted."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from ecg_live.cli import say
from ecg_live.cli.signals import INTERRUPTED_EXIT_CODE
from ecg_live.errors import ConfigError


def fetch_data(name: str, folder: Path | None, url: str | None, *, yes: bool) -> int:
    """Download a data set, show how far it is on standard error, print where it lies; give the exit code.

    Raises
    ------
    ConfigError
        If the name is unknown, the licence was not accepted, or the packages for training are missing.
    DatasetError
        If it cannot be downloaded or is damaged.
    """
    try:
        from training.fetch import DOWNLOAD_SOURCES, fetch
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed", "run: python -m pip install 'ecg-live[train]'") from error
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    progress = Progress(*columns, console=console)
    bars: dict[str, TaskID] = {}

    def report(file: str, there: int, total: int | None) -> None:
        if file not in bars:
            progress.start()
            bars[file] = progress.add_task(file, total=total)
        progress.update(bars[file], completed=there, total=total, visible=there != total)

    def accept(notice: str) -> bool:
        print(notice, file=sys.stderr)
        return yes or _asked()

    try:
        with contextlib.ExitStack() as ended:
            ended.callback(progress.stop)
            there = fetch(name, folder or Path("data") / name, accept, report, url)
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
        return INTERRUPTED_EXIT_CODE
    source = DOWNLOAD_SOURCES[name]
    dataset = f"--dataset {name} " if source.option == "--data" else ""
    print(f"{there}\nfor: ecg-live train {dataset}{source.option} {there}")
    return 0


def _asked() -> bool:
    """Ask on a terminal; y accepts."""
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to accept the licence", "read it, then give --yes")
    print("Accept the licence and fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
