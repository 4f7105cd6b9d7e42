"""Errors for files that cannot be read: not a regular file, a format without a reader, bytes that make no sense."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

from ecg_live.errors import FormatError, RecordingError

KNOWN_FORMATS = (
    "OpenSignals (.txt, .h5), Shimmer .csv, EDF, BDF, WFDB (.hea), BIOPAC .acq, XDF, Poly5 (.S00), WESAD (.pkl), "
    "DREAMER or AMIGOS (.mat), or CSV"
)
# Exceptions of decoders and their libraries on bytes that make no sense.
DECODE_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, RuntimeError, TypeError,
    ValueError, struct.error,
)  # fmt: skip
_EXPORT_FORMATS = "CSV, EDF or XDF"


class _UnreadableFormat(NamedTuple):
    what: str
    remedy: str
    endings: tuple[str, ...] = ()
    begins: tuple[bytes, ...] = ()


_UNREADABLE_FORMATS = (
    _UnreadableFormat(
        "a BrainVision recording (.vhdr, .vmrk, .eeg)",
        "export it from BrainVision Analyzer or MNE as EDF",
        (".vhdr", ".vmrk", ".eeg", ".ahdr", ".amrk"),
        (b"Brain Vision Data", b"BrainVision"),
    ),
    _UnreadableFormat(
        "an AcqKnowledge (BIOPAC) file of an unknown version",
        'in AcqKnowledge, use "Save as" EDF or text',
        (".acq", ".gtl"),
    ),
    _UnreadableFormat(
        "LabChart's own format", 'in LabChart, use "Export" to text or EDF', (".adicht", ".adidat"), (b"CFWB", b"ADDF")
    ),
    _UnreadableFormat("an Excel workbook", "save the sheet as CSV", (".xlsx", ".xls", ".ods")),
    _UnreadableFormat("a ZIP archive", "unpack it, and open the recording in it", (".zip",), (b"PK\x03\x04",)),
    _UnreadableFormat(
        "a packed file", "unpack it, and open the recording in it", (".gz", ".bz2", ".xz", ".7z", ".rar", ".tar")
    ),
    _UnreadableFormat("DICOM", f"export the waveform as {_EXPORT_FORMATS}", (".dcm",)),
    _UnreadableFormat("SCP-ECG", f"convert it to {_EXPORT_FORMATS}", (".scp",)),
    _UnreadableFormat("an ISHNE Holter recording", "convert it to EDF", (".ecg",), (b"ISHNE1.0",)),
    _UnreadableFormat(
        "a FIT file of a sports watch, which holds no ECG", "choose the file of the ECG itself", (".fit",)
    ),
    _UnreadableFormat("a Parquet table", "save it as CSV", (".parquet",), (b"PAR1",)),
    _UnreadableFormat(
        "a NumPy array", "save it as CSV, with a column of time or --rate", (".npy", ".npz"), (b"\x93NUMPY",)
    ),
    _UnreadableFormat("a FIF recording", "export it from MNE as EDF", (".fif",)),
    _UnreadableFormat("a Spike2 recording", "export it as text or EDF", (".smr", ".smrx")),
    _UnreadableFormat("an EEGLAB set", "export it from EEGLAB as EDF", (".set", ".fdt")),
    _UnreadableFormat(
        "a database",
        f"export the recording from the app that made it as {_EXPORT_FORMATS}",
        (".db",),
        (b"SQLite format 3",),
    ),
    _UnreadableFormat("a PDF document", f"export the signal itself as {_EXPORT_FORMATS}", (".pdf",), (b"%PDF-",)),
    _UnreadableFormat(
        "a picture",
        f"export the signal itself as {_EXPORT_FORMATS}",
        (".png", ".jpg", ".jpeg"),
        (b"\x89PNG", b"\xff\xd8\xff"),
    ),
    _UnreadableFormat("XML, such as an aECG", f"export the recording as {_EXPORT_FORMATS}", (".xml",), (b"<?xml",)),
    _UnreadableFormat(
        "a web page", "download the recording itself", (".html", ".htm"), (b"<!DOCTYPE", b"<!doctype", b"<html")
    ),
)
_JSON_FORMAT = _UnreadableFormat(
    "JSON", f"export the recording from the app that made it as {_EXPORT_FORMATS}", (".json",)
)
_JSON_START = re.compile(rb'\s*(?:\{\s*(?:"|\})|\[\s*[\[{"\]\d-])')


def refuse_unreadable(path: Path, head: bytes) -> None:
    """Refuse a file that begins like a known format without a reader.

    Raises
    ------
    FormatError
        It begins so; the message names the format and what to export instead.
    """
    if _JSON_START.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise _refusal(path, _JSON_FORMAT)
    known = next((one for one in _UNREADABLE_FORMATS if one.begins and head.startswith(one.begins)), None)
    if known is not None:
        raise unreadable_by_name(path) or _refusal(path, known)


def unreadable_by_name(path: Path) -> FormatError | None:
    """Return the error for a file name that ends like a known format without a reader; None for other names."""
    ending = path.suffix.casefold()
    known = next((one for one in (*_UNREADABLE_FORMATS, _JSON_FORMAT) if ending in one.endings), None)
    return None if known is None else _refusal(path, known)


def _refusal(path: Path, known: _UnreadableFormat) -> FormatError:
    return FormatError(f"{path.name}: is {known.what}, which is not read", known.remedy)


def regular_file(path: Path) -> Path:
    """Return the path of a regular file: a pipe or a device may block, and cannot be read twice.

    Raises
    ------
    RecordingError
        There is no such file, or it is a folder, a pipe or a device.
    """
    if path.is_dir():
        raise RecordingError(f"{path} is a folder", "name a file in it")
    if not path.exists():
        raise RecordingError(f"{path}: no such file", "check the path")
    if not path.is_file():
        raise RecordingError(f"{path} is no regular file", "save it to a file first, and open that")
    return path


def damaged_file_error(name: str, error: Exception) -> FormatError:
    """Return the error for bytes that make no sense; raise it from ``error``, which ``--debug`` then shows."""
    why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return FormatError(f"{name}: cannot be decoded: {why}", "the file is damaged; copy or export it again")
