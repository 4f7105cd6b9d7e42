"""The line that time stamps lie on: its level before and behind a step, and how low it comes back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64

_SHIFT_STANDARD_ERRORS = 4.0  # standard errors: a smaller shift of the line is the stamps' own jitter
_MAX_DRIFT_S_PER_S = (
    1e-3  # s a second by which a fitted interval may be off, so that a line that sinks does not come back
)
_AGREEING_ROWS = 3  # rows that must agree that the line came back; one or two wild stamps say nothing
_MAX_TABLE_CELLS = 1 << 20  # numbers in a table of windows


class TimestampLine:
    """Looks at a line of stamps (stamps less the counter times the interval) on both sides of a row.

    Parameters
    ----------
    line : ndarray
        (n,) in the unit of the stamps; changed in place by `straighten`.
    rows : int
        Rows on each side that say where the line lies.
    ahead : int
        Rows behind a step within which stamps that were only late come back to the line.
    interval : float
        Between samples, in the unit of the stamps.
    """

    def __init__(self, line: F64, rows: int, ahead: int, interval: float) -> None:
        self.line, self._rows, self._ahead = line, rows, ahead
        self._floor = line.copy()  # where the clock's being set back is left as it is
        self._slack = _MAX_DRIFT_S_PER_S * interval * np.arange(ahead)

    def shift(self, at: npt.NDArray[np.intp], low: int = 0, high: int | None = None) -> F64:
        """By how much the line lies higher from each row on than before it; 0 where that may be chance.

        Nothing before ``low`` or from ``high`` on is looked at.
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
        """What stays of a step forward when stamps that were late have come back; all of it where they never do."""
        future = self._floor[at : at + self._ahead]
        before = _lowest_shared_level(self._floor[max(0, at - self._rows) : at])
        if _lowest_shared_level(future + self._slack[: len(future)]) - before > shift / 2:
            return shift
        return max(0.0, _lowest_shared_level(future) - before)

    def falls(self, at: int, shift: float) -> bool:
        """Whether a step back leads below where the line was, and not only from late stamps back to it."""
        fall = _lowest_shared_level(self.line[max(0, at - self._ahead) : at]) - _lowest_shared_level(
            self.line[at : at + self._rows]
        )
        return fall > -shift / 2

    def straighten(self, at: int, shift: float, *, back: bool) -> None:
        """Take a step out of the line; a step ``back`` may be the return of late stamps, and stays in the floor."""
        self.line[at:] -= shift
        if not back:
            self._floor[at:] -= shift


def _lowest_shared_level(line: F64) -> float:
    """Lowest level that several rows in a row share; infinite for none."""
    if len(line) < _AGREEING_ROWS:
        return float(line.min(initial=np.inf))
    return float(np.max([line[k : len(line) - _AGREEING_ROWS + 1 + k] for k in range(_AGREEING_ROWS)], axis=0).min())


def interquartile_mean(line: F64, at: npt.NDArray[np.intp], bottom: int, top: int) -> tuple[F64, F64]:
    """Mean of the middle half of each window's rows from ``bottom`` to ``top``, and its standard error."""
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
    """Stamps (n,) without those that are ``far`` from both neighbours, which agree: NaN; ``before`` came first."""
    near = np.concatenate(([before], times, times[-1:]))
    with np.errstate(invalid="ignore"):
        low, high = np.minimum(near[:-2], near[2:]), np.maximum(near[:-2], near[2:])
        stray = ((times < low - far) | (times > high + far)) & (high - low < far)
    return np.where(stray, np.nan, times) if stray.any() else times


def fill_missing_timestamps(times: F64, interval: float, last: float) -> F64:
    """Stamps (n,) of which those that are missing lie on the line between their neighbours, or behind ``last``."""
    good = np.flatnonzero(np.isfinite(times))
    if len(good) == len(times):
        return times
    rows = np.arange(len(times))
    if not len(good):
        begin = last + interval if np.isfinite(last) else 0.0
        return np.asarray(begin + rows * interval, dtype=np.float64)
    outside = np.minimum(rows - good[0], 0) + np.maximum(rows - good[-1], 0)
    return np.asarray(np.interp(rows, good, times[good]) + outside * interval, dtype=np.float64)
