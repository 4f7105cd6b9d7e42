"""Names of a BIDS data set: labels of letters and digits, file names, and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from ecg_live.errors import ConfigError
from ecg_live.text import sanitize, unique_names

DATATYPES = ("beh", "func")  # behaviour without imaging, or beside functional MRI
RR_LABEL = "rr"  # of the recording of RR intervals
RATING_LABEL = "rating"  # of the recording of a continuous rating
_NOT_IN_A_LABEL = re.compile(r"[^0-9A-Za-z]+")  # BIDS 1.11, "Entities": letters and digits
_NOT_IN_A_COLUMN = re.compile(r"[^0-9a-z]+")  # "Tabular files": snake_case
MAX_LABEL_CHARACTERS = 50  # four labels and the rest fit a file name of 255 characters


@dataclass(frozen=True, slots=True)
class BidsNames:
    """Names that the user gives; participant and session come from the recording where they are None."""

    task: str | None = None
    participant: str | None = None
    session: str | None = None
    datatype: str = "beh"


class Labelled(NamedTuple):
    """A name of the user's, and the label that BIDS allows for it."""

    name: str
    label: str


class BidsEntities(NamedTuple):
    """What distinguishes the files of one recording in a data set; ``run`` is 0 for a recording in one file."""

    participant: Labelled
    session: Labelled | None
    task: str
    run: int
    datatype: str

    @property
    def subject(self) -> str:
        """The participant's folder."""
        return f"sub-{self.participant.label}"

    @property
    def folder(self) -> PurePosixPath:
        """Folder in the data set."""
        session = [f"ses-{self.session.label}"] if self.session else []
        return PurePosixPath(self.subject, *session, self.datatype)

    @property
    def stem(self) -> str:
        """What all file names begin with."""
        session = f"_ses-{self.session.label}" if self.session else ""
        run = f"_run-{self.run}" if self.run else ""
        return f"{self.subject}{session}_task-{self.task}{run}"


def to_label(name: str) -> str:
    """Letters and digits of a name."""
    return _NOT_IN_A_LABEL.sub("", name)[:MAX_LABEL_CHARACTERS]


def choose_label(name: str, option: str) -> Labelled:
    """Return a name with its label.

    Raises
    ------
    ConfigError
        It has no letter or digit.
    """
    if not (label := to_label(name)):
        raise ConfigError(
            f"{option} {sanitize(name)!r} has no letter or digit of ASCII, which BIDS needs", f"give {option} NAME"
        )
    return Labelled(name, label)


def check_task(task: str | None) -> str:
    """Return the task's label.

    Raises
    ------
    ConfigError
        There is none, or it has other characters than letters and digits.
    """
    if not task:
        raise ConfigError("BIDS needs the name of the task", "give it, for example --task rest")
    if task != to_label(task):
        fitting = to_label(task) or "rest"
        raise ConfigError(
            f"--task is {sanitize(task)!r}; BIDS allows up to {MAX_LABEL_CHARACTERS} letters and digits",
            f"for example --task {fitting}",
        )
    return task


def column_names(labels: Iterable[str], other: str) -> list[str]:
    """Unique names in snake_case; ``other`` and a number for labels that leave nothing."""
    names = (_NOT_IN_A_COLUMN.sub("_", label.lower()).strip("_") for label in labels)
    return unique_names((name or f"{other}_{number}" for number, name in enumerate(names, 1)), "_")


def recording_labels(names: Iterable[str]) -> list[str]:
    """Labels of the streams beside the ECG, unique in any case, and none is that of the ECG, RR intervals or rating."""
    labels = (to_label(name) or f"stream{number}" for number, name in enumerate(names, 1))
    return unique_names(labels, "", ("ecg", RR_LABEL, RATING_LABEL))
