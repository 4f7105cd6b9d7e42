"""A heart-rate strap as an emulator, from the services and the heart of the simulated Polar."""

from __future__ import annotations

from collections.abc import Sequence

from devices.bluetooth.heart_rate import HEART_RATE_MEASUREMENT_UUID, HEART_RATE_SERVICE_UUID
from devices.simulate.emulator import Packet, Service
from devices.simulate.heart_rate import SimulatedHeart, battery_service, beats_service


class SimulatedStrap:
    """A strap that repeats RR intervals (s); `played` counts them."""

    def __init__(self, rr: Sequence[float], name: str = "Strap 0001", battery: float = 0.9) -> None:
        self.name = name
        self.advertised = (HEART_RATE_SERVICE_UUID,)
        self.services: tuple[Service, ...] = (beats_service(), battery_service(battery))
        self.heart = SimulatedHeart(rr)
        self.played = 0
        self._connected = False

    def connect(self, now: float, mtu: int) -> None:
        """See `Emulator.connect`."""
        self._connected = True

    def disconnect(self, now: float) -> None:
        """See `Emulator.disconnect`."""
        self._connected = False

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        """Return no reply: nothing is writable."""
        return []

    def due(self, now: float) -> list[Packet]:
        """Return one measurement a second."""
        self.played = self.heart.beats(now)
        measured = self.heart.due(now)
        return [Packet(HEART_RATE_MEASUREMENT_UUID, data) for data in measured] if self._connected else []
