"""ecg-spider-clip (Ihmig et al. 2020): 57 subjects who fear spiders and watched 16 clips of them, then rested.

Layout, by its public descriptions: ``VP02/BitalinoECG.txt`` (ECG in mV, time of day as hhmmss.milliseconds, a word;
tab-separated, 100 Hz) and ``VP02/Triggers.txt`` (``CLIP-1`` ... ``CLIP-16``, ``BIOFEEDBACK-REST`` and others; begin and
end as hhmmss). BITalino's samples come in packets of one time, so that a place is found by its time, not by its number.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from ecg_live.events import F64
from training.datasets.dataset import Annotation, Classes, Dataset, RecordingPart, SubjectSession

RATE_HZ = 100.0
ECG_OPENING = ReadOptions(channel="1", rate=RATE_HZ, unit="mV")
ECG_NAME, TRIGGERS_NAME = "BitalinoECG.txt", "Triggers.txt"
LABEL_NAME, CLASS_NAMES = "fear", ("rest", "clip")
CAVEATS = (
    "the rest comes after all clips: what merely takes time may pass for its opposite",
    "all subjects fear spiders; some were given biofeedback while they watched",
)
_CLIP = re.compile(r"CLIP-\d+")
_REST = re.compile(r"(BIOFEEDBACK-)?REST")
_TIME = re.compile(r"\d{5,6}(\.\d*)?")
_PLACES = ("", "*/")


class _Trigger(NamedTuple):
    """A row of a file of triggers: its name, and begin and end in s of the day."""

    name: str
    begin: float
    end: float


def load(folder: Path) -> Dataset:
    """All subjects that have both files.

    Raises
    ------
    DatasetError
        There are no such files, or times cannot be read or run backwards.
    """
    paths = sorted(path for place in _PLACES for path in folder.glob(f"{place}VP*/{ECG_NAME}"))
    if not paths:
        raise DatasetError(f"{folder} holds no VP02/{ECG_NAME}", "give the folder of the ecg-spider-clip data set")
    remarks: list[str] = []
    sessions: list[SubjectSession] = []
    for path in paths:
        subject, triggers = path.parent.name, path.parent / TRIGGERS_NAME
        if not triggers.is_file():
            remarks.append(f"{subject}: left out, as {TRIGGERS_NAME} is missing")
            continue
        annotations = _annotations(_read_triggers(triggers), _read_times(path))
        if {each.labels[LABEL_NAME] for each in annotations} == set(CLASS_NAMES):
            sessions.append(SubjectSession(subject, (RecordingPart(path, ECG_OPENING),), annotations))
        else:
            remarks.append(f"{subject}: left out, without a clip or without a rest within its recording")
    if not sessions:
        raise DatasetError(f"{folder}: no subject can be used: {'; '.join(remarks[:3])}", "complete the data set")
    return Dataset(
        "ecg-spider-clip",
        "ECG from spider-fearful individuals watching spider video clips 1.0.0 (Ihmig et al. 2020, PhysioNet)",
        "as PhysioNet states it, doi 10.13026/sq6q-zg04",
        tuple(sessions),
        {LABEL_NAME: Classes(CLASS_NAMES)},
        tuple(remarks),
        CAVEATS,
    )


def _read_times(path: Path) -> F64:
    """Times of the day of all samples (n,) in s; those of a packet are alike."""
    try:
        clock = np.loadtxt(path, delimiter="\t", usecols=1, ndmin=1)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{_short(path)}: its second column holds no times: {error}", "download it again") from error
    times = (clock // 10_000) * 3600 + (clock // 100 % 100) * 60 + clock % 100
    if (back := np.flatnonzero(np.diff(times) < 0)).size:
        line = int(back[0]) + 2
        raise DatasetError(f"{_short(path)}, line {line}: {clock[line - 1]:.3f} is before the line above it", "mend it")
    return np.asarray(times)


def _read_triggers(path: Path) -> list[_Trigger]:
    """Rows of a file of triggers, by their begin."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        if not (cells := line.split()):
            continue
        if len(cells) != 3 or not all(_TIME.fullmatch(cell) for cell in cells[1:]):
            raise DatasetError(
                f"{_short(path)}, line {number}: {line.strip()!r}, expected a name and two times hhmmss", "mend it"
            )
        begin, end = (_seconds(cell) for cell in cells[1:])
        if end <= begin:
            raise DatasetError(f"{_short(path)}, line {number}: it ends before it begins", "mend it")
        found.append(_Trigger(cells[0].upper(), begin, end))
    found.sort(key=lambda each: each.begin)
    wanted = [each for each in found if _CLIP.fullmatch(each.name) or _REST.fullmatch(each.name)]
    for one, other in pairwise(wanted):
        if other.begin < one.end:
            raise DatasetError(f"{_short(path)}: {other.name} begins before {one.name} ends", "mend it")
    return wanted


def _seconds(text: str) -> float:
    """Seconds of the day of a time such as 93015 or 112755.578."""
    whole, _, part = text.partition(".")
    digits = whole.zfill(6)
    return int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:]) + float(f"0.{part or 0}")


def _annotations(triggers: list[_Trigger], times: F64) -> tuple[Annotation, ...]:
    """An annotation for each clip and rest that lies within the recording, at the samples of its times."""
    found = []
    for name, begin, end in triggers:
        first, last = np.searchsorted(times, (begin, end)).tolist()
        if first < last and begin >= times[0] - 1 and end <= times[-1] + 1:  # triggers are in whole seconds
            rest = _REST.fullmatch(name) is not None
            label = {LABEL_NAME: CLASS_NAMES[0 if rest else 1]}
            found.append(Annotation(0, first / RATE_HZ, last / RATE_HZ, label, rest, name.lower()))
    return tuple(found)


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
