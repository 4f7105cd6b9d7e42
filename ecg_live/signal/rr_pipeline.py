"""The path of a strap without ECG: RR intervals in; heart rate and RMSSD out, and heads that abstain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ecg_live.constants import NO_ECG
from ecg_live.events import Beats, Chunk, LeadOff, State, StreamEvent
from ecg_live.results import HeadResult, Prediction, Quality
from ecg_live.signal.beats import FASTEST, SLOWEST, intervals
from ecg_live.signal.quality import LEAST_REGULAR

RATE_OVER = 10.0  # s that a heart rate looks back, as a window of ECG does
RMSSD_OVER = 30.0  # s: ten agree with five minutes only loosely, thirty do (Munoz et al. 2015, PLoS ONE 10:e0138921)
COVERED = 0.8  # share of the 30 s that its intervals cover at least
SILENCE = 5.0  # s without a word after which the intervals no longer follow each other
SPACING = 0.75  # hops: predictions are this far apart at least, so that a jittering second gives one


class _Interval(NamedTuple):
    time: float  # session clock of the notification
    rr: float  # s


class StrapPath:
    """Turn a strap's `Beats` into predictions; the same interface as `SignalPath`.

    Each prediction looks back 30 s for RMSSD and 10 s for the heart rate; its first comes after 10 s.

    Parameters
    ----------
    heads : sequence of str
        Names of the heads, which all abstain.
    hop : float
        Seconds from one prediction to the next.
    """

    delay = 0.0
    scale = None

    def __init__(self, heads: Sequence[str], hop: float = 1.0) -> None:
        self._heads = {name: HeadResult(None, None, NO_ECG) for name in heads}
        self._hop = hop
        self._origin: float | None = None  # session clock of the first word
        self._intervals: deque[_Interval] = deque()
        self._began = self._last = self._told = 0.0  # session clock: first and last word, last answer
        self._off = False
        self.samples = 0  # words of the strap

    def push(self, item: Chunk | StreamEvent) -> Iterator[State | Prediction]:
        """Take the next item of the stream; give what it completes."""
        if isinstance(item, LeadOff):
            self._off = item.off
        elif isinstance(item, Beats):
            self._note(item)
            if item.time - self._told >= SPACING * self._hop or self._told == self._began == item.time:
                self._told = item.time
                yield self._waiting(item.time) or self._prediction(item)

    def flush(self) -> Iterator[State | Prediction]:
        """End of the stream: nothing is left inside."""
        yield from ()

    def _note(self, beats: Beats) -> None:
        self.samples += 1
        if self._origin is None or beats.time - self._last > SILENCE:
            self._origin = beats.time if self._origin is None else self._origin
            self._intervals.clear()
            self._began = self._told = beats.time
        self._last = beats.time
        self._intervals.extend(_Interval(beats.time, rr) for rr in beats.rr)
        while self._intervals and self._intervals[0].time <= beats.time - RMSSD_OVER:
            self._intervals.popleft()

    def _waiting(self, now: float) -> State | None:
        left = self._began + RATE_OVER - now
        if left <= 0:
            return None
        if self._began == self._origin:
            return State("warming_up", f"first heart rate in {left:.0f} s", now, left)
        return State("gap", f"strap is back, next heart rate in {left:.0f} s", now, left)

    def _prediction(self, beats: Beats) -> Prediction:
        rate, rmssd, regular = self._rhythm(beats)
        quality = self._judge(rate, regular)
        borne_out = quality.grade != "unusable"
        origin = self._origin if self._origin is not None else beats.time
        stop = beats.time - origin
        start = max(self._began - origin, stop - RMSSD_OVER)
        return Prediction(
            start=start,
            stop=stop,
            time=origin + start,
            heads=self._heads,
            heart_rate=rate if borne_out else None,
            rmssd=rmssd if borne_out else None,
            quality=quality,
        )

    def _rhythm(self, beats: Beats) -> tuple[float | None, float | None, float]:
        """Heart rate (bpm), RMSSD (ms), and the share of plausible intervals."""
        rr = np.array([each.rr for each in self._intervals])
        recent = np.array([each.rr for each in self._intervals if each.time > beats.time - RATE_OVER])
        _, rmssd, regular = intervals(rr)
        rate, _, _ = intervals(recent)
        if rate is None and not len(recent) and SLOWEST <= beats.heart_rate <= FASTEST:
            rate, regular = beats.heart_rate, 1.0  # a strap that tells no intervals
        return rate, rmssd if rr.sum() >= COVERED * RMSSD_OVER else None, regular

    def _judge(self, rate: float | None, regular: float) -> Quality:
        if self._off:
            return Quality("unusable", ("strap off the skin",))
        if rate is None:
            return Quality("unusable", ("no plausible heartbeat",))
        return Quality("good") if regular >= LEAST_REGULAR else Quality("poor", ("irregular beats",))
