"""A session that only notes markers, and programs that speak to it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from ecg_live.events import Marker, State
from ecg_live.markers.registry import MarkerEndpoint

NOW = 5000.0
PATIENCE = 10.0  # s; a test that waits so long has failed


@dataclass
class Desk:
    """Notes markers; its raw time began at 4900 s of the session clock. A deaf one takes them and does not answer."""

    noted: list[Marker] = field(default_factory=list)
    ended: bool = False
    deaf: bool = False
    silent: bool = False  # no sample has come
    recorded: bool = True
    states: list[State] = field(default_factory=list)

    def mark(self, text: str, time: float | None, on_noted: Callable[[Marker], object] | None) -> None:
        assert time is not None
        marker = Marker(time, text, None if self.silent else time - 4900.0)
        self.noted.append(marker)
        if on_noted is not None and not self.deaf:
            on_noted(marker)

    def over(self) -> bool:
        return self.ended

    def saved(self) -> bool:
        return self.recorded

    @property
    def texts(self) -> list[str]:
        return [marker.text for marker in self.noted]


class Program:
    """A stimulus program: sends bytes and reads answers."""

    def __init__(self, door: MarkerEndpoint) -> None:
        self.line = door.connect()
        self.line.settimeout(PATIENCE)
        self._answers = self.line.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self.line.close()

    def send(self, data: bytes) -> None:
        self.line.sendall(data)

    def done(self) -> None:
        self.line.shutdown(socket.SHUT_WR)

    def answer(self) -> str:
        """The next answer; empty when the session hung up."""
        try:
            return self._answers.readline().decode().rstrip("\n")
        except ConnectionResetError:
            return ""

    def ask(self, line: str) -> str:
        self.send(line.encode() + b"\n")
        return self.answer()


def free() -> int:
    """A port that nobody uses now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port
