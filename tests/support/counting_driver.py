"""A device that counts, a radio that a test switches, and a driver between them: for those who only supervise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from devices.link import Emit, FoundDevice, Link, LinkLost, NotifyCallback
from ecg_live.errors import DeviceError, ProtocolError
from ecg_live.events import Chunk, Clock, Gap, StreamInfo

RATE = 100.0
BLOCK = 10


class Ether:
    """A radio with one device; ``on`` from ``since`` to ``until`` (s), and what goes wrong."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.began = clock()
        self.present = True
        self.stalled = False
        self.refuse: list[Exception] = []  # what the next connections end with
        self.broken: DeviceError | None = None  # what looking ends with
        self.link: CountingLink | None = None
        self.finds = self.connects = self.closes = 0
        self.connecting = self.most_connecting = 0
        self.connect_takes = 0.0
        self.connected: Callable[[], object] = lambda: None

    @property
    def played(self) -> int:
        return int((self.clock() - self.began) * RATE)

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        self.finds += 1
        if self.broken is not None:
            raise self.broken
        end = self.clock() + seconds
        while not self.present:
            if self.clock() >= end:
                return None
            await asyncio.sleep(0.1)
        found = FoundDevice("Counter 1", "00:01")
        return found if wanted(found) else None

    async def connect(self, found: FoundDevice, seconds: float) -> Link:
        self.connects += 1
        self.connecting += 1
        self.most_connecting = max(self.most_connecting, self.connecting)
        await asyncio.sleep(self.connect_takes)
        self.connecting -= 1
        if self.refuse:
            raise self.refuse.pop(0)
        self.link = CountingLink(self)
        self.connected()
        return self.link

    def lose(self) -> None:
        """The device is out of reach at once."""
        self.present = False
        if self.link is not None:
            self.link.lost.set()


class CountingLink:
    services: frozenset[str] = frozenset()

    def __init__(self, ether: Ether) -> None:
        self.ether = ether
        self.lost = asyncio.Event()

    async def subscribe(self, uuid: str, take: NotifyCallback) -> None: ...

    async def write(self, uuid: str, data: bytes) -> None: ...

    async def read(self, uuid: str) -> bytes:
        return b""

    async def close(self) -> None:
        self.ether.closes += 1
        self.lost.set()


class CountingDriver:
    """Samples that are their own index; what was lost while it was away is a gap."""

    info = StreamInfo(RATE, ("ECG",), name="counter")
    description: str = "Counter"

    def __init__(self, ether: Ether) -> None:
        self._ether = ether
        self._next: int | None = None
        self._task: asyncio.Task[None] | None = None
        self.starts = self.stops = 0
        self.wrong: ProtocolError | None = None
        self.hangs = False

    def matches(self, found: FoundDevice) -> bool:
        return found.name.startswith("Counter")

    async def start(self, link: Link, emit: Emit) -> None:
        self.starts += 1
        if self.wrong is not None:
            raise self.wrong
        if self.hangs:
            await asyncio.sleep(3600)
        if link.lost.is_set():
            raise LinkLost("the connection broke")
        self._task = asyncio.ensure_future(self._send(link, emit))

    async def stop(self, link: Link) -> None:
        self.stops += 1

    async def _send(self, link: Link, emit: Emit) -> None:
        at = self._ether.played
        while not link.lost.is_set():
            await asyncio.sleep(BLOCK / RATE)
            if self._ether.stalled or link.lost.is_set():
                continue
            stop = self._ether.played
            if self._next is not None and at > self._next:
                emit(Gap(self._next, at - self._next, "connection lost"))
            emit(Chunk(np.arange(at, stop, dtype=float)[:, None], at, self._ether.clock()))
            self._next = at = stop
