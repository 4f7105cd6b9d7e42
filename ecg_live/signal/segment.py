"""A segment of a stream: its places and times, and the windows that are cut from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.events import F32, F64, State
from ecg_live.results import Quality, Window
from ecg_live.signal.beats import Rhythm
from ecg_live.signal.r_peaks import refine_peaks
from ecg_live.signal.raw_quality import BlockQuality


@dataclass(slots=True)
class Segment:
    """State of the running segment.

    ``number`` counts segments from 0, ``start`` is the sample index of its first sample on the raw counter. Raw
    positions below are sample indices within the segment.
    """

    number: int
    start: int
    rate: float  # raw, in Hz
    speed: float  # seconds of signal in a second of the session clock
    chunk_times: deque[tuple[int, float]]  # raw position and session clock (s) of each chunk
    bridged: list[tuple[int, int]] = field(default_factory=list)  # raw start and stop of each bridged gap
    window_stop: int = WINDOW_SAMPLES  # index on the 256 Hz grid at which the next window is full
    countdowns: int = 0  # hops of the first window that were announced

    def raw_time(self, position: float) -> float:
        """Stream time (s) at a position on the 256 Hz grid."""
        return self.start / self.rate + position / MODEL_RATE_HZ

    def raw_position(self, position: float) -> float:
        """Raw position at a position on the 256 Hz grid."""
        return position / MODEL_RATE_HZ * self.rate

    def session_clock(self, raw: float) -> float:
        """Session clock (s) at a raw position."""
        start, time = next(known for known in reversed(self.chunk_times) if known[0] <= raw)
        return time + (raw - start) / self.rate / self.speed

    def bridged_share(self, begin: float, end: float) -> float:
        """Share of the raw samples from ``begin`` to ``end`` that were bridged; earlier ones are forgotten."""
        self.bridged = [(start, stop) for start, stop in self.bridged if stop > begin]
        return sum(max(0.0, min(stop, end) - max(start, begin)) for start, stop in self.bridged) / (end - begin)

    def forget_times(self, before: float) -> None:
        """Drop the times of chunks that end before a raw position."""
        while len(self.chunk_times) > 1 and self.chunk_times[1][0] <= before:
            self.chunk_times.popleft()

    def countdown(self, ready: int) -> State:
        """State that counts down to the first window; ``ready`` samples of it are there."""
        left = (WINDOW_SAMPLES - ready) / MODEL_RATE_HZ
        time = self.session_clock(self.raw_position(ready))
        if self.number == 0:
            return State("warming_up", f"first window in {left:.0f} s", time, left)
        return State("gap", f"signal is back, next window in {left:.0f} s", time, left)


@dataclass(frozen=True, slots=True, eq=False)
class WindowCut:
    """A window before its beats and quality are known.

    ``data`` float32 (2560,) is normalised, ``baseline`` float64 (2560,) is in mV before the high-pass. ``searched``
    (warmup + 2560,) in mV after it begins before the window; both are valid until the path takes more samples.
    ``blocks`` are the verdicts on its raw seconds. The rest as in `Window`.
    """

    data: F32
    baseline: F64
    searched: F64
    blocks: tuple[BlockQuality, ...]
    first: int
    start: float
    time: float
    segment: int
    bridged: float

    @property
    def warmup(self) -> int:
        """Samples before the window that are searched for beats as well."""
        return len(self.searched) - WINDOW_SAMPLES

    @property
    def filtered(self) -> F64:
        """The window (2560,) in mV after the high-pass."""
        return self.searched[self.warmup :]

    def _r_peaks(self, rhythm: Rhythm) -> tuple[float, ...]:
        places = refine_peaks(self.searched, rhythm.peaks) - self.warmup
        return tuple((self.start + places / MODEL_RATE_HZ).tolist())

    def window(self, rhythm: Rhythm, quality: Quality) -> Window:
        """The window with its beats and its quality."""
        plausible = quality.grade != "unusable"
        return Window(
            data=self.data,
            first=self.first,
            start=self.start,
            stop=self.start + WINDOW_SAMPLES / MODEL_RATE_HZ,
            time=self.time,
            segment=self.segment,
            quality=quality,
            bridged=self.bridged,
            heart_rate=rhythm.heart_rate if plausible else None,
            rmssd=rhythm.rmssd if plausible else None,
            beats=tuple((self.start + rhythm.beats / MODEL_RATE_HZ).tolist()),
            r_peaks=self._r_peaks(rhythm),
        )
