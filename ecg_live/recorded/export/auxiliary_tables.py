"""Write each stream beside the ECG as a CSV table, with times from the first ECG sample."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from math import isnan
from typing import TextIO

from ecg_live.formulas import escape_formula
from ecg_live.recorded.auxiliary_samples import auxiliary_name, read_auxiliary
from ecg_live.recorded.export.csv_cells import TABLE_NAMES, TIME_DECIMALS, header_text
from ecg_live.recorded.session_file import SessionContents
from ecg_live.text import unique_names
from ecg_live.xdf.decode import StreamHeader

_NOT_IN_A_FILE_NAME = re.compile(r"[^\w-]+")  # letters and digits of any script, which all disks take
_MAX_NAME_CHARACTERS = 40


def table_names(streams: Sequence[StreamHeader]) -> list[str]:
    """Names of the streams in file names, unique in any case, and none is that of another table."""
    names = (
        _NOT_IN_A_FILE_NAME.sub("_", auxiliary_name(stream))[:_MAX_NAME_CHARACTERS].strip("_") or "stream"
        for stream in streams
    )
    return unique_names(names, "_", TABLE_NAMES)


def write_auxiliary(contents: SessionContents, streams: Sequence[StreamHeader], files: Sequence[TextIO]) -> None:
    """Write the table of each stream: a column of times, and one for each channel, with its unit."""
    tables = {stream.number: csv.writer(file) for stream, file in zip(streams, files, strict=True)}
    for stream in streams:
        tables[stream.number].writerow(["time [s]", *_columns(stream)])
    for block in read_auxiliary(contents, streams):
        tables[block.stream.number].writerows(
            (f"{time:.{TIME_DECIMALS}f}", *map(_cell, row))
            for time, row in zip(block.times.tolist(), block.rows, strict=True)
        )


def _columns(stream: StreamHeader) -> Iterator[str]:
    for number, (label, unit) in enumerate(zip(stream.labels, stream.units, strict=True), 1):
        name = header_text(label) or f"channel {number}"
        yield f"{name} [{header_text(unit)}]" if unit else name


def _cell(value: object) -> object:
    """All digits of a number, nothing for NaN; a text that no spreadsheet computes."""
    if isinstance(value, float):
        return "" if isnan(value) else repr(value)
    return escape_formula(str(value))
