"""A simulated heart-rate strap: plays RR intervals by the standard service 180D."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from devices.bluetooth.gatt import BATTERY_LEVEL_UUID, BATTERY_SERVICE_UUID
from devices.bluetooth.heart_rate import HEART_RATE_MEASUREMENT_UUID, HEART_RATE_SERVICE_UUID
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.player import Player
from ecg_live.constants import MODEL_RATE_HZ as GRID
from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.events import Chunk, StreamInfo
from ecg_live.signal.pipeline import SignalPath, windows

NOTIFICATION_INTERVAL_S = 1.0  # s between notifications, as straps do
_CONTACT_KNOWN, _CONTACT, _RR = 0x04, 0x02, 0x10  # flags (GATT Supplement 5, 3.113)
_MAX_RR_PER_NOTIFICATION = 9  # intervals in the 23 bytes of the smallest MTU


def beats_service() -> Service:
    """The service of a strap."""
    return Service(HEART_RATE_SERVICE_UUID, (Characteristic(HEART_RATE_MEASUREMENT_UUID, frozenset({"notify"})),))


def battery_service(level: float) -> Service:
    """The charge between 0 and 1."""
    value = bytes([round(level * 100)])
    return Service(BATTERY_SERVICE_UUID, (Characteristic(BATTERY_LEVEL_UUID, frozenset({"read", "notify"}), value),))


def rr_of(player: Player) -> tuple[float, ...]:
    """RR intervals (s) of a recording, by the live path's own beats."""
    path = SignalPath(StreamInfo(player.rate, ("ECG",)), WINDOW_SAMPLES / GRID)
    found = [beat for window in windows(iter([Chunk(player.samples[:, :1], 0, 0.0)]), path) for beat in window.beats]
    return tuple(np.diff(found).tolist())


class SimulatedHeart:
    """Beats again and again after the same intervals; gives the notification that is due each second."""

    def __init__(self, rr: Sequence[float]) -> None:
        self.rr = tuple(rr)
        self._ends = list(accumulate(self.rr))
        self.contact = True
        self._began: float | None = None
        self._told = 0  # seconds
        self._beats = 0  # by then

    def beats(self, now: float) -> int:
        """Intervals that have ended by now."""
        if self._began is None:
            self._began = now
        rounds, rest = divmod(now - self._began + 1e-9, self._ends[-1])
        return int(rounds) * len(self.rr) + bisect_right(self._ends, rest)

    def due(self, now: float) -> list[bytes]:
        """Measurements since the last call; those of seconds in which nobody asked are lost."""
        self.beats(now)
        assert self._began is not None  # noqa: S101 - beats sets it
        second = int((now - self._began) / NOTIFICATION_INTERVAL_S + 1e-9)
        if second <= self._told:
            return []
        before = (
            self.beats(self._began + (second - 1) * NOTIFICATION_INTERVAL_S) if second > self._told + 1 else self._beats
        )
        self._told, self._beats = second, self.beats(self._began + second * NOTIFICATION_INTERVAL_S)
        return [self._measurement(range(before, self._beats))]

    def _measurement(self, beats: range) -> bytes:
        rr = [self.rr[k % len(self.rr)] for k in beats][-_MAX_RR_PER_NOTIFICATION:] if self.contact else []
        rate = round(60 / self.rr[(self._beats - 1) % len(self.rr)]) if self.contact else 0
        flags = _CONTACT_KNOWN | (_CONTACT if self.contact else 0) | (_RR if rr else 0)
        return struct.pack(f"<BB{len(rr)}H", flags, min(rate, 255), *(round(each * 1024) for each in rr))


class SimulatedStrap:
    """A strap whose heart beats after these intervals (s); `played` counts them."""

    def __init__(self, rr: Sequence[float], name: str = "Strap 0001", battery: float = 0.9) -> None:
        self.name = name
        self.advertised = (HEART_RATE_SERVICE_UUID,)
        self.services: tuple[Service, ...] = (beats_service(), battery_service(battery))
        self.heart = SimulatedHeart(rr)
        self.played = 0
        self._connected = False

    def connect(self, now: float, mtu: int) -> None:  # noqa: ARG002 - an emulator's signature
        """Note that a central connected."""
        self._connected = True

    def disconnect(self, now: float) -> None:  # noqa: ARG002
        """Note that the link is gone."""
        self._connected = False

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:  # noqa: ARG002
        """There is nothing to write."""
        return []

    def due(self, now: float) -> list[Packet]:
        """One measurement a second."""
        self.played = self.heart.beats(now)
        measured = self.heart.due(now)
        return [Packet(HEART_RATE_MEASUREMENT_UUID, data) for data in measured] if self._connected else []
