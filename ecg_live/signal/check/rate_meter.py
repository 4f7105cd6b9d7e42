"""Measure the sampling rate of a live stream from the times of its samples."""

from __future__ import annotations

from ecg_live.events import Chunk

MEASURED_FROM_S = 6  # seconds of signal, in which the jitter of a radio's packets (30 ms) is half a per cent


class RateMeter:
    """Samples that came, over the session clock's time for them, from a segment's first sample on.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._first: tuple[int, float] | None = None  # sample index and session clock
        self._times: list[float] = []  # session clock at each whole second of samples

    def begin_segment(self) -> None:
        """Forget the segment."""
        self._first = None
        self._times = []

    def push(self, chunk: Chunk) -> None:
        """Take a contiguous chunk."""
        if not len(chunk.samples):
            return
        if self._first is None:
            self._first = chunk.start, chunk.time
        start, _ = self._first
        while (at := start + round((len(self._times) + 1) * self._rate)) < chunk.stop:
            self._times.append(chunk.time + (at - chunk.start) / self._rate)

    def measured(self, second: int) -> float | None:
        """Rate in Hz over the segment's first ``second`` seconds; None while they are too few."""
        known = min(second, len(self._times))
        if self._first is None or known < MEASURED_FROM_S:
            return None
        took = self._times[known - 1] - self._first[1]
        return round(known * self._rate) / took if took > 0 else None
