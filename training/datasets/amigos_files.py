"""AMIGOS' files, one a person, preprocessed or original, and everybody's sitting from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from devices.files.matlab.layouts import AMIGOS_CHANNEL_REMARK
from devices.files.matlab.matlab import Course, list_trials
from ecg_live.errors import DatasetError, RecordingError
from training.datasets.dataset import Annotation, RecordingPart, SubjectSession

PREPROCESSED_LAYOUT, ORIGINAL_LAYOUT = "AMIGOS, preprocessed", "AMIGOS, original"  # as decoders call them
FILE_STEMS = {PREPROCESSED_LAYOUT: "Data_Preprocessed_P", ORIGINAL_LAYOUT: "Data_Original_P"}
SUBJECT_COUNT = 40
PRE_VIDEO_S = 5.0  # s at the start of every trial, before the video
MAX_FOLDER_DEPTH = (
    4  # folders from the one that is given to the files: "Data_Preprocessed_P01" in "data_preprocessed" and so on
)
TITLE, LICENCE = "AMIGOS (Miranda-Correa et al. 2018)", "by agreement with its authors; may not be passed on"
CAVEATS = (
    "no personal baseline: nobody rested for as long as a window takes; before each video lie 5 s",
    "the files state no unit for the ECG and not how long the breaks between videos were",
)
AnnotateFile = Callable[
    [Path, Course, str, list[str]], Iterator[Annotation]
]  # of a file; how it is called in remarks; remarks


def find_subject_files(folder: Path, layout: str, remarks: list[str], depth: int = MAX_FOLDER_DEPTH) -> dict[int, Path]:
    """The file of each person by number, at most so many folders deep."""
    name = re.compile(FILE_STEMS[layout] + r"(\d+)\.mat", re.IGNORECASE)
    people: dict[int, Path] = {}
    for pattern in ("*/" * level + "*.mat" for level in range(depth)):
        for path in sorted(folder.glob(pattern)):
            if not (found := name.fullmatch(path.name)):
                continue
            first = people.setdefault(int(found[1]), path)
            if first != path:
                remarks.append(f"{path.relative_to(folder)}: {first.relative_to(folder)} is used in its stead")
    return people


def load_sessions(
    folder: Path, people: Mapping[int, Path], layout: str, spans: AnnotateFile, remarks: list[str]
) -> tuple[SubjectSession, ...]:
    """The sittings of all who have labelled ``spans``.

    Raises
    ------
    DatasetError
        Nobody has.
    """
    if absent := [f"{number:02d}" for number in range(1, SUBJECT_COUNT + 1) if number not in people]:
        remarks.append(f"no file of {', '.join(absent)}")
    sittings: list[SubjectSession] = []
    for number, path in sorted(people.items()):
        where = f"person {number:02d}"
        try:
            found = tuple(spans(path, _course(path, layout, where, remarks), where, remarks))
        except (RecordingError, DatasetError) as error:
            remarks.append(f"{where}: left out: {error.message}")
            continue
        if found:
            sittings.append(SubjectSession(f"{number:02d}", (RecordingPart(path),), found))
        else:
            remarks.append(f"{where}: left out, without a rated video")
    if not sittings:
        raise DatasetError(f"{folder}: nobody has a rated video: {'; '.join(remarks[-3:])}", "download the files again")
    return tuple(sittings)


def _course(path: Path, layout: str, where: str, remarks: list[str]) -> Course:
    course = list_trials(path)[0]
    if course.layout != layout:
        raise DatasetError(f"{path.name} is laid out as {course.layout}, expected {layout}", "download it again")
    remarks += [f"{where}: {remark}" for remark in course.remarks if remark != AMIGOS_CHANNEL_REMARK]
    return course
