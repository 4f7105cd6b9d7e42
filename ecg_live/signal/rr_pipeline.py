"""The path of a heart-rate strap without ECG: RR intervals in; heart rate and RMSSD out, and heads that abstain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ecg_live.constants import NO_ECG
from ecg_live.events import Beats, Chunk, LeadOff, State, StreamEvent
from ecg_live.results import HeadInfo, HeadResult, Prediction, Quality
from ecg_live.signal.beats import MAX_HEART_RATE_BPM, MIN_HEART_RATE_BPM, rr_statistics
from ecg_live.signal.quality import MIN_REGULAR_RR_SHARE

HEART_RATE_SPAN_S = 10.0  # that a heart rate looks back, as a window of ECG does
RMSSD_SPAN_S = 30.0  # ten agree with five minutes only loosely, thirty do (Munoz et al. 2015, PLoS ONE 10:e0138921)
MIN_RMSSD_COVERAGE = 0.8  # share of the 30 s that its intervals cover at least
MAX_NOTIFICATION_GAP_S = 5.0  # without a notification; then the intervals no longer follow each other
MIN_SPACING_HOPS = 0.75  # between predictions, so that a notification each second with jitter gives one each


class _Interval(NamedTuple):
    time: float  # session clock of the notification
    rr: float  # s


class RrPath:
    """Turn a strap's `Beats` into predictions; the same interface as `SignalPath`.

    Each prediction looks back 30 s for RMSSD and 10 s for the heart rate; its first comes after 10 s.

    Parameters
    ----------
    heads : sequence of HeadInfo
        The heads, which all abstain.
    hop : float
        Seconds from one prediction to the next.
    """

    delay = 0.0
    scale = None

    def __init__(self, heads: Sequence[HeadInfo], hop: float = 1.0) -> None:
        self._heads = {head.name: HeadResult(None, None, NO_ECG, scale=head.scale) for head in heads}
        self._hop = hop
        self._origin: float | None = None  # session clock of the first notification
        self._intervals: deque[_Interval] = deque()
        self._began = 0.0  # session clock of the first notification since the last silence
        self._last = 0.0  # session clock of the last notification
        self._last_output = 0.0  # session clock of the last state or prediction
        self._off = False
        self.samples = 0  # notifications of the strap

    def push(self, item: Chunk | StreamEvent) -> Iterator[State | Prediction]:
        """Take the next item of the stream; yield the output that it completes."""
        if isinstance(item, LeadOff):
            self._off = item.off
        elif isinstance(item, Beats):
            self._add_beats(item)
            if (
                item.time - self._last_output >= MIN_SPACING_HOPS * self._hop
                or self._last_output == self._began == item.time
            ):
                self._last_output = item.time
                yield self._countdown(item.time) or self._prediction(item)

    def flush(self) -> Iterator[State | Prediction]:
        """End of the stream: nothing is left inside."""
        yield from ()

    def _add_beats(self, beats: Beats) -> None:
        self.samples += 1
        if self._origin is None or beats.time - self._last > MAX_NOTIFICATION_GAP_S:
            self._origin = beats.time if self._origin is None else self._origin
            self._intervals.clear()
            self._began = self._last_output = beats.time
        self._last = beats.time
        self._intervals.extend(_Interval(beats.time, rr) for rr in beats.rr)
        while self._intervals and self._intervals[0].time <= beats.time - RMSSD_SPAN_S:
            self._intervals.popleft()

    def _countdown(self, now: float) -> State | None:
        left = self._began + HEART_RATE_SPAN_S - now
        if left <= 0:
            return None
        if self._began == self._origin:
            return State("warming_up", f"first heart rate in {left:.0f} s", now, left)
        return State("gap", f"strap is back, next heart rate in {left:.0f} s", now, left)

    def _prediction(self, beats: Beats) -> Prediction:
        rate, rmssd, regular = self._rhythm(beats)
        quality = self._assess(rate, regular)
        plausible = quality.grade != "unusable"
        origin = self._origin if self._origin is not None else beats.time
        stop = beats.time - origin
        start = max(self._began - origin, stop - RMSSD_SPAN_S)
        return Prediction(
            start=start,
            stop=stop,
            time=origin + start,
            heads=self._heads,
            heart_rate=rate if plausible else None,
            rmssd=rmssd if plausible else None,
            quality=quality,
        )

    def _rhythm(self, beats: Beats) -> tuple[float | None, float | None, float]:
        """Heart rate (bpm), RMSSD (ms), and the share of plausible intervals."""
        rr = np.array([each.rr for each in self._intervals])
        recent = np.array([each.rr for each in self._intervals if each.time > beats.time - HEART_RATE_SPAN_S])
        _, rmssd, regular = rr_statistics(rr)
        rate, _, _ = rr_statistics(recent)
        if rate is None and not len(recent) and MIN_HEART_RATE_BPM <= beats.heart_rate <= MAX_HEART_RATE_BPM:
            rate, regular = beats.heart_rate, 1.0  # a strap that reports no RR intervals
        return rate, rmssd if rr.sum() >= MIN_RMSSD_COVERAGE * RMSSD_SPAN_S else None, regular

    def _assess(self, rate: float | None, regular: float) -> Quality:
        if self._off:
            return Quality("unusable", ("strap off the skin",))
        if rate is None:
            return Quality("unusable", ("no plausible heartbeat",))
        return Quality("good") if regular >= MIN_REGULAR_RR_SHARE else Quality("poor", ("irregular beats",))
