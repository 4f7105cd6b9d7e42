"""Protocol between a simulated device and its host: a virtual radio, a pseudo-terminal, or memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Property = Literal["read", "write", "write-without-response", "notify", "indicate"]


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic of a GATT service; ``value`` is returned by a read."""

    uuid: str
    properties: frozenset[Property]
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class Service:
    """A GATT service."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


class Packet(NamedTuple):
    """Bytes from a device: one notification, or a part of its serial stream."""

    uuid: str
    data: bytes


class Emulator(Protocol):
    """A device without I/O and clock: takes bytes and time (monotonic s), returns packets."""

    @property
    def name(self) -> str:
        """Advertised name."""
        ...

    @property
    def advertised(self) -> tuple[str, ...]:
        """UUIDs of the advertised services."""
        ...

    @property
    def services(self) -> tuple[Service, ...]:
        """All services, as a central discovers them."""
        ...

    @property
    def played(self) -> int:
        """Samples converted until the last `due`, sent or not; conversion continues without a connection."""
        ...

    def connect(self, now: float, mtu: int) -> None:
        """Begin a connection with an ATT MTU of ``mtu`` bytes."""
        ...

    def disconnect(self, now: float) -> None:
        """End the connection."""
        ...

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        """Process bytes written to a characteristic; return the replies."""
        ...

    def due(self, now: float) -> list[Packet]:
        """Return what the device sends by itself until ``now``."""
        ...
