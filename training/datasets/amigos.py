"""AMIGOS (Miranda-Correa et al. 2018): 40 subjects, 16 short and 4 long videos, each rated once by the subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from devices.files.matlab.layouts import AMIGOS_CHANNEL_REMARK
from devices.files.matlab.matlab import Course, Trial, list_trials
from ecg_live.errors import DatasetError
from training.datasets.amigos_files import (
    CAVEATS,
    FILE_STEMS,
    LICENCE,
    ORIGINAL_LAYOUT,
    PRE_VIDEO_S,
    PREPROCESSED_LAYOUT,
    TITLE,
    find_subject_files,
    load_sessions,
)
from training.datasets.dataset import Annotation, Dataset, Rating
from training.datasets.labels import ratings_on_scale

RATING_SCALES = {name: Rating(1, 9) for name in ("arousal", "valence", "dominance", "liking", "familiarity")}
MAX_LENGTH_DIFFERENCE_S = 6.0  # between a video's two recordings; one may lack the 5 s before the video
CAVEAT_RATED_ONCE = (
    "a video is rated once, after it: all its windows carry that one rating, also of the long videos (20 minutes)"
)
CAVEATS_ORIGINAL = (
    f"{AMIGOS_CHANNEL_REMARK}: the first is taken",
    "original recordings without ratings get those of the preprocessed ones, by the number of the video",
    "where in an original recording the video begins is in no file, and taken to be after 5 s",
)
_SUBJECT_FOLDER = re.compile(FILE_STEMS[ORIGINAL_LAYOUT] + r"\d+", re.IGNORECASE)  # folder of one subject


def load(folder: Path) -> Dataset:
    """AMIGOS from ``Data_Preprocessed_PNN.mat``, or where there are none from ``Data_Original_PNN.mat``.

    Original recordings that hold no ratings take them from preprocessed ones in a folder beside.

    Raises
    ------
    DatasetError
        There is no such file, or none with a rated video.
    """
    remarks: list[str] = []
    files = find_subject_files(folder, PREPROCESSED_LAYOUT, remarks)
    originals = find_subject_files(folder, ORIGINAL_LAYOUT, [] if files else remarks)
    if not files and not originals:
        raise DatasetError(
            f"{folder} holds no Data_Preprocessed_PNN.mat, and no Data_Original_PNN.mat", "give the folder of AMIGOS"
        )
    if not files:
        return _load_original(folder, originals, remarks)
    remarks.append("the external annotations (20 s segments) are not used: they are the data set amigos-external")
    if originals:
        remarks.append("the original recordings are not used; give their folder to train on them")
    sessions = load_sessions(folder, files, PREPROCESSED_LAYOUT, _annotations, remarks)
    return Dataset(
        "amigos",
        f"{TITLE}, preprocessed",
        LICENCE,
        sessions,
        RATING_SCALES,
        tuple(remarks),
        (CAVEAT_RATED_ONCE, *CAVEATS),
    )


def _load_original(folder: Path, files: Mapping[int, Path], remarks: list[str]) -> Dataset:
    place = folder.resolve()
    beside = (place.parent if _SUBJECT_FOLDER.fullmatch(place.name) else place).parent
    preprocessed = {
        files[number]: path
        for number, path in find_subject_files(beside, PREPROCESSED_LAYOUT, [], 3).items()
        if number in files
    }

    def annotations(path: Path, course: Course, where: str, remarks: list[str]) -> Iterator[Annotation]:
        trials = course.trials
        if not any(trial.ratings for trial in trials):
            trials = tuple(_borrow_ratings(path, trials, preprocessed.get(path), where, remarks))
        return _annotations(path, course._replace(trials=trials), where, remarks)

    sessions = load_sessions(folder, files, ORIGINAL_LAYOUT, annotations, remarks)
    caveats = (CAVEAT_RATED_ONCE, *CAVEATS, *CAVEATS_ORIGINAL)
    return Dataset("amigos", f"{TITLE}, original", LICENCE, sessions, RATING_SCALES, tuple(remarks), caveats)


def _borrow_ratings(
    path: Path, trials: tuple[Trial, ...], preprocessed: Path | None, where: str, remarks: list[str]
) -> Iterator[Trial]:
    """Trials with the ratings of preprocessed ones of the same number and length."""
    if preprocessed is None:
        wanted = path.name.replace("Original", "Preprocessed")
        raise DatasetError(
            f"{path.name} holds no labels_selfassessment, expected five ratings a video, there or in a {wanted} beside",
            "put the preprocessed files into a folder beside",
        )
    known = {trial.number: trial for trial in list_trials(preprocessed)[0].trials}
    for trial in trials:
        twin = known.get(trial.number)
        if twin is None:
            remarks.append(f"{where}, {trial.name}: {preprocessed.name} has none of that number; left out")
        elif abs(twin.stop - twin.start - trial.stop + trial.start) > MAX_LENGTH_DIFFERENCE_S:
            lengths = (
                f"lasts {trial.stop - trial.start:.0f} s, but {twin.stop - twin.start:.0f} s in {preprocessed.name}"
            )
            remarks.append(f"{where}, {trial.name}: {lengths}; left out")
        else:
            yield trial._replace(ratings=twin.ratings)


def _annotations(_path: Path, course: Course, where: str, remarks: list[str]) -> Iterator[Annotation]:
    """The videos without the 5 s before them, which are too short for a window of rest."""
    for trial in course.trials:
        onset = trial.start + PRE_VIDEO_S
        if trial.stop <= onset:
            remarks.append(f"{where}, {trial.name}: ends within its baseline of {PRE_VIDEO_S:g} s; left out")
        elif labels := ratings_on_scale(trial.ratings, RATING_SCALES, f"{where}, {trial.name}", remarks):
            yield Annotation(0, onset, trial.stop, labels, stimulus=trial.name)
