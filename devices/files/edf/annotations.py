"""Annotations of EDF+ and BDF+: onsets of the data records, and notes as markers. Source: Kemp & Olivan 2003."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devices.files.edf.header import EdfHeader
from devices.files.units import decode_text
from ecg_live.events import Marker

_ONSET_PATTERN = re.compile(
    rb"([+-]\d{1,8}(?:[.,]\d*)?)(?:\x15(\d{0,8}(?:[.,]\d*)?))?"
)  # onset, duration in s, of three years at most
_FILLED_GAP_PATTERN = re.compile(
    r"gap: \d+ samples lost \((.*)\), filled with the last"
)  # our own export's, which has no gaps
_PADDED_END_PATTERN = re.compile(r"end of the recording, filled up with \d+ samples")  # likewise


class EdfAnnotation(NamedTuple):
    """An annotation: ``onset`` in s after the first sample, ``duration`` in s, 0 where the file states none."""

    onset: float
    duration: float
    text: str


class EdfAnnotations(NamedTuple):
    """``onsets`` of the data records in s, None for one without, and all ``notes`` in order of onset."""

    onsets: list[float | None]
    notes: list[EdfAnnotation]


def read_edf_annotations(path: Path, header: EdfHeader, records: int) -> EdfAnnotations:
    """Read all annotations of so many whole data records; an annotation may be stored far from its onset.

    Onsets are relative to the first record, which need not begin at 0.
    """
    places = [
        (header.offset(i), signal.samples * header.wide) for i, signal in enumerate(header.signals) if signal.annotates
    ]
    onsets: list[float | None] = []
    notes: list[EdfAnnotation] = []
    if not places:
        return EdfAnnotations(onsets, notes)
    with path.open("rb", buffering=0) as file:  # short reads, far apart
        for record in range(records):
            onset: float | None = None
            for which, (offset, size) in enumerate(places):
                file.seek(header.length + record * header.record + offset)
                for at, (begin, duration, texts) in enumerate(_annotation_lists(file.read(size))):
                    if which == at == 0 and not texts[0]:  # the first list of a record is its timekeeping one
                        onset = begin
                    notes += [EdfAnnotation(begin, duration, text) for text in texts if text]
            onsets.append(onset)
    first = next((onset for onset in onsets if onset is not None), 0.0)
    return EdfAnnotations(
        [None if onset is None else onset - first for onset in onsets],
        sorted((note._replace(onset=note.onset - first) for note in notes), key=lambda note: note.onset),
    )


def _annotation_lists(data: bytes) -> Iterator[tuple[float, float, list[str]]]:
    """Parse time-stamped annotation lists: onset, duration, texts; skip malformed ones."""
    for part in data.split(b"\0"):
        head, *texts = part.split(b"\x14")
        found = _ONSET_PATTERN.fullmatch(head)
        if found is not None and texts:
            yield _seconds(found[1]), _seconds(found[2] or b""), [decode_text(text).strip() for text in texts]


def _seconds(digits: bytes) -> float:
    return float(digits.replace(b",", b".").strip(b".") or 0)


def filled_spans(notes: list[EdfAnnotation]) -> Iterator[tuple[EdfAnnotation, str]]:
    """Find annotations of what our own export filled in, each with the cause of its gap; "" at the end of the file."""
    for note in notes:
        filled, padded = _FILLED_GAP_PATTERN.fullmatch(note.text), _PADDED_END_PATTERN.fullmatch(note.text)
        if note.duration and (filled or padded):
            yield note, filled[1] if filled else ""


def annotation_markers(notes: list[EdfAnnotation], rate: float) -> list[Marker]:
    """Convert annotations to markers; one with a duration gets an end marker, unless another begins there."""
    filled = [note for note, _ in filled_spans(notes)]
    notes = [note for note in notes if note not in filled]
    begun = {round(note.onset * rate) for note in notes}
    markers = [Marker(note.onset, note.text) for note in notes]
    for note in notes:
        end = note.onset + note.duration
        if note.duration and round(end * rate) not in begun:
            markers.append(Marker(end, f"end of {note.text}"))
    return sorted(markers, key=lambda marker: marker.time)
