"""From time stamps to a counter of the samples that the device took: fit the rate, find what was lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from devices.files.recording import Run
from ecg_live.errors import FormatError
from ecg_live.types import F64, State

CENTURY = 3.2e9  # s; stamps that lie further apart are no times
LONGEST = 31 * 86_400.0  # s; no ECG recorder runs longer without a break: a longer step is a clock that was set
ODD = 1.5  # intervals: a longer step may be lost data (facts on Shimmer's exports)
_LAG = 256  # samples over which an interval is measured, so that stamps in whole ms do not bias it
_COARSE = 3  # rows a stamp from which stamps count as coarse; whole ms at 2 kHz have 2
_WINDOW = 128  # samples on each side of a step that say whether the line has moved for good
_SURE = 4.0  # standard errors: a smaller shift of the line is the stamps' own jitter
ENOUGH = 1 << 16  # stamps that a fit needs at most


def fit(stamps: F64) -> float | None:
    """Fit the interval between samples to time stamps (n,), in their unit; None where they do not rise."""
    finite = stamps[np.isfinite(stamps)]
    if len(finite) < 2:
        return None
    if tick := tick_of(finite):
        return _fit_ticks(finite, tick)
    lag = max(1, min(_LAG, len(finite) // 4))
    interval = float(np.median(finite[lag:] - finite[:-lag])) / lag
    return interval if interval > 0 else None


def _fit_ticks(stamps: F64, tick: float) -> float | None:
    """The interval by how many rows share a stamp, over the stamps that are whole."""
    step = np.diff(stamps)
    rises = np.flatnonzero(step > 0)
    regular = step[rises] <= ODD * tick
    whole = regular[1:] & regular[:-1]  # what stands beside lost data is not
    rows = int(np.diff(rises)[whole].sum())
    return float(step[rises][1:][whole].sum()) / rows if rows else None


def tick_of(stamps: F64) -> float:
    """What coarse time stamps (n,) are rounded to, in their unit; 0 where they tell most samples apart."""
    step = np.diff(stamps[np.isfinite(stamps)])
    rises = step[step > 0]
    return float(np.median(rises)) if len(rises) and len(step) >= _COARSE * len(rises) else 0.0


class StampCounter:
    """Counts samples, and takes a step in their stamps for lost data where the stamps do not come back to the line.

    Parameters
    ----------
    interval : float
        Fitted interval between samples, in the unit of the stamps.
    second : float
        One second in that unit.
    where : str
        The file's name, for messages.
    arrival : bool
        The stamps say when samples arrived, not when they were taken: they jitter; only losses of 0.1 s or more show.
    tick : float
        What coarse stamps are rounded to (see `tick_of`), in their unit; only losses of 1.5 ticks or more show.
    """

    def __init__(self, interval: float, second: float, where: str, *, arrival: bool = False, tick: float = 0.0) -> None:
        self._interval, self._second, self._where = interval, second, where
        self._window = max(_WINDOW, round(second / interval)) if arrival else _WINDOW
        self._window = max(self._window, round(4 * tick / interval))
        # The shortest loss that shows, and the shortest step that may be one.
        self._least = max(0.1 * second if arrival else 0.0, ODD * tick, interval)
        self._odd = ODD * max(tick, interval)
        self._times = self._values = np.empty(0)  # not yet decided
        self._before = np.empty(0)  # stamps less the line, of the last rows decided
        self._last = float("nan")  # stamp of the last row decided
        self._origin = math.nan  # first stamp
        self._next = 0  # counter of the next row
        self._moved = 0.0  # by how much the clock was set

    def push(self, times: F64, values: F64) -> Iterator[Run | State]:
        """Take rows; give those whose place is certain.

        Raises
        ------
        FormatError
            A stamp is no time; the rows before it are taken.
        """
        known = times[np.isfinite(times)]
        self._origin = float(known[0]) if math.isnan(self._origin) and len(known) else self._origin
        with np.errstate(over="ignore", invalid="ignore"):
            wild = np.flatnonzero(np.isfinite(times) & (np.abs(times - self._origin) > CENTURY * self._second))
        good = int(wild[0]) if len(wild) else len(times)
        self._times = np.concatenate((self._times, times[:good]))
        self._values = np.concatenate((self._values, values[:good]))
        yield from self._decide(len(self._times) - self._window)
        if good < len(times):
            found = f"a time stamp of {times[good]:g} after {self._origin:g}"
            raise FormatError(f"{self._where}: found {found}, expected a century at most", "export it again")

    def flush(self) -> Iterator[Run | State]:
        """Give the rest."""
        yield from self._decide(len(self._times))

    def _decide(self, ready: int) -> Iterator[Run | State]:
        if ready <= 0:
            return
        times = _filled(self._times, self._interval)
        step = np.diff(times, prepend=self._last)
        counter = self._next + np.arange(len(times))
        line = np.concatenate((self._before, times - self._moved - self._interval * counter))
        edges = [0]
        for i, moved in self._moves(step, line):
            shift, lost = moved, round(moved / self._interval)
            wild = shift > LONGEST * self._second
            if wild and i < ready:
                self._moved += shift
                yield State("warning", f"{self._where}: {_clock_set(shift / self._second)}")
            elif wild:
                continue
            elif lost * self._interval >= self._least - 1e-9:
                counter[i:] += lost
                shift = lost * self._interval
                edges += [i] if i < ready else []
            elif shift < -self._second and i < ready:
                self._moved += shift
                back = -shift / self._second
                yield State("warning", f"{self._where}: the time stamps go back by {back:.3f} s; counting goes on")
            else:
                continue
            line[len(self._before) + i :] -= shift
        for low, high in pairwise([*sorted(edges), ready]):
            if high > low:
                yield Run(int(counter[low]), self._values[low:high], "the time stamps jump")
        self._next, self._last = int(counter[ready - 1]) + 1, float(times[ready - 1])
        self._before = line[: len(self._before) + ready][-self._window :]
        self._times, self._values = times[ready:], self._values[ready:]

    def _moves(self, step: F64, line: F64) -> Iterator[tuple[int, float]]:
        """Rows behind a step that may move the line for good, the largest step first, and by how much it moves.

        The consumer sets the line straight as it goes. A step that is still open and not much smaller bounds the
        windows; a loss nearby can only make a shift larger, so that the first look misses none.
        """
        odd = np.flatnonzero((step > self._odd) | (step < -self._second))
        shift = self._shift(line, odd)
        open_rows = odd[(shift > self._interval / 2) | (shift < -self._second)]
        open_rows = open_rows[np.argsort(-np.abs(step[open_rows]), kind="stable")]
        for at, i in enumerate(open_rows):
            rivals = open_rows[at + 1 :]
            rivals = rivals[np.abs(step[rivals]) >= abs(step[i]) / 2]
            low = int(rivals[rivals < i].max(initial=-len(line)))
            high = int(rivals[rivals > i].min(initial=len(line)))
            yield int(i), float(self._shift(line, open_rows[at : at + 1], low, high)[0])

    def _shift(self, line: F64, rows: npt.NDArray[np.intp], low: int | None = None, high: int | None = None) -> F64:
        """By how much the line lies higher from each row on than before it; 0 where that may be chance."""
        at = rows[:, None] + len(self._before)
        reach = np.arange(self._window)
        bottom = 0 if low is None else max(0, low + len(self._before))
        top = len(line) if high is None else min(len(line), high + len(self._before))
        before, noise = _middle(line, at - 1 - reach, bottom, top)
        after, other = _middle(line, at + reach, bottom, top)
        shift = after - before
        return np.where(np.abs(shift) > _SURE * np.hypot(noise, other), shift, 0.0)


def _clock_set(seconds: float) -> str:
    return f"the time stamps jump by {seconds / 86_400:.0f} days: the clock was set; counting goes on"


def _middle(line: F64, at: npt.NDArray[np.intp], bottom: int, top: int) -> tuple[F64, F64]:
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


def _filled(times: F64, interval: float) -> F64:
    """Stamps that are missing, put on the line between their neighbours."""
    good = np.flatnonzero(np.isfinite(times))
    if len(good) == len(times):
        return times
    if not len(good):
        return np.asarray(np.arange(len(times)) * interval, dtype=np.float64)
    rows = np.arange(len(times))
    outside = np.minimum(rows - good[0], 0) + np.maximum(rows - good[-1], 0)
    return np.asarray(np.interp(rows, good, times[good]) + outside * interval, dtype=np.float64)
