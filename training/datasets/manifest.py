"""Users' own recordings: a CSV manifest lists files, subjects and labelled annotations."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import NamedTuple

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError, EcgLiveError
from training.datasets.dataset import Annotation, Dataset, LabelValue, RecordingPart, SubjectSession
from training.datasets.joined_annotations import join_short_annotations
from training.datasets.manifest_table import RATINGS_COLUMN, ManifestRow, ManifestTable, read_labels, read_table
from training.datasets.rating_file import RatingFile, rating_scales, read_rating_file

MANIFEST_NAME = "manifest.csv"
_MAX_OVERRUN_S = 1.0  # an annotation that ends later than this after its recording's end gets a remark
_BOOLEAN_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


class _OpenedPart(NamedTuple):
    """A part that was opened once: its subject, rate and duration; annotations with their rows are added."""

    part: RecordingPart
    subject: str
    rate: float
    duration: float
    annotated: list[tuple[Annotation, ManifestRow]]


def load(folder: Path) -> Dataset:
    """A data set from a manifest: a CSV file, or ``manifest.csv`` in a folder.

    Its columns are ``file`` (relative to the manifest), ``subject``, ``start_s`` and ``stop_s`` (seconds from the
    file's first sample; empty: from its start, to its end), one a label (see `read_labels`) and, where they are needed,
    ``channel``, ``part``, ``rate`` (Hz), ``unit``, ``rest`` (1: a resting baseline may be taken from it) and
    ``stimulus`` (what the subject saw, heard or did).
    ``ratings`` names a file of continuous ratings (see `training.datasets.rating_file`); rows shorter than a window
    that follow each other count as such ratings, too. A subject's files form one session, in the manifest's order,
    unless their rates differ.

    Raises
    ------
    DatasetError
        The manifest or a line of it is invalid, or a file in it cannot be opened.
    """
    path = folder / MANIFEST_NAME if folder.is_dir() else folder
    if not path.is_file():
        raise DatasetError(f"{folder} holds no {MANIFEST_NAME}", "write one, or give its path")
    table = read_table(path)
    meanings, labels = read_labels(table)
    rated: dict[Path, RatingFile] = {}
    remarks: list[str] = []
    opened: dict[tuple[Path, ReadOptions], _OpenedPart] = {}
    for row, given in zip(table.rows, labels, strict=True):
        _add_row(table, row, given, opened, rated, remarks)
    for name, scale in rating_scales(list(rated.values())).items():
        if name in meanings:
            raise DatasetError(f"{path.name}: {name} is a column, and in a file of ratings", "rename one of them")
        meanings[name] = scale
    for item in opened.values():
        _check_overlap(table, item)
    return Dataset("manifest", path.name, "the user's own", _sessions(list(opened.values())), meanings, tuple(remarks))


def _add_row(
    table: ManifestTable,
    row: ManifestRow,
    labels: dict[str, LabelValue],
    opened: dict[tuple[Path, ReadOptions], _OpenedPart],
    rated: dict[Path, RatingFile],
    remarks: list[str],
) -> None:
    """Add a row's annotation to its part, which is opened on first use."""
    item = _part_of_row(table, row, opened)
    start, stop = table.number(row, "start_s"), table.number(row, "stop_s")
    start, stop = 0.0 if start is None else start, inf if stop is None else stop
    if not 0 <= start < stop:
        raise table.wrong(row, f"start_s is {start:g} and stop_s {stop:g}, expected 0 <= start_s < stop_s")
    if start >= item.duration:
        raise table.wrong(row, f"start_s is {start:g}, but the recording lasts {item.duration:g} s")
    if item.duration + _MAX_OVERRUN_S < stop < inf:
        where = f"{table.path.name}, line {row.line}"
        remarks.append(f"{where}: stop_s is {stop:g}, but the recording ends at {item.duration:g} s")
    rest = _BOOLEAN_WORDS.get(row.cells.get("rest", "").casefold())
    if rest is None:
        raise table.wrong(row, f"rest is {row.cells['rest']!r}, expected 1 or 0")
    tracks = _tracks(table, row, rated, start, min(stop, item.duration))
    annotation = Annotation(0, start, stop, labels | tracks, rest, row.cells.get("stimulus", ""))
    twin = next((other for known, other in item.annotated if known == annotation), None)
    if twin is None:
        item.annotated.append((annotation, row))
    else:
        remarks.append(f"{table.path.name}, line {row.line}: the same as line {twin.line}; left out")


def _tracks(
    table: ManifestTable, row: ManifestRow, rated: dict[Path, RatingFile], start: float, stop: float
) -> dict[str, LabelValue]:
    """Ratings of the file that a row names, between two times; none where it names none."""
    name = row.cells.get(RATINGS_COLUMN, "")
    if not name:
        return {}
    path = Path(os.path.normpath(table.path.parent / name))
    if path not in rated:
        rated[path] = read_rating_file(path)
    return dict(rated[path].tracks(start, stop))


def _part_of_row(
    table: ManifestTable, row: ManifestRow, opened: dict[tuple[Path, ReadOptions], _OpenedPart]
) -> _OpenedPart:
    """The part that a row names."""
    subject, file = row.cells["subject"], row.cells["file"]
    if not subject or not file:
        raise table.wrong(row, f"{'file' if subject else 'subject'} is empty")
    rate = table.number(row, "rate") if "rate" in row.cells else None
    texts = {name: row.cells.get(name) or None for name in ("channel", "unit", "part")}
    path = Path(os.path.normpath(table.path.parent / file))
    opening = ReadOptions(channel=texts["channel"], rate=rate, unit=texts["unit"], part=texts["part"])
    item = opened.get((path, opening))
    if item is None:
        try:
            recording = open_recording(path, opening)
        except EcgLiveError as error:
            raise DatasetError(f"{table.path.name}, line {row.line}: {error.message}", error.remedy) from error
        recording.close()
        info = recording.info
        length = inf if info.duration is None else info.duration
        item = opened[path, opening] = _OpenedPart(RecordingPart(path, opening), subject, info.rate, length, [])
    if item.subject != subject:
        raise table.wrong(row, f"{file} has subject {subject} here, and {item.subject} in a line before")
    return item


def _check_overlap(table: ManifestTable, item: _OpenedPart) -> None:
    item.annotated.sort(key=lambda pair: pair[0].start)
    for (before, first), (after, second) in pairwise(item.annotated):
        if after.start < before.stop:
            found = f"{after.start:g} s is within line {first.line}, {before.start:g} to {before.stop:g} s"
            raise table.wrong(second, found)


def _sessions(items: list[_OpenedPart]) -> tuple[SubjectSession, ...]:
    """Each subject's parts in order; a new session where the rate changes."""
    groups: list[list[_OpenedPart]] = []
    for subject in dict.fromkeys(item.subject for item in items):
        for item in items:
            if item.subject != subject:
                continue
            if not groups or (groups[-1][0].subject, groups[-1][0].rate) != (subject, item.rate):
                groups.append([])
            groups[-1].append(item)
    return tuple(_session(group) for group in groups)


def _session(group: list[_OpenedPart]) -> SubjectSession:
    annotations = [replace(annotation, part=i) for i, item in enumerate(group) for annotation, _ in item.annotated]
    annotations = join_short_annotations(annotations)
    return SubjectSession(group[0].subject, tuple(item.part for item in group), tuple(annotations))
