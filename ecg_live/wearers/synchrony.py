"""Synchrony of wearers that run together: collects their heart rates and affect, and correlates all pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import inf
from threading import Lock

import numpy as np

from ecg_live.events import F64
from ecg_live.results import HeadInfo, Item, Prediction, Synchrony, SynchronyCourse, SynchronyMatrix
from ecg_live.signal.synchrony import (
    DEFAULT_WIDTH_S,
    MAX_STEP_S,
    MIN_OVERLAP,
    SecondGrid,
    chance_limits,
    correlate_rows,
    correlation_over_time,
)

HEART_RATE = "heart rate"
REPORT_INTERVAL_S = 10  # between two reports of all pairs: values are of ten-second windows
COURSE_STEP_S = 10
STALL_S = 15.0  # a live wearer that falls back further is not waited for
MAX_COURSE_S = 3600  # of a pair that is drawn


def measures_of(heads: Sequence[HeadInfo]) -> tuple[tuple[str, str | None, str | None], ...]:
    """What is correlated: label, head and class.

    Heart rate; of two classes the second, since the first is its complement; of more each; of a rating its value.
    """
    affect: list[tuple[str, str | None, str | None]] = []
    for head in heads:
        classes = head.classes[-1:] if len(head.classes) == 2 else head.classes
        affect += [(f"{head.name}: {name}", head.name, name) for name in classes] or [(head.name, head.name, None)]
    return ((HEART_RATE, None, None), *affect)


def measured_value(prediction: Prediction, head: str | None, which: str | None) -> float | None:
    """The value of a measure; None where it is missing: an abstention is never filled in."""
    if head is None:
        return prediction.heart_rate
    result = prediction.heads.get(head)
    if result is None or result.abstain is not None:
        return None
    if which is None:
        return result.value
    return None if result.probs is None else result.probs.get(which)


class SynchronyTracker:
    """Follows the predictions of several wearers on one grid of seconds. Callable from any thread.

    Parameters
    ----------
    names : sequence of str
        The wearers.
    heads : sequence of HeadInfo
        Of the model that all share.
    width : int
        Seconds of the sliding window.
    hop : float
        Seconds from one prediction to the next.
    replay : bool
        All are recordings that began together: raw time counts, and each is waited for.
    on_report : callable, optional
        Called every `REPORT_INTERVAL_S` with the values of all pairs that have one.
    """

    def __init__(
        self,
        names: Sequence[str],
        heads: Sequence[HeadInfo],
        width: int = DEFAULT_WIDTH_S,
        hop: float = 1.0,
        *,
        replay: bool = False,
        on_report: Callable[[Sequence[Synchrony]], object] | None = None,
    ) -> None:
        self.names = tuple(names)
        self._measures = measures_of(heads)
        self.width = width
        self.needed = int(np.ceil(MIN_OVERLAP * width))
        self._replay = replay
        self._on_report = on_report
        max_step = max(MAX_STEP_S, 1.5 * hop)
        self._stall = inf if replay else STALL_S + max_step
        self._grids = [[SecondGrid(max_step) for _ in self.names] for _ in self._measures]
        self._ended = [False] * len(self.names)
        self._reported: int | None = None  # second of the newest report
        self._lock = Lock()

    @property
    def measures(self) -> tuple[str, ...]:
        """What is correlated."""
        return tuple(label for label, _, _ in self._measures)

    def add(self, wearer: int, prediction: Prediction) -> None:
        """Add a prediction of a wearer."""
        time = prediction.stop if self._replay else prediction.time + (prediction.stop - prediction.start)
        self.add_values(wearer, time, [measured_value(prediction, head, which) for _, head, which in self._measures])

    def add_values(self, wearer: int, time: float, values: Sequence[float | None]) -> None:
        """Add a wearer's values of all measures at a time; None or NaN for those that are missing."""
        with self._lock:
            for value, grids in zip(values, self._grids, strict=True):
                grids[wearer].add(time, value)
            due = self._due_reports()
        self._send(due)

    def end(self, wearer: int) -> None:
        """Note that a wearer's session has ended: it is not waited for any more."""
        with self._lock:
            self._ended[wearer] = True
            due = self._due_reports()
        self._send(due)

    def matrix(self, measure: int) -> SynchronyMatrix:
        """Correlation of all pairs now."""
        with self._lock:
            stop, count = self._ready(), len(self.names)
            r, limit = np.full((count, count), np.nan), np.ones((count, count))
            longest = 0
            if stop is not None:
                for (a, b), pair_r, pair_limit, overlap in self._pairs(measure, stop):
                    r[a, b] = r[b, a] = pair_r
                    limit[a, b] = limit[b, a] = pair_limit
                    longest = max(longest, overlap)
        return SynchronyMatrix(r, limit, longest)

    def course(self, measure: int, pair: tuple[int, int]) -> SynchronyCourse:
        """Correlation of a pair over the session, at most its last hour."""
        with self._lock:
            stop = self._ready()
            grids = [self._grids[measure][wearer] for wearer in pair]
            known = [grid.first for grid in grids if grid.first is not None]
            if stop is None or len(known) < 2:
                return SynchronyCourse(np.empty(0), np.empty(0), np.empty(0))
            stop = stop // COURSE_STEP_S * COURSE_STEP_S  # so that a point stays the same when others follow
            start = max(min(known) - self.width, stop - MAX_COURSE_S)
            start = -(-start // COURSE_STEP_S) * COURSE_STEP_S - self.width % COURSE_STEP_S
            x, y = (grid.read(start, stop) for grid in grids)
        at, r, limit = correlation_over_time(x, y, self.width, COURSE_STEP_S)
        return SynchronyCourse((start + at - stop).astype(np.float64), r, limit)

    def _ready(self) -> int | None:
        """The second up to which all that count have their values."""
        stops = [grid.stop for grid in self._grids[0]]
        known = [stop for stop in stops if stop is not None]
        if not known:
            return None
        waited = [(-inf if stop is None else stop) for stop, ended in zip(stops, self._ended, strict=True) if not ended]
        newest = max(known)
        ready = max(min(waited, default=newest), newest - self._stall)
        return int(ready) if np.isfinite(ready) else None

    def _pairs(self, measure: int, stop: int) -> list[tuple[tuple[int, int], float, float, int]]:
        rows = np.array([grid.read(stop - self.width, stop) for grid in self._grids[measure]])
        pairs = list(combinations(range(len(self.names)), 2))
        if not pairs:
            return []
        one, other = rows[[a for a, _ in pairs]], rows[[b for _, b in pairs]]
        r, overlap = correlate_rows(one, other)
        limit: F64 = chance_limits(one, other)
        return list(zip(pairs, r.tolist(), limit.tolist(), overlap.tolist(), strict=True))

    def _due_reports(self) -> list[Synchrony]:
        """All pairs' values at the seconds of reports that are ready; to be called with the lock."""
        if self._on_report is None or (ready := self._ready()) is None:
            return []
        if self._reported is None:
            first = min(grid.first for grid in self._grids[0] if grid.first is not None)
            self._reported = first // REPORT_INTERVAL_S * REPORT_INTERVAL_S
        found: list[Synchrony] = []
        while self._reported + REPORT_INTERVAL_S <= ready:
            self._reported += REPORT_INTERVAL_S
            found += self._values_at(self._reported)
        return found

    def _values_at(self, stop: int) -> list[Synchrony]:
        return [
            Synchrony(float(stop), (self.names[a], self.names[b]), label, r, limit, overlap, self.width)
            for measure, label in enumerate(self.measures)
            for (a, b), r, limit, overlap in self._pairs(measure, stop)
            if np.isfinite(r)
        ]

    def _send(self, values: Sequence[Synchrony]) -> None:
        if values and self._on_report is not None:
            self._on_report(values)


class SynchronySink:
    """Passes one wearer's predictions to a tracker, once it knows which; before that nothing has been predicted."""

    name = "synchrony"
    passive = True  # no session goes on for it alone

    def __init__(self) -> None:
        self._tracker: SynchronyTracker | None = None
        self._wearer = 0

    def feed(self, tracker: SynchronyTracker, wearer: int) -> None:
        """Feed a tracker, as its wearer of this number."""
        self._tracker, self._wearer = tracker, wearer

    def write(self, item: Item) -> None:
        """Take one item."""
        if self._tracker is not None and isinstance(item, Prediction):
            self._tracker.add(self._wearer, item)

    def close(self) -> None:
        """Note the end of the wearer's session."""
        if self._tracker is not None:
            self._tracker.end(self._wearer)
