"""What every data set holds: subjects, their sessions of recordings, and labelled annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devices.read_options import ReadOptions
from ecg_live.events import SignalKind
from training.datasets.label_track import LabelTrack, TrackRule

__all__ = [
    "Annotation",
    "Classes",
    "Dataset",
    "LabelTrack",
    "LabelValue",
    "PlainValue",
    "Rating",
    "RecordingPart",
    "SubjectSession",
    "TrackRule",
]

PlainValue = float | str
LabelValue = PlainValue | LabelTrack  # a rating, the name of a class, or either as it changes over time


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """One recording, or one part of a file that holds several, and how to open it."""

    path: Path
    opening: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A labelled interval: ``start`` to ``stop`` s of a part, from its first sample.

    ``labels`` by name; one that was not given is left out, never NaN. ``rest``: a resting baseline may be taken
    from it. ``stop`` may be infinite: to the part's end. ``stimulus`` names what the subject saw, heard or did;
    empty if that is not known.
    """

    part: int
    start: float
    stop: float
    labels: Mapping[str, LabelValue] = field(default_factory=dict)
    rest: bool = False
    stimulus: str = ""


@dataclass(frozen=True, slots=True)
class SubjectSession:
    """One subject's recordings in the order in which they were made, and their annotations, which do not overlap."""

    subject: str
    parts: tuple[RecordingPart, ...]
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Rating:
    """A label that is a number from ``low`` to ``high``."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Classes:
    """A label that is one of several names, from least to most: models list them so, and screens show the last.

    ``by_letter``: their order is unknown, and they are sorted by letter.
    """

    names: tuple[str, ...]
    by_letter: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set on disk.

    Parameters
    ----------
    name : str
        As on the command line.
    title, licence : str
        For reports and model cards.
    sessions : tuple of SubjectSession
        In a fixed order; a subject may have several.
    labels : mapping
        What the labels' values mean, by name; the first is learnt by default.
    remarks : tuple of str
        What was left out or corrected, and why: one line each, for the summary.
    caveats : tuple of str
        What a reader of any score on it must know.
    signal : str
        What its recordings hold: ``ecg``, or ``ppg`` (pulse).
    sources : tuple of str
        What it was read from where that has no version of its own: the first digits of each file's SHA-256.
    """

    name: str
    title: str
    licence: str
    sessions: tuple[SubjectSession, ...]
    labels: Mapping[str, Rating | Classes]
    remarks: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    signal: SignalKind = "ecg"
    sources: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        return tuple(sorted({session.subject for session in self.sessions}))
