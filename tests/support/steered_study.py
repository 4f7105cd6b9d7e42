"""A study's session in a process of its own, steered by lines, and the simulated device that it watches in another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.command_line import CLEAN
from tests.support.warm_program import WarmProgram


class SteeredStudy:
    """A running session; ``lines`` are the JSON lines that were read of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first line that is wanted, among those that were read or follow."""
        for line in self.lines:
            if wanted(line):
                return line
        for line in self._following():
            if wanted(line):
                return line
        assert self.process.stderr is not None
        pytest.fail(f"it ended before: {self.lines[-3:]} {self.process.stderr.read()}")

    def block(self, name: str, event: str) -> dict[str, Any]:
        return self.until(lambda line: line["type"] == "block" and (line["name"], line["event"]) == (name, event))

    def state(self, name: str) -> dict[str, Any]:
        return self.until(lambda line: line["type"] == "state" and line["state"] == name)

    def gap(self) -> dict[str, Any]:
        return self.until(lambda line: line["type"] == "gap" and not line["bridged"])

    def reached(self, seconds: float) -> None:
        """Wait for a prediction that stops so late in the stream."""
        self.until(lambda line: line["type"] == "prediction" and line["stop"] >= seconds)

    def asked(self, question: str) -> None:
        """Wait for a question in the terminal."""
        assert self.process.stderr is not None
        assert any(question in line for line in self.process.stderr)

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self, signal: int) -> int:
        """Send a signal, read what is left, and give the exit code."""
        self.process.send_signal(signal)
        for _ in self._following():
            pass
        return self.process.wait()

    def _following(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if text.endswith("\n"):  # a kill may cut the last one
                self.lines.append(json.loads(text))
                yield self.lines[-1]


@contextmanager
def steered_study(study: Path, *options: object) -> Iterator[SteeredStudy]:
    """A session of P01 without a screen; profiles and settings are beside the study file."""
    command = ["run", "--study", study, "--participant", "P01", "--headless", "--json", *options]
    environ = CLEAN | {"ECG_LIVE_DATA": str(study.parent / "data"), "QT_QPA_PLATFORM": ""}
    pipe = subprocess.PIPE
    with WarmProgram(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ) as process:
        try:
            yield SteeredStudy(process)
        finally:
            process.kill()


class PluggedDevice:
    """``ecg-live simulate lsl``, which can be killed and started again.

    Parameters
    ----------
    recording : Path
        What it plays, from the beginning each time it is plugged in.
    name : str
        Of its stream.
    """

    def __init__(self, recording: Path, name: str) -> None:
        self._recording = recording
        self.name = name
        self._process: WarmProgram | None = None

    def plug_in(self) -> None:
        """Start it; it is there when this returns."""
        words = "simulate", "lsl", self._recording, "--name", self.name, "--loop"
        self._process = WarmProgram(*words, stdout=subprocess.PIPE, env=CLEAN)
        assert self._process.stdout is not None
        assert "ecg-live run" in self._process.stdout.readline()

    def unplug(self) -> None:
        """Kill it."""
        process, self._process = self._process, None
        if process is not None:
            with process:
                process.kill()

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
