"""Markers that lie on the clock of the samples' stamps, placed between the samples that were taken then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from devices.files.timestamp_line import interquartile_mean
from ecg_live.events import F64, Marker, State

MAX_STEP_S = 86400.0  # s; a longer step is no pause of a recording but a clock that was set, or is no clock


class PlacedSamples(NamedTuple):
    """Samples whose place is certain: their stamps and counters (n,); the ``line`` (m,) begins ``before`` of them."""

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

    A marker lies where the line of the stamps around it says, not where its time since the first sample would put it:
    a device's real rate differs from its nominal one by seconds an hour.

    Parameters
    ----------
    interval, second : float
        Fitted interval between samples, and one second, in the unit of the stamps.
    rate : float
        Nominal rate in Hz, of raw time.
    where : str
        The file's name, for messages.
    reach : int
        Rows on either side that say where the line lies.
    late : bool
        Stamps are those of arrival: the earliest is the nearest to when a sample was taken.
    """

    interval: float
    second: float
    rate: float
    where: str
    reach: int
    late: bool
    _held: list[_HeldMarker] = field(default_factory=list, init=False)
    _rows: int = field(default=0, init=False)  # decided before
    _told: bool = field(default=False, init=False)

    def hold(self, time: float, text: str, row: int) -> None:
        """Take a marker; ``row`` is the sample that comes next in the file."""
        self._held.append(_HeldMarker(time, text, row))

    def place(self, known: PlacedSamples, *, last: bool) -> Iterator[Marker | State]:
        """Give the markers up to the last of more samples that are decided; all if these are the last."""
        count = len(known.times)
        if self._held and count:
            reached = np.maximum.accumulate(known.times)
            waiting: list[_HeldMarker] = []
            for note in self._held:
                strange = not abs(note.time - known.times[-1]) <= MAX_STEP_S * self.second
                if not last and (note.row >= self._rows + count if strange else note.time > reached[-1]):
                    waiting.append(note)
                elif strange:
                    yield from self._strange(note, known)
                else:
                    row = min(int(np.searchsorted(reached, note.time)), count - 1)
                    yield Marker(self._raw(note.time, row, known), note.text)
            self._held = waiting
        self._rows += count

    def _raw(self, time: float, row: int, known: PlacedSamples) -> float:
        at = known.before + row
        near = np.arange(at - self.reach // 2, at + self.reach // 2 + 1)
        near = near[(near >= 0) & (near < len(known.line))]
        level = (
            known.line[near].min()
            if self.late
            else interquartile_mean(known.line, near[None], 0, len(known.line))[0][0]
        )
        behind = time - known.times[row] + known.line[at] - level
        return float(known.counter[row] + behind / self.interval) / self.rate

    def _strange(self, note: _HeldMarker, known: PlacedSamples) -> Iterator[Marker | State]:
        """A marker that is on no clock of the samples lies where it stands in the file."""
        if not self._told:
            self._told = True
            what = f"the time stamp of the marker {note.text[:40]!r} is {note.time:g}, that of the samples"
            yield State(
                "warning",
                f"{self.where}: {what} {known.times[-1]:g}: markers on another clock lie where they stand in the file",
            )
        row = min(max(note.row - self._rows, 0), len(known.times) - 1)
        yield Marker(float(known.counter[row]) / self.rate, note.text)
