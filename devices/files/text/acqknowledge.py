"""AcqKnowledge (BIOPAC) text: the file's name, ``1 msec/sample``, ``2 channels``, names and units, then the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from devices.files.recording import FileRecording
from devices.files.text import time_units
from devices.files.text.byte_stream import head_lines
from devices.files.text.cells import split_cells
from devices.files.text.csv import open_table
from devices.files.text.table import HEAD_LINES, find_table
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError

_CHANNEL_COUNT_LINE = re.compile(r"(\d{1,4}) channels?\s*")
_NUMBERED_COLUMN = re.compile(r"CH\s*\d+", re.IGNORECASE)
_MAX_COUNT_LINE = 4  # the number of channels is in one of the first lines
_MAX_CHANNELS = 200


def is_acqknowledge(lines: Sequence[str]) -> bool:
    """Whether the first lines of a text file are those of an export of AcqKnowledge with its header."""
    return _count_line(lines) is not None


def open_acqknowledge_text(path: Path, options: ReadOptions) -> FileRecording:
    """Open a text export.

    Raises
    ------
    FormatError
        The header is malformed.
    ConfigError
        The ECG channel is ambiguous.
    """
    lines = head_lines(path, 2 * HEAD_LINES)
    at = _count_line(lines)
    found = None if at is None else _CHANNEL_COUNT_LINE.fullmatch(lines[at].strip('" \t'))
    if at is None or found is None or not 0 < (count := int(found[1])) <= _MAX_CHANNELS:
        raise FormatError(f"{path.name}: the header of AcqKnowledge names no channels", "export it again as text")
    end = at + 1 + 2 * count  # a line with a channel's name and one with its unit for each
    named = [line.strip() for line in lines[at + 1 : end]]
    heads = next((i for i in range(end, len(lines)) if lines[i].strip()), len(lines))
    begin = heads + _header_lines(lines[heads : heads + 2])
    table = find_table(path.name, [*[""] * begin, *lines[begin:]])
    extra = table.width - count
    if extra not in (0, 1):
        raise FormatError(
            f"{path.name}, line {begin + 1}: found {table.width} values, the header names {count} channels",
            "export it again as text",
        )
    names, units = ["time"] * extra + named[::2], ["s"] * extra + named[1::2]
    # AcqKnowledge loses no samples: rows are counted, and the rounded time column is not used.
    rate = time_units.stated_rate("\n".join(lines[:at]))
    return open_table(path, table._replace(names=names, units=units), options, rate=rate)


def _count_line(lines: Sequence[str]) -> int | None:
    for i, line in enumerate(lines[1:_MAX_COUNT_LINE], 1):
        if _CHANNEL_COUNT_LINE.fullmatch(line.strip('" \t')) and any("/sample" in above for above in lines[:i]):
            return i
    return None


def _header_lines(lines: Sequence[str]) -> int:
    """Count the lines before the rows: column numbers such as ``sec CH1 CH2``, and numbers of samples."""
    if not lines or not any(_NUMBERED_COLUMN.fullmatch(cell) for sep in "\t, " for cell in split_cells(lines[0], sep)):
        return 0
    counts = len(lines) > 1 and all(not cell or cell.isdigit() for sep in "\t" for cell in split_cells(lines[1], sep))
    return 2 if counts else 1
