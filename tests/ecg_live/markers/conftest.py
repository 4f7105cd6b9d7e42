from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ecg_live.markers.server import MarkerServer
from tests.support.marker_desk import NOW, Desk

Open = Callable[..., MarkerServer]


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for sockets, with a path that is short enough."""
    with tempfile.TemporaryDirectory(prefix="ecg") as place:
        monkeypatch.setenv("XDG_RUNTIME_DIR", place)
        yield Path(place)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def opened(desk: Desk) -> Iterator[Open]:
    """Opens servers; closes them after the test."""
    with ExitStack() as stack:

        def build(port: int | None = None, session: str | None = None) -> MarkerServer:
            at = ("supine_1min.txt", session, port)
            server = MarkerServer(desk.mark, lambda: NOW, desk.over, *at, desk.saved, desk.states.append)
            return stack.enter_context(server)

        yield build
