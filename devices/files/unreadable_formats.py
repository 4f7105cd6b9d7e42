"""Formats that are known and not read: what a file is, and what to export instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ecg_live.errors import FormatError

_AS = "CSV, EDF or XDF"


class _Format(NamedTuple):
    what: str
    remedy: str
    endings: tuple[str, ...] = ()
    begins: tuple[bytes, ...] = ()


_FORMATS = (
    _Format(
        "a BrainVision recording (.vhdr, .vmrk, .eeg)",
        "export it from BrainVision Analyzer or MNE as EDF",
        (".vhdr", ".vmrk", ".eeg", ".ahdr", ".amrk"),
        (b"Brain Vision Data", b"BrainVision"),
    ),
    _Format(
        "an AcqKnowledge (BIOPAC) file of an unknown version",
        'in AcqKnowledge, use "Save as" EDF or text',
        (".acq", ".gtl"),
    ),
    _Format(
        "LabChart's own format", 'in LabChart, use "Export" to text or EDF', (".adicht", ".adidat"), (b"CFWB", b"ADDF")
    ),
    _Format("an Excel workbook", "save the sheet as CSV", (".xlsx", ".xls", ".ods")),
    _Format("a ZIP archive", "unpack it, and open the recording in it", (".zip",), (b"PK\x03\x04",)),
    _Format("a packed file", "unpack it, and open the recording in it", (".gz", ".bz2", ".xz", ".7z", ".rar", ".tar")),
    _Format("DICOM", f"export the waveform as {_AS}", (".dcm",)),
    _Format("SCP-ECG", f"convert it to {_AS}", (".scp",)),
    _Format("an ISHNE Holter recording", "convert it to EDF", (".ecg",), (b"ISHNE1.0",)),
    _Format("a FIT file of a sports watch, which holds no ECG", "choose the file of the ECG itself", (".fit",)),
    _Format("a Parquet table", "save it as CSV", (".parquet",), (b"PAR1",)),
    _Format("a NumPy array", "save it as CSV, with a column of time or --rate", (".npy", ".npz"), (b"\x93NUMPY",)),
    _Format("a FIF recording", "export it from MNE as EDF", (".fif",)),
    _Format("a Spike2 recording", "export it as text or EDF", (".smr", ".smrx")),
    _Format("an EEGLAB set", "export it from EEGLAB as EDF", (".set", ".fdt")),
    _Format("a database", f"export the recording from the app that made it as {_AS}", (".db",), (b"SQLite format 3",)),
    _Format("a PDF document", f"export the signal itself as {_AS}", (".pdf",), (b"%PDF-",)),
    _Format(
        "a picture", f"export the signal itself as {_AS}", (".png", ".jpg", ".jpeg"), (b"\x89PNG", b"\xff\xd8\xff")
    ),
    _Format("XML, such as an aECG", f"export the recording as {_AS}", (".xml",), (b"<?xml",)),
    _Format("a web page", "download the recording itself", (".html", ".htm"), (b"<!DOCTYPE", b"<!doctype", b"<html")),
)
_JSON_FORMAT = _Format("JSON", f"export the recording from the app that made it as {_AS}", (".json",))
_JSON = re.compile(rb'\s*(?:\{\s*(?:"|\})|\[\s*[\[{"\]\d-])')


def refuse_unread(path: Path, head: bytes) -> None:
    """Refuse a file whose first bytes are those of a format that is not read.

    Raises
    ------
    FormatError
        It is one of those; names what it is and what to export instead.
    """
    if _JSON.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise _refusal(path, _JSON_FORMAT)
    known = next((one for one in _FORMATS if one.begins and head.startswith(one.begins)), None)
    if known is not None:
        raise unread_by_name(path) or _refusal(path, known)


def unread_by_name(path: Path) -> FormatError | None:
    """Name the format that a file seems to have by the ending of its name, if it is one that is not read."""
    ending = path.suffix.casefold()
    known = next((one for one in (*_FORMATS, _JSON_FORMAT) if ending in one.endings), None)
    return None if known is None else _refusal(path, known)


def _refusal(path: Path, known: _Format) -> FormatError:
    return FormatError(f"{path.name}: is {known.what}, which is not read", known.remedy)
