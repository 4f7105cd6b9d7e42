"""Stamped frames of one device, sans I/O: from the device's clock to the index of each sample that it took."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

from devices.clock import DeviceClock
from devices.repeated_warnings import WarningCounter
from ecg_live.events import F64, Chunk, Gap, State, StreamEvent

_MIN_FIT_SPAN_S = 60.0  # of a fitted rate: 5 ms of jitter is 0.6 samples of a minute's gap at 130 Hz
_MAX_RATE_ERROR = 0.01  # of the fitted rate, as a share of nominal
_MAX_JITTER_SAMPLES = 1  # of stamps between consecutive frames: a lost frame has 3 samples or more
_AVERAGED_STAMPS = 8  # before an outage: at 512 Hz whole ms are half a sample, and four packets have all fractions
_CLOCK_SET_S = 5.0  # more between the steps of both clocks means a set clock: no radio delays data so long


class Frame(NamedTuple):
    """Samples (n,) or (n, channels); ``stamp`` is the last one's time in ns of the device's clock."""

    stamp: int
    samples: F64


class FrameTimeline:
    """Assigns sample indices to frames: samples missing between two stamps are a gap, exact to the sample.

    A device that was shut down restarts its clock: then the gap's length comes from the session clock.

    Parameters
    ----------
    rate : float
        Nominal sampling rate in Hz.
    device : str
        What to call the device in a gap's cause.
    equal_frames : bool
        All frames hold as many samples, so that those lost within a connection are whole frames: their number does not
        depend on the stamps' jitter. What an outage lost is counted from the mean of the stamps before it, as they may
        be whole ms.
    """

    def __init__(self, rate: float, device: str, *, equal_frames: bool = False) -> None:
        self._nominal_rate = rate
        self._device = device
        self._equal_frames = equal_frames
        self._clock = DeviceClock()
        self._next = 0  # index of the next sample
        self._last: tuple[int, float, float] | None = None  # stamp, session time and arrival of the last sample
        self._recent = deque[tuple[int, int]](maxlen=_AVERAGED_STAMPS if equal_frames else 1)  # stamps, and indices
        self._fit_start = (0, 0)  # stamp and index of the last sample of the clock's first frame
        self._cause = ""
        self._repeated = WarningCounter()

    def connect(self) -> None:
        """Begin another connection: samples before its first frame count as lost with it."""
        self._cause = "connection lost"

    def push(self, frame: Frame, arrived: float) -> Iterator[Chunk | StreamEvent]:
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
        time = self._clock.host_time(frame.stamp / 1e9 - (n - 1) / self._nominal_rate)
        cause = self._cause or "lost frames"
        if lost is None:
            lost = self._lost_by_host_time(time)
            cause = f"{cause}; the {self._device}'s clock was set, so the length is the computer's"
        if lost > 0:
            yield Gap(self._next, lost, cause, time=time - lost / self._nominal_rate)
        yield Chunk(frame.samples.reshape(n, -1), self._next + lost, time, arrived)
        self._advance(frame, self._next + lost + n, arrived)
        if (report := self._clock.drift_report(arrived)) is not None:
            yield report

    def _lost_samples(self, frame: Frame, arrived: float) -> int | None:
        """Count the samples lost before a frame; None if the device's clock was set in between."""
        if self._last is None:
            return 0
        stamp, _, before = self._last
        step = (frame.stamp - stamp) / 1e9 - (self._mean_offset() if self._cause else 0.0)
        n = len(frame.samples)
        lost = round(step * self._rate()) - n
        if not self._cause:
            lost = round(lost / n) * n if self._equal_frames else lost if abs(lost) > _MAX_JITTER_SAMPLES else 0
        if lost < -_MAX_JITTER_SAMPLES or abs(step - (arrived - before)) > _CLOCK_SET_S:
            self._fit_start = frame.stamp, self._next - 1
            return None
        return max(0, lost)

    def _mean_offset(self) -> float:
        """By how much (s) the stamps before are later, on average, than the last one says."""
        last, stop = self._recent[-1]
        return fmean((stamp - last) / 1e9 + (stop - index) / self._nominal_rate for stamp, index in self._recent)

    def _rate(self) -> float:
        """Return the sampling rate by the device's clock, in Hz."""
        stamp, index = self._fit_start
        span = (self._last[0] - stamp) / 1e9 if self._last is not None else 0.0
        rate = (self._next - 1 - index) / span if span >= _MIN_FIT_SPAN_S else self._nominal_rate
        return rate if abs(rate / self._nominal_rate - 1) <= _MAX_RATE_ERROR else self._nominal_rate

    def _lost_by_host_time(self, time: float) -> int:
        assert self._last is not None  # noqa: S101 - there is no gap before the first frame
        return max(0, round((time - self._last[1]) * self._nominal_rate) - 1)

    def _advance(self, frame: Frame, stop: int, arrived: float) -> None:
        if self._last is None or self._fit_start[0] == frame.stamp:
            self._fit_start = frame.stamp, stop - 1
        if self._cause:
            self._recent.clear()
        self._recent.append((frame.stamp, stop))
        self._next, self._cause = stop, ""
        self._last = frame.stamp, self._clock.host_time(frame.stamp / 1e9), arrived
