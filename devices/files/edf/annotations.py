"""Annotations of EDF+ and BDF+: onsets of the data records, and annotations as markers. Source: Kemp & Olivan 2003."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devices.files.edf.header import EdfHeader
from devices.files.units import decode_text
from ecg_live.events import Marker

# Onset and duration in s, of three years at most.
_ONSET_PATTERN = re.compile(rb"([+-]\d{1,8}(?:[.,]\d*)?)(?:\x15(\d{0,8}(?:[.,]\d*)?))?")
# Annotations of our own export, which fills gaps and names RR intervals that are not normal.
_FILLED_GAP_PATTERN = re.compile(r"gap: \d+ samples lost \((.*)\), filled with the last")
_RR_PATTERN = re.compile(r"RR interval \d+\.\d+ s: (?:ectopic|artefact)")
_PADDED_END_PATTERN = re.compile(r"end of the recording, filled up with \d+ samples")


class EdfAnnotation(NamedTuple):
    """An annotation: ``onset`` in s after the first sample, ``duration`` in s, 0 where the file states none."""

    onset: float
    duration: float
    text: str


class EdfAnnotations(NamedTuple):
    """``onsets`` of the data records in s, None for one without, and all ``annotations`` in order of onset."""

    onsets: list[float | None]
    annotations: list[EdfAnnotation]


def read_edf_annotations(path: Path, header: EdfHeader, records: int) -> EdfAnnotations:
    """Read all annotations of so many whole data records; an annotation may be stored far from its onset.

    Onsets are relative to the first record, which need not begin at 0.
    """
    places = [
        (header.offset(i), signal.samples * header.sample_bytes)
        for i, signal in enumerate(header.signals)
        if signal.is_annotation
    ]
    onsets: list[float | None] = []
    annotations: list[EdfAnnotation] = []
    if not places:
        return EdfAnnotations(onsets, annotations)
    with path.open("rb", buffering=0) as file:  # short reads, far apart
        for record in range(records):
            onset: float | None = None
            for which, (offset, size) in enumerate(places):
                file.seek(header.header_bytes + record * header.record_bytes + offset)
                for at, (begin, duration, texts) in enumerate(_annotation_lists(file.read(size))):
                    if which == at == 0 and not texts[0]:  # the first list of a record is its timekeeping one
                        onset = begin
                    annotations += [EdfAnnotation(begin, duration, text) for text in texts if text]
            onsets.append(onset)
    first = next((onset for onset in onsets if onset is not None), 0.0)
    return EdfAnnotations(
        [None if onset is None else onset - first for onset in onsets],
        sorted(
            (annotation._replace(onset=annotation.onset - first) for annotation in annotations),
            key=lambda annotation: annotation.onset,
        ),
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


def filled_spans(annotations: list[EdfAnnotation]) -> Iterator[tuple[EdfAnnotation, str]]:
    """Find annotations of what our own export filled in, each with the cause of its gap; "" at the end of the file."""
    for annotation in annotations:
        filled, padded = _FILLED_GAP_PATTERN.fullmatch(annotation.text), _PADDED_END_PATTERN.fullmatch(annotation.text)
        if annotation.duration and (filled or padded):
            yield annotation, filled[1] if filled else ""


def annotation_markers(annotations: list[EdfAnnotation], rate: float) -> list[Marker]:
    """Convert annotations to markers; one with a duration gets an end marker, unless another begins there.

    Those of RR intervals are none: they follow from the signal.
    """
    filled = [annotation for annotation, _ in filled_spans(annotations)]
    annotations = [each for each in annotations if each not in filled and not _RR_PATTERN.fullmatch(each.text)]
    begun = {round(annotation.onset * rate) for annotation in annotations}
    markers = [Marker(annotation.onset, annotation.text) for annotation in annotations]
    for annotation in annotations:
        end = annotation.onset + annotation.duration
        if annotation.duration and round(end * rate) not in begun:
            markers.append(Marker(end, f"end of {annotation.text}"))
    return sorted(markers, key=lambda marker: marker.time)
