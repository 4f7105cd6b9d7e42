"""Texts of the markers that a study writes: make them, parse them, and read blocks and intervals from them.

======================================  =============================================================
text                                    meaning
======================================  =============================================================
``block/NAME/start``, ``.../stop``      a block runs from the one to the other
``interval/NAME/start``, ``.../stop``   an interval that the experimenter marked by a named key
``block/NAME/abort``                    the run that stops at the same time was broken off
``block/NAME/skip``                     the block was left out
``block/NAME/repeat``                   the experimenter asked for another run of the block
``undo/TEXT``                           the newest marker ``TEXT`` does not count; it stays in the file
======================================  =============================================================

A study file takes no name with a slash; parsed, one would do no harm, since what stands before the first and after the
last slash is fixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

SpanKind = Literal["block", "interval"]
Note = Literal["start", "stop", "abort", "skip", "repeat"]
TimedText = tuple[float, str]  # seconds, on any one clock, and a marker's text

UNDO_PREFIX = "undo/"
_KINDS: tuple[SpanKind, ...] = get_args(SpanKind)
_NOTE_WORDS: dict[Note, str] = {
    "start": "begins", "stop": "ends", "abort": "is broken off", "skip": "is left out", "repeat": "will run again",
}  # fmt: skip
_NOTES: dict[SpanKind, tuple[Note, ...]] = {"block": get_args(Note), "interval": ("start", "stop")}


@dataclass(frozen=True, slots=True)
class SpanMarker:
    """What the text of a marker notes of a block or an interval."""

    kind: SpanKind
    name: str
    note: Note

    @property
    def text(self) -> str:
        """The marker's text."""
        return f"{self.kind}/{self.name}/{self.note}"


@dataclass(frozen=True, slots=True)
class Span:
    """One run of a block, or one interval, between two markers.

    ``start`` and ``stop`` in the seconds of the markers; ``stop`` is None for one that was never closed: it is still
    open, or the session was cut. ``number`` counts the runs of this name from 1. ``aborted``: it was broken off.
    """

    kind: SpanKind
    name: str
    start: float
    stop: float | None = None
    number: int = 1
    aborted: bool = False

    @property
    def complete(self) -> bool:
        """Whether it ran to its end."""
        return self.stop is not None and not self.aborted


def block_text(name: str, note: Note) -> str:
    """Text of a marker that notes something of a block."""
    return SpanMarker("block", name, note).text


def interval_text(name: str, note: Literal["start", "stop"]) -> str:
    """Text of a marker at the start or stop of an interval."""
    return SpanMarker("interval", name, note).text


def undo_text(text: str) -> str:
    """Text of the marker that takes the newest marker ``text`` back."""
    return UNDO_PREFIX + text


def parse_span_marker(text: str) -> SpanMarker | None:
    """What a marker's text notes of a block or an interval; None for any other text."""
    kind, _, rest = text.partition("/")
    name, _, note = rest.rpartition("/")
    for known in _KINDS:
        if kind == known and name:
            return next((SpanMarker(known, name, each) for each in _NOTES[known] if note == each), None)
    return None


def undone_text(text: str) -> str | None:
    """Text of the marker that this one takes back; None if it takes none back."""
    return text.removeprefix(UNDO_PREFIX) if text.startswith(UNDO_PREFIX) and text != UNDO_PREFIX else None


def marker_words(text: str) -> str:
    """What a marker's text says in words; any other text than a study's stays as it is."""
    if (undone := undone_text(text)) is not None:
        return f"undone: {marker_words(undone)}"
    marker = parse_span_marker(text)
    return text if marker is None else f"{marker.kind} {marker.name} {_NOTE_WORDS[marker.note]}"


def without_undone(markers: Iterable[TimedText]) -> list[TimedText]:
    """The markers that count, in their order: without those taken back, and without those that take back."""
    counted: list[TimedText] = []
    for marker in markers:
        undone = undone_text(marker[1])
        if undone is None:
            counted.append(marker)
            continue
        newest = next((k for k in reversed(range(len(counted))) if counted[k][1] == undone), None)
        if newest is not None:
            del counted[newest]
    return counted


def spans(markers: Iterable[TimedText]) -> tuple[Span, ...]:
    """Blocks and intervals in the order of their starts, from markers in the order in which they were noted.

    Markers that were taken back do not count. A stop without a start is no span.
    """
    found: list[Span] = []
    newest: dict[tuple[SpanKind, str], int] = {}  # place of the last run of each block and interval
    for time, text in without_undone(markers):
        marker = parse_span_marker(text)
        if marker is None:
            continue
        place = newest.get((marker.kind, marker.name))
        last = None if place is None else found[place]
        if marker.note == "start":
            newest[marker.kind, marker.name] = len(found)
            found.append(Span(marker.kind, marker.name, time, number=1 if last is None else last.number + 1))
        elif place is not None and last is not None and marker.note == "stop" and last.stop is None:
            found[place] = replace(last, stop=time)
        elif place is not None and last is not None and marker.note == "abort":
            found[place] = replace(last, aborted=True)
    return tuple(found)
