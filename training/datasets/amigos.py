"""AMIGOS (Miranda-Correa et al. 2018), preprocessed: 40 people, 16 short and 4 long videos, each rated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from devices.files.mat import Trial, list_trials
from ecg_live.errors import DatasetError, RecordingError
from training.datasets.dataset import Dataset, Part, Rating, Sitting, Span
from training.datasets.trials import rated

LAYOUT = "AMIGOS, preprocessed"
PEOPLE = 40
BASELINE = 5.0  # s at the start of every trial, before the video
SCALES = {name: Rating(1, 9) for name in ("arousal", "valence", "dominance", "liking", "familiarity")}
CAVEATS = (
    "a video is rated once, after it: all its windows carry that one rating, also of the long videos (20 minutes)",
    "the files state no unit for the ECG and not how long the breaks between videos were",
)
_NAME = re.compile(r"Data_Preprocessed_P(\d+)\.mat", re.IGNORECASE)


def load(folder: Path) -> Dataset:
    """AMIGOS from ``Data_Preprocessed_PNN.mat``, one a person, in a folder or in folders of their own.

    Raises
    ------
    DatasetError
        There is no such file, or none with a rated video.
    """
    remarks = ["the external annotations (20 s segments) are not used"]
    people = _people(folder, remarks)
    if not people:
        raise DatasetError(
            f"{folder} holds no Data_Preprocessed_PNN.mat", "give the folder of AMIGOS' preprocessed data"
        )
    if absent := [f"{number:02d}" for number in range(1, PEOPLE + 1) if number not in people]:
        remarks.append(f"no file of {', '.join(absent)}")
    sittings = [
        sitting for number, path in sorted(people.items()) if (sitting := _sitting(number, path, remarks)) is not None
    ]
    if not sittings:
        raise DatasetError(f"{folder}: nobody has a rated video: {'; '.join(remarks[-3:])}", "download the files again")
    return Dataset(
        "amigos",
        "AMIGOS (Miranda-Correa et al. 2018), preprocessed",
        "by agreement with its authors; may not be passed on",
        tuple(sittings),
        SCALES,
        tuple(remarks),
        CAVEATS,
    )


def find_files(folder: Path) -> Iterator[tuple[int, Path]]:
    """Number and file of each person, at most two folders deep."""
    for pattern in ("*.mat", "*/*.mat", "*/*/*.mat"):
        for path in sorted(folder.glob(pattern)):
            if found := _NAME.fullmatch(path.name):
                yield int(found[1]), path


def _people(folder: Path, remarks: list[str]) -> dict[int, Path]:
    people: dict[int, Path] = {}
    for number, path in find_files(folder):
        if number in people:
            remarks.append(f"{path.relative_to(folder)}: {people[number].relative_to(folder)} is used in its stead")
        else:
            people[number] = path
    return people


def _sitting(number: int, path: Path, remarks: list[str]) -> Sitting | None:
    subject = f"{number:02d}"
    try:
        course = list_trials(path)[0]
    except RecordingError as error:
        remarks.append(f"person {subject}: left out: {error.message}")
        return None
    if course.layout != LAYOUT:
        remarks.append(f"person {subject}: left out: {path.name} is laid out as {course.layout}")
        return None
    remarks += [f"person {subject}: {remark}" for remark in course.remarks]
    spans = [span for trial in course.trials for span in _spans(trial, f"person {subject}", remarks)]
    if not any(span.labels for span in spans):
        remarks.append(f"person {subject}: left out, without a rated video")
        return None
    return Sitting(subject, (Part(path),), tuple(spans))


def _spans(trial: Trial, where: str, remarks: list[str]) -> Iterator[Span]:
    """The seconds before the video, and the video."""
    onset = trial.start + BASELINE
    if trial.stop <= onset:
        remarks.append(f"{where}, {trial.name}: ends within its baseline of {BASELINE:g} s; left out")
        return
    yield Span(0, trial.start, onset, rest=True)
    if labels := rated(trial, SCALES, where, remarks):
        yield Span(0, onset, trial.stop, labels)
