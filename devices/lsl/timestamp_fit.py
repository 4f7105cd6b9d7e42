"""The line through the stamps of an LSL stream, how far from it a stamp may lie, and how late after it samples come."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from ecg_live.events import F64

MAX_LATE_MADS, MAX_LATE_SAMPLES = (
    6.0,
    1.5,
)  # a jump is more than so many times the jitter's MAD, and so many samples (facts on LSL)
INITIAL_LIMIT_S = 0.050  # s that counts as a jump before the jitter is known
BLOCK_S = 0.5  # s; the fit goes through the median of each
LEVEL_BLOCKS, SLOPE_BLOCKS = 20, 120  # blocks that tell jitter and level (10 s), and rate (60 s)
MIN_CLOCK_STEP_S = (
    0.1  # s by which stamps must move against arrivals for a clock that was set: twice a busy computer's delay
)
MAX_RATE_ERROR = (
    0.02  # that a rate may be off: 0.6 % was met in the field (facts: drift from assuming the nominal rate)
)


class TimestampFit:
    """Stamp (s) against index: a robust line through the medians of blocks.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._nominal = self.interval = 1 / rate
        self.limit = max(INITIAL_LIMIT_S, MAX_LATE_SAMPLES / rate)  # s that a stamp may be late
        self._size = max(2, round(BLOCK_S * rate))
        self._origin, self._level = 0, math.nan  # the line goes through this point
        self._block: list[tuple[int, float, float]] = []  # index, stamp, lag
        self._recent: deque[F64] = deque(maxlen=LEVEL_BLOCKS)  # (n, 3)
        self._lags: deque[float] = deque(maxlen=LEVEL_BLOCKS)  # the least of each block
        self._middles: deque[tuple[float, float]] = deque(maxlen=SLOPE_BLOCKS)

    def at(self, index: int, otherwise: float = math.nan) -> float:
        """Stamp on the line, or else the one given where there is no line yet."""
        return otherwise if math.isnan(self._level) else self._level + (index - self._origin) * self.interval

    def late(self, index: int, stamp: float) -> float:
        """How late a stamp is, in s."""
        return stamp - self.at(index, stamp)

    @property
    def begun(self) -> bool:
        """Whether there is a line."""
        return not math.isnan(self._level)

    @property
    def lag(self) -> float:
        """The least time (s) from a stamp to its sample's arrival, of late; NaN where nothing is known."""
        return min([*self._lags, *(lag for _, _, lag in self._block)], default=math.nan)

    def clear_lags(self) -> None:
        """Another connection may be slower or faster."""
        self._lags.clear()

    def push(self, index: int, stamp: float, lag: float) -> float:
        """Take the next sample's stamp, and how long after it the sample arrived (s); a block's end moves the line.

        Returns
        -------
        float
            By how much (s) the stamps' clock turns out to have been set back, as a negative number; or 0.
        """
        if not math.isfinite(stamp):  # the very first ones, from an outlet that does not know the time
            return 0.0
        if not self.begun:
            self._origin, self._level = index, stamp
        self._block.append((index, stamp, lag))
        if len(self._block) < self._size:
            return 0.0
        block, self._block = np.array(self._block), []
        return self._fit(block)

    def move(self, seconds: float) -> None:
        """Begin a new segment, so much later than the line; the rate is kept."""
        self._level += seconds
        self._block = []
        self._recent.clear()
        self._middles.clear()

    def _fit(self, block: F64) -> float:
        late = self._late(block)
        off, clock = float(np.median(late)), 0.0
        if off < -self.limit:
            early = late < off / 2
            before, after = block[~early, 2], float(block[early, 2].min())
            clock = self._set_back(off, min([*self._lags, *before], default=math.nan), after)
            self.move(off - clock)
            self._lags.append(after + clock)
            block[:, 1:] += (-clock, clock)
            off = 0.0
        else:
            self._lags.append(float(block[:, 2].min()))
        middle = float(block[:, 0].mean())
        self._recent.append(block)
        self._middles.append((middle, self._level + (middle - self._origin) * self.interval + off))
        recent = np.concatenate(self._recent)
        self.interval = self._slope(recent)
        x, y = np.array(self._middles)[-LEVEL_BLOCKS:].T
        self._origin, self._level = int(block[-1, 0]), float(np.median(y + (block[-1, 0] - x) * self.interval))
        self.limit = max(MAX_LATE_SAMPLES * self._nominal, MAX_LATE_MADS * _mad(self._late(recent)))
        return clock

    @staticmethod
    def _set_back(off: float, before: float, after: float) -> float:
        """How much of being early is the clock's; the rest is the line's, which began with samples that were late.

        Stamps that were set back are older when their samples arrive: ``after``, where others were ``before``.
        """
        return max(before - after, off) if before - after < -MIN_CLOCK_STEP_S else 0.0

    def _late(self, block: F64) -> F64:
        return block[:, 1] - (self._level + (block[:, 0] - self._origin) * self.interval)

    def _slope(self, recent: F64) -> float:
        """Median of the slopes between all blocks (Theil 1950); the nominal one as long as jitter hides the rest."""
        if len(self._middles) < 2:
            return self.interval
        x, y = np.array(self._middles).T
        i, j = np.triu_indices(len(x), 1)
        slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
        if abs(slope / self._nominal - 1) > MAX_RATE_ERROR:
            return self.interval
        hidden = abs(slope - self._nominal) * (x[-1] - x[0]) <= 3 * _mad(recent[:, 1] - recent[:, 0] * slope)
        return self._nominal if hidden else slope


def _mad(values: F64) -> float:
    return float(np.median(np.abs(values - np.median(values))))
