"""Protocols between a device's driver and its transport: Bluetooth, a serial port, or a test double."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ecg_live.errors import DeviceError
from ecg_live.events import Chunk, StreamEvent, StreamInfo

NotifyCallback = Callable[[bytes], None]  # called on any thread, so it only enqueues
Emit = Callable[[Chunk | StreamEvent], None]


class LinkLost(DeviceError):
    """The connection is lost, or the device does not answer; the supervisor reconnects."""


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device in reach. ``services`` are advertised UUIDs in lower case; ``handle`` is private to the transport."""

    name: str
    address: str
    services: tuple[str, ...] = ()
    rssi: int | None = None
    handle: object = field(default=None, compare=False)


class Link(Protocol):
    """A connected device. UUIDs are full and in lower case; a serial line ignores them: it has one pipe a direction."""

    @property
    def services(self) -> frozenset[str]:
        """UUIDs of the device's services; empty on a serial line."""
        ...

    @property
    def lost(self) -> asyncio.Event:
        """Set once the connection is lost."""
        ...

    async def subscribe(self, uuid: str, on_data: NotifyCallback) -> None:
        """Call ``on_data`` with each notification of a characteristic. Raises `LinkLost`."""
        ...

    async def write(self, uuid: str, data: bytes) -> None:
        """Write to a characteristic, with or without response as it requires. Raises `LinkLost`."""
        ...

    async def read(self, uuid: str) -> bytes:
        """Read a characteristic. Raises `LinkLost`."""
        ...

    async def close(self) -> None:
        """Disconnect; never raises."""
        ...


class DeviceTransport(Protocol):
    """Finds and connects devices."""

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        """Return the first device for which ``wanted`` is true, or None after ``seconds``.

        Raises
        ------
        DeviceError
            There is no adapter, it is off, or this process may not use it.
        """
        ...

    async def connect(self, found: FoundDevice, seconds: float) -> Link:
        """Connect within ``seconds``. Raises `LinkLost` if that fails."""
        ...


class Driver(Protocol):
    """One kind of device: knows its bytes, not its transport. One instance lasts over all reconnects."""

    @property
    def info(self) -> StreamInfo:
        """Stream description, known before anything is connected."""
        ...

    @property
    def description(self) -> str:
        """The device searched for, in words: ``Shimmer Shimmer3-7A21``."""
        ...

    def matches(self, found: FoundDevice) -> bool:
        """Whether a device in reach is the one searched for."""
        ...

    async def start(self, link: Link, emit: Emit) -> None:
        """Configure the device from scratch and start its stream; chunks and events go to ``emit`` from then on.

        Sample counters continue over reconnects: samples lost in between are reported as a `Gap`.

        Raises
        ------
        LinkLost
            The link broke or the device did not answer in time; another attempt may succeed.
        ProtocolError
            The device is of another kind, which the message names; another attempt would fail too.
        """
        ...

    async def stop(self, link: Link) -> None:
        """Stop the stream before a disconnect; never raises."""
        ...
