"""DREAMER and AMIGOS in MATLAB files: each person's trials in order, with the ratings that stand beside them.

Layouts as public readers of both data sets index them (Katsigiannis & Ramzan 2018; Miranda-Correa et al. 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files.matlab.cells import cells, field, numbers, record, signal
from devices.files.matlab.format5 import Value, read_variables
from devices.files.matlab.timestamps import timed_person
from devices.files.matlab.trials import Contents, Person, Segment, grouped
from ecg_live.errors import FormatError

VARIABLES = ("DREAMER", "joined_data", "ECG_DATA", "labels_selfassessment")
SKIPPED = ("EEG",)  # which stands beside the ECG of DREAMER and takes most of the file
DREAMER_RATE = 256.0  # Hz, where the file does not state it
AMIGOS_RATE = 128.0  # Hz, of the preprocessed signals
DREAMER_SCORES = {"valence": "ScoreValence", "arousal": "ScoreArousal", "dominance": "ScoreDominance"}
AMIGOS_SIDES = ("ECG right", "ECG left")
AMIGOS_UNSURE = "which of its channels is ECG right and which is ECG left is unsure"  # of original files
AMIGOS_SCORES = ("arousal", "valence", "dominance", "liking", "familiarity")  # the first five of twelve columns
Given = tuple[str, int, Value, Mapping[str, float]]  # kind, number, cell and ratings of a trial


class _Table(NamedTuple):
    """How many columns a trial may have, which two are ECG, and whether the first is time."""

    widths: tuple[int, ...]
    ecg: tuple[int, int]
    timed: bool = False


_DREAMER, _AMIGOS, _AMIGOS_ORIGINAL = _Table((2,), (0, 1)), _Table((17, 16), (14, 15)), _Table((6,), (1, 2), timed=True)


def read_contents(path: Path) -> Contents:
    """Read a file of DREAMER or AMIGOS. All people of DREAMER are in memory at once, without their EEG.

    Raises
    ------
    FormatError
        It is damaged, or laid out in another way.
    """
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)  # the people of DREAMER are opened one after the other
def _read(path: Path, _changed: int, _size: int) -> Contents:
    found = read_variables(path, VARIABLES, SKIPPED)
    if "DREAMER" in found:
        return _dreamer(found["DREAMER"], path.name)
    ratings = _selfassessment(found.get("labels_selfassessment"), path.name)
    if "joined_data" in found:
        videos = cells(found["joined_data"], f"{path.name}: joined_data")
        return Contents("AMIGOS, preprocessed", AMIGOS_RATE, AMIGOS_SIDES, (_amigos(videos, ratings, _AMIGOS),))
    if "ECG_DATA" not in found:
        raise FormatError(f"{path.name}: found {', '.join(found)}, expected joined_data as well", "download it again")
    videos = cells(found["ECG_DATA"], f"{path.name}: ECG_DATA")
    rate, person = timed_person(_amigos(videos, ratings, _AMIGOS_ORIGINAL))
    return Contents("AMIGOS, original", rate, AMIGOS_SIDES, (person,), (AMIGOS_UNSURE,))


def _dreamer(variable: Value, name: str) -> Contents:
    people = cells(field(variable, "Data", f"{name}: DREAMER"), f"{name}: Data")
    stated = numbers(record(variable, name).get("ECG_SamplingRate"))
    rate = float(stated[0]) if len(stated) == 1 else DREAMER_RATE
    found = tuple(_dreamer_person(person, f"{name}: person {i}") for i, person in enumerate(people, 1))
    return Contents("DREAMER", rate, ("ECG 1", "ECG 2"), found)


def _dreamer_person(person: Value, where: str) -> Person:
    ecg = field(person, "ECG", where)
    baselines = cells(field(ecg, "baseline", f"{where}: ECG"), f"{where}: baseline")
    films = cells(field(ecg, "stimuli", f"{where}: ECG"), f"{where}: stimuli")
    wrong: list[tuple[str, str]] = []
    ratings: list[dict[str, float]] = [{} for _ in films]
    for label, column in DREAMER_SCORES.items():
        values = numbers(field(person, column, where))
        if len(values) != len(films):  # nobody can tell which film lacks one
            wrong.append((column, f"{len(values)} values for {len(films)} films"))
            continue
        for given, value in zip(ratings, values, strict=True):
            given.update({label: float(value)} if np.isfinite(value) else {})
    before: list[Given] = [("baseline", i, cell, {}) for i, cell in enumerate(baselines, 1)]
    shown: list[Given] = [("film", i, *pair) for i, pair in enumerate(zip(films, ratings, strict=True), 1)]
    return _person(sorted(before + shown, key=lambda trial: trial[1]), _DREAMER, wrong)  # a baseline before its film


def _selfassessment(variable: Value, name: str) -> list[dict[str, float]]:
    """Ratings by video; none where a cell does not hold them."""
    rows = [numbers(cell) for cell in cells(variable, f"{name}: labels_selfassessment")] if variable is not None else []
    return [
        {label: float(value) for label, value in zip(AMIGOS_SCORES, row, strict=False) if np.isfinite(value)}
        if len(row) >= len(AMIGOS_SCORES)
        else {}
        for row in rows
    ]


def _amigos(videos: Sequence[Value], ratings: Sequence[Mapping[str, float]], table: _Table) -> Person:
    wrong: list[tuple[str, str]] = []
    if len(ratings) != len(videos):
        if ratings:
            wrong.append(("labels_selfassessment", f"{len(ratings)} cells for {len(videos)} videos"))
        ratings = [{}] * len(videos)
    shown: list[Given] = [("video", i, *pair) for i, pair in enumerate(zip(videos, ratings, strict=True), 1)]
    return _person(shown, table, wrong)


def _person(trials: Sequence[Given], table: _Table, wrong: list[tuple[str, str]]) -> Person:
    """Take the ECG of all trials that have any."""
    segments: list[Segment] = []
    for kind, number, cell, ratings in trials:
        columns = signal(cell, table.widths)
        if isinstance(columns, str):
            wrong.append((f"{kind} {number}", columns))
            continue
        ecg = columns[:, table.ecg].astype(np.float64)
        times = columns[:, 0].astype(np.float64) if table.timed else None
        if np.isfinite(ecg).any():
            segments.append(Segment(kind, number, ecg, ratings, times))
        else:
            wrong.append((f"{kind} {number}", "no ECG but NaN"))
    return Person(tuple(segments), grouped(wrong))
