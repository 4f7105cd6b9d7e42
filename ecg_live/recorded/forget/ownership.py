"""Whose a recording is, or an export of one: what its first bytes say, without reading on."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import NamedTuple

from devices.files.recording import UNDECODABLE, undecodable
from ecg_live.errors import FormatError, RecordingError, TruncatedError
from ecg_live.recorded.export.edf import EQUIPMENT, patient_code
from ecg_live.recorded.report.session_page import PARTICIPANT_META
from ecg_live.xdf.decode import Torn, chunks, read_stream
from ecg_live.xdf.encode import HEADER, MAGIC, SAMPLES

_PATIENT, _RECORDING, _END = 8, 88, 168  # bytes at which the header fields of EDF begin (Kemp & Olivan 2003)
_BEGINNING = 4096  # bytes of a page that name its maker
_META = re.compile(rf'<meta name="{PARTICIPANT_META}" content="([^"]*)">')
_COLUMNS = b"time [s],", b"start [s],"  # with which all of our tables begin


class Owner(NamedTuple):
    """The participant that headers name and the source that was recorded; empty where they do not say."""

    participant: str = ""
    source: str = ""


def owner(path: Path) -> Owner:
    """Read whose an XDF file is.

    Raises
    ------
    RecordingError
        The file cannot be read, or holds no header.
    """
    try:
        with path.open("rb") as file:
            if (found := file.read(len(MAGIC))) != MAGIC:
                raise FormatError(f"begins with {found!r}, expected {MAGIC!r}")
        return _owner(path)
    except OSError as error:
        raise RecordingError(error.strerror or str(error)) from error
    except UNDECODABLE as error:
        raise undecodable(path.name, error) from error


def _owner(path: Path) -> Owner:
    headers = 0
    for file, chunk in chunks(path):
        if isinstance(chunk, Torn) or chunk.tag == SAMPLES:
            break
        if chunk.tag == HEADER:
            headers += 1
            own = read_stream(path, chunk.stream, file.read(chunk.size)).own
            if own:
                return Owner(own.get("participant", ""), _source(own.get("configuration", "")))
    if not headers:
        raise TruncatedError("ends before its first header")
    return Owner()


def _source(configuration: str) -> str:
    try:
        return str(json.loads(configuration)["source"])
    except UNDECODABLE:
        return ""


def named_in(path: Path) -> str | None:
    """Participant that an export or a report of ours names, as far as it does: of EDF the patient code.

    None for all that nobody can be read from. Raises `OSError`.
    """
    suffix = path.suffix.casefold()
    if suffix not in {".edf", ".html"}:
        return None
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if suffix == ".html":
        found = _META.search(beginning.decode("utf-8", "replace"))
        return unescape(found[1]) if found else None
    head = beginning.decode("ascii", "replace")
    patient, recording = head[_PATIENT:_RECORDING].split(), head[_RECORDING:_END].split()
    return patient[0] if patient and recording[4:5] == [EQUIPMENT] else None


def made_from(path: Path, participant: str) -> bool:
    """Whether this looks like an export or a report of a recording of that participant. Raises `OSError`."""
    who = named_in(path)
    if who is not None or path.suffix.casefold() == ".edf":
        return who in {participant, patient_code(participant)}
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    return beginning.startswith(_COLUMNS) if path.suffix.casefold() == ".csv" else b"ecg-live" in beginning
