"""Place markers that share the clock of the samples' timestamps at raw times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from devices.files.timestamp_line import interquartile_mean
from ecg_live.events import F64, Marker, State

MAX_STEP_S = 86400.0  # a longer step is not a pause: the clock was set, or is another clock


class PlacedSamples(NamedTuple):
    """Samples with a final sample index: timestamps and indices (n,); ``line`` (m,) begins ``before`` rows earlier."""

    times: F64
    counter: npt.NDArray[np.int64]
    line: F64
    before: int


class _HeldMarker(NamedTuple):
    time: float
    text: str
    row: int  # of the sample that comes next in the file


@dataclass(slots=True)
class MarkerPlacer:
    """Holds markers until the samples of their time are known.

    The line of the timestamps around a marker gives its raw time, not its time since the first sample: a device's real
    rate differs from the nominal one by seconds an hour.

    Parameters
    ----------
    interval, second : float
        Fitted interval between samples, and one second, in the unit of the timestamps.
    rate : float
        Nominal rate in Hz, of raw time.
    where : str
        The file's name, for messages.
    reach : int
        Rows on either side that give the level of the line.
    late : bool
        The timestamps are arrival times: the earliest is nearest to the time of sampling.
    """

    interval: float
    second: float
    rate: float
    where: str
    reach: int
    late: bool
    _held: list[_HeldMarker] = field(default_factory=list, init=False)
    _rows: int = field(default=0, init=False)  # decided before
    _has_warned: bool = field(default=False, init=False)

    def hold(self, time: float, text: str, row: int) -> None:
        """Hold a marker; ``row`` is that of the sample that comes next in the file."""
        self._held.append(_HeldMarker(time, text, row))

    def place(self, known: PlacedSamples, *, last: bool) -> Iterator[Marker | State]:
        """Return the markers up to the last of the samples just decided; all if these are the recording's ``last``."""
        count = len(known.times)
        if self._held and count:
            reached = np.maximum.accumulate(known.times)
            waiting: list[_HeldMarker] = []
            for held in self._held:
                is_other_clock = not abs(held.time - known.times[-1]) <= MAX_STEP_S * self.second
                if not last and (held.row >= self._rows + count if is_other_clock else held.time > reached[-1]):
                    waiting.append(held)
                elif is_other_clock:
                    yield from self._place_by_row(held, known)
                else:
                    row = min(int(np.searchsorted(reached, held.time)), count - 1)
                    yield Marker(self._raw_time(held.time, row, known), held.text)
            self._held = waiting
        self._rows += count

    def _raw_time(self, time: float, row: int, known: PlacedSamples) -> float:
        at = known.before + row
        near = np.arange(at - self.reach // 2, at + self.reach // 2 + 1)
        near = near[(near >= 0) & (near < len(known.line))]
        level = (
            known.line[near].min()
            if self.late
            else interquartile_mean(known.line, near[None], 0, len(known.line))[0][0]
        )
        offset = time - known.times[row] + known.line[at] - level
        return float(known.counter[row] + offset / self.interval) / self.rate

    def _place_by_row(self, held: _HeldMarker, known: PlacedSamples) -> Iterator[Marker | State]:
        """Place a marker on another clock at its position in the file, and warn once."""
        if not self._has_warned:
            self._has_warned = True
            what = f"the time stamp of the marker {held.text[:40]!r} is {held.time:g}, that of the samples"
            yield State(
                "warning",
                f"{self.where}: {what} {known.times[-1]:g}: markers on another clock lie where they stand in the file",
            )
        row = min(max(held.row - self._rows, 0), len(known.times) - 1)
        yield Marker(float(known.counter[row]) / self.rate, held.text)
