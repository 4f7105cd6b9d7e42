"""The line of timestamps over sample index: its level before and after a step, and whether it returns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64

_SHIFT_STANDARD_ERRORS = 4.0  # a smaller shift of the line is the timestamps' own jitter
_MAX_DRIFT_S_PER_S = 1e-3  # of the line, by the error of a fitted interval; a slow fall is not a return
_AGREEING_ROWS = 3  # that show a return of the line; one or two stray timestamps do not
_MAX_TABLE_CELLS = 1 << 20  # of the windows that are compared at once


class TimestampLine:
    """Compares the line of timestamps (timestamp less sample index times interval) on both sides of a row.

    Parameters
    ----------
    line : ndarray
        (n,) in the unit of the timestamps; changed in place by `straighten`.
    rows : int
        Rows on each side that give the level of the line.
    ahead : int
        Rows after a step within which late timestamps return to the line.
    interval : float
        Between samples, in the unit of the timestamps.
    """

    def __init__(self, line: F64, rows: int, ahead: int, interval: float) -> None:
        self.line = line
        self._rows = rows
        self._ahead = ahead
        self._floor = line.copy()  # the line with backward clock settings left in
        self._slack = _MAX_DRIFT_S_PER_S * interval * np.arange(ahead)

    def shift(self, at: npt.NDArray[np.intp], low: int = 0, high: int | None = None) -> F64:
        """Return by how much the line is higher from each row on than before it; 0 where that may be chance.

        Only rows from ``low`` to ``high`` are compared.
        """
        top = len(self.line) if high is None else high
        each = max(1, _MAX_TABLE_CELLS // self._rows)
        parts = [self._shift(at[k : k + each], low, top) for k in range(0, len(at), each)]
        return np.concatenate([np.empty(0), *parts])

    def _shift(self, at: npt.NDArray[np.intp], low: int, high: int) -> F64:
        reach = np.arange(self._rows)
        before, noise = interquartile_mean(self.line, at[:, None] - 1 - reach, low, high)
        after, other = interquartile_mean(self.line, at[:, None] + reach, low, high)
        shift = after - before
        return np.where(np.abs(shift) > _SHIFT_STANDARD_ERRORS * np.hypot(noise, other), shift, 0.0)

    def lasting(self, at: int, shift: float) -> float:
        """Return what remains of a step forward once late timestamps have returned; all of it if none return."""
        future = self._floor[at : at + self._ahead]
        before = _lowest_shared_level(self._floor[max(0, at - self._rows) : at])
        if _lowest_shared_level(future + self._slack[: len(future)]) - before > shift / 2:
            return shift
        return max(0.0, _lowest_shared_level(future) - before)

    def falls(self, at: int, shift: float) -> bool:
        """Whether a step back leads below the line, and not only from late timestamps back to it."""
        fall = _lowest_shared_level(self.line[max(0, at - self._ahead) : at]) - _lowest_shared_level(
            self.line[at : at + self._rows]
        )
        return fall > -shift / 2

    def straighten(self, at: int, shift: float, *, back: bool) -> None:
        """Take a step out of the line; a step ``back`` may be late timestamps that return, and stays in the floor."""
        self.line[at:] -= shift
        if not back:
            self._floor[at:] -= shift


def _lowest_shared_level(line: F64) -> float:
    """Return the lowest level that several consecutive rows share; infinite for no rows."""
    if len(line) < _AGREEING_ROWS:
        return float(line.min(initial=np.inf))
    return float(np.max([line[k : len(line) - _AGREEING_ROWS + 1 + k] for k in range(_AGREEING_ROWS)], axis=0).min())


def interquartile_mean(line: F64, at: npt.NDArray[np.intp], bottom: int, top: int) -> tuple[F64, F64]:
    """Return the mean of the middle half of each window's rows, and its standard error.

    Parameters
    ----------
    line : ndarray
        (n,) levels.
    at : ndarray
        (windows, rows) indices into ``line``; those outside ``bottom`` to ``top`` do not count.
    bottom, top : int
        First index that counts, and the one after the last.

    Returns
    -------
    mean, error : ndarray
        (windows,) in the unit of ``line``.
    """
    inside = (at >= bottom) & (at < top)
    ordered = np.sort(np.where(inside, line[np.clip(at, 0, len(line) - 1)], np.inf), axis=1)
    count = inside.sum(axis=1)
    low = count // 4
    high = count - low
    place = np.arange(at.shape[1])
    chosen = (place >= low[:, None]) & (place < high[:, None])
    mean = np.where(chosen, ordered, 0.0).sum(axis=1) / np.maximum(high - low, 1)
    rows = np.arange(len(at))
    spread = ordered[rows, np.maximum(high - 1, 0)] - ordered[rows, np.minimum(low, at.shape[1] - 1)]
    error = np.where(count > 1, spread / np.sqrt(np.maximum(high - low, 1)), 0.0)
    return np.asarray(mean, dtype=np.float64), error


def mask_stray_timestamps(times: F64, before: float, far: float) -> F64:
    """Set to NaN the timestamps (n,) that are ``far`` from two neighbours that agree; ``before`` is the one before."""
    near = np.concatenate(([before], times, times[-1:]))
    with np.errstate(invalid="ignore"):
        low, high = np.minimum(near[:-2], near[2:]), np.maximum(near[:-2], near[2:])
        stray = ((times < low - far) | (times > high + far)) & (high - low < far)
    return np.where(stray, np.nan, times) if stray.any() else times


def fill_missing_timestamps(times: F64, interval: float, last: float) -> F64:
    """Interpolate missing timestamps (n,); if all are missing, continue from ``last``, one ``interval`` each."""
    good = np.flatnonzero(np.isfinite(times))
    if len(good) == len(times):
        return times
    rows = np.arange(len(times))
    if not len(good):
        begin = last + interval if np.isfinite(last) else 0.0
        return np.asarray(begin + rows * interval, dtype=np.float64)
    outside = np.minimum(rows - good[0], 0) + np.maximum(rows - good[-1], 0)
    return np.asarray(np.interp(rows, good, times[good]) + outside * interval, dtype=np.float64)
