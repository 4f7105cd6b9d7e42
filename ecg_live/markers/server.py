"""A session's server: a socket for its user, and optionally TCP ports on this machine, for markers and for control."""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import NamedTuple, Protocol, Self

from ecg_live.errors import ConfigError
from ecg_live.event_loop import call_on_loop
from ecg_live.events import Clock, State
from ecg_live.markers.connection import MarkCallback, MarkerConnections, check_token
from ecg_live.markers.protocol import MAX_LINE_BYTES, RequestRefused
from ecg_live.markers.registry import (
    MAX_SOCKET_PATH_BYTES,
    UNIX_FAMILY,
    MarkerEndpoint,
    listen_at,
    listen_on,
    register_endpoint,
    running_sessions,
    socket_folder,
)

MAX_CONNECTIONS = 32  # admitted, of each socket
MAX_UNAUTHENTICATED = 128  # connections without a token yet: enough time for one with it to send it
WARNING_INTERVAL_S = 60.0  # between warnings of rejected connections
CLOSE_TIMEOUT_S = 0.3  # however many new connections come


class Connections(Protocol):
    """What answers the lines of a socket's connections."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the client closes the connection; raises `RequestRefused` or OSError."""
        ...


class Listener(NamedTuple):
    """A socket, the token that it asks for (None for its user's own), and what answers."""

    socket: socket.socket
    token: str | None
    connections: Connections


class MarkerServer:
    """Take markers until closed, on a thread of its own; see `ecg_live.markers.protocol`.

    Parameters
    ----------
    mark : callable
        Of the session; returns at once.
    clock : Clock
        Session clock.
    over : callable
        Whether the session has ended.
    source, session : str
        What ``ecg-live mark`` calls the session.
    port : int, optional
        TCP port on loopback, for programs that have the token.
    saved : callable
        Whether all markers are in a recording.
    report : callable
        Takes a ``warning`` where programs without the token are turned away.
    remote : tuple of int and Connections, optional
        A further TCP port on loopback, and what answers there: see `ecg_live.markers.remote_control`.

    Raises
    ------
    ConfigError
        The port is taken, or may not be used.
    """

    def __init__(
        self,
        mark: MarkCallback,
        clock: Clock,
        over: Callable[[], bool],
        source: str,
        session: str | None = None,
        port: int | None = None,
        saved: Callable[[], bool] = lambda: True,
        report: Callable[[State], object] = lambda _: None,
        remote: tuple[int, Connections] | None = None,
    ) -> None:
        self._connections = MarkerConnections(mark, clock, over, saved)
        self._clock = clock
        self._report = report
        self.token = secrets.token_urlsafe(16)  # 128 bits
        self.warning: str | None = None  # why `ecg-live mark` will not find the session by itself
        self._left: list[Path] = []  # files to remove
        self._listeners: list[Listener] = []
        self._tasks: set[asyncio.Task[None]] = set()  # one a connection
        self._admitted: dict[asyncio.Task[None], Listener] = {}
        self._unauthenticated: dict[asyncio.Task[None], asyncio.StreamWriter] = {}  # the oldest first
        self._rejected = 0
        self._last_warning = -math.inf
        if port is not None:
            self._listeners.append(Listener(listen_on(port), self.token, self._connections))
        if remote is not None:
            try:
                self._listeners.append(Listener(listen_on(remote[0], "--remote-port"), self.token, remote[1]))
            except ConfigError:
                for each in self._listeners:
                    each.socket.close()
                raise
        try:
            self._announce(source, session)
        except (OSError, ConfigError) as error:
            self.warning = f"ecg-live mark will not find this session: {error}"
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._run(),), name="marks")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and remove the server's files."""
        if not call_on_loop(self._loop, self._closing.set):
            return
        self._thread.join()
        self._loop.close()
        for path in self._left:
            path.unlink(missing_ok=True)

    @property
    def port(self) -> int | None:
        """The TCP port for markers, if there is one."""
        tcp = [each for each in self._listeners if each.token is not None and each.connections is self._connections]
        ports = [each.socket.getsockname()[1] for each in tcp]
        return ports[0] if ports else None

    def _announce(self, source: str, session: str | None) -> None:
        running_sessions()  # removes what killed sessions left
        place = socket_folder()
        path = place / f"{os.getpid()}-{secrets.token_hex(4)}.sock"
        if UNIX_FAMILY is not None and len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
            self._listeners.append(Listener(listen_at(path), None, self._connections))
            self._left.append(path)
        elif self.port is None:
            self._listeners.append(Listener(listen_on(0), self.token, self._connections))
        inside = str(path) if self._left else None
        self._left.append(
            register_endpoint(MarkerEndpoint(os.getpid(), source, session, inside, self.port, self.token), place)
        )

    async def _run(self) -> None:
        servers = [
            await asyncio.start_server(partial(self._serve, listener=each), sock=each.socket, limit=MAX_LINE_BYTES)
            for each in self._listeners
        ]
        await self._closing.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._hang_up_on_all()
        for server in servers:
            server.close()

    async def _hang_up_on_all(self) -> None:
        """Return when no connection is being accepted: a server must not be closed in another moment."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(others, timeout=0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener) -> None:
        with suppress(asyncio.CancelledError):  # Python 3.11 would print the cancellation as an error
            await self._serve_connection(reader, writer, listener)

    async def _serve_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio made it
        self._tasks.add(task)
        try:
            if self._closing.is_set():
                return
            self._check_capacity(listener)
            if listener.token is not None:
                await self._authenticate(task, reader, writer, listener)
                self._check_capacity(listener)
            self._admitted[task] = listener
            await listener.connections.serve(reader, writer)
        except RequestRefused as error:
            writer.write(f"ERR {error}\n".encode())
        except OSError:
            pass  # the client is gone
        finally:
            self._tasks.discard(task)
            self._admitted.pop(task, None)
            await _close_writer(writer)

    def _check_capacity(self, listener: Listener) -> None:
        if list(self._admitted.values()).count(listener) >= MAX_CONNECTIONS:
            raise RequestRefused("too many connections")

    async def _authenticate(
        self,
        task: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        listener: Listener,
    ) -> None:
        """Wait for the token. Where too many connections wait, the oldest is closed, so that they lock out no client.

        Raises
        ------
        Refused
            It is wrong, or does not come.
        """
        if len(self._unauthenticated) >= MAX_UNAUTHENTICATED:
            oldest, oldest_writer = next(iter(self._unauthenticated.items()))
            del self._unauthenticated[oldest]
            oldest_writer.write(b"ERR too many connections that show no token\n")
            oldest.cancel()
            self._count_rejected(listener)
        self._unauthenticated[task] = writer
        try:
            await check_token(reader, writer, self.token)
        except RequestRefused:
            self._count_rejected(listener)
            raise
        finally:
            self._unauthenticated.pop(task, None)

    def _count_rejected(self, listener: Listener) -> None:
        self._rejected += 1
        now = self._clock()
        if now - self._last_warning >= WARNING_INTERVAL_S:
            self._last_warning = now
            port = listener.socket.getsockname()[1]
            rejected = f"{self._rejected} connection{'s' if self._rejected > 1 else ''} without the session's token"
            self._report(State("warning", f"port {port}: {rejected} turned away; those with it come in", now))


async def _close_writer(writer: asyncio.StreamWriter) -> None:
    """Send what a reader takes at once, no more."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
