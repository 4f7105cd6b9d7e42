"""The simplest device there is: it counts up, says where it is, and echoes what is written to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.simulate.emulator import Characteristic, Packet, Service

SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
WRITE = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
NOTIFY = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
ASK = "6e400004-b5a3-f393-e0a9-e50e24dcca9e"  # written with a response, answered by an indication
LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
BATTERY = "0000180f-0000-1000-8000-00805f9b34fb"
RATE = 500  # Hz
START, STOP = b"go", b"stop"


@dataclass
class Counter:
    """Sends its count as 4 bytes, little-endian, from ``START`` to ``STOP`` or a disconnect."""

    name: str = "Counter-1"
    heard: list[tuple[str, bytes]] = field(default_factory=list)  # what was written to it
    mtu: int = 0
    played: int = 0
    connections: int = 0
    _since: float | None = None
    _sending: bool = False

    advertised = (SERVICE, BATTERY)
    services = (
        Service(
            SERVICE,
            (
                Characteristic(WRITE, frozenset({"write", "write-without-response"})),
                Characteristic(NOTIFY, frozenset({"notify"})),
                Characteristic(ASK, frozenset({"write", "indicate"})),
            ),
        ),
        Service(BATTERY, (Characteristic(LEVEL, frozenset({"read"}), b"\x58"),)),
    )

    def connect(self, now: float, mtu: int) -> None:
        self.connections += 1
        self.mtu = mtu

    def disconnect(self, now: float) -> None:
        self.mtu, self._sending = 0, False

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        self.heard.append((uuid, data))
        if data in (START, STOP):
            self._sending = data == START
        return [Packet(ASK, data[::-1])] if uuid == ASK else []

    def due(self, now: float) -> list[Packet]:
        self._since = now if self._since is None else self._since
        first, self.played = self.played, int((now - self._since) * RATE)
        if not self._sending or first == self.played:
            return []
        return [Packet(NOTIFY, b"".join(n.to_bytes(4, "little") for n in range(first, self.played)))]
