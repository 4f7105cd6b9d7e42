"""CASE (Sharma et al. 2019): 30 subjects who rated valence and arousal by joystick while they watched eight videos.

Layout of the interpolated part: ``physiological/sub_1.csv`` (``daqtime`` in ms, ``ecg`` in mV, others, ``video``; 1000
Hz) and ``annotations/sub_1.csv`` (``jstime`` in ms, ``valence``, ``arousal``, ``video``; 20 Hz).
"""

from __future__ import annotations

import csv
import re
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from training.datasets.dataset import Annotation, Dataset, LabelTrack, Rating, RecordingPart, SubjectSession

RATING_SCALES = {"valence": Rating(0.5, 9.5), "arousal": Rating(0.5, 9.5)}
SUBJECT_COUNT = 30
START_VIDEO = 10  # calm, before the first video that is about emotion
VIDEO_NAMES = {1: "amusing 1", 2: "amusing 2", 3: "boring 1", 4: "boring 2"} | {
    5: "relaxed 1", 6: "relaxed 2", 7: "scary 1", 8: "scary 2",
}  # fmt: skip
ECG_OPENING = ReadOptions(channel="ecg", rate=1000.0, unit="mV")
RATING_COLUMNS, CLOCK_COLUMN = ("jstime", "valence", "arousal", "video"), "daqtime"
MIN_STEP_S = 0.05  # of the ratings: the last of a video holds for so long
CAVEATS = (
    "the joystick rests at the scale's middle (5): a subject who does not move it rates that",
    "ratings are given by hand while watching, and may lag behind what is felt",
    "each video is meant for one emotion: what distinguishes videos may pass for the rating",
    "the rest is the calm video at the start",
)
_FILE_NAME = re.compile(r"sub_(\d+)\.csv")
_PLACES = ("", "interpolated/", "data/interpolated/", "*/data/interpolated/", "*/interpolated/")


class _RatedMoment(NamedTuple):
    """A row of a file of ratings: its time in ms, and None where a rating is missing."""

    time: float
    ratings: dict[str, float | None]
    video: int


def load(folder: Path) -> Dataset:
    """All subjects of CASE's interpolated part that have both files.

    Raises
    ------
    DatasetError
        There are no such files, or ratings are no numbers, off their scale or out of order.
    """
    files = {int(found[1]): path for place in _PLACES for path in sorted(folder.glob(f"{place}physiological/sub_*.csv"))
             if (found := _FILE_NAME.fullmatch(path.name))}  # fmt: skip
    if not files:
        raise DatasetError(
            f"{folder} holds no physiological/sub_1.csv", "give the folder data/interpolated of the data set CASE"
        )
    absent = [str(number) for number in range(1, SUBJECT_COUNT + 1) if number not in files]
    remarks = [f"no file of subject {', '.join(absent)}"] if absent else []
    sessions: list[SubjectSession] = []
    for number, path in sorted(files.items()):
        ratings = path.parent.parent / "annotations" / path.name
        if not ratings.is_file():
            remarks.append(f"subject {number}: left out, as annotations/{path.name} is missing")
            continue
        annotations = tuple(_annotations(_read_ratings(ratings), _first_time(path)))
        if any(each.labels for each in annotations):
            sessions.append(SubjectSession(f"{number:02d}", (RecordingPart(path, ECG_OPENING),), annotations))
        else:
            remarks.append(f"subject {number}: left out, without a rated video")
    if not sessions:
        raise DatasetError(
            f"{folder}: no subject has a rated video: {'; '.join(remarks[-3:])}", "complete the data set"
        )
    return Dataset(
        "case",
        "CASE, Continuously Annotated Signals of Emotion (Sharma et al. 2019)",
        "CC BY 4.0",
        tuple(sessions),
        RATING_SCALES,
        tuple(remarks),
        CAVEATS,
    )


def _first_time(path: Path) -> float:
    """Time of the first sample in ms, on the clock of the ratings."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        row = next(reader, None)
        try:
            return float((row or {})[CLOCK_COLUMN])
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{path.name}: the first row states no {CLOCK_COLUMN}", "download it again") from error


def _read_ratings(path: Path) -> list[_RatedMoment]:
    """All rows of a file of ratings."""
    found: list[_RatedMoment] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if lacking := [name for name in RATING_COLUMNS if name not in (reader.fieldnames or ())]:
                raise DatasetError(f"{path.name}: the header lacks {', '.join(lacking)}", "download it again")
            for row in reader:
                found.append(_rated_moment(path, reader.line_num, row))
                if len(found) > 1 and found[-1].time <= found[-2].time:
                    times = f"{found[-1].time:g} ms follows {found[-2].time:g} ms"
                    raise DatasetError(f"{path.name}, line {reader.line_num}: {times}", "download it again")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path.name}: cannot be read: {error}", "download it again") from error
    return found


def _rated_moment(path: Path, line: int, row: dict[str, str]) -> _RatedMoment:
    where = f"{path.name}, line {line}"
    try:
        time, video = float(row["jstime"]), int(float(row["video"]))
        ratings = {name: float(row[name] or "nan") for name in RATING_SCALES}
    except (TypeError, ValueError, OverflowError) as error:
        raise DatasetError(f"{where}: {error}", "mend that line") from error
    if not isfinite(time):
        raise DatasetError(f"{where}: jstime is {time:g}, expected milliseconds", "mend that line")
    for name, value in ratings.items():
        scale = RATING_SCALES[name]
        if isfinite(value) and not scale.low <= value <= scale.high:
            raise DatasetError(
                f"{where}: {name} is {value:g}, expected {scale.low:g} to {scale.high:g}", "mend that line"
            )
    return _RatedMoment(time, {name: value if isfinite(value) else None for name, value in ratings.items()}, video)


def _annotations(moments: list[_RatedMoment], first: float) -> list[Annotation]:
    """An annotation for each video, with its ratings, and one for the calm one at the start."""
    found: list[Annotation] = []
    for video, own in groupby(moments, key=lambda moment: moment.video):
        rows = list(own)
        times = tuple((row.time - first) / 1000 for row in rows)
        stop = times[-1] + MIN_STEP_S
        if video == START_VIDEO:
            found.append(Annotation(0, max(0.0, times[0]), stop, rest=True, stimulus="start"))
        elif video in VIDEO_NAMES:
            labels = {name: LabelTrack(times, tuple(row.ratings[name] for row in rows), stop) for name in RATING_SCALES}
            found.append(Annotation(0, times[0], stop, labels, stimulus=VIDEO_NAMES[video]))
    return found
