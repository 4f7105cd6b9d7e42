"""WESAD: baseline, stress, amusement and meditation, from its pickles or, without them, its text files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from devices.files.wesad.wesad import label_runs
from ecg_live.errors import DatasetError, RecordingError
from training.datasets.dataset import Annotation, Classes, Dataset, LabelValue, Rating, RecordingPart, SubjectSession
from training.datasets.wesad_quest import RATING_HIGH, RATING_LOW, WesadCondition, read_quest

AFFECT_NAMES = ("baseline", "stress", "amusement", "meditation")  # the paper's four
STRESS_OF_AFFECT = {
    "baseline": "no stress",
    "amusement": "no stress",
    "stress": "stress",
}  # as usual: without meditation
LABEL_MARGIN_S = 10.0  # s by which the pickles' labels lie inside the times of the questionnaire
SUBJECT_NAMES = tuple(f"S{number}" for number in range(2, 18) if number != 12)  # S1 and S12 are not in the data set
_SUBJECT_FOLDER = re.compile(r"S(\d+)")


def load(folder: Path) -> Dataset:
    """Read who is in a folder of ``S2/S2.pkl``; someone without a pickle is taken from text and questionnaire.

    Raises
    ------
    DatasetError
        There is nobody with either.
    """
    remarks: list[str] = []
    people = _subject_folders(folder)
    sittings = [sitting for place in people if (sitting := _session(place, remarks))]
    if not sittings:
        why = f": {'; '.join(remarks[:3])}" if remarks else ""
        raise DatasetError(
            f"{folder} holds no S2/S2.pkl, and no S2/S2_respiban.txt with S2/S2_quest.csv{why}",
            "give the folder that holds WESAD's S2 to S17",
        )
    if absent := [name for name in SUBJECT_NAMES if name not in {place.name for place in people}]:
        remarks.insert(0, f"no folder of {', '.join(absent)}")
    return Dataset(
        name="wesad",
        title="WESAD, Wearable Stress and Affect Detection (Schmidt et al. 2018)",
        licence="for scientific, non-commercial use only; cite Schmidt et al. 2018",
        sessions=tuple(sittings),
        labels={
            "affect": Classes(AFFECT_NAMES),
            "stress": Classes(("no stress", "stress")),
            "arousal": Rating(RATING_LOW, RATING_HIGH),
            "valence": Rating(RATING_LOW, RATING_HIGH),
        },
        remarks=tuple(remarks),
        caveats=(
            "the baseline always comes first: whatever drifts in an hour tells it from the rest",
            "stress came from speaking and counting before others: speech shows in an ECG too",
        ),
    )


def _subject_folders(folder: Path) -> list[Path]:
    """Everybody's own folder: in the folder, or in one within it, or the folder itself."""
    for places in (folder.glob("S*"), folder.glob("*/S*"), [folder.resolve()]):
        found = {
            int(match[1]): place
            for place in places
            if (match := _SUBJECT_FOLDER.fullmatch(place.name)) and place.is_dir()
        }
        if found:
            return [found[number] for number in sorted(found)]
    return []


def _session(place: Path, remarks: list[str]) -> SubjectSession | None:
    """One person: from the pickle, or else from the text file."""
    name = place.name
    pickle, text = place / f"{name}.pkl", place / f"{name}_respiban.txt"
    conditions = _conditions(place / f"{name}_quest.csv", remarks)
    if pickle.is_file():
        try:
            return SubjectSession(name, (RecordingPart(pickle),), _labelled(pickle, conditions or (), remarks))
        except RecordingError as error:
            remarks.append(f"{name}: its pickle is not used: {error.message}")
    if not text.is_file() or conditions is None:
        remarks.append(f"{name}: left out: there is no {pickle.name} to use, nor {text.name} with its questionnaire")
        return None
    remarks.append(
        f"{name}: there is no pickle to use; the signal is from {text.name}, its times from the questionnaire"
    )
    return SubjectSession(name, (RecordingPart(text),), _timed(name, conditions, remarks))


def _conditions(path: Path, remarks: list[str]) -> tuple[WesadCondition, ...] | None:
    if not path.is_file():
        remarks.append(f"{path.name} is missing: there are no ratings")
        return None
    try:
        return read_quest(path, remarks)
    except DatasetError as error:
        remarks.append(f"{error.message}: there are no ratings")
        return None


def _labelled(pickle: Path, conditions: Sequence[WesadCondition], remarks: list[str]) -> tuple[Annotation, ...]:
    """Spans where the pickle has labels, with the ratings of what happened in that order."""
    runs = [run for run in label_runs(pickle) if run.name in AFFECT_NAMES]
    if not runs:
        remarks.append(f"{pickle.name}: none of its labels is 1 to 4")
    ratings: dict[float, dict[str, float]] = {}
    for affect in AFFECT_NAMES:
        starts = [run.start for run in runs if run.name == affect]
        asked = [condition for condition in conditions if condition.affect == affect]
        known = [(condition.start, condition.ratings) for condition in asked if condition.start is not None]
        if len(starts) == len(asked) == len(known):
            given = [rating for _, rating in sorted(known, key=lambda pair: pair[0])]
            ratings.update(zip(starts, given, strict=True))
        elif len(starts) == len(asked) == 1:
            ratings[starts[0]] = asked[0].ratings
        elif conditions:
            times = f"{len(starts)} times in the labels, {len(asked)} times in the questionnaire"
            remarks.append(f"{pickle.stem}: {affect} is {times}, {len(known)} with a start; its ratings are left out")
    return tuple(_annotation(run.start, run.stop, run.name, ratings.get(run.start, {})) for run in runs)


def _timed(name: str, conditions: Sequence[WesadCondition], remarks: list[str]) -> tuple[Annotation, ...]:
    """Spans where the questionnaire says so, from its times alone."""
    spans: list[Annotation] = []
    times = [
        (c.start + LABEL_MARGIN_S, c.stop - LABEL_MARGIN_S, c)
        for c in conditions
        if c.start is not None and c.stop is not None
    ]
    for start, stop, condition in sorted(times, key=lambda time: time[:2]):
        if stop <= start or (spans and start < spans[-1].stop):
            remarks.append(f"{name}: {condition.name} ends before it begins, or overlaps another; left out")
            continue
        spans.append(_annotation(start, stop, condition.affect, condition.ratings))
    return tuple(spans)


def _annotation(start: float, stop: float, affect: str, ratings: dict[str, float]) -> Annotation:
    labels: dict[str, LabelValue] = {"affect": affect, **ratings}
    if affect in STRESS_OF_AFFECT:
        labels["stress"] = STRESS_OF_AFFECT[affect]
    return Annotation(0, start, stop, labels, rest=affect == "baseline")
