"""A running session that other programs set markers in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ecg_live.resources import demo_recording
from tests.support.command_line import CLEAN
from tests.support.warm_program import WarmProgram

PATIENCE = 30.0  # s; a test that waits so long has failed
ECG = str(demo_recording())


@pytest.fixture
def runtime() -> Iterator[dict[str, str]]:
    """Environment with a folder of its own for sockets, with a path that is short enough."""
    with tempfile.TemporaryDirectory(prefix="ecg") as place:
        yield {"XDG_RUNTIME_DIR": place, "LSLAPICFG": os.environ["LSLAPICFG"]}


class Running:
    """A session in another process, and the lines that it writes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    def until(self, **wanted: object) -> dict[str, Any]:
        """Read lines up to one that has these fields."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self.lines.append(json.loads(text))
            if wanted.items() <= self.lines[-1].items():
                return self.lines[-1]
        pytest.fail(f"no {wanted} in {self.lines}")


@contextmanager
def session(environ: dict[str, str], *options: str) -> Iterator[Running]:
    command, pipe = ["run", ECG, "--headless", "--json", *options], subprocess.PIPE
    with WarmProgram(*command, stdout=pipe, stderr=pipe, env=CLEAN | environ) as process:
        alarm = signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(int(PATIENCE))
        try:
            yield Running(process)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, alarm)
            process.kill()
