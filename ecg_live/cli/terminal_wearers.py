"""Show several wearers in the terminal: a row each; plain lines with their names if it is not a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ecg_live.cli.terminal import POLL_INTERVAL_S, TerminalView, summary_line
from ecg_live.session import Session
from ecg_live.text import sanitize
from ecg_live.wearers.group import SessionGroup

COLUMNS = ("wearer", "state", "bpm", "RMSSD", "quality", "prediction", "samples", "lost", "latency p95")


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
                live.update(wearers_table(views))
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


def wearers_table(views: Mapping[str, TerminalView]) -> Table:
    """One row for each wearer."""
    table = Table(*COLUMNS, title="research use only", title_style="dim", title_justify="left")
    for name, view in views.items():
        style, cells = view.cells(time.monotonic())
        table.add_row(Text(sanitize(name)), *(Text(sanitize(cell), style=style) for cell in cells))
    return table


def _print(console: Console, line: str) -> None:
    console.print(sanitize(line), soft_wrap=True, highlight=False, markup=False)
