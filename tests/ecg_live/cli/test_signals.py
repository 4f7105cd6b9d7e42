"""Signals that stop a command, and the exit code that says so."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ecg_live.cli.signals import CaughtSignals, interrupt, session_signals


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[Any], object]]:
    """Sets what Ctrl-C does, for one test."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


def test_the_first_signal_gives_the_exit_code_and_each_one_stops() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    caught, stopped = CaughtSignals(), list[int]()
    assert not caught
    assert caught.exit_code == 0
    with caught.handled(lambda: stopped.append(caught.exit_code), signal.SIGINT, signal.SIGTERM):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert caught
    assert caught.exit_code == 143
    assert stopped == [143, 143]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_an_interrupt_is_one_even_in_the_background(ctrl_c: Callable[[Any], object], handler: Any) -> None:
    ctrl_c(handler)
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_an_interrupt_goes_to_who_handles_ctrl_c(ctrl_c: Callable[[Any], object]) -> None:
    numbers: list[int] = []
    ctrl_c(lambda number, _: numbers.append(number))
    interrupt()
    assert numbers == [signal.SIGINT]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no terminal that hangs up")
def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        assert session_signals() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert session_signals() == (signal.SIGINT, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal to oneself ends a program at once")
@pytest.mark.parametrize("when", ["sys.stdout.flush = again", "atexit.register(again)"])
def test_signals_that_come_while_a_program_ends_do_not_change_its_exit_code(when: str) -> None:
    code = (
        "import atexit, os, signal, sys, ecg_live.cli as cli\n"
        "def again(): os.kill(os.getpid(), signal.SIGTERM)\n"
        f"def run():\n    {when}\n    return 130\n"
        "cli._run = run\ncli.main()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 130
