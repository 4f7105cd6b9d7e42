"""Facts about each second of raw samples: flat, at the converter's limit, stepped, clipped, electrodes off."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil

import numpy as np

from ecg_live.events import F64, LeadOff, StreamInfo
from ecg_live.signal.check.measure import longest_run
from ecg_live.signal.raw_quality import BlockQuality, RawQualityMeter

MIN_CLIPPED_S = 0.012  # at one value at the second's extreme: the tip of an R wave leaves it within 2 ms
MIN_CLIPPED_SECONDS = 3  # that end at the very same value, where the converter's limits are not known
MIN_CLIPPED_SAMPLES = 4  # a slow converter repeats a value twice by chance
MIN_CLIPPED_SPAN_MV = 0.1  # of the second: a flat stretch within noise is no clipped peak


@dataclass(frozen=True, slots=True)
class RawSecond:
    """What was found in one second of raw signal."""

    quality: BlockQuality
    limits: tuple[float, ...]  # values in mV at which the signal stays
    span: float  # mV
    electrodes: tuple[str, ...]


class RawSeconds:
    """Assess each second of raw samples from a segment's first one on.

    Parameters
    ----------
    info : StreamInfo
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._meter = RawQualityMeter(info.rate, info.full_scale)
        self._x: F64 = np.empty(0)  # of the current second
        self._taken = 0
        self._seconds: deque[RawSecond] = deque(maxlen=64)
        self._count = 0  # seconds of the segment by now
        self._start = 0  # of the segment, on the stream's counter
        self._lead = LeadOff(0, off=False)  # the last one

    def begin_segment(self, start: int) -> None:
        """Begin a segment at this sample index of the stream."""
        self._meter.reset()
        self._x, self._taken, self._count, self._start = np.empty(0), 0, 0, start
        self._seconds.clear()
        if self._lead.off:
            self._meter.lead_off(0, off=True)

    def lead_off(self, lead: LeadOff) -> None:
        """Note that electrodes are off, or back."""
        self._lead = lead
        self._meter.lead_off(max(0, lead.start - self._start), off=lead.off)

    def push(self, x: F64) -> None:
        """Take (n,) contiguous raw samples in mV."""
        while len(x):
            missing = ceil((self._count + 1) * self._info.rate) - self._taken
            piece, x = x[:missing], x[missing:]
            self._meter.push(piece)
            self._x = np.concatenate((self._x, piece))
            self._taken += len(piece)
            if len(piece) == missing:
                electrodes = self._lead.electrodes if self._lead.off else ()
                quality, span = self._meter[self._count], float(np.ptp(self._x))
                self._seconds.append(RawSecond(quality, self._limits(self._x), span, electrodes))
                self._count += 1
                self._x = np.empty(0)
                self._meter.forget(self._count - 1)

    def last(self, second: int, count: int) -> tuple[RawSecond, ...]:
        """The last ``count`` seconds before second ``second`` of the segment."""
        first = self._count - len(self._seconds)
        return tuple(islice(self._seconds, max(0, second - count - first), second - first))

    def clipped(self, seconds: Sequence[RawSecond]) -> bool:
        """Whether seconds show a converter's limit: known, or the same value time and again."""
        if self._info.full_scale is not None:
            return any(second.limits for second in seconds)
        found = Counter(value for second in seconds for value in second.limits)
        return max(found.values(), default=0) >= MIN_CLIPPED_SECONDS

    def _limits(self, x: F64) -> tuple[float, ...]:
        """Values at the converter's limits, or at the second's own extremes, that last longer than a peak does."""
        low, high = float(x.min()), float(x.max())
        if high - low < MIN_CLIPPED_SPAN_MV:
            return ()
        bottom, top, _ = self._meter.rails(low, high)
        least = max(MIN_CLIPPED_SAMPLES, MIN_CLIPPED_S * self._info.rate)
        ends = ((low, x <= bottom), (high, x >= top))
        return tuple(value for value, at_limit in ends if longest_run(at_limit) >= least)
