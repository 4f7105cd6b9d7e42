"""Distinguish normal RR intervals from ectopic beats and artefacts, two beats after they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from ecg_live.results import RrFlag, RrInterval, RrSource
from ecg_live.signal.beats import (
    LOCAL_RR_INTERVALS,
    MAX_HEART_RATE_BPM,
    MAX_RR_DEVIATION,
    MAX_RR_RATIO,
    MIN_HEART_RATE_BPM,
)

USUAL_RR_INTERVALS = 30  # whose median is the wearer's usual interval: half a minute
LOOK_AHEAD = LOCAL_RR_INTERVALS // 2  # intervals that come before the flag of one is known


class BeatInterval(NamedTuple):
    """An RR interval (s), and session clock and raw time (s) of the beat that ends it."""

    time: float
    raw: float | None
    rr: float


class RrFlagger:
    """Flag the intervals of a wearer in order, the same however they arrive.

    Intervals are compared with the median of five neighbours, the interval itself included, and with the wearer's usual
    one. One that is 25 % shorter ends with an early beat: it and the interval after it are ``ectopic``. ``artefact``:
    two short ones that make up a usual one together hold a beat that is none, one 1.5 times as long misses a beat, a
    long one before a short one ends with a beat that was seen late, and a heart rate outside of 30 to 220 bpm is none.
    Breathing alone lengthens an interval of a young heart by a third: that is normal.

    Parameters
    ----------
    source : RrSource
        Of all intervals.
    """

    def __init__(self, source: RrSource) -> None:
        self._source = source
        self._usual: deque[float] = deque(maxlen=USUAL_RR_INTERVALS)
        self._run: list[BeatInterval] = []  # intervals that follow each other: the last ones flagged, then the others
        self._flagged = 0  # of these
        self._next_flag: RrFlag | None = None  # what the interval before makes of the next one

    def push(self, interval: BeatInterval) -> Iterator[RrInterval]:
        """Take the next interval, which begins where the one before ended; yield those whose flag is known by now."""
        self._run.append(interval)
        self._usual.append(interval.rr)
        while len(self._run) >= max(LOCAL_RR_INTERVALS, self._flagged + LOOK_AHEAD + 1):
            yield self._flag_next()

    def end_run(self) -> Iterator[RrInterval]:
        """The next interval will not follow the last one: yield what is left."""
        while self._flagged < len(self._run):
            yield self._flag_next()
        self._run, self._flagged, self._next_flag = [], 0, None

    def _flag_next(self) -> RrInterval:
        at = self._flagged
        found = RrInterval(*self._run[at], self._flag(at), self._source)
        self._flagged += 1
        if self._flagged > LOCAL_RR_INTERVALS:
            del self._run[0]
            self._flagged -= 1
        return found

    def _flag(self, at: int) -> RrFlag:
        rr, about = self._run[at].rr, self._about(at)
        given, self._next_flag = self._next_flag, None
        possible = 60 / MAX_HEART_RATE_BPM <= rr <= 60 / MIN_HEART_RATE_BPM
        if given is None and self._is_short(rr, about):
            both = rr + self._run[at + 1].rr if at + 1 < len(self._run) else 0.0
            one = abs(both - about) <= MAX_RR_DEVIATION * about
            self._next_flag = "artefact" if one or not possible else "ectopic"
            return self._next_flag
        if not possible:
            return "artefact"
        if given is None and self._is_long(rr, about):
            late = at + 1 < len(self._run) and self._is_short(self._run[at + 1].rr, about)
            self._next_flag = "artefact" if late else None
            return "artefact" if late or self._is_double(rr, about) else "normal"
        return given or "normal"

    def _about(self, at: int) -> float:
        """Median of the interval and its neighbours, of the usual ones where there are too few."""
        if len(self._run) <= LOCAL_RR_INTERVALS - 1:
            return median(self._usual)
        first = min(max(0, at - LOOK_AHEAD), len(self._run) - LOCAL_RR_INTERVALS)
        return median(each.rr for each in self._run[first : first + LOCAL_RR_INTERVALS])

    def _is_short(self, rr: float, about: float) -> bool:
        return rr < (1 - MAX_RR_DEVIATION) * about or rr * MAX_RR_RATIO < median(self._usual)

    def _is_long(self, rr: float, about: float) -> bool:
        return rr > (1 + MAX_RR_DEVIATION) * about or rr > MAX_RR_RATIO * median(self._usual)

    def _is_double(self, rr: float, about: float) -> bool:
        return rr > MAX_RR_RATIO * min(about, median(self._usual))
