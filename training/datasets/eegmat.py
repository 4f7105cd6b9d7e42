"""PhysioNet "EEG During Mental Arithmetic Tasks" 1.0.0: rest, then mental subtraction; one ECG channel."""

from __future__ import annotations

import re
from math import inf
from pathlib import Path

from ecg_live.errors import DatasetError
from training.datasets.dataset import Annotation, Classes, Dataset, RecordingPart, SubjectSession

LABEL_NAME, CLASS_NAMES = "mental_load", ("rest", "load")
FILE_PATTERNS = ("Subject*_[12].edf", "*/Subject*_[12].edf")
SUBJECT_COUNT = 36  # from 00 on
_FILE_NAME = re.compile(r"Subject(\d+)_([12])\.edf")
CAVEATS = ("rest always comes first and lasts longer (3 minutes, then 1): what merely takes time may pass for load",)


def load(folder: Path) -> Dataset:
    """All subjects of ``SubjectNN_1.edf`` (rest) and ``SubjectNN_2.edf`` (arithmetic) in a folder, or one within it.

    Raises
    ------
    DatasetError
        There are no such files, or no subject has both.
    """
    found: dict[int, dict[str, Path]] = {}
    for path in (path for pattern in FILE_PATTERNS for path in sorted(folder.glob(pattern))):
        if match := _FILE_NAME.fullmatch(path.name):
            found.setdefault(int(match[1]), {}).setdefault(match[2], path)
    if not found:
        raise DatasetError(
            f"{folder} holds no Subject00_1.edf and Subject00_2.edf", "give the folder of the eegmat data set"
        )
    absent = [f"{number:02d}" for number in range(SUBJECT_COUNT) if number not in found]
    remarks = [f"no files of {', '.join(absent)}"] if absent else []
    remarks += [
        f"subject {number:02d}: left out, as {'rest' if '1' not in paths else 'arithmetic'} is missing"
        for number, paths in sorted(found.items())
        if len(paths) < 2
    ]
    sessions = [_session(number, paths) for number, paths in sorted(found.items()) if len(paths) == 2]
    if not sessions:
        raise DatasetError(
            f"{folder}: no subject has both recordings, SubjectNN_1.edf and SubjectNN_2.edf", "complete the data set"
        )
    return Dataset(
        "eegmat",
        "EEG During Mental Arithmetic Tasks 1.0.0 (Zyma et al. 2019, PhysioNet)",
        "ODC-By 1.0",
        tuple(sessions),
        {LABEL_NAME: Classes(CLASS_NAMES)},
        tuple(remarks),
        CAVEATS,
    )


def _session(number: int, paths: dict[str, Path]) -> SubjectSession:
    rest = Annotation(0, 0.0, inf, {LABEL_NAME: CLASS_NAMES[0]}, rest=True)
    load = Annotation(1, 0.0, inf, {LABEL_NAME: CLASS_NAMES[1]})
    return SubjectSession(f"{number:02d}", (RecordingPart(paths["1"]), RecordingPart(paths["2"])), (rest, load))
