"""Ctrl-C, SIGTERM and a terminal that hangs up: what stops a command, and the exit code that says so."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNAL_EXIT_BASE = 128  # exit code of what a signal ended, less the signal's number, as shells have it
INTERRUPTED_EXIT_CODE = SIGNAL_EXIT_BASE + signal.SIGINT


class CaughtSignals:
    """Signals that came while one of the `handled` blocks ran; false as long as there is none."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._numbers)

    @property
    def exit_code(self) -> int:
        """What the first one asks for, 0 without any."""
        return SIGNAL_EXIT_BASE + self._numbers[0] if self._numbers else 0

    @contextmanager
    def handled(self, stop: Callable[[], object], *numbers: int) -> Iterator[None]:
        """Note signals of these numbers and call ``stop`` on the main thread; earlier handlers come back at the end."""

        def handle(number: int, _frame: object) -> None:
            self._numbers.append(number)
            stop()

        before = {number: signal.signal(number, handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def session_signals() -> tuple[int, ...]:
    """Signals that end a session in order: a hang-up only where it was not to be ignored (``nohup``)."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return tuple(numbers)


def interrupt() -> None:
    """Do what Ctrl-C does.

    Raises
    ------
    KeyboardInterrupt
        If that is what Ctrl-C does, or if it is ignored: in the background of a shell script.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
