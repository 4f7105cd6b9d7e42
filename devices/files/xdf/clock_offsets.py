"""Convert timestamps from a sender's clock to the recorder's, by the clock offsets in the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64

_CLOCK_SET_S = 0.1  # a larger change between two offsets shows that the clock was set
_MAX_DRIFT_S_PER_S = 1e-3  # by which two clocks may drift apart
_TIMESTAMP_STEP_S = 0.05  # by which timestamps leave their interval where the clock was set
_MIN_BACKWARD_S = 1.0  # unordered timestamps go back by less
_OFFSET_REACH_S = 15.0  # recorders measure offsets every 5 s
_SMOOTHED_OFFSETS = 5  # under the median filter; a slow network spoils single offsets


class _OffsetSegment(NamedTuple):
    """Offsets between two settings of the sender's clock: rising times on it, and offsets to add, both in s."""

    times: F64
    offsets: F64

    def covers(self, time: float) -> bool:
        return bool(self.times[0] - _OFFSET_REACH_S <= time <= self.times[-1] + _OFFSET_REACH_S)

    def corrected(self, times: F64) -> F64:
        return np.asarray(times + np.interp(times, self.times, self.offsets), dtype=np.float64)


class SenderClock:
    """Converts a stream's timestamps to the recorder's clock.

    Offsets are interpolated. When the sender's clock is set, timestamps and offsets jump, but not together, since
    offsets are measured every few seconds only: each timestamp gets the offsets with which time continues.

    Parameters
    ----------
    measured : sequence of (float, float)
        Times on the sender's clock and offsets, in the order of the file; empty: timestamps are not changed.
    interval : float
        Seconds between two samples, 0 for an irregular stream.
    """

    def __init__(self, measured: Sequence[tuple[float, float]], interval: float = 0.0) -> None:
        self._segments = [_smooth_offsets(part) for part in _split_at_clock_sets(measured)]
        self._interval = interval
        self._at = 0  # index of the segment in use
        self._stamp = math.nan  # last timestamp on the sender's clock
        self._time = math.nan  # the same on the recorder's clock

    def corrected(self, stamps: F64) -> F64:
        """Return timestamps (n,), which follow those of the call before, on the recorder's clock."""
        if not len(stamps) or not self._segments:
            return stamps
        if len(self._segments) == 1:
            return self._segments[0].corrected(stamps)
        times = np.full(len(stamps), np.nan)
        known = np.isfinite(stamps)
        times[known] = self._convert_between_steps(stamps[known])
        return times

    def _convert_between_steps(self, stamps: F64) -> F64:
        times = np.empty(len(stamps))
        step = np.diff(stamps, prepend=self._stamp) - self._interval
        edges = set(np.flatnonzero(~(np.abs(step) <= _TIMESTAMP_STEP_S)).tolist())  # the very first has no step
        for low, high in pairwise(sorted({0, *edges, len(stamps)})):
            if low in edges:
                self._choose_segment(float(stamps[low]))
            times[low:high] = self._convert_smooth(stamps[low:high])
            self._stamp = float(stamps[high - 1])
            self._time = float(times[high - 1])
        return times

    def last(self, stamp: float) -> float:
        """Return a stream's last timestamp on the recorder's clock."""
        return float(self._segments[-1].corrected(np.array([stamp]))[0]) if self._segments else stamp

    def _choose_segment(self, stamp: float) -> None:
        """At a step of the timestamps, change to the segment with the smallest step of the recorder's time."""
        now = self._segments[self._at]
        steps = [each.corrected(np.array([stamp]))[0] - self._time - self._interval for each in self._segments]
        later = range(self._at + 1, len(steps))
        if np.isnan(self._time):  # the first timestamp: the nearest segment
            apart = [max(each.times[0] - stamp, stamp - each.times[-1], 0.0) for each in self._segments]
            self._at = int(np.argmin(apart))
        elif later and (steps[self._at] < -_TIMESTAMP_STEP_S or stamp > now.times[-1]):
            best = min(later, key=lambda k: abs(steps[k]))
            onward = [k for k in later if steps[k] > -_TIMESTAMP_STEP_S and self._segments[k].covers(stamp)]
            if abs(steps[best]) < abs(steps[self._at]):
                self._at = best
            elif steps[self._at] < -_MIN_BACKWARD_S and onward:  # time does not go back, but there may be a pause
                self._at = min(onward, key=lambda k: steps[k])

    def _convert_smooth(self, stamps: F64) -> F64:
        """Convert timestamps without a step, which may extend into later segments."""
        times = self._segments[self._at].corrected(stamps)
        while self._at + 1 < len(self._segments):
            now, then = self._segments[self._at], self._segments[self._at + 1]
            inside = np.flatnonzero((stamps >= then.times[0]) & (stamps <= then.times[-1]))
            if then.times[0] <= now.times[-1] or not len(inside):
                break
            times[inside[0] :] = then.corrected(stamps[inside[0] :])
            self._at += 1
        return times


def _split_at_clock_sets(measured: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Split offsets at clock settings; leave out single outliers."""
    known = [pair for pair in measured if np.isfinite(pair).all()]
    kept = [pair for k, pair in enumerate(known) if not _is_stray(known[max(0, k - 1) : k + 2], k)]
    parts: list[list[tuple[float, float]]] = []
    for pair in kept:
        if parts and not _was_clock_set(parts[-1][-1], pair):
            parts[-1].append(pair)
        else:
            parts.append([pair])
    return parts


def _is_stray(three: Sequence[tuple[float, float]], at: int) -> bool:
    return at > 0 and len(three) == 3 and _was_clock_set(three[0], three[1]) and not _was_clock_set(three[0], three[2])


def _was_clock_set(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether the clock was set between two offsets."""
    return abs(other[1] - one[1]) > _CLOCK_SET_S + _MAX_DRIFT_S_PER_S * abs(sum(other) - sum(one))


def _smooth_offsets(part: Sequence[tuple[float, float]]) -> _OffsetSegment:
    times, offsets = np.array(part, dtype=np.float64).T
    order = np.argsort(times, kind="stable")
    wide = min(_SMOOTHED_OFFSETS, len(part) - 1 + len(part) % 2)  # odd
    padded = np.pad(offsets[order], wide // 2, mode="edge")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, wide), axis=1)
    return _OffsetSegment(times[order], np.asarray(smooth, dtype=np.float64))
