"""Flight crews in a simulator who rated their stress all the time: an ECG and a rating a second, five scenarios.

Layout: ``P01Sc2.edf`` (subject, scenario) and ``stress_1hz.csv`` with the columns recording, second and stress.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from itertools import pairwise
from math import isfinite, nan
from pathlib import Path

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError, EcgLiveError
from training.datasets.dataset import Annotation, Dataset, LabelTrack, Rating, RecordingPart, SubjectSession

LABEL_NAME = "stress"
SCALE = Rating(0.0, 10.0)
RATINGS_NAME = "stress_1hz.csv"
RATING_STEP_S = 1.0
REST_S = 100.0  # of the first scenario, before its task begins
RATING_COLUMNS = ("recording", "second", "stress")
_FILE_NAME = re.compile(r"(P\d+)Sc(\d+)")
_EMPTY_CELLS = ("", "nan", "na")
CAVEATS = (
    "stress rises within each scenario: time since its start ranks a subject's windows with AUROC .74, no head does",
    "each scenario is another task, with its own speech and movement: what tells tasks apart may pass for stress",
    "the scenarios always come in one order, and the first is the easiest",
    "the rest is the first 100 s of the first scenario: calm, and at the controls",
    "the rating is given by hand while working, and may lag behind what is felt",
    "some recordings are clipped at 3.28 mV",
)


def load(folder: Path) -> Dataset:
    """All subjects of ``PNNScN.edf`` in a folder, with the ratings of ``stress_1hz.csv``.

    Raises
    ------
    DatasetError
        There are no such files, or a rating is no number, is off its scale, or is not at its second.
    """
    files = {path.stem: path for path in sorted(folder.glob("P*Sc*.edf")) if _FILE_NAME.fullmatch(path.stem)}
    table = folder / RATINGS_NAME
    if not files or not table.is_file():
        lacks = "P01Sc1.edf" if not files else RATINGS_NAME
        raise DatasetError(f"{folder} holds no {lacks}", "give the folder of the flightcrews data set")
    ratings = _read_ratings(table)
    remarks = [f"{name}: left out, as {RATINGS_NAME} has no rating of it" for name in files if name not in ratings]
    by_subject: dict[str, dict[int, Path]] = {}
    for name, path in files.items():
        if name in ratings and (match := _FILE_NAME.fullmatch(name)):
            by_subject.setdefault(match[1], {})[int(match[2])] = path
    sessions = tuple(_session(subject, parts, ratings, remarks) for subject, parts in sorted(by_subject.items()))
    if not sessions:
        raise DatasetError(
            f"{table.name} rates none of the {len(files)} recordings beside it", "give the files of one set"
        )
    return Dataset(
        "flightcrews",
        "Stress Detection in Flight Crews (P. Lorrig 2023)",
        "MIT",
        sessions,
        {LABEL_NAME: SCALE},
        tuple(remarks),
        CAVEATS,
    )


def _session(
    subject: str, scenarios: Mapping[int, Path], ratings: Mapping[str, Mapping[float, float]], remarks: list[str]
) -> SubjectSession:
    parts: list[RecordingPart] = []
    annotations: list[Annotation] = []
    for number, path in sorted(scenarios.items()):
        length = _duration(path)
        rated = {second: value for second, value in ratings[path.stem].items() if isfinite(value)}
        if not any(second < length for second in rated):
            found = f"from {min(rated):g} to {max(rated):g} s" if rated else "without a number"
            raise DatasetError(
                f"{path.name} lasts {length:g} s, and its ratings are {found}: they have no second in common",
                f"mend {RATINGS_NAME}",
            )
        if lacking := len(ratings[path.stem]) - len(rated):
            remarks.append(f"{path.stem}: {lacking} seconds without a rating")
        edges = (0.0, REST_S, length) if number == 1 and length > REST_S else (0.0, length)
        for i, (start, stop) in enumerate(pairwise(edges)):
            track = _track(ratings[path.stem], start, stop)
            labels = {LABEL_NAME: track} if track else {}
            annotations.append(
                Annotation(len(parts), start, stop, labels, rest=number == 1 and i == 0, stimulus=f"Sc{number}")
            )
        parts.append(RecordingPart(path))
    return SubjectSession(subject, tuple(parts), tuple(annotations))


def _duration(path: Path) -> float:
    """How long a recording lasts, in s."""
    try:
        recording = open_recording(path, ReadOptions())
    except EcgLiveError as error:
        raise DatasetError(error.message, error.remedy) from error
    recording.close()
    duration = recording.info.duration
    return float("inf") if duration is None else duration


def _track(rated: Mapping[float, float], start: float, stop: float) -> LabelTrack | None:
    """The ratings between two times; a second without one has none."""
    seconds = sorted(second for second in rated if start <= second < stop)
    if not seconds:
        return None
    times: list[float] = []
    values: list[float | None] = []
    for second, following in pairwise([*seconds, stop]):
        times.append(second)
        values.append(rated[second] if isfinite(rated[second]) else None)
        if following > second + RATING_STEP_S:
            times.append(second + RATING_STEP_S)
            values.append(None)
    return LabelTrack(tuple(times), tuple(values), stop)


def _read_ratings(path: Path) -> dict[str, dict[float, float]]:
    """Rating by second of each recording; NaN where the cell is empty."""
    found: dict[str, dict[float, float]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if lacking := [name for name in RATING_COLUMNS if name not in (reader.fieldnames or ())]:
                raise DatasetError(f"{path.name}: the header lacks {', '.join(lacking)}", "copy it again")
            for row in reader:
                second, value = _rating(path, reader.line_num, row)
                found.setdefault(str(row["recording"]), {})[second] = value
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path.name}: cannot be read: {error}", "copy it again") from error
    return found


def _rating(path: Path, line: int, row: Mapping[str, str | None]) -> tuple[float, float]:
    """The second and the rating of a row."""
    where = f"{path.name}, line {line}"
    text = (row["stress"] or "").strip()
    try:
        second = float(row["second"] or "")
        value = nan if text.casefold() in _EMPTY_CELLS else float(text)
    except ValueError as error:
        raise DatasetError(f"{where}: {error}", "mend that line") from error
    if not isfinite(second) or second < 0:
        raise DatasetError(f"{where}: second is {second:g}, expected 0 or more", "mend that line")
    if value == value and not SCALE.low <= value <= SCALE.high:  # noqa: PLR0124 - not NaN
        raise DatasetError(f"{where}: stress is {value:g}, expected {SCALE.low:g} to {SCALE.high:g}", "mend that line")
    return second, value
