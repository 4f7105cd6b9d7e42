"""PhysioNet "Stress Recognition in Automobile Drivers" 1.0.0 (Healey & Picard 2005): rest, city and highway in turns.

Layout: WFDB records ``drive05``, or ``drive17a`` and ``drive17b`` for a drive in two, with ECG and a ``marker`` that
the observer pressed where the road changed. No file states the road, so a drive has labels in two cases only: its
marker was pressed exactly six times, between the seven segments of the protocol; or a table ``segments.csv`` beside the
records states them (columns ``recording``, ``start_s``, ``stop_s``, ``road``: rest, city or highway).
"""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path

import numpy as np

from devices.files import open_recording
from devices.files.wfdb.wfdb import read_signal
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError, EcgLiveError
from ecg_live.events import F64
from training.datasets.dataset import Annotation, Classes, Dataset, RecordingPart, SubjectSession

LABEL_NAME, CLASS_NAMES = "stress", ("low", "medium", "high")
ROAD_CLASSES = {"rest": "low", "highway": "medium", "city": "high"}  # as the authors rank them
PROTOCOL = ("rest", "city", "highway", "city", "highway", "city", "rest")
SEGMENTS_NAME = "segments.csv"
SEGMENT_COLUMNS = ("recording", "start_s", "stop_s", "road")
PRESS_HEIGHT = 3.0  # units of the marker above its median; measured on drive17: noise stays below 2, presses reach 7
PRESS_APART_S = 30.0  # presses closer together are one
MARKED_RATE_HZ = (
    100.0  # any that a reader accepts: the marker's own is too slow for an ECG, and follows from its length
)
ECG_OPENING = ReadOptions(channel="ECG")
_FILE_NAME = re.compile(r"drive(\d+)([a-z]?)\.hea")
CAVEATS = (
    "the classes are roads, ranked by the authors: nobody rated the stress of a moment",
    "roads come in one order; driving, speech and movement differ from rest as well as stress does",
    "where a road begins is taken from the marker, pressed by hand, unless segments.csv states it",
)


def load(folder: Path) -> Dataset:
    """All drives whose roads are known, each a subject.

    Raises
    ------
    DatasetError
        There are no such files, none has known roads, or ``segments.csv`` is malformed.
    """
    drives: dict[str, list[Path]] = {}
    for path in (path for pattern in ("drive*.hea", "*/drive*.hea") for path in sorted(folder.glob(pattern))):
        if found := _FILE_NAME.fullmatch(path.name):
            drives.setdefault(found[1], []).append(path)
    if not drives:
        raise DatasetError(f"{folder} holds no drive05.hea", "give the folder of the drivedb data set")
    remarks: list[str] = []
    sessions: list[SubjectSession] = []
    for number, paths in sorted(drives.items()):
        try:
            annotations = _annotations(paths)
        except EcgLiveError as error:
            remarks.append(f"drive{number}: left out: {error.message}")
            continue
        sessions.append(SubjectSession(number, tuple(RecordingPart(path, ECG_OPENING) for path in paths), annotations))
    if not sessions:
        raise DatasetError(
            f"{folder}: the roads of no drive are known: {'; '.join(remarks[:3])}",
            f"state them in {SEGMENTS_NAME} ({', '.join(SEGMENT_COLUMNS)})",
        )
    return Dataset(
        "drivedb",
        "Stress Recognition in Automobile Drivers 1.0.0 (Healey & Picard 2005, PhysioNet)",
        "ODC-By 1.0",
        tuple(sessions),
        {LABEL_NAME: Classes(CLASS_NAMES)},
        tuple(remarks),
        CAVEATS,
    )


def _annotations(paths: list[Path]) -> tuple[Annotation, ...]:
    """Segments of a drive, by the table beside its records or else by the marker."""
    table = paths[0].parent / SEGMENTS_NAME
    stated = _read_segments(table, [path.stem for path in paths]) if table.is_file() else []
    return tuple(stated or _marked_segments(paths))


def _segment(part: int, start: float, stop: float, road: str) -> Annotation:
    return Annotation(part, start, stop, {LABEL_NAME: ROAD_CLASSES[road]}, rest=road == "rest", stimulus=road)


def _marked_segments(paths: list[Path]) -> list[Annotation]:
    """The protocol's seven segments between six presses, cut where a drive's second record begins."""
    lengths = [_duration(path) for path in paths]
    presses = [(i, time) for i, path in enumerate(paths) for time in find_presses(*read_signal(path, "marker"))]
    if len(presses) != len(PROTOCOL) - 1:
        shown = ", ".join(f"{paths[i].stem} {time:.0f} s" for i, time in presses) or "none"
        raise DatasetError(
            f"its marker was pressed {len(presses)} times ({shown}), expected {len(PROTOCOL) - 1}",
            f"state the roads in {SEGMENTS_NAME}",
        )
    edges = [(0, 0.0), *presses, (len(paths) - 1, lengths[-1])]
    found: list[Annotation] = []
    for (first, start), (last, stop) in pairwise(edges):
        road = PROTOCOL[edges.index((first, start))]
        for part in range(first, last + 1):
            span = (start if part == first else 0.0, stop if part == last else lengths[part])
            found += [_segment(part, *span, road)] if span[0] < span[1] else []
    return found


def find_presses(marker: F64, rate: float) -> list[float]:
    """When a marker (n,) at a rate in Hz was pressed, in s."""
    high = np.flatnonzero(marker > np.median(marker) + PRESS_HEIGHT) / rate
    return [float(time) for i, time in enumerate(high) if not i or time - high[i - 1] > PRESS_APART_S]


def _duration(path: Path) -> float:
    """How long a record lasts, in s."""
    recording = open_recording(path, ECG_OPENING)
    recording.close()
    return recording.info.duration or 0.0


def _read_segments(path: Path, names: list[str]) -> list[Annotation]:
    """The segments of some records, in order."""
    found: list[Annotation] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if lacking := [name for name in SEGMENT_COLUMNS if name not in (reader.fieldnames or ())]:
                raise DatasetError(f"{path.name}: the header lacks {', '.join(lacking)}", "add it")
            found += [
                _stated_segment(f"{path.name}, line {reader.line_num}", row, names)
                for row in reader
                if row["recording"] in names
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path.name}: cannot be read: {error}", "copy it again") from error
    return sorted(found, key=lambda each: (each.part, each.start))


def _stated_segment(where: str, row: dict[str, str], names: list[str]) -> Annotation:
    try:
        start, stop = float(row["start_s"]), float(row["stop_s"])
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{where}: {error}", "mend that line") from error
    if not 0 <= start < stop:
        raise DatasetError(f"{where}: from {start:g} to {stop:g} s, expected a start before its stop", "mend that line")
    if row["road"] not in ROAD_CLASSES:
        raise DatasetError(f"{where}: road is {row['road']!r}; known are {', '.join(ROAD_CLASSES)}", "mend that line")
    return _segment(names.index(row["recording"]), start, stop, row["road"])
