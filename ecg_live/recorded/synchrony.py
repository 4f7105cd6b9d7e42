"""Synchrony of recorded sessions: the correlation of all pairs over the time that they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf, isfinite, nan
from pathlib import Path
from typing import Protocol

import numpy as np

from ecg_live.errors import FormatError
from ecg_live.events import F64
from ecg_live.recorded.recording_files import later_files
from ecg_live.recorded.session_file import SessionContents, read_contents
from ecg_live.results import HeadInfo, Synchrony
from ecg_live.signal.synchrony import DEFAULT_WIDTH_S
from ecg_live.wearers.synchrony import SynchronyTracker, measures_of
from ecg_live.xdf.decode import StreamHeader
from ecg_live.xdf.stream_spec import RATING_FIELDS

WANTED_STREAMS = ("predictions", "heart_rate")
SAME_CLOCK_S = 3.0  # by which dates, in whole seconds, and a common clock may differ


class NamedRecording(Protocol):
    """A wearer, and the first file of their recording."""

    @property
    def wearer(self) -> str:
        """Name."""
        ...

    @property
    def path(self) -> Path:
        """First file."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedSynchrony:
    """Values of all pairs every ten seconds; ``remarks`` say what was assumed."""

    values: tuple[Synchrony, ...]
    measures: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Series:
    """A wearer's heart rate and answers: ``times`` (n,) on the session clock, ``values`` (n, measures)."""

    wearer: str
    times: F64
    values: F64
    heads: tuple[HeadInfo, ...]
    wall_offset: float  # what makes a date of the session clock; NaN if unknown
    hop: float = field(init=False)

    def __post_init__(self) -> None:
        steps = np.diff(self.times)
        self.hop = float(np.median(steps)) if len(steps) else 1.0


def recorded_synchrony(recordings: Sequence[NamedRecording], width: int = DEFAULT_WIDTH_S) -> RecordedSynchrony:
    """Correlate heart rate and affect of all pairs of recordings.

    Recordings of one run have one clock. Others are laid side by side by their dates, to the second.

    Parameters
    ----------
    recordings : sequence of NamedRecording
    width : int
        Seconds of the sliding window.

    Raises
    ------
    RecordingError
        A file cannot be read, or was not recorded by ecg-live.
    """
    series = [_read(each) for each in recordings]
    if len(series) < 2:
        return RecordedSynchrony(())
    remarks = _align(series)
    heads = series[0].heads
    if any(each.heads != heads for each in series):
        heads, remarks = (), [*remarks, "the recordings were made with different models: heart rate only"]
    found, hop = list[Synchrony](), max(each.hop for each in series)
    for group in (each for each in _overlapping(series) if len(each) > 1):
        names = [each.wearer for each in group]
        tracker = SynchronyTracker(names, heads, width, hop, replay=True, on_report=found.extend)
        for time, wearer, row in _in_order(group):
            tracker.add_values(wearer, time, row[: len(tracker.measures)])
        for wearer in range(len(group)):
            tracker.end(wearer)
    measures = tuple(label for label, _, _ in measures_of(heads))
    return RecordedSynchrony(tuple(found), measures, tuple(remarks))


def _overlapping(series: Sequence[_Series]) -> Iterator[list[_Series]]:
    """Groups of recordings whose times join, each in the given order: between two of other days may lie years."""
    order = {id(each): place for place, each in enumerate(series)}
    group, stop = list[_Series](), -inf
    for each in sorted((one for one in series if len(one.times)), key=lambda one: float(one.times[0])):
        if each.times[0] > stop:
            yield sorted(group, key=lambda one: order[id(one)])
            group = []
        group.append(each)
        stop = max(stop, float(each.times[-1]))
    yield sorted(group, key=lambda one: order[id(one)])


def _in_order(series: Sequence[_Series]) -> Iterator[tuple[float, int, list[float]]]:
    """All values of all wearers in the order of their times."""
    times = np.concatenate([each.times for each in series])
    wearers = np.repeat(np.arange(len(series)), [len(each.times) for each in series])
    places = np.concatenate([np.arange(len(each.times)) for each in series])
    for at in np.argsort(times, kind="stable").tolist():
        wearer = int(wearers[at])
        yield float(times[at]), wearer, series[wearer].values[places[at]].tolist()


def _align(series: Sequence[_Series]) -> list[str]:
    """Lay series side by side by their dates, unless they have one clock; return what was assumed."""
    offsets = np.array([each.wall_offset for each in series])
    if not np.isfinite(offsets).all() or np.ptp(offsets) <= SAME_CLOCK_S:
        return []
    for each in series:
        each.times = each.times + each.wall_offset - offsets[0]
    return ["the recordings are not of one run: they lie side by side by their dates, which are good to a second"]


def _read(recording: NamedRecording) -> _Series:
    parts = [_contents(path) for path in (recording.path, *later_files(recording.path))]
    heads = _heads(parts[0].streams["predictions"])
    times, values = (np.concatenate(each) for each in zip(*(_values(part, heads) for part in parts), strict=True))
    order = np.argsort(times, kind="stable")
    return _Series(recording.wearer, times[order], values[order], heads, _wall_offset(parts[0]))


def _contents(path: Path) -> SessionContents:
    contents = read_contents(path, WANTED_STREAMS)
    if contents is None or not contents.streams.keys() >= set(WANTED_STREAMS):
        raise FormatError(f"{path.name} was not recorded by ecg-live: it holds no predictions", "give a session's file")
    return contents


def _heads(stream: StreamHeader) -> tuple[HeadInfo, ...]:
    """Heads of a stream of predictions, from its labels ``head/class`` and ``head/value``."""
    classes: dict[str, list[str]] = {}
    for label in stream.labels:
        head, _, name = label.partition("/")
        if name:
            classes.setdefault(head, []).append(name)
    return tuple(
        HeadInfo(head, (), (0.0, 1.0)) if tuple(names) == RATING_FIELDS else HeadInfo(head, tuple(names))
        for head, names in classes.items()
    )


def _values(contents: SessionContents, heads: Sequence[HeadInfo]) -> tuple[F64, F64]:
    """Times and values (n, measures) of one file; both streams have a row for each window."""
    predictions, beats = (contents.numeric_streams[key] for key in ("predictions", "heart_rate"))
    labels = contents.streams["predictions"].labels
    rows = np.full((len(predictions.stamps), 1), nan)
    _, here, there = np.intersect1d(predictions.stamps, beats.stamps, return_indices=True)
    rows[here, 0] = beats.values[there, 0]
    columns = [
        labels.index(f"{head.name}/{name}")
        for head in heads
        for name in ((head.classes[-1:] if len(head.classes) == 2 else head.classes) or RATING_FIELDS[:1])
    ]
    return predictions.stamps, np.column_stack([rows, predictions.values[:, columns]])


def _wall_offset(contents: SessionContents) -> float:
    try:
        date = datetime.fromisoformat(contents.file_header.get("datetime", ""))
    except ValueError:
        return nan
    return date.timestamp() - contents.opened_at if isfinite(contents.opened_at) else nan
