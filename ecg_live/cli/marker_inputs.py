"""What feeds a session beside its source: markers of other programs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecg_live.cli import say
from ecg_live.config import LiveSettings
from ecg_live.markers.server import MarkerServer

if TYPE_CHECKING:
    from ecg_live.session import Session


@contextlib.contextmanager
def marker_inputs(session: Session, settings: LiveSettings, source: str) -> Iterator[None]:
    """Take markers for a session.

    Raises
    ------
    ConfigError
        If the port for markers cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        server = MarkerServer(
            session.mark,
            time.monotonic,
            lambda: session.wait(0),
            source,
            settings.session,
            settings.mark_port,
            lambda: session.saved,
            session.tell,
        )
        stack.enter_context(server)
        if server.warning:
            say(server.warning)
        if settings.mark_port is not None:
            say(f"markers on 127.0.0.1:{server.port}, token {server.token}")
        if settings.markers is not None:
            from devices.lsl.markers import LslMarkers

            stack.enter_context(LslMarkers(settings.markers, session.mark, session.tell, time.monotonic))
        yield
