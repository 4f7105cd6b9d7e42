"""AMIGOS' files, one per subject, preprocessed or original, and the subjects' sessions."""

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
PRE_VIDEO_S = 5.0  # at the start of every trial
MAX_FOLDER_DEPTH = 4  # "data_preprocessed/Data_Preprocessed_P01/..." below the folder that is given
TITLE, LICENCE = "AMIGOS (Miranda-Correa et al. 2018)", "by agreement with its authors; may not be passed on"
CAVEATS = (
    "no resting baseline: the 5 s before each video are shorter than a window",
    "the files state no unit for the ECG and not how long the breaks between videos were",
)
AnnotateFile = Callable[[Path, Course, str, list[str]], Iterator[Annotation]]  # path, trials, name in remarks, remarks


def find_subject_files(folder: Path, layout: str, remarks: list[str], depth: int = MAX_FOLDER_DEPTH) -> dict[int, Path]:
    """Each subject's file by number.

    Parameters
    ----------
    folder : Path
        Where to look.
    layout : str
        Which files, preprocessed or original.
    remarks : list of str
        Gets files that are there twice.
    depth : int
        How many folders deep.
    """
    name = re.compile(FILE_STEMS[layout] + r"(\d+)\.mat", re.IGNORECASE)
    files: dict[int, Path] = {}
    for pattern in ("*/" * level + "*.mat" for level in range(depth)):
        for path in sorted(folder.glob(pattern)):
            if not (found := name.fullmatch(path.name)):
                continue
            first = files.setdefault(int(found[1]), path)
            if first != path:
                remarks.append(f"{path.relative_to(folder)}: {first.relative_to(folder)} is used instead")
    return files


def load_sessions(
    folder: Path, files: Mapping[int, Path], layout: str, annotate: AnnotateFile, remarks: list[str]
) -> tuple[SubjectSession, ...]:
    """The sessions of all subjects with labelled annotations.

    Parameters
    ----------
    folder : Path
        For messages.
    files : mapping
        A file by the subject's number.
    layout : str
        The layout that files must have.
    annotate : callable
        Gives the annotations of a file.
    remarks : list of str
        Gets what is left out.

    Raises
    ------
    DatasetError
        No subject has any.
    """
    if absent := [f"{number:02d}" for number in range(1, SUBJECT_COUNT + 1) if number not in files]:
        remarks.append(f"no file of {', '.join(absent)}")
    sessions: list[SubjectSession] = []
    for number, path in sorted(files.items()):
        where = f"subject {number:02d}"
        try:
            found = tuple(annotate(path, _course(path, layout, where, remarks), where, remarks))
        except (RecordingError, DatasetError) as error:
            remarks.append(f"{where}: left out: {error.message}")
            continue
        if found:
            sessions.append(SubjectSession(f"{number:02d}", (RecordingPart(path),), found))
        else:
            remarks.append(f"{where}: left out, without a rated video")
    if not sessions:
        raise DatasetError(
            f"{folder}: no subject has a rated video: {'; '.join(remarks[-3:])}", "download the files again"
        )
    return tuple(sessions)


def _course(path: Path, layout: str, where: str, remarks: list[str]) -> Course:
    course = list_trials(path)[0]
    if course.layout != layout:
        raise DatasetError(f"{path.name} is laid out as {course.layout}, expected {layout}", "download it again")
    remarks += [f"{where}: {remark}" for remark in course.remarks if remark != AMIGOS_CHANNEL_REMARK]
    return course
