"""Whose a recording is, or an export of one: what its first bytes say, without reading on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from devices.files.recording import UNDECODABLE, undecodable
from devices.files.xdf_chunks import Torn, chunks, read_stream
from ecg_live.errors import FormatError, RecordingError, TruncatedError
from ecg_live.recorded.edf import EQUIPMENT
from ecg_live.sinks.xdf_chunks import HEADER, MAGIC, SAMPLES

_PATIENT, _RECORDING, _END = 8, 88, 168  # bytes at which the header fields of EDF begin (Kemp & Olivan 2003)
_BEGINNING = 4096  # bytes of a page that name its maker
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


def edf_patient(path: Path) -> str | None:
    """Patient code of an EDF file that we exported; None for anything else. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(_END).decode("ascii", "replace")
    patient, recording = head[_PATIENT:_RECORDING].split(), head[_RECORDING:_END].split()
    return patient[0] if patient and recording[4:5] == [EQUIPMENT] else None


def made_here(path: Path) -> bool:
    """Whether one of our exports, or a report, looks like this. Raises `OSError`."""
    if path.suffix.casefold() == ".edf":
        return edf_patient(path) is not None
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    return beginning.startswith(_COLUMNS) if path.suffix.casefold() == ".csv" else b"ecg-live" in beginning
