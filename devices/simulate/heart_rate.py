"""Heart-rate and battery services of simulated straps, and the heart that beats in them."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from devices.bluetooth.gatt import BATTERY_LEVEL_UUID, BATTERY_SERVICE_UUID
from devices.bluetooth.heart_rate import HEART_RATE_MEASUREMENT_UUID, HEART_RATE_SERVICE_UUID
from devices.simulate.emulator import Characteristic, Service

NOTIFICATION_INTERVAL_S = 1.0
_FLAG_CONTACT_SUPPORTED, _FLAG_CONTACT, _FLAG_RR = 0x04, 0x02, 0x10  # GATT Specification Supplement 5, 3.113
_MAX_RR_PER_NOTIFICATION = 9  # in the 23 bytes of the smallest MTU


def beats_service() -> Service:
    """Return the heart-rate service."""
    return Service(HEART_RATE_SERVICE_UUID, (Characteristic(HEART_RATE_MEASUREMENT_UUID, frozenset({"notify"})),))


def battery_service(level: float) -> Service:
    """Return the battery service with a charge between 0 and 1."""
    value = bytes([round(level * 100)])
    return Service(BATTERY_SERVICE_UUID, (Characteristic(BATTERY_LEVEL_UUID, frozenset({"read", "notify"}), value),))


class SimulatedHeart:
    """Repeats RR intervals (s) in a loop; returns one notification each second."""

    def __init__(self, rr: Sequence[float]) -> None:
        self.rr = tuple(rr)
        self._ends = list(accumulate(self.rr))
        self.contact = True
        self._start: float | None = None
        self._notified_seconds = 0
        self._beats = 0  # until then

    def beats(self, now: float) -> int:
        """Number of intervals that have ended by ``now``."""
        if self._start is None:
            self._start = now
        rounds, rest = divmod(now - self._start + 1e-9, self._ends[-1])
        return int(rounds) * len(self.rr) + bisect_right(self._ends, rest)

    def due(self, now: float) -> list[bytes]:
        """Return the last second's measurement, if not yet returned; those of skipped seconds are lost."""
        self.beats(now)
        assert self._start is not None  # noqa: S101 - beats sets it
        second = int((now - self._start) / NOTIFICATION_INTERVAL_S + 1e-9)
        if second <= self._notified_seconds:
            return []
        before = self._beats
        if second > self._notified_seconds + 1:
            before = self.beats(self._start + (second - 1) * NOTIFICATION_INTERVAL_S)
        self._notified_seconds = second
        self._beats = self.beats(self._start + second * NOTIFICATION_INTERVAL_S)
        return [self._measurement(range(before, self._beats))]

    def _measurement(self, beats: range) -> bytes:
        rr = [self.rr[k % len(self.rr)] for k in beats][-_MAX_RR_PER_NOTIFICATION:] if self.contact else []
        rate = round(60 / self.rr[(self._beats - 1) % len(self.rr)]) if self.contact else 0
        flags = _FLAG_CONTACT_SUPPORTED | (_FLAG_CONTACT if self.contact else 0) | (_FLAG_RR if rr else 0)
        return struct.pack(f"<BB{len(rr)}H", flags, min(rate, 255), *(round(each * 1024) for each in rr))
