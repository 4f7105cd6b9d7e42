"""What text formats with a time column share: fit the rate on the first rows, count samples on all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import channels, stamps
from devices.files.cells import Layout
from devices.files.recording import Run
from devices.files.rows import read_rows
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.types import F64, Marker, Opening, State


class Pace(NamedTuple):
    """Nominal rate (Hz); fitted interval, and what coarse stamps are rounded to, in the unit of the stamps."""

    rate: float
    interval: float
    tick: float


def fit_rate(path: Path, layout: Layout, second: float, opening: Opening) -> Pace:
    """Fit the first rows, whose second column is time.

    Raises
    ------
    FormatError
        The stamps do not rise.
    TruncatedError
        There are fewer than two rows.
    """
    times = _first_stamps(path, layout)
    if len(times) < 2:
        raise TruncatedError(f"{path.name}: found {len(times)} whole rows, expected at least 2", "record it again")
    interval = stamps.fit(times)
    if interval is None:
        raise FormatError(
            f"{path.name}: the time stamps do not rise (from {times[0]:g} to {times[-1]:g})", "export the file again"
        )
    rate = channels.settle_rate(channels.nominal(second / interval), opening, path.name)
    return Pace(rate, interval, stamps.tick_of(times))


def _first_stamps(path: Path, layout: Layout) -> F64:
    blocks: list[F64] = []
    try:
        for item in read_rows(path, layout):
            if not isinstance(item, State):
                blocks.append(item.table[:, 1])
            if sum(map(len, blocks)) >= stamps.ENOUGH:
                break
    except FormatError:
        if sum(map(len, blocks)) < 2:  # else the rows before the bad one are used, and it is named when they have been
            raise
    return np.concatenate(blocks) if blocks else np.empty(0)


def stamped_runs(
    path: Path, layout: Layout, pace: Pace, second: float, factor: float
) -> Iterator[Run | State | Marker]:
    """Decode rows of (value, time stamp); values times ``factor`` are mV."""
    counter = stamps.StampCounter(pace.interval, second, path.name, tick=pace.tick)
    ends: list[State] = []
    try:
        for item in read_rows(path, layout):
            if isinstance(item, State):
                ends.append(item)
            else:
                yield from counter.push(item.table[:, 1], item.table[:, 0] * factor)
    except Exception:
        yield from counter.flush()  # what came before is used
        raise
    yield from counter.flush()
    yield from ends
