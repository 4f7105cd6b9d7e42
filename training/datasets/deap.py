"""DEAP (Koelstra et al. 2012): 32 subjects, 40 one-minute music videos, each rated once; pulse (PPG), no ECG.

Layout: ``s01.mat`` to ``s32.mat`` of ``data_preprocessed_matlab``. The same data as Python pickles (``s01.dat``) are
not opened: a pickle can run code.
"""

from __future__ import annotations

import re
from pathlib import Path

from devices.files.matlab.matlab import list_trials
from ecg_live.errors import DatasetError, RecordingError
from training.datasets.dataset import Annotation, Dataset, Rating, RecordingPart, SubjectSession
from training.datasets.labels import ratings_on_scale

LAYOUT_NAME = "DEAP, preprocessed"
RATING_SCALES = {name: Rating(1, 9) for name in ("valence", "arousal", "dominance", "liking")}
SUBJECT_COUNT = 32
PRE_VIDEO_S = 3.0  # before each video
CAVEATS = (
    "pulse by light, no ECG: heart rate and its variability come from a detector that was made for ECG",
    "a video is rated once, after it: all its windows carry that one rating",
    "no resting baseline: the 3 s before each video are shorter than a window",
    "videos are in the order of their numbers, not in that in which they were shown",
)
_FILE_NAME = re.compile(r"s(\d\d)\.mat")


def load(folder: Path) -> Dataset:
    """All subjects of ``sNN.mat`` in a folder, or in its ``data_preprocessed_matlab``.

    Raises
    ------
    DatasetError
        There is no such file, or none with a rated video.
    """
    files = {
        found[1]: path
        for pattern in ("data_preprocessed_matlab/s??.mat", "s??.mat")
        for path in sorted(folder.glob(pattern))
        if (found := _FILE_NAME.fullmatch(path.name))
    }
    if not files:
        pickled = any(folder.glob("s??.dat")) or any(folder.glob("data_preprocessed_python/s??.dat"))
        raise DatasetError(
            f"{folder} holds no s01.mat" + (", only pickles (s01.dat), which can run code" if pickled else ""),
            "give the folder data_preprocessed_matlab of DEAP",
        )
    remarks: list[str] = []
    if len(files) != SUBJECT_COUNT:
        remarks.append(f"{len(files)} subjects, expected {SUBJECT_COUNT}")
    sessions = [
        session for number, path in sorted(files.items()) if (session := _session(number, path, remarks)) is not None
    ]
    if not sessions:
        raise DatasetError(f"{folder}: no subject has a rated video: {'; '.join(remarks[-3:])}", "download it again")
    return Dataset(
        "deap",
        "DEAP (Koelstra et al. 2012), preprocessed",
        "by agreement with its authors; may not be passed on",
        tuple(sessions),
        RATING_SCALES,
        tuple(remarks),
        CAVEATS,
        signal="ppg",
    )


def _session(number: str, path: Path, remarks: list[str]) -> SubjectSession | None:
    where = f"subject {number}"
    try:
        course = list_trials(path)[0]
    except RecordingError as error:
        remarks.append(f"{where}: left out: {error.message}")
        return None
    if course.layout != LAYOUT_NAME:
        remarks.append(f"{where}: left out: {path.name} is laid out as {course.layout}, expected {LAYOUT_NAME}")
        return None
    annotations = tuple(
        Annotation(0, trial.start + PRE_VIDEO_S, trial.stop, labels, stimulus=trial.name)
        for trial in course.trials
        if (labels := ratings_on_scale(trial.ratings, RATING_SCALES, f"{where}, {trial.name}", remarks))
        and trial.stop > trial.start + PRE_VIDEO_S
    )
    if not annotations:
        remarks.append(f"{where}: left out, without a rated video")
        return None
    return SubjectSession(number, (RecordingPart(path),), annotations)
