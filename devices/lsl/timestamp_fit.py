"""Robust line through the timestamps of an LSL stream, the limit of their lateness, and the lag of arrivals."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from ecg_live.events import F64

# A jump exceeds this many MADs of the jitter, and this many samples (docs/pages/protocols.md, LSL).
MAX_LATE_MADS, MAX_LATE_SAMPLES = 6.0, 1.5
INITIAL_LIMIT_S = 0.050  # of lateness, before the jitter is known
BLOCK_S = 0.5  # the fit goes through the median of each block
LEVEL_BLOCKS, SLOPE_BLOCKS = 20, 120  # the last 10 s give jitter and level, the last 60 s the rate
MIN_CLOCK_STEP_S = 0.1  # of timestamps against arrivals: twice the delay on a busy computer
MAX_RATE_ERROR = 0.02  # share of the nominal rate: 0.6 % occurs in the field


class TimestampFit:
    """Timestamp (s) against sample index: a robust line through the medians of blocks.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._nominal = 1 / rate
        self.interval = 1 / rate  # slope of the line, s per sample
        self.limit = max(INITIAL_LIMIT_S, MAX_LATE_SAMPLES / rate)  # s that a timestamp may be late
        self._block_size = max(2, round(BLOCK_S * rate))
        self._origin = 0  # the line goes through `_level` at this index
        self._level = math.nan
        self._block: list[tuple[int, float, float]] = []  # index, timestamp, lag
        self._recent: deque[F64] = deque(maxlen=LEVEL_BLOCKS)  # blocks (n, 3)
        self._lags: deque[float] = deque(maxlen=LEVEL_BLOCKS)  # minimum of each block
        self._block_medians: deque[tuple[float, float]] = deque(maxlen=SLOPE_BLOCKS)  # index, timestamp

    def predict(self, index: int, default: float = math.nan) -> float:
        """Timestamp (s) on the line; ``default`` before there is a line."""
        return self._level + (index - self._origin) * self.interval if self.started else default

    def residual(self, index: int, stamp: float) -> float:
        """How much (s) a timestamp is later than the line; 0 before there is a line."""
        return stamp - self.predict(index, stamp)

    @property
    def started(self) -> bool:
        """Whether there is a line."""
        return not math.isnan(self._level)

    @property
    def lag(self) -> float:
        """Least recent time (s) from a timestamp to its sample's arrival; NaN if none is known."""
        return min([*self._lags, *(lag for _, _, lag in self._block)], default=math.nan)

    def clear_lags(self) -> None:
        """Forget the lags: another connection may be slower or faster."""
        self._lags.clear()

    def push(self, index: int, stamp: float, lag: float) -> float:
        """Add the next sample; the end of a block updates the line.

        Parameters
        ----------
        index : int
            Sample index.
        stamp : float
            Timestamp in s.
        lag : float
            Arrival minus timestamp, in s.

        Returns
        -------
        float
            Step of the stamps' clock in s, negative if it was set back; else 0.
        """
        if not math.isfinite(stamp):  # an outlet's first timestamps, before it knows the time
            return 0.0
        if not self.started:
            self._origin, self._level = index, stamp
        self._block.append((index, stamp, lag))
        if len(self._block) < self._block_size:
            return 0.0
        block, self._block = np.array(self._block), []
        return self._fit(block)

    def restart(self, shift: float) -> None:
        """Begin a new segment, ``shift`` seconds later than the line; the rate is kept."""
        self._level += shift
        self._block = []
        self._recent.clear()
        self._block_medians.clear()

    def _fit(self, block: F64) -> float:
        residuals = self._residuals(block)
        offset, clock_step = float(np.median(residuals)), 0.0
        if offset < -self.limit:
            early = residuals < offset / 2
            before, after = block[~early, 2], float(block[early, 2].min())
            clock_step = self._clock_step(offset, min([*self._lags, *before], default=math.nan), after)
            self.restart(offset - clock_step)
            self._lags.append(after + clock_step)
            block[:, 1:] += (-clock_step, clock_step)
            offset = 0.0
        else:
            self._lags.append(float(block[:, 2].min()))
        middle = float(block[:, 0].mean())
        self._recent.append(block)
        self._block_medians.append((middle, self._level + (middle - self._origin) * self.interval + offset))
        recent = np.concatenate(self._recent)
        self.interval = self._fit_interval(recent)
        x, y = np.array(self._block_medians)[-LEVEL_BLOCKS:].T
        self._origin = int(block[-1, 0])
        self._level = float(np.median(y + (block[-1, 0] - x) * self.interval))
        jitter = median_absolute_deviation(self._residuals(recent))
        self.limit = max(MAX_LATE_SAMPLES * self._nominal, MAX_LATE_MADS * jitter)
        return clock_step

    @staticmethod
    def _clock_step(offset: float, before: float, after: float) -> float:
        """Share of a negative offset that is a step of the clock; the rest: the line began with late samples.

        Timestamps that were set back are older when their samples arrive: the lag grows from ``before`` to ``after``.
        """
        return max(before - after, offset) if before - after < -MIN_CLOCK_STEP_S else 0.0

    def _residuals(self, block: F64) -> F64:
        return block[:, 1] - (self._level + (block[:, 0] - self._origin) * self.interval)

    def _fit_interval(self, recent: F64) -> float:
        """Seconds per sample over all blocks; the nominal value while jitter hides the difference."""
        if len(self._block_medians) < 2:
            return self.interval
        x, y = np.array(self._block_medians).T
        slope = theil_sen_slope(x, y)
        if abs(slope / self._nominal - 1) > MAX_RATE_ERROR:
            return self.interval
        jitter = median_absolute_deviation(recent[:, 1] - recent[:, 0] * slope)
        hidden = abs(slope - self._nominal) * (x[-1] - x[0]) <= 3 * jitter
        return self._nominal if hidden else slope


# These two equal scipy.stats.theilslopes and median_abs_deviation, which take 5 and 10 times as long: 1 ms a call, with
# three calls a block. That is 0.6 % of a core for each live stream, and 0.3 s for a minute of samples that waited.
def theil_sen_slope(x: F64, y: F64) -> float:
    """Median of the slopes between all pairs of points, ``x`` (n,) strictly increasing (Theil 1950)."""
    i, j = np.triu_indices(len(x), 1)
    return float(np.median((y[j] - y[i]) / (x[j] - x[i])))


def median_absolute_deviation(values: F64) -> float:
    """Median of the distances from the median of values (n,)."""
    return float(np.median(np.abs(values - np.median(values))))
