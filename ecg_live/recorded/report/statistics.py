"""Statistics of a session: distributions, sample loss, usable time, and the intervals between markers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ecg_live.annotations.exclusion import touches_excluded
from ecg_live.events import F64, PAUSE_CAUSE
from ecg_live.recorded.report.session import RecordedMarker, RecordedSession
from ecg_live.recorded.report.windows import HeadPredictions, Mask, RecordedWindows
from ecg_live.study.marker_texts import without_undone

SET_ORDER = ("population", "adaptive", "personal")  # as they take over


class Distribution(NamedTuple):
    """Summary of the finite values; NaN if there is none."""

    number: int
    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LossCounts:
    """Samples of all files.

    Attributes
    ----------
    samples : int
        Recorded.
    missing : int
        Missing by the sample counter.
    invalid : int
        Recorded as NaN or infinity.
    reported : int
        Reported as lost by the session.
    """

    samples: int
    missing: int
    invalid: int
    reported: int

    @property
    def lost(self) -> int:
        """Missing and invalid samples."""
        return self.missing + self.invalid

    @property
    def share(self) -> float:
        """Lost samples as a share of the expected ones."""
        expected = self.samples + self.missing
        return self.lost / expected if expected > 0 else 0.0


class MarkerInterval(NamedTuple):
    """The time (s) between two markers, and its windows; ``set`` names the sets of the heads, if they change."""

    name: str
    start: float
    stop: float
    windows: RecordedWindows
    set: str = ""


def distribution(values: F64) -> Distribution:
    """Return number, mean, median, lowest and highest of the finite values (n,)."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Distribution(0, np.nan, np.nan, np.nan, np.nan)
    return Distribution(
        len(finite), float(finite.mean()), float(np.median(finite)), float(finite.min()), float(finite.max())
    )


def count_losses(session: RecordedSession) -> LossCounts:
    """Count recorded and lost samples; those missing between two files count as well."""
    counts = [ecg for file in session.files if (ecg := file.ecg) is not None]
    known = sorted((e.start, e.stop) for e in counts if e.start is not None and e.stop is not None and e.samples)
    samples, invalid = sum(e.samples for e in counts), sum(e.invalid for e in counts)
    trailing_lost = session.files[-1].checked.trailing_lost  # an earlier file continues in the next one
    expected = max(stop for _, stop in known) - known[0][0] + trailing_lost if known else samples
    pauses = sum(gap.lost for gap in session.gaps if gap.cause.startswith(PAUSE_CAUSE))  # between a file's parts
    reported = sum(gap.lost for gap in session.gaps)
    return LossCounts(samples, max(0, expected - samples - pauses), invalid, reported - pauses)


def usable_coverage(windows: RecordedWindows, duration: float) -> float:
    """Return the share of the time that usable windows cover."""
    if duration <= 0 or not windows.usable.any():
        return 0.0
    order = np.argsort(windows.start[windows.usable], kind="stable")
    start = np.clip(windows.start[windows.usable][order], 0, duration)
    stop = np.maximum.accumulate(np.clip(windows.stop[windows.usable][order], 0, duration))
    begin = np.maximum(start, np.concatenate(([0.0], stop[:-1])))
    return float(np.maximum(stop - begin, 0).sum() / duration)


def rank_reasons(reasons: Iterable[str], separator: str = "; ") -> list[tuple[str, int]]:
    """Count the windows with each reason, the most frequent first; percentages in a reason are ignored."""
    counts = Counter(
        each
        for text in reasons
        for each in {re.sub(r"^[\d.]+\s?% of", "share of", one) for one in text.split(separator) if one}
    )
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def windows_between(windows: RecordedWindows, start: float, stop: float) -> RecordedWindows:
    """Return the windows that begin and end between two times (s)."""
    return windows.where(np.asarray((windows.start >= start) & (windows.stop <= stop)))


def numbered_markers(session: RecordedSession) -> list[tuple[int, RecordedMarker]]:
    """Markers that count, each with its number among all; without those that were taken back."""
    places = without_undone((k, marker.text) for k, marker in enumerate(session.markers))
    return [(int(place) + 1, session.markers[int(place)]) for place, _ in places]


def marker_intervals(session: RecordedSession) -> list[MarkerInterval]:
    """Return the intervals between markers, split where a head changes its set; empty without markers.

    Names begin with the marker's number. Windows that touch an excluded stretch are left out.
    """
    notes = [(k, note) for k, note in numbered_markers(session) if 0 <= note.time <= session.duration]
    if not notes:
        return []
    edges = [0.0, *(note.time for _, note in notes), session.duration]
    names = ["before the first marker", *(f"{k} {' '.join(note.text.split())}" for k, note in notes)]
    windows = session.windows
    kept = windows.where(~touches_excluded(windows.start, windows.stop, session.annotations.excluded))
    changing = [k for k, head in enumerate(session.windows.heads) if len(set_masks(head)) > 1]
    return [
        interval
        for name, start, stop in zip(names, edges[:-1], edges[1:], strict=True)
        if stop > start
        for interval in _split_by_set(MarkerInterval(name, start, stop, windows_between(kept, start, stop)), changing)
    ]


def _split_by_set(whole: MarkerInterval, changing: Sequence[int]) -> Iterator[MarkerInterval]:
    """Split an interval where one of the ``changing`` heads changes its set, so that no mean is over two sets."""
    windows = whole.windows
    heads = [windows.heads[k] for k in changing]
    cuts = sorted({cut for head in heads for cut in set_changes(head)})
    for begin, end in pairwise([0, *cuts, len(windows)]):
        mask = np.zeros(len(windows), dtype=np.bool_)
        mask[begin:end] = True
        start = float(windows.stop[begin]) if begin else whole.start
        stop = float(windows.stop[end]) if end < len(windows) else whole.stop
        set_by_head = {head.name: str(head.set[begin]) for head in heads if begin < end}
        single = len(windows.heads) == 1
        sets = ", ".join(which if single else f"{name}: {which}" for name, which in set_by_head.items())
        yield MarkerInterval(whole.name, start, stop, windows.where(mask), sets)


def set_masks(head: HeadPredictions) -> list[tuple[str, Mask]]:
    """Return each set of a head, with a mask (n,) of its windows."""
    found = {str(each) for each in head.set} - {""}
    names = sorted(found, key=lambda name: (SET_ORDER.index(name) if name in SET_ORDER else len(SET_ORDER), name))
    return [(name, np.asarray(head.set == name, dtype=np.bool_)) for name in names]


def set_changes(head: HeadPredictions) -> list[int]:
    """Return the indices of windows at which the set differs from that of the window before."""
    return (np.flatnonzero(np.asarray(head.set[1:] != head.set[:-1], dtype=np.bool_)) + 1).tolist()
