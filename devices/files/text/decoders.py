"""Chooses the decoder of a text file by its name and its first lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devices.files.opensignals.scaling import OPENSIGNALS_SIGNATURE
from devices.files.opensignals.text import open_opensignals_text
from devices.files.recording import OpenRecording
from devices.files.text.acqknowledge import is_acqknowledge, open_acqknowledge_text
from devices.files.text.bids import is_bids, open_bids
from devices.files.text.byte_stream import head_lines
from devices.files.text.csv import open_csv
from devices.files.text.labchart import LABCHART_FIRST_KEY as LABCHART
from devices.files.text.labchart import open_labchart
from devices.files.text.shimmer import is_shimmer, open_shimmer_csv
from devices.files.text.table import HEAD_LINES
from devices.files.unreadable import KNOWN_FORMATS, unreadable_by_name
from devices.plugins import find_reader
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError


def choose_text_decoder(path: Path) -> Callable[[Path, ReadOptions], OpenRecording]:
    """Choose the decoder of a file that no signature of a binary format begins.

    Raises
    ------
    FormatError
        It is empty, or no text.
    """
    if is_bids(path):
        return open_bids
    try:
        lines = head_lines(path, HEAD_LINES)
    except FormatError as error:
        if error.message.endswith("empty"):
            raise
        raise unreadable_by_name(path) or FormatError(
            f"{path.name}: the format is not known", f"expected {KNOWN_FORMATS}"
        ) from error
    if lines[0].startswith(OPENSIGNALS_SIGNATURE):
        return open_opensignals_text
    if lines[0].startswith(LABCHART):
        return open_labchart
    if is_acqknowledge(lines):
        return open_acqknowledge_text
    if is_shimmer(lines):
        return open_shimmer_csv
    reader = find_reader(path)  # before open_csv, because nearly any table passes as a CSV
    return open_csv if reader is None else reader.open
