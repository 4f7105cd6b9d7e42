"""SWELL: office work under three conditions, and relaxation before each, from TMSi's files and the sheet of minutes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from devices.files import channels
from devices.files.poly5 import Poly5Header, read_poly5_header
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, DatasetError, RecordingError
from training.datasets.dataset import Annotation, Classes, Dataset, LabelValue, Rating, RecordingPart, SubjectSession
from training.datasets.swell_sheet import (
    CONDITION_NAMES,
    RATING_RANGES,
    RELAXATION_LETTER,
    SheetMinute,
    SheetSubject,
    read_sheet,
)

ROW_S = 60.0  # duration of a row of the sheet
MAX_FOREIGN_MINUTES = 2  # of other blocks, at a recording's start or end
FALLBACK_CHANNEL = 6  # from 1: what a public reader takes for the ECG
_FILE_NAME = re.compile(r"pp\s*(\d+)[_-].*[_-]c(\d)([_-]cont.*)?", re.IGNORECASE)  # pp12_9-10-212_c1, pp23_..._c2_cont
_INNER_FOLDER = re.compile(r"\w - .*|mobi signals.*", re.IGNORECASE)  # the data set's folders, as "0 - Raw data"
_SHEET_NAMES = ("behavioral-features - per minute", "swelldata")  # as names begin
_EXPECTED_FILES = "recordings (*.S00) and the sheet 'Behavioral-features - per minute' (.xlsx or .tab)"
# Stress is the condition in the sheet: the order of conditions, and so the block, differs between subjects.
_STRESS_OF_CONDITION = {"N": "no stress", "T": "stress", "I": "stress"}


class _SwellFile(NamedTuple):
    """A recording: subject and block by its name, and whether it is the second part of the block."""

    subject: int
    block: int
    second_part: bool
    path: Path


def load(folder: Path) -> Dataset:
    """Read all recordings below a folder, with the sheet of labels below it.

    Raises
    ------
    DatasetError
        There are no recordings or no sheet, or no recording fits the sheet.
    """
    remarks: list[str] = []
    below = sorted(path for path in folder.rglob("*") if path.is_file())
    files = _files([path for path in below if path.suffix.casefold() == ".s00"], remarks)
    subjects = read_sheet(_sheet(folder, below, remarks), remarks)
    if not files:
        raise DatasetError(f"{folder} holds no recording such as pp1_18-9-2012_c1.S00", f"it needs {_EXPECTED_FILES}")
    unrecorded = sorted(subjects.keys() - {file.subject for file in files})
    remarks += [f"PP{number} is in the sheet, but has no recording" for number in unrecorded]
    sessions = [
        session
        for number, own in groupby(files, lambda file: file.subject)
        if (session := _session(number, list(own), subjects.get(number, SheetSubject()), remarks))
    ]
    if not any(session.annotations for session in sessions):
        raise DatasetError(
            f"{folder}: no recording fits the sheet: {'; '.join(remarks[:3])}", f"it needs {_EXPECTED_FILES}"
        )
    return Dataset(
        name="swell",
        title="SWELL Knowledge Work (Koldijk et al. 2014)",
        licence="CC BY-NC-SA 4.0; cite Koldijk et al. 2014",
        sessions=tuple(sessions),
        labels={
            "stress": Classes(("no stress", "stress")),
            "condition": Classes(tuple(CONDITION_NAMES.values())),
            **{name: Rating(*ends) for name, ends in RATING_RANGES.items()},
        },
        remarks=tuple(remarks),
        caveats=(
            "stress is the condition that subjects worked under; how stressed they felt is stress_rating",
            "the sheet states no scales: stress_rating is taken to go from 0 to 10, mental_effort from 0 to 15",
            "ratings were given once a block, and hold for all of it",
            "minutes are placed by the clocks of recorder and sheet, which are assumed to agree",
        ),
    )


def _files(paths: Sequence[Path], remarks: list[str]) -> list[_SwellFile]:
    found: dict[tuple[int, int, bool], _SwellFile] = {}
    for path in paths:
        name = _FILE_NAME.fullmatch(path.stem)
        if not name:
            remarks.append(f"{path.name} is not used: its name states no subject and block, as pp1_18-9-2012_c1 does")
            continue
        key = (int(name[1]), int(name[2]), bool(name[3]))
        if key in found:
            remarks.append(f"{path.name} is not used: {found[key].path.name} is of the same subject and block")
        found.setdefault(key, _SwellFile(*key, path))
    return [found[key] for key in sorted(found)]


def _sheet(folder: Path, below: Sequence[Path], remarks: list[str]) -> Path:
    found = _sheets(below)
    top = folder.resolve()
    while not found and _INNER_FOLDER.fullmatch(top.name):  # a folder of recordings: the sheet is beside it
        top = top.parent
        found = _sheets(sorted(top.rglob("*")))
    sheets = [path for ending in (".xlsx", ".tab") for path in found if path.suffix.casefold() == ending]
    if not sheets:
        raise DatasetError(f"{folder} holds no sheet 'Behavioral-features - per minute'", f"it needs {_EXPECTED_FILES}")
    remarks += [f"{path.name} is not used: {sheets[0].name} is" for path in sheets[1:]]
    return sheets[0]


def _sheets(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.name.casefold().startswith(_SHEET_NAMES) and path.is_file()]


def _session(
    number: int, files: Sequence[_SwellFile], subject: SheetSubject, remarks: list[str]
) -> SubjectSession | None:
    parts: list[RecordingPart] = []
    annotations: list[Annotation] = []
    for file in files:
        try:
            header = read_poly5_header(file.path)
            opening = _opening(file.path.name, header, remarks)
        except (RecordingError, ConfigError) as error:
            remarks.append(f"{file.path.name} is not used: {error.message}")
            continue
        except OSError as error:
            remarks.append(f"{file.path.name} is not used: {error.strerror}")
            continue
        annotations += _annotations(len(parts), file, header, subject, remarks)
        parts.append(RecordingPart(file.path, opening))
    return SubjectSession(f"PP{number}", tuple(parts), tuple(annotations)) if parts else None


def _opening(name: str, header: Poly5Header, remarks: list[str]) -> ReadOptions:
    """Options that choose the ECG channel by name, or else by number."""
    try:
        channels.choose_channel(header.kinds, ReadOptions(), name)
    except ConfigError:
        if any(kind.kind == channels.ECG for kind in header.kinds) or len(header.kinds) < FALLBACK_CHANNEL:
            raise
        remarks.append(f"{name}: no channel is called ECG; channel {FALLBACK_CHANNEL} is taken")
        return ReadOptions(channel=str(FALLBACK_CHANNEL))
    return ReadOptions()


def _annotations(
    part: int, file: _SwellFile, header: Poly5Header, subject: SheetSubject, remarks: list[str]
) -> list[Annotation]:
    """Annotations of a recording's conditions: by the clock, or else by counting the block's minutes.

    A clock at odds with the name, as one that is an hour slow, gives no labels: the next block is another condition.
    """
    name, length = file.path.name, header.samples / header.rates[0]
    timed = _by_clock(header, length, subject.minutes)
    if timed:
        named = [pair for pair in timed if pair[1].block == file.block]
        if named and len(timed) - len(named) <= MAX_FOREIGN_MINUTES:
            return _from_runs(part, named, length, subject)
        shown = " and ".join(map(str, sorted({minute.block for _, minute in timed})))
        remarks.append(f"{name}: its name states block {file.block}, its clock block {shown}; it has no labels")
        return []
    own = [minute for minute in subject.minutes if minute.block == file.block]
    if not own:
        remarks.append(f"{name}: the sheet has no row of PP{file.subject}, block {file.block}; it has no labels")
        return []
    if len({minute.condition for minute in own}) > 1:
        remarks.append(f"{name}: the sheet has no minute at its time; its minutes are counted from the first sample")
    own = own[-1:] if file.second_part else own
    return _from_runs(part, [(i * ROW_S, minute) for i, minute in enumerate(own)], math.inf, subject)


def _by_clock(header: Poly5Header, length: float, minutes: Sequence[SheetMinute]) -> list[tuple[float, SheetMinute]]:
    """Minutes that overlap a recording, in order, each with its start in the recording (s)."""
    if header.started is None:
        return []
    found = [((minute.time - header.started).total_seconds(), minute) for minute in minutes if minute.time]
    return sorted((pair for pair in found if -ROW_S < pair[0] < length), key=lambda pair: pair[0])


def _from_runs(
    part: int, placed: Sequence[tuple[float, SheetMinute]], length: float, subject: SheetSubject
) -> list[Annotation]:
    """One annotation per run of minutes of one block and condition; the last counted minute ends with the recording."""
    runs = [list(run) for _, run in groupby(placed, lambda pair: pair[1][:2])]
    annotations: list[Annotation] = []
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        start, minute = run[0]
        end = after[0][0] if after else length
        stop = min(length, end, run[-1][0] + ROW_S) if math.isfinite(length) else end
        labels, rest = _labels(minute, subject), minute.condition == RELAXATION_LETTER
        if max(0.0, start) < stop:
            annotations.append(Annotation(part, max(0.0, start), stop, labels, rest))
    return annotations


def _labels(minute: SheetMinute, subject: SheetSubject) -> dict[str, LabelValue]:
    if minute.condition == RELAXATION_LETTER:
        return {}
    ratings = subject.ratings.get(minute.block, {})
    return {"stress": _STRESS_OF_CONDITION[minute.condition], "condition": CONDITION_NAMES[minute.condition], **ratings}
