"""A connection to a device, whatever carries it: what drivers ask of Bluetooth, a serial port, or a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ecg_live.errors import DeviceError
from ecg_live.events import Chunk, StreamEvent, StreamInfo

NotifyCallback = Callable[[bytes], None]  # called on the loop's thread or another: it only enqueues
Emit = Callable[[Chunk | StreamEvent], None]


class LinkLost(DeviceError):
    """The connection is gone, or the device no longer answers; the supervisor connects anew."""


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device in reach. ``services`` are the UUIDs it advertises, in lower case; ``handle`` is the transport's own."""

    name: str
    address: str
    services: tuple[str, ...] = ()
    rssi: int | None = None
    handle: object = field(default=None, compare=False)


class Link(Protocol):
    """A connected device. UUIDs are full and in lower case; a serial line takes any and has one pipe a direction."""

    @property
    def services(self) -> frozenset[str]:
        """UUIDs of the services that the device has; empty on a serial line."""
        ...

    @property
    def lost(self) -> asyncio.Event:
        """Set once the connection is gone."""
        ...

    async def subscribe(self, uuid: str, take: NotifyCallback) -> None:
        """Have ``take`` called with each notification of a characteristic. Raises `LinkLost`."""
        ...

    async def write(self, uuid: str, data: bytes) -> None:
        """Write to a characteristic, as it wants it: with or without response. Raises `LinkLost`."""
        ...

    async def read(self, uuid: str) -> bytes:
        """Read a characteristic. Raises `LinkLost`."""
        ...

    async def close(self) -> None:
        """Disconnect; never raises."""
        ...


class DeviceTransport(Protocol):
    """How devices are found and connected."""

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        """Look for a device; the first one that is wanted, or None when the time is up.

        Raises
        ------
        DeviceError
            There is no adapter, it is off, or this process may not use it: with the remedy.
        """
        ...

    async def connect(self, found: FoundDevice, seconds: float) -> Link:
        """Connect. Raises `LinkLost` when that fails."""
        ...


class Driver(Protocol):
    """One kind of device: knows its bytes, not what carries them. It lives on over reconnects."""

    @property
    def info(self) -> StreamInfo:
        """The stream, known before anything is connected."""
        ...

    @property
    def description(self) -> str:
        """What it looks for, in words: ``Shimmer Shimmer3-7A21``."""
        ...

    def matches(self, found: FoundDevice) -> bool:
        """Whether a device in reach is the one."""
        ...

    async def start(self, link: Link, emit: Emit) -> None:
        """Configure the device from scratch and start its stream; chunks and events go to ``emit`` from then on.

        Counters go on from where they were: what was lost in between is told as a `Gap`.

        Raises
        ------
        LinkLost
            The link went away or the device did not answer in time: worth another try.
        ProtocolError
            The device is not what it should be (and the message says what it is): not worth another try.
        """
        ...

    async def stop(self, link: Link) -> None:
        """End the stream politely before a disconnect; never raises."""
        ...
