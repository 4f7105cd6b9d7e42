"""Serve marker connections: the token if one is needed, then markers, each answered by its raw time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Protocol

from ecg_live.event_loop import ask_thread
from ecg_live.events import Clock, Marker
from ecg_live.markers.lines import read_line, send_line
from ecg_live.markers.protocol import SAVED_COMMAND, RequestRefused, parse_request

TOKEN_TIMEOUT_S = 5.0
MARK_TIMEOUT_S = 2.0  # for the session's answer


class MarkCallback(Protocol):
    """`Session.mark`."""

    def __call__(self, text: str, time: float | None, on_noted: Callable[[Marker], object] | None) -> None:
        """Note a marker."""
        ...


class MarkerConnections:
    """Take the lines of any number of connections; see `ecg_live.markers.protocol`.

    Parameters
    ----------
    mark : callable
        Of the session; returns at once.
    clock : Clock
        Session clock.
    over : callable
        Whether the session has ended.
    saved : callable
        Whether all markers are in a recording.
    """

    def __init__(self, mark: MarkCallback, clock: Clock, over: Callable[[], bool], saved: Callable[[], bool]) -> None:
        self._mark = mark
        self._clock = clock
        self._over = over
        self._saved = saved

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the client closes the connection.

        Raises
        ------
        Refused
            The client gets the message, and the connection ends.
        OSError
            The client is gone.
        """
        while line := await read_line(reader):
            await send_line(writer, await self._answer(line))

    async def _answer(self, line: bytes) -> str:
        if self._over():
            return "ERR the session has ended"
        if line.strip() == SAVED_COMMAND.encode():
            return "OK yes" if self._saved() else "OK no"
        try:
            request = parse_request(line, self._clock())
        except RequestRefused as error:
            return f"ERR {error}"

        def ask(on_noted: Callable[[Marker], None]) -> None:
            self._mark(request.text, request.time, on_noted)

        try:
            async with asyncio.timeout(MARK_TIMEOUT_S):
                raw = (await ask_thread(ask)).raw
        except TimeoutError:
            return "ERR the session is busy: it will note the marker at the time that it came, unless it ends first"
        return "OK -" if raw is None else f"OK {raw:.6f}"


async def check_token(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
    """Wait for the ``token`` and confirm it.

    Raises
    ------
    Refused
        It is wrong, or does not come.
    OSError
        The client is gone.
    """
    try:
        async with asyncio.timeout(TOKEN_TIMEOUT_S):
            line = await read_line(reader)
    except TimeoutError:
        raise RequestRefused(f"no token within {TOKEN_TIMEOUT_S:g} s") from None
    if not secrets.compare_digest(line.strip(), f"TOKEN {token}".encode()):
        raise RequestRefused("the first line must be TOKEN and the token that the session printed")
    await send_line(writer, "OK")
