"""Show several wearers in the terminal: a row each; plain lines with their names if it is not a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ecg_live.cli.terminal import POLL_INTERVAL_S, RESEARCH_USE, TerminalView, WearerCells, summary_line
from ecg_live.presentation.status import NO_USABLE_ECG
from ecg_live.session import Session
from ecg_live.text import sanitize
from ecg_live.wearers.group import SessionGroup

RMSSD_FROM, DETAIL_FROM = 100, 130  # columns of a terminal that shows RMSSD and latency, and all
Column = tuple[str, Callable[[WearerCells], str], int]  # name, text, and from what width of the terminal it is shown
COLUMNS: tuple[Column, ...] = (
    ("state", lambda cells: cells.state, 0),
    ("", lambda cells: cells.detail, DETAIL_FROM),
    ("bpm", lambda cells: cells.heart_rate, 0),
    ("RMSSD", lambda cells: cells.rmssd, RMSSD_FROM),
    ("quality", lambda cells: cells.quality, 0),
    ("prediction", lambda cells: cells.prediction, 0),
    ("samples", lambda cells: cells.samples, DETAIL_FROM),
    ("lost", lambda cells: cells.lost, 0),
    ("latency p95", lambda cells: cells.latency, RMSSD_FROM),
)
STATE_CHARACTERS = len(NO_USABLE_ECG)
STRETCHED = ("", "prediction")  # what is long there is cut, so that each wearer has a line


def show_wearers(
    group: SessionGroup, names: Mapping[Session, str], ended: Callable[[], object], console: Console | None = None
) -> None:
    """Follow all sessions to their end, and sum up each; ``ended`` is called after each look at them."""
    console = console or Console()
    views = {name: TerminalView(session) for session, name in names.items()}
    over = False
    if console.is_terminal:
        with Live(console=console, refresh_per_second=1 / POLL_INTERVAL_S, transient=False) as live:
            while not over:
                over = group.wait(POLL_INTERVAL_S)
                for view in views.values():
                    view.update()
                live.update(wearers_table(views, console.width))
                ended()
    else:
        while not over:
            over = group.wait(POLL_INTERVAL_S)
            for name, view in views.items():
                for line in view.update():
                    _print(console, f"{name}  {line}")
            ended()
    for session, name in names.items():
        _print(console, f"{name}: {summary_line(session)}")


def wearers_table(views: Mapping[str, TerminalView], width: int) -> Table:
    """One line for each wearer, in a terminal of so many columns."""
    shown = [column for column in COLUMNS if width >= column[2]]
    table = Table(box=SIMPLE_HEAD, expand=True, caption=RESEARCH_USE, caption_style="dim", caption_justify="left")
    table.add_column("wearer", no_wrap=True, max_width=width // 6)
    for name, _, _ in shown:
        least = STATE_CHARACTERS if name == "state" else None  # so that no column moves when it changes
        table.add_column(name, no_wrap=True, min_width=least, ratio=1 if name in STRETCHED else None)
    for name, view in views.items():
        cells = view.cells(time.monotonic())
        texts = (Text(sanitize(text(cells)), style=cells.style, overflow="ellipsis") for _, text, _ in shown)
        table.add_row(Text(sanitize(name), overflow="ellipsis"), *texts)
    return table


def _print(console: Console, line: str) -> None:
    console.print(sanitize(line), soft_wrap=True, highlight=False, markup=False)
