"""WESAD: baseline, stress, amusement and meditation, from its pickles or, without them, its text files.

The questionnaire ``SX_quest.csv`` states order, start, stop and ratings of the conditions; source of its layout: the
data set's readme, and public readers of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.files.wesad.wesad import label_runs
from ecg_live.errors import DatasetError, RecordingError
from training.datasets.dataset import Annotation, Classes, Dataset, LabelValue, Rating, RecordingPart, SubjectSession

AFFECT_NAMES = ("baseline", "stress", "amusement", "meditation")  # the paper's four
# Without meditation, as in most papers on this data set.
STRESS_OF_AFFECT = {"baseline": "no stress", "amusement": "no stress", "stress": "stress"}
LABEL_MARGIN_S = 10.0  # pickles' labels begin later and end earlier than the questionnaire states
SUBJECT_NAMES = tuple(f"S{number}" for number in range(2, 18) if number != 12)  # S1 and S12 are not in the data set
_SUBJECT_FOLDER = re.compile(r"S(\d+)")
RATED_CONDITIONS = 5  # the first ones of the order; the others are pauses for reading
RATING_NAMES = ("valence", "arousal")  # the columns of DIM
RATING_LOW, RATING_HIGH = 1.0, 9.0  # self-assessment manikins
_AFFECT_OF_PREFIX = {"base": "baseline", "tsst": "stress", "fun": "amusement", "medi": "meditation"}  # as names begin
_TIME_PATTERN = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class WesadCondition:
    """One condition: ``name`` as in the file, ``affect`` as a class, start and stop in s where given, and ratings."""

    name: str
    affect: str
    start: float | None
    stop: float | None
    ratings: dict[str, float]


def load(folder: Path) -> Dataset:
    """Read all subjects in a folder of ``S2/S2.pkl``; those without a pickle from text file and questionnaire.

    Raises
    ------
    DatasetError
        No subject has either.
    """
    remarks: list[str] = []
    folders = _subject_folders(folder)
    sessions = [session for place in folders if (session := _session(place, remarks))]
    if not sessions:
        why = f": {'; '.join(remarks[:3])}" if remarks else ""
        raise DatasetError(
            f"{folder} holds no S2/S2.pkl, and no S2/S2_respiban.txt with S2/S2_quest.csv{why}",
            "give the folder that holds WESAD's S2 to S17",
        )
    if absent := [name for name in SUBJECT_NAMES if name not in {place.name for place in folders}]:
        remarks.insert(0, f"no folder of {', '.join(absent)}")
    return Dataset(
        name="wesad",
        title="WESAD, Wearable Stress and Affect Detection (Schmidt et al. 2018)",
        licence="for scientific, non-commercial use only; cite Schmidt et al. 2018",
        sessions=tuple(sessions),
        labels={
            "affect": Classes(AFFECT_NAMES),
            "stress": Classes(("no stress", "stress")),
            "arousal": Rating(RATING_LOW, RATING_HIGH),
            "valence": Rating(RATING_LOW, RATING_HIGH),
        },
        remarks=tuple(remarks),
        caveats=(
            "the baseline always comes first: slow drifts distinguish it from the other conditions",
            "stress came from speaking and counting before others: speech shows in an ECG too",
        ),
    )


def _subject_folders(folder: Path) -> list[Path]:
    """The subjects' folders: in the folder, or in one within it, or the folder itself."""
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
    """One subject: from the pickle, or else from the text file."""
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
    """Annotations by the pickle's labels, with the ratings of the conditions in the same order."""
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
    """Annotations by the questionnaire's times."""
    annotations: list[Annotation] = []
    times = [
        (c.start + LABEL_MARGIN_S, c.stop - LABEL_MARGIN_S, c)
        for c in conditions
        if c.start is not None and c.stop is not None
    ]
    for start, stop, condition in sorted(times, key=lambda time: time[:2]):
        if stop <= start or (annotations and start < annotations[-1].stop):
            remarks.append(f"{name}: {condition.name} ends before it begins, or overlaps another; left out")
            continue
        annotations.append(_annotation(start, stop, condition.affect, condition.ratings))
    return tuple(annotations)


def _annotation(start: float, stop: float, affect: str, ratings: dict[str, float]) -> Annotation:
    labels: dict[str, LabelValue] = {"affect": affect, **ratings}
    if affect in STRESS_OF_AFFECT:
        labels["stress"] = STRESS_OF_AFFECT[affect]
    return Annotation(0, start, stop, labels, rest=affect == "baseline")


def read_quest(path: Path, remarks: list[str]) -> tuple[WesadCondition, ...]:
    """Read the conditions in the order of the file; empty and impossible cells get a remark.

    Raises
    ------
    DatasetError
        The file cannot be read, or states no order.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise DatasetError(f"{path.name}: {error.strerror}", "check the file") from error
    rows: dict[str, list[list[str]]] = {}
    for line in lines:
        key, *cells = [cell.strip() for cell in line.split(";")]
        rows.setdefault(key.lstrip("# ").upper(), []).append(cells)
    names = [name for name in rows.get("ORDER", [[]])[0] if name]
    if not names:
        raise DatasetError(f"{path.name}: found no line '# ORDER', expected one with the conditions", "copy it again")
    starts, stops = (rows.get(key, [[]])[0] for key in ("START", "END"))
    found: list[WesadCondition] = []
    for i, name in enumerate(names):
        affect = next((affect for begin, affect in _AFFECT_OF_PREFIX.items() if name.casefold().startswith(begin)), "")
        if not affect:
            if i < RATED_CONDITIONS:
                remarks.append(f"{path.name}: {name!r} is not a known condition; left out")
            continue
        where = f"{path.name}: {name}"
        ratings = _ratings(where, _cells(rows.get("DIM", []), i), remarks) if i < RATED_CONDITIONS else {}
        start, stop = (_seconds(where, _cell(cells, i), remarks) for cells in (starts, stops))
        found.append(WesadCondition(name, affect, start, stop, ratings))
    return tuple(found)


def _cells(rows: list[list[str]], i: int) -> list[str]:
    return rows[i] if i < len(rows) else []


def _cell(cells: list[str], i: int) -> str:
    return cells[i] if i < len(cells) else ""


def _seconds(where: str, text: str, remarks: list[str]) -> float | None:
    """Minutes and seconds with a dot between; zeros at the end were dropped, so that 50.3 is 50 min 30 s."""
    found = _TIME_PATTERN.fullmatch(text)
    seconds = int((found[2] or "").ljust(2, "0")) if found else 60
    if found is None or seconds > 59:
        remarks.append(f"{where}: found {text!r}, expected a time such as 50.3 for 50 min 30 s")
        return None
    return 60.0 * int(found[1]) + seconds


def _ratings(where: str, cells: list[str], remarks: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for i, name in enumerate(RATING_NAMES):
        text = _cell(cells, i)
        if text.isdecimal() and RATING_LOW <= int(text) <= RATING_HIGH:
            found[name] = float(text)
        else:
            remarks.append(f"{where}: {name} is {text!r}, expected {RATING_LOW:g} to {RATING_HIGH:g}; left out")
    return found
