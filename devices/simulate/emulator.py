"""What a simulated device looks like to whoever hosts it: on a virtual radio, a pseudo-terminal or in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Property = Literal["read", "write", "write-without-response", "notify", "indicate"]


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic of a GATT service; ``value`` is what a read gives."""

    uuid: str
    properties: frozenset[Property]
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class Service:
    """A GATT service."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


class Packet(NamedTuple):
    """What a device sends: the bytes of one notification (or a stretch of its serial line)."""

    uuid: str
    data: bytes


class Emulator(Protocol):
    """A device sans I/O and sans clock: bytes and the time (s, monotonic) go in, packets come out."""

    @property
    def name(self) -> str:
        """The name that it advertises."""
        ...

    @property
    def advertised(self) -> tuple[str, ...]:
        """UUIDs of the services that it advertises."""
        ...

    @property
    def services(self) -> tuple[Service, ...]:
        """All its services, as a central discovers them."""
        ...

    @property
    def played(self) -> int:
        """Samples that its converter has taken by the last `due`, sent or not; it runs on while nobody is connected."""
        ...

    def connect(self, now: float, mtu: int) -> None:
        """Note that a central connected; ``mtu`` bytes is what ATT settled on."""
        ...

    def disconnect(self, now: float) -> None:
        """Note that the link is gone."""
        ...

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        """Take what the central wrote to a characteristic; give the replies."""
        ...

    def due(self, now: float) -> list[Packet]:
        """Give what the device sends by itself until now."""
        ...
