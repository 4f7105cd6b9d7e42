"""DREAMER (Katsigiannis & Ramzan 2018): 23 subjects, 18 films, each rated once for valence, arousal and dominance."""

from __future__ import annotations

from pathlib import Path

from devices.files.matlab.matlab import Course, list_trials
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from training.datasets.dataset import Annotation, Dataset, Rating, RecordingPart, SubjectSession
from training.datasets.labels import ratings_on_scale

FILE_NAME, LAYOUT_NAME = "DREAMER.mat", "DREAMER"
SUBJECT_COUNT = 23
RATING_SCALES = {"valence": Rating(1, 5), "arousal": Rating(1, 5), "dominance": Rating(1, 5)}
CAVEATS = (
    "a film is rated once, after it: all its windows carry that one rating",
    "the file states no unit for the ECG and not how long the breaks between films were",
)


def load(folder: Path) -> Dataset:
    """DREAMER from the folder of ``DREAMER.mat``: films are labelled, the neutral clips before them are rest.

    Raises
    ------
    DatasetError
        There is no such file, or no subject in it has a rated film.
    RecordingError
        The file cannot be read, or has another layout.
    """
    path = next((path for path in (folder / FILE_NAME, *sorted(folder.glob(f"*/{FILE_NAME}"))) if path.is_file()), None)
    if path is None:
        raise DatasetError(f"{folder} holds no {FILE_NAME}", f"give the folder of {FILE_NAME}")
    courses = list_trials(path)
    if other := {course.layout for course in courses} - {LAYOUT_NAME}:
        raise DatasetError(f"{path} is laid out as {other.pop()}, expected {LAYOUT_NAME}", "give DREAMER's own file")
    remarks = (
        []
        if len(courses) == SUBJECT_COUNT
        else [f"{path.name} holds {len(courses)} subjects, expected {SUBJECT_COUNT}"]
    )
    sessions = [session for course in courses if (session := _session(path, course, remarks)) is not None]
    if not sessions:
        raise DatasetError(f"{path}: no subject has a rated film: {'; '.join(remarks[:3])}", "download the file again")
    return Dataset(
        "dreamer",
        "DREAMER (Katsigiannis & Ramzan 2018)",
        "by agreement with its authors; may not be passed on",
        tuple(sessions),
        RATING_SCALES,
        tuple(remarks),
        CAVEATS,
    )


def _session(path: Path, course: Course, remarks: list[str]) -> SubjectSession | None:
    subject = f"{int(course.part):02d}"
    remarks += [f"subject {subject}: {remark}" for remark in course.remarks]
    annotations: list[Annotation] = []
    for trial in course.trials:
        if trial.kind == "baseline":
            annotations.append(Annotation(0, trial.start, trial.stop, rest=True))
        elif labels := ratings_on_scale(trial.ratings, RATING_SCALES, f"subject {subject}, {trial.name}", remarks):
            annotations.append(Annotation(0, trial.start, trial.stop, labels, stimulus=trial.name))
    if not any(annotation.labels for annotation in annotations):
        remarks.append(f"subject {subject}: left out, without a rated film")
        return None
    return SubjectSession(subject, (RecordingPart(path, ReadOptions(part=course.part)),), tuple(annotations))
