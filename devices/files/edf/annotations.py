"""Annotations of EDF+ and BDF+: when each data record begins, and what is noted. Source: Kemp & Olivan 2003."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devices.files.edf.header import Header
from devices.files.units import text_of

_HEAD = re.compile(
    rb"([+-]\d{1,8}(?:[.,]\d*)?)(?:\x15(\d{0,8}(?:[.,]\d*)?))?"
)  # onset, duration in s, of three years at most


class Note(NamedTuple):
    """A text at ``onset`` seconds after the recording's first sample, ``duration`` is 0 where it states none."""

    onset: float
    duration: float
    text: str


class Annotations(NamedTuple):
    """``onsets`` of the data records in s, None for one that states none, and all ``notes`` in order of time."""

    onsets: list[float | None]
    notes: list[Note]


def read_annotations(path: Path, header: Header, records: int) -> Annotations:
    """Read all annotations of a file of so many whole data records; notes may lie in any of them, far from their time.

    Onsets count from the first record, which need not be 0.
    """
    places = [
        (header.offset(i), signal.samples * header.wide) for i, signal in enumerate(header.signals) if signal.annotates
    ]
    onsets: list[float | None] = []
    notes: list[Note] = []
    if not places:
        return Annotations(onsets, notes)
    with path.open("rb", buffering=0) as file:  # little is read, far apart
        for record in range(records):
            onset: float | None = None
            for which, (offset, size) in enumerate(places):
                file.seek(header.length + record * header.record + offset)
                for at, (begin, duration, texts) in enumerate(_lists(file.read(size))):
                    if which == at == 0 and not texts[0]:  # a record's first one keeps its time
                        onset = begin
                    notes += [Note(begin, duration, text) for text in texts if text]
            onsets.append(onset)
    first = next((onset for onset in onsets if onset is not None), 0.0)
    return Annotations(
        [None if onset is None else onset - first for onset in onsets],
        sorted((note._replace(onset=note.onset - first) for note in notes), key=lambda note: note.onset),
    )


def _lists(data: bytes) -> Iterator[tuple[float, float, list[str]]]:
    """Time-stamped annotations lists: onset, duration, texts; what is none is passed over."""
    for part in data.split(b"\0"):
        head, *texts = part.split(b"\x14")
        found = _HEAD.fullmatch(head)
        if found is not None and texts:
            yield _seconds(found[1]), _seconds(found[2] or b""), [text_of(text).strip() for text in texts]


def _seconds(digits: bytes) -> float:
    return float(digits.replace(b",", b".").strip(b".") or 0)
