"""``ecg-live fetch``: download a public data set once its licence was accepted."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli import INTERRUPTED_EXIT_CODE, print_notice
from ecg_live.cli.training_extra import training_imports
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def fetch(
    name: Annotated[str, typer.Argument(help="wesad, eegmat or cinc2017.")],
    to: Annotated[Path | None, typer.Option(help="Folder to put it in (default data/NAME).")] = None,
    url: Annotated[str | None, typer.Option(help="Another address of the same zip file, or folder.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licence without a question.")] = False,
) -> None:
    """Download a public data set; the same command resumes a download that was stopped.

    Example: ecg-live fetch eegmat --to data/eegmat
    """
    raise typer.Exit(fetch_data(name, to, url, yes=yes))


def fetch_data(name: str, folder: Path | None, url: str | None, *, yes: bool) -> int:
    """Download a data set with progress on standard error, print its folder, and return the exit code.

    Parameters
    ----------
    name : str
        One of ``training.fetch.DOWNLOAD_SOURCES``.
    folder : Path, optional
        Where to put it; ``data/NAME`` without it.
    url : str, optional
        Another address of the same files.
    yes : bool
        The licence is accepted.

    Raises
    ------
    ConfigError
        If the name is unknown, the licence was not accepted, or the packages for training are missing.
    DatasetError
        If it cannot be downloaded or is damaged.
    """
    with training_imports():
        from training.fetch import DOWNLOAD_SOURCES
        from training.fetch import fetch as download

    bars = _progress()
    tasks: dict[str, TaskID] = {}

    def show(file: str, received: int, total: int | None) -> None:
        if file not in tasks:
            bars.start()
            tasks[file] = bars.add_task(file, total=total)
        bars.update(tasks[file], completed=received, total=total, visible=received != total)

    def accept(notice: str) -> bool:
        print(notice, file=sys.stderr)
        return yes or _confirmed()

    try:
        with contextlib.ExitStack() as ended:
            ended.callback(bars.stop)
            path = download(name, folder or Path("data") / name, accept, show, url)
    except KeyboardInterrupt:
        print_notice("stopped; the same command goes on from here")
        return INTERRUPTED_EXIT_CODE
    source = DOWNLOAD_SOURCES[name]
    dataset = f"--dataset {name} " if source.option == "--data" else ""
    print(f"{path}\nfor: ecg-live train {dataset}{source.option} {path}")
    return 0


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _confirmed() -> bool:
    """Ask on a terminal; y accepts."""
    if not sys.stdin.isatty():
        raise ConfigError("the licence cannot be accepted without a terminal", "read it, then give --yes")
    print("Accept the licence and fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
