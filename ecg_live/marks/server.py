"""A session's doors for markers: a socket for its user, and a TCP port on this machine if asked for."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Protocol, Self

from ecg_live.errors import ConfigError
from ecg_live.marks.doors import LONGEST, LOOPBACK, UNIX, Door, announce, folder, running
from ecg_live.marks.protocol import LINE, Refused, parse
from ecg_live.types import Clock, Marker

CONNECTIONS = 32  # at a time, of each door
ADMISSION = 5.0  # s in which a connection must have shown its token
HANGING_UP = 0.3  # s, however many go on knocking
PLACING = 2.0  # s in which the session should have placed a marker


class Mark(Protocol):
    """`Session.mark`."""

    def __call__(self, text: str, time: float | None, told: Callable[[Marker], object] | None) -> None:
        """Note a marker."""
        ...


class MarkServer:
    """Take markers until closed, on a thread of its own; the protocol is told in `ecg_live.marks.protocol`.

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

    Raises
    ------
    ConfigError
        The port is taken, or may not be used.
    """

    def __init__(
        self,
        mark: Mark,
        clock: Clock,
        over: Callable[[], bool],
        source: str,
        session: str | None = None,
        port: int | None = None,
    ) -> None:
        self._mark, self._clock, self._over = mark, clock, over
        self.token = secrets.token_urlsafe(16)  # 128 bits
        self.warning: str | None = None  # why `ecg-live mark` will not find the session by itself
        self._left: list[Path] = []  # files to remove
        self._doors: list[tuple[socket.socket, str | None]] = []  # with the token that each asks for
        self._served: dict[asyncio.Task[None], str | None] = {}  # connections, by the token of their door
        if port is not None:
            self._doors.append((_port(port), self.token))
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
        """Hang up on everybody and leave no file behind."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._loop.close()
        for path in self._left:
            path.unlink(missing_ok=True)

    @property
    def port(self) -> int | None:
        """The TCP port, if there is one."""
        ports = [line.getsockname()[1] for line, token in self._doors if token is not None]
        return ports[0] if ports else None

    def _announce(self, source: str, session: str | None) -> None:
        running()  # removes what killed sessions left
        place = folder()
        path = place / f"{os.getpid()}-{secrets.token_hex(4)}.sock"
        if UNIX is not None and len(os.fsencode(path)) <= LONGEST:
            self._doors.append((_socket(path), None))
            self._left.append(path)
        elif self.port is None:
            self._doors.append((_port(0), self.token))
        inside = str(path) if self._left else None
        self._left.append(announce(Door(os.getpid(), source, session, inside, self.port, self.token), place))

    async def _run(self) -> None:
        servers = [
            await asyncio.start_server(partial(self._serve, token=token), sock=line, limit=LINE)
            for line, token in self._doors
        ]
        await self._closing.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(HANGING_UP):
                await self._hang_up_on_all()
        for server in servers:
            server.close()

    async def _hang_up_on_all(self) -> None:
        """Return in a moment at which nobody is just being let in: a server must not be closed in another."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in self._served:
                task.cancel()
            await asyncio.wait(others, timeout=0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str | None) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio made it
        full = list(self._served.values()).count(token) >= CONNECTIONS
        self._served[task] = token
        try:
            if self._closing.is_set():
                return
            if full:
                writer.write(b"ERR too many connections\n")
            elif token is None or await self._admit(reader, writer, token):
                while line := await _line(reader):
                    await _say(writer, await self._answer(line))
        except Refused as error:
            writer.write(f"ERR {error}\n".encode())
        except OSError:
            pass  # they hung up
        finally:
            del self._served[task]
            await _hang_up(writer)

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> bool:
        try:
            async with asyncio.timeout(ADMISSION):
                line = await _line(reader)
        except TimeoutError:
            raise Refused(f"no token within {ADMISSION:g} s") from None
        if not secrets.compare_digest(line.strip(), f"TOKEN {token}".encode()):
            raise Refused("the first line must be TOKEN and the token that the session printed")
        await _say(writer, "OK")
        return True

    async def _answer(self, line: bytes) -> str:
        if self._over():
            return "ERR the session has ended"
        try:
            request = parse(line, self._clock())
        except Refused as error:
            return f"ERR {error}"
        loop = asyncio.get_running_loop()
        placed: asyncio.Future[float | None] = loop.create_future()

        def told(marker: Marker) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(_settle, placed, marker.raw)

        self._mark(request.text, request.time, told)
        try:
            async with asyncio.timeout(PLACING):
                raw = await placed
        except TimeoutError:
            return "ERR the session is busy: it will note the marker at the time that it came, unless it ends first"
        return "OK -" if raw is None else f"OK {raw:.6f}"


def _settle(placed: asyncio.Future[float | None], raw: float | None) -> None:
    if not placed.done():
        placed.set_result(raw)


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line, also one that ends with the connection; empty at its end."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        raise Refused(f"the line is longer than {LINE} bytes") from None


async def _say(writer: asyncio.StreamWriter, answer: str) -> None:
    writer.write(f"{answer}\n".encode())
    await writer.drain()


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Send what a reader takes at once, no more."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _socket(path: Path) -> socket.socket:
    assert UNIX is not None  # noqa: S101 - asked before
    line = socket.socket(UNIX)
    try:
        line.bind(os.fspath(path))  # in a folder that nobody else can enter
        path.chmod(0o600)
        line.listen()
    except OSError:
        line.close()
        raise
    return line


def _port(port: int) -> socket.socket:
    line = socket.socket()
    try:
        if os.name == "posix":  # elsewhere it would let two programs share a port
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind((LOOPBACK, port))
        line.listen()
    except OSError as error:
        line.close()
        raise ConfigError(
            f"port {port} cannot be opened for markers: {error.strerror}", "choose another --mark-port"
        ) from error
    return line
