"""Signals that stop a command: Ctrl-C, SIGTERM, a terminal that hangs up; and the exit codes after them."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ecg_live.cli import SIGNAL_EXIT_BASE


class CaughtSignals:
    """Signals that came within a `handled` block; false as long as there is none."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._numbers)

    @property
    def exit_code(self) -> int:
        """Exit code of the first signal; 0 without one."""
        return SIGNAL_EXIT_BASE + self._numbers[0] if self._numbers else 0

    @contextmanager
    def handled(self, stop: Callable[[], object], *numbers: int) -> Iterator[None]:
        """Record signals of these numbers and call ``stop`` on the main thread; restore the handlers at the end."""

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
    """Signals that end a session in order: hang-up only if it is not ignored (``nohup``)."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return tuple(numbers)


def keep_exit_code(code: int) -> None:
    """End with this exit code whatever signal comes while Python ends: Ctrl-C is often pressed twice."""
    numbers = session_signals()
    for number in numbers:
        signal.signal(number, lambda _number, _frame: os._exit(code))

    def ignore_all() -> None:  # what Python itself handles is the system's again from here on
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    atexit.register(ignore_all)


def interrupt() -> None:
    """Do what Ctrl-C does.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C does so, or is ignored: in the background of a shell script.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
