"""Polar's ECG frames, sans I/O: bytes to mV, and timestamps to the index of each sample that the strap took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from devices.clock import DeviceClock
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import ProtocolError
from ecg_live.events import F64, Chunk, Gap, State, StreamEvent

POLAR_RATE_HZ = 130.0  # the only ECG rate of the H10
_HEADER_BYTES = 10  # measurement, u64 ns of the last sample, frame type
_MEASUREMENT_NAMES = {
    0: "ECG",
    1: "PPG",
    2: "acceleration",
    3: "PP intervals",
    5: "gyroscope",
    6: "magnetometer",
}  # Polar BLE SDK
_MIN_FIT_SPAN_S = 60.0  # of a fitted rate: 5 ms of jitter is 0.6 samples of a minute's gap there
_MAX_RATE_ERROR = 0.01  # of the fitted rate, as a share of nominal
_MAX_JITTER_SAMPLES = 1  # of timestamps between consecutive frames: a lost frame is 3 samples or more
_CLOCK_SET_S = 5.0  # more between the steps of both clocks means a set clock: no radio delays data so long


class PolarFrame(NamedTuple):
    """Samples (n,) in mV; ``stamp`` is the last one's time in ns of the strap's clock, which counts from 2000."""

    stamp: int
    samples: F64


def parse_frame(data: bytes) -> PolarFrame:
    """Parse a frame of ECG.

    Raises
    ------
    ProtocolError
        It is of another measurement or type, or truncated.
    """
    if len(data) < _HEADER_BYTES or (len(data) - _HEADER_BYTES) % 3:
        raise ProtocolError(f"Polar frame of {len(data)} bytes is cut short", "move the strap nearer")
    if data[0] or data[9]:
        kind = _MEASUREMENT_NAMES.get(data[0], f"kind {data[0]}")
        packing = "compressed " if data[9] & 0x80 else ""
        raise ProtocolError(
            f"Polar frame of {packing}{kind}, type {data[9] & 0x7F}; this version reads ECG of type 0 only",
            "update the strap with Polar's app",
        )
    octets = np.frombuffer(data, np.uint8, offset=_HEADER_BYTES).reshape(-1, 3).astype(np.int32)
    microvolt = octets[:, 0] | octets[:, 1] << 8 | octets[:, 2].astype(np.int8).astype(np.int32) << 16
    return PolarFrame(int.from_bytes(data[1:9], "little"), microvolt / 1000)


class PolarTimeline:
    """Assigns sample indices to frames: samples missing between two timestamps are a gap, exact to the sample.

    A strap that was shut down restarts its clock at 2019: then the gap's length comes from the session clock.
    """

    def __init__(self) -> None:
        self._clock = DeviceClock()
        self._next = 0  # index of the next sample
        self._last: tuple[int, float, float] | None = None  # stamp, session time and arrival of the last sample
        self._fit_start = (0, 0)  # stamp and index of the last sample of the clock's first frame
        self._cause = ""
        self._repeated = WarningCounter()

    def connect(self) -> None:
        """Begin another connection: samples before its first frame count as lost with it."""
        self._cause = "connection lost"

    def push(self, frame: PolarFrame, arrived: float) -> Iterator[Chunk | StreamEvent]:
        """Yield the gap before a frame, if any, the frame's chunk, and warnings."""
        n = len(frame.samples)
        if n == 0:
            return
        if self._last is not None and frame.stamp == self._last[0]:
            if (times := self._repeated.add()) is not None:
                yield State("warning", f"{n} samples came twice and were dropped{times}", arrived)
            return
        lost = self._lost_samples(frame, arrived)
        if lost is None:
            self._clock.reset()
        self._clock.push(frame.stamp / 1e9, arrived)
        time = self._clock.host_time(frame.stamp / 1e9 - (n - 1) / POLAR_RATE_HZ)
        cause = self._cause or "lost frames"
        if lost is None:
            lost = self._lost_by_host_time(time)
            cause = f"{cause}; the strap's clock was set, so the length is the computer's"
        if lost > 0:
            yield Gap(self._next, lost, cause, time=time - lost / POLAR_RATE_HZ)
        yield Chunk(frame.samples[:, None], self._next + lost, time, arrived)
        self._advance(frame, self._next + lost + n, arrived)
        if (report := self._clock.drift_report(arrived)) is not None:
            yield report

    def _lost_samples(self, frame: PolarFrame, arrived: float) -> int | None:
        """Count the samples lost before a frame; None if the strap's clock was set in between."""
        if self._last is None:
            return 0
        stamp, _, before = self._last
        step = (frame.stamp - stamp) / 1e9
        lost = round(step * self._rate()) - len(frame.samples)
        if abs(lost) <= _MAX_JITTER_SAMPLES and not self._cause:
            return 0
        if lost < -_MAX_JITTER_SAMPLES or abs(step - (arrived - before)) > _CLOCK_SET_S:
            self._fit_start = frame.stamp, self._next - 1
            return None
        return max(0, lost)

    def _rate(self) -> float:
        """Return the sampling rate by the strap's clock, in Hz."""
        stamp, index = self._fit_start
        span = (self._last[0] - stamp) / 1e9 if self._last is not None else 0.0
        rate = (self._next - 1 - index) / span if span >= _MIN_FIT_SPAN_S else POLAR_RATE_HZ
        return rate if abs(rate / POLAR_RATE_HZ - 1) <= _MAX_RATE_ERROR else POLAR_RATE_HZ

    def _lost_by_host_time(self, time: float) -> int:
        assert self._last is not None  # noqa: S101 - there is no gap before the first frame
        return max(0, round((time - self._last[1]) * POLAR_RATE_HZ) - 1)

    def _advance(self, frame: PolarFrame, stop: int, arrived: float) -> None:
        if self._last is None or self._fit_start[0] == frame.stamp:
            self._fit_start = frame.stamp, stop - 1
        self._next, self._cause = stop, ""
        self._last = frame.stamp, self._clock.host_time(frame.stamp / 1e9), arrived
