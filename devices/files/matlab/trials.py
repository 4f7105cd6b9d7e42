"""What a MATLAB file of trials holds, once its layout is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ecg_live.events import F64


class TrialSignal(NamedTuple):
    """One trial: ``samples`` (n, 2) as in the file, the ratings given, time stamps (n,) where the file has them."""

    kind: str
    number: int
    samples: F64
    ratings: Mapping[str, float]
    times: F64 | None = None

    @property
    def name(self) -> str:
        """As in "film 3"."""
        return f"{self.kind} {self.number}"


class SubjectTrials(NamedTuple):
    """All trials of a person that have a signal, in order, and what was left out."""

    segments: tuple[TrialSignal, ...]
    remarks: tuple[str, ...]


class TrialFile(NamedTuple):
    """A file: its layout, rate in Hz, names of the two channels, its people, and what is unsure about all of it."""

    layout: str
    rate: float
    channels: tuple[str, str]
    people: tuple[SubjectTrials, ...]
    remarks: tuple[str, ...] = ()


def group_faults(wrong: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Join what is wrong with several things into one line a fault, as in "video 17, video 18: empty"."""
    faults = dict.fromkeys(fault for _, fault in wrong)
    return tuple(f"{', '.join(name for name, other in wrong if other == fault)}: {fault}" for fault in faults)
