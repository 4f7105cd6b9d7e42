"""Fit the rate to timestamps, and turn timestamps into sample indices, with gaps for lost samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from devices.files.recording import SampleRun
from devices.files.timestamp_line import TimestampLine, fill_missing_timestamps, mask_stray_timestamps
from devices.files.timestamp_markers import MAX_STEP_S, MarkerPlacer, PlacedSamples
from ecg_live.errors import FormatError
from ecg_live.events import F64, Marker, State

MAX_TIME_SPAN_S = 3.2e9  # larger differences are not times
LOSS_STEP_INTERVALS = 1.5  # a longer step may be lost data (measured on Shimmer's exports)
_FIT_LAG_SAMPLES = 256  # over which an interval is measured, so that timestamps in whole ms do not bias it
_MIN_ROWS_PER_TICK = 3  # that share a timestamp for it to count as coarse; whole ms at 2 kHz have 2
_MAX_CREEP_S_PER_S = 5e-5  # by which timestamps may creep away from a fitted interval over hours
_MIN_PACKETS = 8  # that show the rate of samples that arrive in packets
_PACKET_STEP_SHARE = 0.1  # of the mean step; with a smaller median step, samples arrive in packets
_LEVEL_WINDOW_ROWS = 128  # on each side of a step, that show whether the line has moved for good
MAX_LATENESS_S = 30.0  # within which late timestamps return to the line
MAX_FIT_TIMESTAMPS = 1 << 16  # a fit needs no more


def fit_interval(timestamps: F64) -> float | None:
    """Fit the interval between samples to timestamps (n,), in their unit; None if they do not rise."""
    finite = timestamps[np.isfinite(timestamps)]
    if len(finite) < 2:
        return None
    if tick := timestamp_tick(finite):
        return _fit_ticks(finite, tick)
    if interval := _fit_packets(finite):
        return interval
    lag = max(1, min(_FIT_LAG_SAMPLES, len(finite) // 4))
    interval = float(np.median(finite[lag:] - finite[:-lag])) / lag
    return interval if interval > 0 else None


def _fit_packets(timestamps: F64) -> float | None:
    """Fit the interval of samples that arrive in packets, over half of the packets; None if they come one by one."""
    step = np.diff(timestamps)
    mean = float(timestamps[-1] - timestamps[0]) / len(step)
    ends = np.flatnonzero(step > LOSS_STEP_INTERVALS * mean)
    if len(ends) < _MIN_PACKETS or not np.median(np.abs(step)) < _PACKET_STEP_SHARE * mean:
        return None
    half = len(ends) // 2
    return float(np.median((timestamps[ends[half:]] - timestamps[ends[:-half]]) / (ends[half:] - ends[:-half])))


def _fit_ticks(timestamps: F64, tick: float) -> float | None:
    """Fit the interval by the number of rows that share a timestamp, over complete ticks."""
    step = np.diff(timestamps)
    rises = np.flatnonzero(step > 0)
    regular = step[rises] <= LOSS_STEP_INTERVALS * tick
    whole = regular[1:] & regular[:-1]  # not next to lost data
    rows = int(np.diff(rises)[whole].sum())
    return float(step[rises][1:][whole].sum()) / rows if rows else None


def timestamp_tick(timestamps: F64) -> float:
    """Return the resolution of coarse timestamps (n,), in their unit; 0 if most samples have one of their own."""
    step = np.diff(timestamps[np.isfinite(timestamps)])
    rises = step[step > 0]
    return float(np.median(rises)) if len(rises) and len(step) >= _MIN_ROWS_PER_TICK * len(rises) else 0.0


class TimestampCounter:
    """Assigns sample indices; a step in the timestamps is a gap unless they return to the line.

    The output does not depend on how the rows are cut.

    Parameters
    ----------
    interval : float
        Fitted interval between samples, in the unit of the timestamps.
    second : float
        One second in that unit.
    where : str
        The file's name, for messages.
    arrival : bool
        The timestamps are arrival times, not sampling times: they jitter, and only losses of 0.1 s or more show.
    tick : float
        Resolution of coarse timestamps (see `timestamp_tick`), in their unit; only losses of 1.5 ticks or more show.
    rate : float, optional
        Nominal rate in Hz, where markers are to be placed.

    Notes
    -----
    A step is lost data only as far as the timestamps stay ahead: late ones return to the line within `MAX_LATENESS_S`
    seconds. A step forward after a step back is its return. Steps back, and steps longer than a day, are clocks that
    were set: they are reported, and counting continues. So samples delivered and lost together never exceed the time
    that the timestamps cover.
    """

    def __init__(
        self, interval: float, second: float, where: str, *, arrival: bool = False, tick: float = 0.0, rate: float = 0.0
    ) -> None:
        self._interval = interval
        self._second = second
        self._where = where
        window = max(_LEVEL_WINDOW_ROWS, round(second / interval)) if arrival else _LEVEL_WINDOW_ROWS
        self._window = max(window, round(4 * tick / interval))
        self._ahead = max(self._window, min(round(MAX_LATENESS_S * second / interval), MAX_FIT_TIMESTAMPS))
        # The shortest detectable loss, and the shortest step that may be one, in the unit of the timestamps.
        self._least = max(0.1 * second if arrival else 0.0, LOSS_STEP_INTERVALS * tick, interval)
        self._odd = LOSS_STEP_INTERVALS * max(tick, interval)
        self._unsure = second if arrival else 0.0  # shorter steps need as many rows after them as before
        self._held: list[tuple[F64, F64]] = []  # timestamps and values without an index yet
        self._rows = 0  # received
        self._decided = 0  # rows with a final index
        self._before = np.empty(0)  # the line at the last rows decided
        self._last = float("nan")  # timestamp of the last row decided
        self._origin = math.nan  # first timestamp
        self._next = 0  # index of the next row
        self._moved = 0.0  # sum of all clock settings
        self._back = 0.0  # how far the clock went back and has not returned since
        self._markers = MarkerPlacer(interval, second, rate or second / interval, where, self._window, arrival)

    def push(self, times: F64, values: F64) -> Iterator[SampleRun | State | Marker]:
        """Take rows (n,); return those with a final sample index.

        Raises
        ------
        FormatError
            A timestamp is too far from the first to be a time; the rows before it are taken.
        """
        known = times[np.isfinite(times)]
        if math.isnan(self._origin) and len(known):
            self._origin = float(known[0])
        with np.errstate(over="ignore", invalid="ignore"):
            wild = np.flatnonzero(np.isfinite(times) & (np.abs(times - self._origin) > MAX_TIME_SPAN_S * self._second))
        good = int(wild[0]) if len(wild) else len(times)
        self._held.append((times[:good], values[:good]))
        self._rows += good
        while self._rows - self._decided >= 2 * self._ahead:
            yield from self._decide(self._ahead)
        if good < len(times):
            found = f"a time stamp of {times[good]:g} after {self._origin:g}"
            raise FormatError(f"{self._where}: found {found}, expected a century at most", "export it again")

    def add_marker(self, time: float, text: str) -> None:
        """Take a marker, with a time on the clock of the timestamps; it is returned with the samples of that time."""
        self._markers.hold(time, text, self._rows)

    def flush(self) -> Iterator[SampleRun | State | Marker]:
        """Return the rest."""
        while self._rows - self._decided > self._ahead:
            yield from self._decide(self._ahead)
        yield from self._decide(self._rows - self._decided)

    def _decide(self, ready: int) -> Iterator[SampleRun | State | Marker]:
        if ready <= 0:
            return
        stamped, values = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        times = fill_missing_timestamps(
            mask_stray_timestamps(stamped, self._last, self._second), self._interval, self._last
        )
        counter = self._next + np.arange(len(times))
        line = np.concatenate((self._before, times - self._moved - self._interval * counter))
        windows = TimestampLine(line, self._window, self._ahead, self._interval)
        losses: list[tuple[int, int]] = []
        for i, shift in sorted(self._moves(np.diff(times, prepend=self._last), windows)):
            if i >= ready:
                break
            lost, remark = self._weigh(shift)
            losses += [(i, lost)] if lost else []
            if remark:
                yield State("warning", f"{self._where}: the time stamps {remark}; counting goes on")
        whole = ready == len(times)
        losses = self._within_time(losses, line) if whole else losses
        for i, lost in losses:
            counter[i:] += lost
        yield from self._markers.place(
            PlacedSamples(times[:ready], counter[:ready], line, len(self._before)), last=whole
        )
        for low, high in pairwise([0, *(i for i, _ in losses), ready]):
            if high > low:
                yield SampleRun(int(counter[low]), values[low:high], "the time stamps jump")
        self._next, self._last = int(counter[ready - 1]) + 1, float(times[ready - 1])
        self._before = line[: len(self._before) + ready][-self._ahead :]
        self._held = [(stamped[ready:], values[ready:])]
        self._decided += ready

    def _within_time(self, losses: list[tuple[int, int]], line: F64) -> list[tuple[int, int]]:
        """Limit losses near the end, where too few rows follow to rule out late timestamps, to the time there is."""
        if not losses:
            return losses
        rows = np.arange(len(line) - len(self._before))
        lost_before = np.zeros(len(rows))
        for i, lost in losses:
            lost_before[i:] += lost
        latest = float((line[len(self._before) :] + (rows + lost_before) * self._interval).max())
        base = float(np.median(line[: len(self._before) + losses[0][0]]))
        base = max(base, self._origin - _MAX_CREEP_S_PER_S * self._interval * self._next)
        spare = math.floor((latest - base) / self._interval + 0.5) - (len(rows) - 1)  # for what was lost
        kept: list[tuple[int, int]] = []
        for i, lost in losses:
            left = min(lost, max(0, spare))
            spare -= left
            kept += [(i, left)] if left else []
        return kept

    def _weigh(self, shift: float) -> tuple[int, str]:
        """Return the samples lost by a lasting step of the line, and a remark if the clock was set."""
        seconds, remark = shift / self._second, ""
        if abs(seconds) > MAX_STEP_S:
            lost, remark = 0, f"jump by {seconds / 86_400:.0f} days: the clock was set"
        elif shift < 0:
            self._back -= shift
            lost, remark = 0, f"go back by {-seconds:.3f} s"
        else:
            returned = min(shift, self._back) if shift > self._back / 2 else 0.0
            self._back -= returned
            lost = self._whole(shift - returned)
        self._moved += shift - lost * self._interval
        return lost, remark

    def _whole(self, shift: float) -> int:
        """Return the samples lost by a step forward; 0 if it is too short to be distinguished from jitter."""
        lost = round(shift / self._interval)
        return lost if lost * self._interval >= self._least - 1e-9 else 0

    def _moves(self, step: F64, windows: TimestampLine) -> Iterator[tuple[int, float]]:
        """Return the rows after steps that move the line for good, the largest step first, and the shifts.

        The line is straightened on the way. A step that is still open and not much smaller bounds the windows; a loss
        nearby can only make a shift larger, so that the first look misses none.
        """
        before = len(self._before)
        odd = np.flatnonzero((step > self._odd) | (step < -self._second))
        shift = windows.shift(odd + before)
        open_rows = odd[(shift > self._least - self._interval / 2) | (shift < -self._second)]
        open_rows = open_rows[np.argsort(-np.abs(step[open_rows]), kind="stable")]
        for at, i in enumerate(open_rows):
            rivals = open_rows[at + 1 :]
            rivals = rivals[np.abs(step[rivals]) >= abs(step[i]) / 2]
            low = max(0, before + int(rivals[rivals < i].max(initial=-before)))
            high = before + int(rivals[rivals > i].min(initial=len(step)))
            moved = float(windows.shift(open_rows[at : at + 1] + before, low, high)[0])
            far = abs(moved) > MAX_STEP_S * self._second
            if moved > 0 and len(step) - i < self._window and moved < self._unsure:
                moved = 0.0  # the last packet is late, and no later row shows for how long
            elif moved > 0 and not far:
                moved = self._whole(windows.lasting(int(i) + before, moved)) * self._interval
            elif moved < 0 and not far and not windows.falls(int(i) + before, moved):
                moved = 0.0
            if moved > 0 or moved < -self._second:
                windows.straighten(int(i) + before, moved, back=moved < 0 and not far)
                yield int(i), moved
