"""Whether a session told of all samples that its recording lacks, and of no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ecg_live.signal.gaps import LARGEST
from ecg_live.types import F64

Span = tuple[int, int]  # raw counters: the first, and the one behind the last
_LAST = 1 << 53  # no counter is as large: a gap is told in floating point


class LostBooks:
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
        self._holes: list[Span] = []
        self._told: list[Span] = []
        self.told = 0

    def place(self, counter: int) -> None:
        """Note where the next samples lie."""
        if self._first is None:
            self._first = self._number = self._next = counter
        elif counter > self._next:
            self._holes.append((self._next, counter))
        self._next = counter

    def samples(self, values: F64) -> int:
        """Note the judged channel's next samples (n,); give how many are no numbers."""
        fine = np.abs(values) <= LARGEST
        start, self._due = self._next, self._number
        self._next += len(values)
        if len(numbers := np.flatnonzero(fine)):
            self._number = start + int(numbers[-1]) + 1
        edges = np.flatnonzero(np.diff(np.concatenate(([0], (~fine).view(np.int8), [0]))))
        self._holes += [(start + a, start + b) for a, b in edges.reshape(-1, 2).tolist()]
        return len(values) - int(fine.sum())

    def gaps(self, values: F64) -> None:
        """Note what the session told: rows (n, 2) of first counter and samples lost."""
        fine = values[((values >= 0) & (values < _LAST)).all(axis=1)].astype(np.int64)
        self._told += [(start, start + lost) for start, lost in fine.tolist()]
        self.told += int(fine[:, 1].sum())

    def problem(self) -> str | None:
        """In words, what does not add up."""
        if self._first is None:
            return None
        holes, told = _merged(self._holes), _merged(self._told)
        due = _size(_clipped(holes, self._first, self._due))
        untold = due - _shared(list(_clipped(holes, self._first, self._due)), told)
        there = list(_clipped(told, self._first, self._next))
        wrong = _size(there) - _shared(there, holes)
        if untold:
            return f"{untold} samples are missing or no numbers of which the session did not tell"
        return f"the session told of {wrong} lost samples that are there" if wrong else None


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, none touching another."""
    found: list[Span] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((start, stop))
    return found


def _clipped(spans: Iterable[Span], first: int, stop: int) -> Iterator[Span]:
    return ((max(a, first), min(b, stop)) for a, b in spans if a < stop and b > first)


def _size(spans: Iterable[Span]) -> int:
    return sum(stop - start for start, stop in spans)


def _shared(one: Sequence[Span], other: Sequence[Span]) -> int:
    """Counters that lie in both; each in order."""
    i = j = shared = 0
    while i < len(one) and j < len(other):
        shared += max(0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return shared
