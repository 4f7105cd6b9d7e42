"""Acceleration of a simulated Polar H10, on the strap's own clock."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from devices.bluetooth.pmd import Measurement, start_request
from devices.bluetooth.polar_frames import ACCELERATION_RATES_HZ

# docs/pages/protocols.md, Polar H10
_REQUESTS = {start_request(Measurement.ACCELERATION, rate, 16, 8): rate for rate in ACCELERATION_RATES_HZ}
_FRAME_TYPE = 1
_SAMPLE_BYTES = 6
_MAX_FRAME_SAMPLES = 36  # at MTU 232
_BREATHING_HZ, _BREATHING_MG = 0.25, 20.0
_GRAVITY_MG = 1000.0
AccelerationSignal = Callable[[int, int], tuple[int, int, int]]  # index and rate in Hz to mg of three axes


def resting_acceleration(index: int, rate: int) -> tuple[int, int, int]:
    """Acceleration of a wearer who sits and breathes."""
    chest = _BREATHING_MG * math.sin(2 * math.pi * _BREATHING_HZ * index / rate)
    return round(-_GRAVITY_MG), 0, round(chest)


class SimulatedAcceleration:
    """Frames of acceleration; ``seconds`` are those of the strap's clock since it was set.

    Parameters
    ----------
    signal : callable
        Values of a sample in mg.
    """

    def __init__(self, signal: AccelerationSignal) -> None:
        self._signal = signal
        self._rate = ACCELERATION_RATES_HZ[0]
        self._next: int | None = None  # index of the next frame's first sample; None while not streaming

    @property
    def streaming(self) -> bool:
        """Whether frames are due."""
        return self._next is not None

    def start(self, request: bytes, seconds: float) -> bool:
        """Start the stream; False if the request is for other settings."""
        rate = _REQUESTS.get(request)
        if rate is None:
            return False
        self._rate, self._next = rate, self._count(seconds, rate)
        return True

    def stop(self) -> None:
        """Stop the stream."""
        self._next = None

    def skip(self, seconds: float) -> None:
        """Lose what was taken by now and not sent."""
        if self._next is not None:
            self._next = self._count(seconds, self._rate)

    def frames(self, seconds: float, base_stamp: int, max_bytes: int) -> list[bytes]:
        """Return the frames that are complete, each of at most ``max_bytes`` of samples."""
        frames = []
        count = max(1, min(_MAX_FRAME_SAMPLES, max_bytes // _SAMPLE_BYTES))
        while self._next is not None and self._next + count <= self._count(seconds, self._rate):
            frames.append(self._frame(range(self._next, self._next + count), base_stamp))
            self._next += count
        return frames

    def _frame(self, indices: range, base_stamp: int) -> bytes:
        stamp = base_stamp + round(indices[-1] * 1e9 / self._rate)
        samples = b"".join(struct.pack("<hhh", *self._signal(k, self._rate)) for k in indices)
        return struct.pack("<BQB", Measurement.ACCELERATION, stamp, _FRAME_TYPE) + samples

    @staticmethod
    def _count(seconds: float, rate: int) -> int:
        return int(seconds * rate + 1e-9)
