"""AMIGOS' external annotation: what raters read in the subjects' faces, for every 20 s of the preprocessed videos.

It is a data set of its own: with the subjects' own ratings in one set, half of the windows would cross the short clips'
ends, and long videos would outweigh short ones in a subject's median. No file states the clips' times; two public
readers place and count them as here: the recording's first 20 s, every 20 s from the video's start on, its last 20 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from devices.files.matlab.cells import as_cells, as_signal
from devices.files.matlab.format5 import read_variables
from devices.files.matlab.matlab import Course, Trial
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from training.datasets.amigos_files import (
    CAVEATS,
    LICENCE,
    PRE_VIDEO_S,
    PREPROCESSED_LAYOUT,
    TITLE,
    find_subject_files,
    load_sessions,
)
from training.datasets.dataset import Annotation, Dataset, LabelValue, Rating

ANNOTATION_FIELD = "labels_ext_annotation"
CLIP_S = 20.0
RATING_SCALES = {
    "valence_external": Rating(-1, 1),
    "arousal_external": Rating(-1, 1),
}  # in the order of columns 2 and 3
CAVEATS_EXTERNAL = (
    "labels are what three raters read in the subject's face, not what the subject felt",
    "their scale is taken to go from -1 to 1, as in the paper: the files do not state it",
    "no file states the times of the 20 s clips: they are taken to follow each other from the video's start",
    "the first and the last clip of a video overlap others, and are left out",
)


def load(folder: Path) -> Dataset:
    """The annotated clips of ``Data_Preprocessed_PNN.mat``.

    Raises
    ------
    DatasetError
        There is no such file, or none with an annotated video.
    """
    remarks: list[str] = []
    files = find_subject_files(folder, PREPROCESSED_LAYOUT, remarks)
    if not files:
        raise DatasetError(f"{folder} holds no Data_Preprocessed_PNN.mat", "give AMIGOS' folder of preprocessed data")
    sessions = load_sessions(folder, files, PREPROCESSED_LAYOUT, _annotations, remarks)
    title, caveats = f"{TITLE}, external annotation", (*CAVEATS_EXTERNAL, *CAVEATS)
    return Dataset("amigos-external", title, LICENCE, sessions, RATING_SCALES, tuple(remarks), caveats)


def _annotations(path: Path, course: Course, where: str, remarks: list[str]) -> Iterator[Annotation]:
    videos = as_cells(read_variables(path, (ANNOTATION_FIELD,))[ANNOTATION_FIELD], f"{path.name}: {ANNOTATION_FIELD}")
    for trial in course.trials:
        rows = as_signal(videos[trial.number - 1], (3,)) if trial.number <= len(videos) else "missing"
        if isinstance(rows, str):
            remarks.append(f"{where}, {trial.name}: {ANNOTATION_FIELD} is {rows}; left out")
            continue
        yield from _clips(trial, rows.astype(np.float64), f"{where}, {trial.name}", remarks)


def _clips(trial: Trial, rows: F64, where: str, remarks: list[str]) -> Iterator[Annotation]:
    """Clips that overlap no other, if the rows are as many as the length asks for."""
    starts = np.arange(trial.start + PRE_VIDEO_S, trial.stop - CLIP_S, CLIP_S)
    numbers = rows[:, 0] - rows[0, 0]
    if len(rows) != len(starts) + 2 or not np.array_equal(numbers, np.arange(len(rows))):
        wanted = f"expected {len(starts) + 2} for {trial.stop - trial.start:.0f} s, numbered one by one"
        remarks.append(f"{where}: {ANNOTATION_FIELD} has {len(rows)} rows, {wanted}; left out")
        return
    lost = 0
    for start, row in zip(starts.tolist(), rows[1:-1].tolist(), strict=True):
        pairs = zip(RATING_SCALES.items(), row[1:], strict=True)
        labels: dict[str, LabelValue] = {
            name: value for (name, scale), value in pairs if scale.low <= value <= scale.high
        }
        lost += len(RATING_SCALES) - len(labels)
        if labels:
            yield Annotation(0, start, start + CLIP_S, labels, stimulus=trial.name)
    if lost:
        remarks.append(f"{where}: {lost} annotations are not from -1 to 1; left out")
