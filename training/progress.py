"""Progress of training on standard error: bars with the time left in a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PLAIN_LINE_INTERVAL_S = 10.0  # of one stage


class ProgressDisplay:
    """Shows how far each stage is.

    Parameters
    ----------
    out : file, optional
        Where to write; standard error without it.
    quiet : bool
        Show nothing, as in all processes but the first that torchrun started.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, out: TextIO | None = None, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out or sys.stderr
        self._quiet = quiet or _is_secondary_process()
        self._clock = clock
        self._bars = None if self._quiet or not self._out.isatty() else _make_bars(Console(file=self._out))
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}
        self._last_line: dict[str, float] = {}

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def line(self, text: str) -> None:
        """Print one line."""
        if self._bars:
            self._bars.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            print(text, file=self._out, flush=True)

    def progress(self, stage: str, done: int, total: int, more: str = "") -> None:
        """Show a stage's progress; plain lines come every ten seconds, and at the end.

        Parameters
        ----------
        stage : str
            Its name.
        done, total : int
            Steps done, and steps in all.
        more : str
            What to show beside them.
        """
        if self._bars:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total, more=more)
            self._bars.update(self._tasks[stage], completed=done, total=total, more=more)
            return
        now = self._clock()
        began = self._began.setdefault(stage, now)
        if self._quiet or (
            done < total and now - self._last_line.get(stage, -PLAIN_LINE_INTERVAL_S) < PLAIN_LINE_INTERVAL_S
        ):
            return
        self._last_line[stage] = now
        left = f", {(now - began) / done * (total - done):.0f} s left" if 0 < done < total else ""
        self.line(f"{stage}: {done} of {total}{left}{'; ' if more else ''}{more}")


def _is_secondary_process() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("RANK", "0") != "0"


def _make_bars(console: Console) -> Progress:
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[more]}", markup=False), console=console)
