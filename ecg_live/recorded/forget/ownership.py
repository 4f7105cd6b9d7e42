"""Read from a file's first bytes which participant a recording, an export or a report belongs to."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import NamedTuple

from devices.files.unreadable import DECODE_ERRORS, damaged_file_error
from ecg_live.annotations.log_file import ANNOTATIONS_SUFFIX, annotated_participant
from ecg_live.errors import FormatError, RecordingError, TruncatedError
from ecg_live.recorded.export.edf import EQUIPMENT_CODE, patient_code
from ecg_live.recorded.report.page import PARTICIPANT_META
from ecg_live.xdf.decode import TruncatedChunk, iter_chunks, read_stream_header
from ecg_live.xdf.encode import MAGIC, SAMPLES_TAG, STREAM_HEADER_TAG
from ecg_live.xdf.wearer_streams import WEARER_KEY_FIELD

_PATIENT_BYTE, _RECORDING_BYTE, _START_DATE_BYTE = 8, 88, 168  # where EDF's fields begin (Kemp & Olivan 2003)
_SNIFFED_BYTES = 4096  # the head of a page is within them
_PARTICIPANT_META = re.compile(rf'<meta name="{PARTICIPANT_META}" content="([^"]*)">')
_TABLE_BEGINNINGS = b"time [s],", b"start [s],"  # of our CSV tables


class FileOwner(NamedTuple):
    """Participant and recorded source of a recording's headers; empty if they do not state them.

    ``joined`` are the participants of a file of several wearers, which has no single one.
    """

    participant: str = ""
    source: str = ""
    joined: tuple[str, ...] = ()


def read_owner(path: Path) -> FileOwner:
    """Read the participant of an XDF file.

    Raises
    ------
    RecordingError
        The file cannot be read, or has no header.
    """
    try:
        with path.open("rb") as file:
            if (found := file.read(len(MAGIC))) != MAGIC:
                raise FormatError(f"begins with {found!r}, expected {MAGIC!r}")
        return _owner_in_headers(path)
    except OSError as error:
        raise RecordingError(error.strerror or str(error)) from error
    except DECODE_ERRORS as error:
        raise damaged_file_error(path.name, error) from error


def _owner_in_headers(path: Path) -> FileOwner:
    headers = 0
    joined: dict[str, None] = {}
    for file, chunk in iter_chunks(path):
        if isinstance(chunk, TruncatedChunk) or chunk.tag == SAMPLES_TAG:
            break
        if chunk.tag == STREAM_HEADER_TAG:
            headers += 1
            own = read_stream_header(path, chunk.stream, file.read(chunk.size)).own
            if WEARER_KEY_FIELD in own:
                joined[own.get("participant", "")] = None
            elif own and not joined:
                return FileOwner(own.get("participant", ""), _source(own.get("configuration", "")))
    if not headers:
        raise TruncatedError("ends before its first header")
    return FileOwner(joined=tuple(joined))


def _source(configuration: str) -> str:
    try:
        return str(json.loads(configuration)["source"])
    except DECODE_ERRORS:
        return ""


def participant_in(path: Path) -> str | None:
    """Participant named in an export, a report or annotations of ours; of EDF the patient code, None for other files.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    suffix = path.suffix.casefold()
    if suffix not in {".edf", ".html"} and not path.name.endswith(ANNOTATIONS_SUFFIX):
        return None
    with path.open("rb") as file:
        beginning = file.read(_SNIFFED_BYTES)
    if path.name.endswith(ANNOTATIONS_SUFFIX):
        return annotated_participant(beginning)
    if suffix == ".html":
        found = _PARTICIPANT_META.search(beginning.decode("utf-8", "replace"))
        return unescape(found[1]) if found else None
    head = beginning.decode("ascii", "replace")
    patient, recording = head[_PATIENT_BYTE:_RECORDING_BYTE].split(), head[_RECORDING_BYTE:_START_DATE_BYTE].split()
    return patient[0] if patient and recording[4:5] == [EQUIPMENT_CODE] else None


def is_export_of(path: Path, participant: str) -> bool:
    """Whether a file looks like an export or a report of a participant's recording.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    named = participant_in(path)
    if named is not None or path.suffix.casefold() == ".edf":
        return named in {participant, patient_code(participant)}
    with path.open("rb") as file:
        beginning = file.read(_SNIFFED_BYTES)
    return beginning.startswith(_TABLE_BEGINNINGS) if path.suffix.casefold() == ".csv" else b"ecg-live" in beginning
