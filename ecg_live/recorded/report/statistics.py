"""What a session comes to in numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.windows import HeadPredictions, Mask, RecordedWindows


class Distribution(NamedTuple):
    """How numbers lie; NaN where there are none."""

    number: int
    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LossCounts:
    """Samples of all parts: recorded, missing by the counter, no numbers, and lost ones that the session told of."""

    samples: int
    missing: int
    empty: int
    told: int

    @property
    def lost(self) -> int:
        """Samples that never came, or came as no number."""
        return self.missing + self.empty

    @property
    def share(self) -> float:
        """Lost ones of all that there should be."""
        return self.lost / (self.samples + self.missing) if self.samples + self.missing > 0 else 0.0


class MarkerInterval(NamedTuple):
    """What lies between two markers; ``set`` says which sets the heads answered from, where that changes."""

    name: str
    start: float
    stop: float
    windows: RecordedWindows
    set: str = ""


def distribution(values: F64) -> Distribution:
    """Number, mean, median, lowest and highest of those that are numbers."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Distribution(0, np.nan, np.nan, np.nan, np.nan)
    return Distribution(
        len(known), float(known.mean()), float(np.median(known)), float(known.min()), float(known.max())
    )


def count_losses(session: RecordedSession) -> LossCounts:
    """Count the samples; what is missing between two parts counts as well."""
    counts = [ecg for part in session.parts if (ecg := part.ecg) is not None]
    known = sorted((e.start, e.stop) for e in counts if e.start is not None and e.stop is not None and e.samples)
    samples, empty = sum(e.samples for e in counts), sum(e.invalid for e in counts)
    silent = sum(part.checked.trailing_lost for part in session.parts[-1:])  # of a part before it goes on in the next
    places = max(stop for _, stop in known) - known[0][0] + silent if known else samples
    return LossCounts(samples, max(0, places - samples), empty, sum(gap.lost for gap in session.gaps))


def usable_coverage(windows: RecordedWindows, duration: float) -> float:
    """Share of the time that lies in a usable window."""
    if duration <= 0 or not windows.usable.any():
        return 0.0
    order = np.argsort(windows.start[windows.usable], kind="stable")
    start = np.clip(windows.start[windows.usable][order], 0, duration)
    stop = np.maximum.accumulate(np.clip(windows.stop[windows.usable][order], 0, duration))
    begin = np.maximum(start, np.concatenate(([0.0], stop[:-1])))
    return float(np.maximum(stop - begin, 0).sum() / duration)


def rank_reasons(reasons: Iterable[str], apart: str = "; ") -> list[tuple[str, int]]:
    """Reasons and how many windows have each, the most frequent first; their percentages are left out."""
    counts = Counter(
        each
        for text in reasons
        for each in {re.sub(r"^[\d.]+\s?% of", "share of", one) for one in text.split(apart) if one}
    )
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def windows_between(windows: RecordedWindows, start: float, stop: float) -> RecordedWindows:
    """Windows that lie wholly between two times."""
    return windows.where(np.asarray((windows.start >= start) & (windows.stop <= stop)))


def marker_intervals(session: RecordedSession) -> list[MarkerInterval]:
    """Stretches from one marker to the next, cut where a head goes over to another set; none without markers."""
    notes = [note for note in session.markers if 0 <= note.time <= session.duration]
    if not notes:
        return []
    edges = [0.0, *(note.time for note in notes), session.duration]
    names = ["before the first marker", *(f"{k} {' '.join(note.text.split())}" for k, note in enumerate(notes, 1))]
    varied = [k for k, head in enumerate(session.windows.heads) if len(set_masks(head)) > 1]
    return [
        part
        for name, start, stop in zip(names, edges[:-1], edges[1:], strict=True)
        if stop > start
        for part in _split_by_set(
            MarkerInterval(name, start, stop, windows_between(session.windows, start, stop)), varied
        )
    ]


def _split_by_set(span: MarkerInterval, varied: Sequence[int]) -> Iterator[MarkerInterval]:
    """Cut a stretch where one of some heads goes over to another set: no mean is over two of them."""
    windows = span.windows
    heads = [windows.heads[k] for k in varied]
    cuts = sorted({cut for head in heads for cut in set_changes(head)})
    for begin, end in pairwise([0, *cuts, len(windows)]):
        mask = np.zeros(len(windows), dtype=np.bool_)
        mask[begin:end] = True
        start = float(windows.stop[begin]) if begin else span.start
        stop = float(windows.stop[end]) if end < len(windows) else span.stop
        asked = {head.name: str(head.set[begin]) for head in heads if begin < end}
        alone = len(windows.heads) == 1
        said = ", ".join(which if alone else f"{name}: {which}" for name, which in asked.items())
        yield MarkerInterval(span.name, start, stop, windows.where(mask), said)


def set_masks(head: HeadPredictions) -> list[tuple[str, Mask]]:
    """Windows that each of a head's sets was asked about."""
    names = sorted({str(each) for each in head.set} - {""}, reverse=True)
    return [(name, np.asarray(head.set == name, dtype=np.bool_)) for name in names]


def set_changes(head: HeadPredictions) -> list[int]:
    """Windows that are the first of another set than those before."""
    return (np.flatnonzero(np.asarray(head.set[1:] != head.set[:-1], dtype=np.bool_)) + 1).tolist()
