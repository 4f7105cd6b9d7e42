"""Formats with a time column: fit the rate to the first rows, and index the samples of all rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from devices.files import channels, timestamps
from devices.files.recording import SampleRun
from devices.files.text import time_units
from devices.files.text.cells import RowLayout
from devices.files.text.dates import MidnightUnwrapper
from devices.files.text.rows import RowBlock, read_rows
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, Marker, State

_MAX_PACKET_ROWS = 1 << 16  # that wait for the timestamp of their packet
_STATED_RATE_TOLERANCE = 0.02  # relative; a stated rate this near to the fitted one is the device's setting


@dataclass(frozen=True, slots=True)
class FittedRate:
    """The rate of the rows, fitted to their timestamps.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    interval : float
        Fitted interval between samples, in the unit of the timestamps.
    tick : float
        Resolution of coarse timestamps, in the same unit; 0 if most samples have one of their own.
    second : float
        One second in that unit.
    sparse : bool
        Only the last row of each packet has a timestamp (see `_PacketTimestamps`).
    remark : str
        Warning for the user, or ``""``.
    """

    rate: float
    interval: float
    tick: float
    second: float
    sparse: bool = False
    remark: str = ""


def fit_rate(
    path: Path, layout: RowLayout, second: float | None, options: ReadOptions, *, stated: float | None = None
) -> FittedRate:
    """Fit the rate to the timestamps of the first rows.

    Parameters
    ----------
    path : Path
    layout : RowLayout
        Decodes two columns: value and time.
    second : float, optional
        One second in the unit of the timestamps; None for an unknown unit.
    options : ReadOptions
    stated : float, optional
        Rate (Hz) that the file states elsewhere.

    Raises
    ------
    FormatError
        The timestamps do not rise.
    TruncatedError
        There are fewer than two rows.
    """
    times = _first_timestamps(path, layout)
    if len(times) < 2:
        raise TruncatedError(f"{path.name}: found {len(times)} whole rows, expected at least 2", "record it again")
    finite = np.isfinite(times)
    sparse = bool(2 <= finite.sum() < len(times) / 2)
    if sparse:
        times = _PacketTimestamps().push(times, times)[0]
    remark = ""
    second = time_units.unix_units_per_second(times) if second is None else second
    if second is None:
        second = time_units.guess_units_per_second(times)
        if second != 1:
            unit = {1e3: "ms", 1e6: "\u00b5s", 1e9: "ns"}[second]
            remark = f"{path.name}: the time column states no unit; {unit} is assumed"
    interval = timestamps.fit_interval(times)
    if interval is None:
        known = times[np.isfinite(times)]
        found = f"from {known[0]:g} to {known[-1]:g}" if len(known) else "none is a time"
        raise FormatError(f"{path.name}: the time stamps do not rise ({found})", "export the file again")
    fitted = channels.snap_to_nominal(second / interval)
    if stated is not None and abs(fitted / stated - 1) <= _STATED_RATE_TOLERANCE:
        fitted = stated
    elif stated is not None:
        remark = f"{path.name}: the header says {stated:g} Hz, the time stamps {fitted:g} Hz, which is taken"
    rate = channels.resolve_rate(fitted, options, path.name)
    return FittedRate(rate, interval, timestamps.timestamp_tick(times), second, sparse, remark)


def _first_timestamps(path: Path, layout: RowLayout) -> F64:
    blocks: list[F64] = []
    midnights = MidnightUnwrapper()
    try:
        for item in _device_rows(path, layout):
            if not isinstance(item, State):
                times = item.table[:, 1]
                blocks.append(times if layout.date is None else midnights.push(times))
            if sum(map(len, blocks)) >= timestamps.MAX_FIT_TIMESTAMPS:
                break
    except FormatError:
        if sum(map(len, blocks)) < 2:  # else the rows before it are used, and the error is raised after them
            raise
    return np.concatenate(blocks) if blocks else np.empty(0)


def _device_rows(path: Path, layout: RowLayout) -> Iterator[RowBlock | State]:
    """Read all rows except those of another device in the same table, which have neither value nor timestamp."""
    for item in read_rows(path, layout):
        if layout.shared and not isinstance(item, State):
            yield item._replace(table=item.table[~np.isnan(item.table).all(axis=1)])
        else:
            yield item


def stamped_runs(
    path: Path, layout: RowLayout, fitted: FittedRate, factor: float
) -> Iterator[SampleRun | State | Marker]:
    """Decode rows of value and timestamp into runs of samples.

    Parameters
    ----------
    path : Path
    layout : RowLayout
        Decodes two columns: value and time.
    fitted : FittedRate
    factor : float
        From values to mV.

    Raises
    ------
    FormatError
        A row in mid-file is malformed; the samples before it have been returned.
    """
    counter = timestamps.TimestampCounter(fitted.interval, fitted.second, path.name, tick=fitted.tick)
    midnights, packets = MidnightUnwrapper(), _PacketTimestamps()
    ends: list[State] = []
    if fitted.remark:
        yield State("warning", fitted.remark)
    try:
        for item in _device_rows(path, layout):
            if isinstance(item, State):
                ends.append(item)
                continue
            times, values = item.table[:, 1], item.table[:, 0] * factor
            if layout.date is not None:
                times = midnights.push(times)
            if fitted.sparse:
                times, values = packets.push(times, values)
            yield from counter.push(times, values)
    except Exception:
        yield from _flush_all(counter, packets)  # the samples before are used
        raise
    yield from _flush_all(counter, packets)
    yield from ends


def _flush_all(
    counter: timestamps.TimestampCounter, packets: _PacketTimestamps
) -> Iterator[SampleRun | State | Marker]:
    yield from counter.push(*packets.flush())
    yield from counter.flush()


class _PacketTimestamps:
    """Gives all rows of a packet the timestamp of its last row."""

    def __init__(self) -> None:
        self._times = self._values = np.empty(0)  # rows that wait for their timestamp

    def push(self, times: F64, values: F64) -> tuple[F64, F64]:
        """Take rows (n,); return those of packets that have ended."""
        self._times = np.concatenate((self._times, times))
        self._values = np.concatenate((self._values, values))
        known = np.flatnonzero(np.isfinite(self._times))
        ready = int(known[-1]) + 1 if len(known) else 0
        if len(self._times) - ready > _MAX_PACKET_ROWS:
            ready = len(self._times)
        filled = self._times[:ready].copy()
        next_known = np.searchsorted(known, np.arange(ready))
        inside = next_known < len(known)
        filled[inside] = self._times[known[next_known[inside]]]
        values = self._values[:ready]
        self._times = self._times[ready:]
        self._values = self._values[ready:]
        return filled, values

    def flush(self) -> tuple[F64, F64]:
        """Return the rows of the last packet, which has no timestamp."""
        times, values = self._times, self._values
        self._times = self._values = np.empty(0)
        return times, values
