"""The files that a recording's numbers depend on: its own, and those beside it that its reader opens."""

from __future__ import annotations

from pathlib import Path

from devices.files.registry import wfdb_header_of
from devices.files.text.bids import find_sidecar, is_bids
from devices.files.wfdb.header import read_wfdb_header
from ecg_live.errors import EcgLiveError


def content_files(path: Path) -> list[Path]:
    """Files that a recording is read from, in a fixed order.

    Of a WFDB record these are its header, signals and segments; of a BIDS recording the table and its JSON sidecar.
    Annotations and events beside them, which are markers, do not count.

    Raises
    ------
    OSError
        A folder or header cannot be read.
    """
    if (header := wfdb_header_of(path)) is not None:
        return sorted(_wfdb_files(header))
    sidecar = find_sidecar(path) if is_bids(path) else None
    return [path] if sidecar is None else [path, sidecar]


def _wfdb_files(header: Path) -> set[Path]:
    """Headers and signal files of a record and its segments; those of a damaged header are not known."""
    found, waiting = set[Path](), [header]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        try:
            record = read_wfdb_header(each)
        except (EcgLiveError, OSError):  # reading the recording reports it
            continue
        waiting += [segment.header for segment in record.segments if segment.header is not None]
        found |= {signal.file for signal in record.signals}
    return {each for each in found if each.is_file()}
