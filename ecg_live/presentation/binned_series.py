"""A number over a whole session in constant memory: its minimum, maximum and mean in bins of several widths."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64

BIN_WIDTHS_S = (1.0, 4.0, 16.0, 64.0)  # of the levels; each reaches four times as far back as the one before
BINS_KEPT = 8192  # of each level: 2.3 h of the finest, 6 days of the coarsest

Indices = npt.NDArray[np.int64]


class SeriesPart(NamedTuple):
    """A series between two times, thinned: centres ``at`` (n,) in s; ``low``, ``high``, ``mean`` (n,), NaN if unknown.

    ``width`` (s) is what one entry spans. Times at which nothing was added have no entry.
    """

    at: F64
    low: F64
    high: F64
    mean: F64
    width: float


class _Level:
    """The newest `BINS_KEPT` bins of one width (s), as rings addressed by the number of a bin."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.newest = -1
        self.low = np.full(BINS_KEPT, np.nan, np.float32)
        self.high = np.full(BINS_KEPT, np.nan, np.float32)
        self.total = np.zeros(BINS_KEPT)
        self.known = np.zeros(BINS_KEPT, np.int32)  # finite numbers
        self.added = np.zeros(BINS_KEPT, np.int32)  # all numbers

    @property
    def oldest(self) -> int:
        """Number of the oldest bin kept."""
        return max(0, self.newest - BINS_KEPT + 1)

    def add(self, at: float, value: float) -> None:
        which = math.floor(at / self.width)
        if which > self.newest:
            self._clear(max(self.newest + 1, which - BINS_KEPT + 1), which + 1)
            self.newest = which
        if which < self.oldest:
            return
        place = which % BINS_KEPT
        self.added[place] += 1
        if math.isfinite(value):
            self.known[place] += 1
            self.total[place] += value
            self.low[place] = np.fmin(self.low[place], value)
            self.high[place] = np.fmax(self.high[place], value)

    def _clear(self, start: int, stop: int) -> None:
        place = np.arange(start, stop) % BINS_KEPT
        self.low[place] = self.high[place] = np.nan
        self.total[place] = 0
        self.known[place] = self.added[place] = 0

    def bins(self, start: float, stop: float) -> Indices:
        """Numbers of the bins between two times to which something was added."""
        first = max(self.oldest, math.floor(start / self.width))
        last = min(self.newest, math.floor(stop / self.width))
        numbers = np.arange(first, last + 1, dtype=np.int64)
        return numbers[self.added[numbers % BINS_KEPT] > 0]


class BinnedSeries:
    """Numbers at times that do not fall behind, such as those of predictions.

    The memory does not depend on the length of the session. NaN is added where there was an answer without a number.
    """

    def __init__(self) -> None:
        self._levels = [_Level(width) for width in BIN_WIDTHS_S]
        self.last = math.nan

    def add(self, at: float, value: float | None) -> None:
        """Add a number at stream time ``at`` (s, not negative); None and NaN are a hole."""
        self.last = math.nan if value is None else value
        for level in self._levels:
            level.add(max(0.0, at), self.last)

    def read(self, start: float, stop: float, columns: int) -> SeriesPart:
        """Return the series between two times (s) with at most ``columns`` entries."""
        level = self._level(start, stop, columns)
        numbers = level.bins(start, stop)
        place = numbers % BINS_KEPT
        at: F64 = np.asarray((numbers + 0.5) * level.width, np.float64)
        known = level.known[place].astype(np.float64)
        low, high, total = level.low[place].astype(np.float64), level.high[place].astype(np.float64), level.total[place]
        width = max(level.width, (stop - start) / max(1, columns))
        if len(at) > columns:
            groups = np.flatnonzero(np.diff(np.floor((at - start) / width), prepend=-np.inf))
            at = (np.floor((at[groups] - start) / width) + 0.5) * width + start
            low, high = np.fmin.reduceat(low, groups), np.fmax.reduceat(high, groups)
            total, known = np.add.reduceat(total, groups), np.add.reduceat(known, groups)
        mean: F64 = np.full(len(total), np.nan)
        np.divide(total, known, out=mean, where=known > 0)
        return SeriesPart(at, low, high, mean, width if len(numbers) > columns else level.width)

    def _level(self, start: float, stop: float, columns: int) -> _Level:
        """Return the coarsest level that resolves the columns, or the finest that reaches back to the start."""
        fine = [level for level in self._levels if level.width * columns <= stop - start] or self._levels[:1]
        chosen = self._levels.index(fine[-1])
        reaching = (level for level in self._levels[chosen:] if level.oldest * level.width <= max(0.0, start))
        return next(reaching, self._levels[-1])
