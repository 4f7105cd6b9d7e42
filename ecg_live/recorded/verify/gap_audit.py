"""Compare the samples that a recording lacks with the gaps that its session reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64
from ecg_live.mask_runs import mask_runs
from ecg_live.signal.gaps import MAX_AMPLITUDE_MV

SampleSpans = npt.NDArray[np.int64]  # (n, 2): first sample index, and one past the last
_MAX_SAMPLE_INDEX = 1 << 53  # gaps are recorded as float64, which is exact up to here


class GapAudit:
    """Missing and invalid samples of the judged channel, against the gaps that the session reported.

    A recording may begin in a gap, and end before the session reported its last gap. So what is missing just before
    the last samples, or touches the end, may be unreported.

    Attributes
    ----------
    reported_lost : int
        Samples that the session reported as lost, wherever they are.
    """

    def __init__(self) -> None:
        self._first: int | None = None
        self._next = 0  # sample index that follows the samples so far
        self._valid_stop = 0  # one past the last valid sample
        self._settled = 0  # the same before the latest samples: gaps up to here must have been reported
        self._missing: list[SampleSpans] = []
        self._reported: list[SampleSpans] = []
        self.reported_lost = 0

    def move_to(self, index: int) -> None:
        """Set the sample index of the next samples; a jump forward is a hole."""
        index = min(index, _MAX_SAMPLE_INDEX)
        if self._first is None:
            self._first = self._valid_stop = self._next = index
        elif index > self._next:
            self._missing.append(np.array([[self._next, index]]))
        self._next = index

    def add_samples(self, values: F64) -> int:
        """Add the judged channel's next samples (n,) in mV; return how many are invalid."""
        valid = np.abs(values) <= MAX_AMPLITUDE_MV
        start, self._settled = self._next, self._valid_stop
        self._next += len(values)
        if len(indices := np.flatnonzero(valid)):
            self._valid_stop = start + int(indices[-1]) + 1
        if valid.all():
            return 0
        self._missing.append(start + mask_runs(~valid))
        return len(values) - len(indices)

    def add_reported(self, gaps: F64) -> None:
        """Add gaps that the session reported: rows (n, 2) of first sample index and samples lost."""
        plausible = gaps[((gaps >= 0) & (gaps < _MAX_SAMPLE_INDEX)).all(axis=1)].astype(np.int64)
        self._reported.append(np.cumsum(plausible, axis=1))
        self.reported_lost += int(plausible[:, 1].sum())

    @property
    def trailing_lost(self) -> int:
        """Samples after the last one that the session reported as lost: the device was silent when it ended."""
        if self._first is None:
            return 0
        at_the_end = [span for span in _merge_spans(self._reported).tolist() if span[0] <= self._next < span[1]]
        return sum(stop - self._next for _, stop in at_the_end)

    def problem(self) -> str | None:
        """The first contradiction between holes and reported gaps; None without one."""
        if self._first is None:
            return None
        missing, reported = _merge_spans(self._missing), _merge_spans(self._reported)
        settled = np.clip(missing, self._first, self._settled)
        inside = np.clip(reported, self._first, self._next)
        if unreported := _total_samples(settled) - _shared_samples(settled, reported):
            return f"{unreported} samples are missing or invalid, and the session did not report them as lost"
        wrong = _total_samples(inside) - _shared_samples(inside, missing)
        return f"the session reported {wrong} samples as lost that the file holds" if wrong else None


def _merge_spans(spans: Sequence[SampleSpans]) -> SampleSpans:
    """Sort spans and join those that overlap or touch."""
    start, stop = np.concatenate([np.empty((0, 2), np.int64), *spans]).T
    if not len(start):
        return np.empty((0, 2), np.int64)
    order = np.argsort(start)
    start, reach = start[order], np.maximum.accumulate(stop[order])
    separate = start[1:] > reach[:-1]
    begins, ends = np.append(True, separate), np.append(separate, True)
    return np.column_stack((start[begins], reach[ends]))


def _total_samples(spans: SampleSpans) -> int:
    return int((spans[:, 1] - spans[:, 0]).sum())


def _shared_samples(one: SampleSpans, other: SampleSpans) -> int:
    """Sample indices that are in both; neither has overlaps."""
    return _total_samples(one) + _total_samples(other) - _total_samples(_merge_spans((one, other)))
