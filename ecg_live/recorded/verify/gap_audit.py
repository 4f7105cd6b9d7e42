"""Whether a session told of all samples that its recording lacks, and of no others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64
from ecg_live.mask_runs import mask_runs
from ecg_live.signal.gaps import LARGEST

SampleSpans = npt.NDArray[np.int64]  # (n, 2): the first raw counter, and the one behind the last
_MAX_SAMPLE_INDEX = 1 << 53  # no counter is as large: a gap is told in floating point


class GapAudit:
    """What is missing or no number in the judged channel, against the gaps that the session told.

    A recording may begin in a gap, and end before the session told of the last one: what comes just before the last
    samples, or touches the end, may be untold.

    Attributes
    ----------
    told : int
        Samples that the session told as lost, wherever they are.
    """

    def __init__(self) -> None:
        self._first: int | None = None
        self._next = 0  # counter of the next sample
        self._due = 0  # counter behind the last number that was there before the last samples came
        self._number = 0  # and by now
        self._holes: list[SampleSpans] = []
        self._told: list[SampleSpans] = []
        self.told = 0

    def place(self, counter: int) -> None:
        """Note where the next samples lie."""
        counter = min(counter, _MAX_SAMPLE_INDEX)
        if self._first is None:
            self._first = self._number = self._next = counter
        elif counter > self._next:
            self._holes.append(np.array([[self._next, counter]]))
        self._next = counter

    def samples(self, values: F64) -> int:
        """Note the judged channel's next samples (n,); give how many are no numbers."""
        fine = np.abs(values) <= LARGEST
        start, self._due = self._next, self._number
        self._next += len(values)
        if len(numbers := np.flatnonzero(fine)):
            self._number = start + int(numbers[-1]) + 1
        if fine.all():
            return 0
        self._holes.append(start + mask_runs(~fine))
        return len(values) - len(numbers)

    def gaps(self, values: F64) -> None:
        """Note what the session told: rows (n, 2) of first counter and samples lost."""
        fine = values[((values >= 0) & (values < _MAX_SAMPLE_INDEX)).all(axis=1)].astype(np.int64)
        self._told.append(np.cumsum(fine, axis=1))
        self.told += int(fine[:, 1].sum())

    @property
    def silent(self) -> int:
        """Samples behind the last one that the session told as lost: the device was silent when it ended."""
        if self._first is None:
            return 0
        at_the_end = [span for span in _merge_spans(self._told).tolist() if span[0] <= self._next < span[1]]
        return sum(stop - self._next for _, stop in at_the_end)

    def problem(self) -> str | None:
        """In words, what does not add up."""
        if self._first is None:
            return None
        holes, told = _merge_spans(self._holes), _merge_spans(self._told)
        due, there = np.clip(holes, self._first, self._due), np.clip(told, self._first, self._next)
        if untold := _total_samples(due) - _shared_samples(due, told):
            return f"{untold} samples are missing or no numbers of which the session did not tell"
        wrong = _total_samples(there) - _shared_samples(there, holes)
        return f"the session told of {wrong} lost samples that are there" if wrong else None


def _merge_spans(spans: Sequence[SampleSpans]) -> SampleSpans:
    """In order, none touching another."""
    start, stop = np.concatenate([np.empty((0, 2), np.int64), *spans]).T
    order = np.argsort(start)
    start, reach = start[order], np.maximum.accumulate(stop[order])
    apart = start[1:] > reach[:-1]
    return np.column_stack((start[np.append(True, apart)[: len(start)]], reach[np.append(apart, True)[: len(start)]]))


def _total_samples(spans: SampleSpans) -> int:
    return int((spans[:, 1] - spans[:, 0]).sum())


def _shared_samples(one: SampleSpans, other: SampleSpans) -> int:
    """Counters that lie in both; each without overlaps."""
    return _total_samples(one) + _total_samples(other) - _total_samples(_merge_spans((one, other)))
