"""PhysioNet "EEG During Mental Arithmetic Tasks" 1.0.0: rest, then mental subtraction; one ECG channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecg_live.errors import DatasetError
from ecg_live.model.features import hrv
from ecg_live.types import F32, F64, Window
from training.corpus import session_windows

CLASSES = ("rest", "load")
RECORDS = re.compile(r"Subject(\d+)_1\.edf")
BASELINE = 60.0  # s of rest that a wearer's baseline is taken from


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Windows of many people: ``data`` (n, 2560), ``label`` (n,), ``person`` (n,).

    ``baseline`` (n,) marks windows within a person's first 60 s. ``hrv`` (n, 3): median heart rate, log SDNN, log
    RMSSD; NaN where beats do not bear them out. ``dropped`` counts unusable windows left out.
    """

    data: F32
    label: npt.NDArray[np.int64]
    person: npt.NDArray[np.int64]
    baseline: npt.NDArray[np.bool_]
    hrv: F64
    dropped: int


def load(folder: Path) -> Labelled:
    """Windows of all people in a folder of ``SubjectNN_1.edf`` (rest) and ``SubjectNN_2.edf`` (arithmetic).

    Raises
    ------
    DatasetError
        If there are no such files, or a person lacks the second.
    """
    people = sorted((int(match[1]), path) for path in folder.glob("*.edf") if (match := RECORDS.fullmatch(path.name)))
    if not people:
        raise DatasetError(f"{folder} holds no SubjectNN_1.edf", "give the folder of the eegmat data set")
    rows: list[tuple[Window, int, int]] = []
    for person, first in people:
        second = first.with_name(first.name.replace("_1.", "_2."))
        if not second.is_file():
            raise DatasetError(f"{second} is missing; every person has two recordings", "complete the data set")
        rows += [(window, part, person) for window, part in session_windows([first, second])]
    kept = [row for row in rows if row[0].quality.grade != "unusable"]
    return Labelled(
        data=np.stack([window.data for window, _, _ in kept]),
        label=np.array([part for _, part, _ in kept]),
        person=np.array([person for _, _, person in kept]),
        baseline=np.array([part == 0 and window.stop <= BASELINE for window, part, _ in kept]),
        hrv=np.array([hrv(window) for window, _, _ in kept]),
        dropped=len(rows) - len(kept),
    )
