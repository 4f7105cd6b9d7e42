"""Counts and arrival times of a session."""

from __future__ import annotations

from math import floor, isfinite

from ecg_live.events import Chunk, Clock, Gap
from ecg_live.results import Summary, Window

MAX_SILENCE_S = 3.0  # before the end; longer is a gap. As long as a screen shows a trace as live


class SessionCounters:
    """Counts for the summary, and arrivals for the latency.

    ``began`` is the session clock at the first sample, ``lost`` counts raw samples.

    Parameters
    ----------
    rate : float
        Raw rate in Hz, 0 for a source without samples.
    speed : float
        Seconds of signal in a second of the session clock.
    clock : Clock
        Session clock.
    """

    def __init__(self, rate: float, speed: float, clock: Clock) -> None:
        self._rate = rate
        self._speed = speed
        self._clock = clock
        self.began: float | None = None
        self._notified: float | None = None  # session clock of a strap's first notification
        self.lost = 0
        self._paused = 0  # samples of a reader's pauses, which are not lost
        self._pause = 0  # of the pause that the path has not reported yet
        self._windows = 0
        self._abstained = 0
        self._arrivals = ((0.0, 0.0), (0.0, 0.0))  # raw time (s) and arrival of the last two chunks
        self._newest: Chunk | None = None
        self._taken = 0.0  # when the newest chunk was taken
        self._stop = 0  # raw sample index after what came or was reported lost

    def begin(self, notified: float | None = None) -> None:
        """Note the first sample, or the time of a strap's first notification; later ones change nothing."""
        if self.began is None:
            self.began, self._notified = self._clock(), notified

    @property
    def origin(self) -> float | None:
        """Session clock at raw time 0; None before the first sample."""
        chunk = self._newest
        return self._notified if chunk is None else chunk.time - chunk.start / self._rate / self._speed

    def arrive(self, chunk: Chunk) -> None:
        """Note when samples came."""
        now = self._clock()
        self.begin()
        arrived = now if chunk.arrived is None else min(chunk.arrived, now)
        self._arrivals = self._arrivals[1], (chunk.start / self._rate, arrived)
        self._newest, self._taken, self._stop = chunk, now, max(self._stop, chunk.stop)

    def pause(self, gap: Gap) -> None:
        """Note a pause between two parts of a file; the path reports it, with invalid samples beside it, as one gap."""
        self._pause += gap.lost

    def lose(self, gap: Gap) -> None:
        """Note a gap; a reader's pause within it is not lost."""
        pause, self._pause = min(self._pause, gap.lost), 0
        self._paused += pause
        self.lost += gap.lost - pause
        self._stop = max(self._stop, gap.stop)

    def silence(self) -> Gap | None:
        """Gap at the end of a session after its device fell silent; None if it did not."""
        now, chunk = self._clock(), self._newest
        if chunk is None or not isfinite(self._speed) or now - self._taken <= MAX_SILENCE_S:
            return None
        due = floor((now - self._taken) * self._rate * self._speed)  # from a device that sends on
        lost, time = chunk.stop + due - self._stop, chunk.time + len(chunk.samples) / self._rate / self._speed
        return Gap(self._stop, lost, "the device was silent until the end", time=time) if lost > 0 else None

    def completed(self, window: Window, delay: float) -> float:
        """Arrival (session clock) of the chunk that completed a window; before a gap, not of the one after it."""
        (_, before), (start, last) = self._arrivals
        return before if window.stop + delay <= start else last

    def predict(self, *, abstained: bool) -> None:
        """Note a prediction; whether all heads abstained."""
        self._windows, self._abstained = self._windows + 1, self._abstained + abstained

    def summary(self, samples: int) -> Summary:
        """The summary, of so many raw samples."""
        wall = self._clock() - self.began if self.began is not None else 0.0
        length = (samples + self.lost + self._paused) / self._rate if self._rate else wall
        return Summary(
            samples=samples,
            lost=self.lost,
            paused=self._paused,
            windows=self._windows,
            predictions=self._windows,
            abstained=self._abstained,
            wall=wall,
            speed=length / wall if wall > 0 else 0.0,
        )
