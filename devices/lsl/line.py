"""The line through the stamps of an LSL stream, and how far from it a stamp may lie."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from ecg_live.types import F64

JITTERS, SAMPLES = 6.0, 1.5  # a jump is more than so many times the jitter's MAD, and so many samples (facts on LSL)
LEARNING = 0.050  # s that counts as a jump before the jitter is known
BLOCK = 0.5  # s; the fit goes through the median of each
RECENT, FITTED = 20, 120  # blocks that tell jitter and level (10 s), and rate (60 s)
RATE_OFF = 0.02  # that a rate may be off: 0.6 % was met in the field (facts: drift from assuming the nominal rate)


class Line:
    """Stamp (s) against index: a robust line through the medians of blocks.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._nominal = self.interval = 1 / rate
        self.limit = max(LEARNING, SAMPLES / rate)  # s that a stamp may be late
        self._size = max(2, round(BLOCK * rate))
        self._origin, self._level = 0, math.nan  # the line goes through this point
        self._block: list[tuple[int, float]] = []
        self._recent: deque[F64] = deque(maxlen=RECENT)  # (n, 2): index, stamp
        self._middles: deque[tuple[float, float]] = deque(maxlen=FITTED)

    def at(self, index: int, otherwise: float = math.nan) -> float:
        """Stamp on the line, or else the one given where there is no line yet."""
        return otherwise if math.isnan(self._level) else self._level + (index - self._origin) * self.interval

    def late(self, index: int, stamp: float) -> float:
        """How late a stamp is, in s."""
        return stamp - self.at(index, stamp)

    def push(self, index: int, stamp: float) -> None:
        """Take the next sample's stamp; the line moves at the end of a block."""
        if not math.isfinite(stamp):  # the very first ones, from an outlet that does not know the time
            return
        if math.isnan(self._level):
            self._origin, self._level = index, stamp
        self._block.append((index, stamp))
        if len(self._block) == self._size:
            self._fit(np.array(self._block))
            self._block = []

    def move(self, seconds: float) -> None:
        """Begin a new segment, so much later than the line; the rate is kept."""
        self._level += seconds
        self._block = []
        self._recent.clear()
        self._middles.clear()

    def _fit(self, block: F64) -> None:
        off = float(np.median(self._late(block)))
        if off < -self.limit:
            self.move(off)
            off = 0.0
        middle = float(block[:, 0].mean())
        self._recent.append(block)
        self._middles.append((middle, self._level + (middle - self._origin) * self.interval + off))
        recent = np.concatenate(self._recent)
        self.interval = self._slope(recent)
        x, y = np.array(self._middles)[-RECENT:].T
        self._origin, self._level = int(block[-1, 0]), float(np.median(y + (block[-1, 0] - x) * self.interval))
        self.limit = max(SAMPLES * self._nominal, JITTERS * _mad(self._late(recent)))

    def _late(self, block: F64) -> F64:
        return block[:, 1] - (self._level + (block[:, 0] - self._origin) * self.interval)

    def _slope(self, recent: F64) -> float:
        """Median of the slopes between all blocks (Theil 1950); the nominal one as long as jitter hides the rest."""
        if len(self._middles) < 2:
            return self.interval
        x, y = np.array(self._middles).T
        i, j = np.triu_indices(len(x), 1)
        slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
        if abs(slope / self._nominal - 1) > RATE_OFF:
            return self.interval
        hidden = abs(slope - self._nominal) * (x[-1] - x[0]) <= 3 * _mad(recent[:, 1] - recent[:, 0] * slope)
        return self._nominal if hidden else slope


def _mad(values: F64) -> float:
    return float(np.median(np.abs(values - np.median(values))))
