"""Synchrony of two wearers: the correlation of their values over a sliding window of session time.

Windowed correlation at lag 0, as in Boker, Rotondo, Xu and King 2002 (Psychological Methods 7:338-355): Pearson's r
of what both wearers have in the window. Two series that each change slowly correlate by chance; how far, follows from
their own autocorrelations (Pyper and Peterman 1998, Canadian Journal of Fisheries and Aquatic Sciences 55:2127-2140).
"""

from __future__ import annotations

from math import ceil, floor, inf, isfinite

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from ecg_live.events import F64

DEFAULT_WIDTH_S = 180  # of the window: eighteen of the ten-second windows that each value summarises
MIN_WIDTH_S, MAX_WIDTH_S = 60, 1800
MIN_OVERLAP = 2 / 3  # of the window that both wearers must have a value for
MAX_STEP_S = 2.5  # between two values of one wearer, which a whole second between them is interpolated over
MAX_GRID_S = 6 * 3600  # of one series that are kept
CHANCE_QUANTILE = 0.975  # two-sided 95 %
LAG_SHARE = 5  # autocorrelations up to a fifth of the window count (Pyper and Peterman 1998, page 2131)
FLAT_SD = 1e-9  # a window with less varies by rounding alone


class SecondGrid:
    """One wearer's values on whole seconds of session time.

    A second between two neighbouring values is interpolated linearly; one between values that are further apart than
    ``max_step`` (s), or beside a missing one, is NaN. The grid does not depend on how the values were delivered.

    Parameters
    ----------
    max_step : float
        In s.
    """

    def __init__(self, max_step: float = MAX_STEP_S) -> None:
        self._max_step = max_step
        self._before: tuple[float, float] | None = None  # the newest value and its time
        self._first: int | None = None  # second of the oldest value that is kept
        self._values: F64 = np.empty(0)
        self._count = 0

    @property
    def first(self) -> int | None:
        """The oldest second; None before the first value."""
        return self._first

    @property
    def stop(self) -> int | None:
        """The second after the newest; None before the first value."""
        return None if self._first is None else self._first + self._count

    def add(self, time: float, value: float | None) -> None:
        """Add a value at a time (s); None for one that is missing. A time that is not later is ignored."""
        if not isfinite(time) or (self._before is not None and time <= self._before[0]):
            return
        number = np.nan if value is None or not isfinite(value) else float(value)
        if self._first is None:
            self._first = ceil(time)
        before, self._before = self._before, (time, number)
        seconds = np.arange(self._first + self._count, floor(time) + 1, dtype=np.float64)
        if len(seconds):
            self._append(self._between(before, time, number, seconds))

    def read(self, start: int, stop: int) -> F64:
        """Values at the seconds ``start .. stop``, shape (stop - start,); NaN outside of what is known."""
        found = np.full(max(0, stop - start), np.nan)
        if self._first is not None:
            low, high = max(start, self._first), min(stop, self._first + self._count)
            if low < high:
                found[low - start : high - start] = self._values[low - self._first : high - self._first]
        return found

    def _between(self, before: tuple[float, float] | None, time: float, value: float, seconds: F64) -> F64:
        if before is None:
            return np.where(seconds == time, value, np.nan)
        if time - before[0] > self._max_step:
            return np.where(seconds == time, value, np.nan)
        share = (seconds - before[0]) / (time - before[0])
        inside = before[1] + (value - before[1]) * share
        return np.where(seconds == time, value, inside)

    def _append(self, values: F64) -> None:
        assert self._first is not None  # noqa: S101 - `add` has set it
        if self._count + len(values) > MAX_GRID_S:  # keep the newer half
            left_out = max(0, len(values) - MAX_GRID_S // 2)
            values = values[left_out:]
            kept = 0 if left_out else min(self._count, MAX_GRID_S // 2)
            self._first += self._count - kept + left_out
            self._values[:kept] = self._values[self._count - kept : self._count].copy()
            self._count = kept
        need = self._count + len(values)
        if need > len(self._values):
            grown = np.full(max(256, 2 * need), np.nan)
            grown[: self._count] = self._values[: self._count]
            self._values = grown
        self._values[self._count : need] = values
        self._count = need


def correlate_rows(x: F64, y: F64, min_overlap: float = MIN_OVERLAP) -> tuple[F64, npt.NDArray[np.int64]]:
    """Pearson's r of each row of ``x`` with that of ``y``, over the seconds that both have.

    Parameters
    ----------
    x, y : F64
        Shape (m, n); NaN where a value is missing.
    min_overlap : float
        Share of the row that both must have.

    Returns
    -------
    F64
        r, shape (m,); NaN with too little overlap, or where one does not vary.
    array of int
        Seconds that both have, shape (m,).
    """
    valid = np.isfinite(x) & np.isfinite(y)
    count = valid.sum(axis=1)
    x, y = _centred(x, valid, count), _centred(y, valid, count)
    spread = np.sqrt((x * x).sum(axis=1)), np.sqrt((y * y).sum(axis=1))
    varies = (spread[0] > FLAT_SD * np.sqrt(count)) & (spread[1] > FLAT_SD * np.sqrt(count))
    enough = (count >= max(3, min_overlap * x.shape[1])) & varies
    r = np.full(len(x), np.nan)
    np.divide((x * y).sum(axis=1), spread[0] * spread[1], out=r, where=enough)
    return np.clip(r, -1, 1), count


def correlation_over_time(
    x: F64, y: F64, width: int, step: int = 1, min_overlap: float = MIN_OVERLAP
) -> tuple[npt.NDArray[np.int64], F64, F64]:
    """Correlation of two series in windows that end every ``step`` seconds.

    Parameters
    ----------
    x, y : F64
        The series (n,) on the same seconds.
    width : int
        Seconds of the window.
    step : int
        Seconds between the ends of two windows.
    min_overlap : float
        As in `correlate_rows`.

    Returns
    -------
    array of int
        Index after the last second of each window, shape (m,).
    F64
        r of each window, shape (m,).
    F64
        The |r| that chance alone seldom exceeds, shape (m,); see `chance_limits`.
    """
    if len(x) < width:
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    rows = [np.lib.stride_tricks.sliding_window_view(each, width)[::step] for each in (x, y)]
    r, _ = correlate_rows(rows[0], rows[1], min_overlap)
    return np.arange(width, len(x) + 1, step), r, chance_limits(rows[0], rows[1])


def chance_limits(x: F64, y: F64) -> F64:
    """The |r| that 95 % of unrelated pairs stay below, if their series change as slowly as these.

    The number of independent values follows from the product of both autocorrelations (Pyper and Peterman 1998,
    equation 1); the limit is that of a t test with so many.

    Parameters
    ----------
    x, y : F64
        Shape (m, n); NaN where a value is missing.

    Returns
    -------
    F64
        Shape (m,); 1 where nothing can be said, as with fewer than four independent values.
    """
    valid = np.isfinite(x) & np.isfinite(y)
    count = valid.sum(axis=1)
    x, y = _centred(x, valid, count), _centred(y, valid, count)
    total = np.zeros(len(x))
    power = (x * x).sum(axis=1) * (y * y).sum(axis=1)
    for lag in range(1, x.shape[1] // LAG_SHARE + 1):
        product = (x[:, lag:] * x[:, :-lag]).sum(axis=1) * (y[:, lag:] * y[:, :-lag]).sum(axis=1)
        total += np.divide(product, power, out=np.zeros(len(x)), where=power > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        independent = np.where(count > 0, count / np.maximum(1.0, 1 + 2 * total), 0.0)
    freedom = np.maximum(independent - 2, 1e-3)
    t = stdtrit(freedom, CHANCE_QUANTILE)
    limit = np.where(np.isfinite(t), t / np.hypot(np.sqrt(freedom), np.where(np.isfinite(t), t, inf)), 1.0)
    return np.where(independent >= 4, limit, 1.0)


def _centred(rows: F64, valid: npt.NDArray[np.bool_], count: npt.NDArray[np.int64]) -> F64:
    """Rows without their mean over ``valid``; 0 elsewhere."""
    kept = np.where(valid, rows, 0.0)
    mean = kept.sum(axis=1) / np.maximum(count, 1)
    centred: F64 = np.where(valid, kept - mean[:, None], 0.0)
    return centred
