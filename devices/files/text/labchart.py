"""LabChart (ADInstruments) text: blocks of header lines such as ``Interval=``, rows of time and channels, comments.

Layout: files as LabChart writes them for "Data Chart Text File"; each block of a recording has a heading of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devices.files import channels
from devices.files.recording import FileRecording, SampleRun
from devices.files.text import time_units
from devices.files.text.byte_stream import head_lines
from devices.files.text.cells import to_number
from devices.files.text.csv import choose_column, column_name, column_unit, row_layout
from devices.files.text.rows import RowBlock, read_rows
from devices.files.text.table import HEAD_LINES, TextTable, find_table
from devices.files.text.time_column import TimeColumn
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError
from ecg_live.events import Marker, State, StreamInfo

LABCHART_FIRST_KEY = "Interval="
_HEADING_KEYS = (
    LABCHART_FIRST_KEY, "ExcelDateTime=", "TimeFormat=", "DateFormat=", "ChannelTitle=",
    "Range=", "UnitName=", "TopValue=", "BottomValue=",
)  # fmt: skip
_DAY_S = 86_400.0  # Excel counts days
_FROM_BLOCK_START = "startofblock"  # times count from the start of the block; else they continue


class _BlockHeading(NamedTuple):
    interval: float | None  # s
    began: float | None  # s
    of_block: bool
    titles: list[str]
    units: list[str]


def open_labchart(path: Path, options: ReadOptions) -> FileRecording:
    """Open a text file of LabChart; its comments become markers, the time between its blocks gaps.

    Raises
    ------
    FormatError
        The header or a row is malformed.
    ConfigError
        The ECG channel is ambiguous.
    """
    lines = head_lines(path, HEAD_LINES)
    count = next((i for i, line in enumerate(lines) if not line.startswith(_HEADING_KEYS)), len(lines))
    heading = _parse_heading(lines[:count])
    if heading.interval is None or not heading.titles:
        raise FormatError(f"{path.name}: the header of LabChart states no interval or no channels", "export it again")
    table = _find_rows(path.name, lines, count, heading)
    time = TimeColumn(0, None, dated=False) if table.width > len(heading.titles) else None
    column = choose_column(path.name, table, time, options)
    unit = column_unit(table, column)
    factor, assumed = channels.millivolt_factor(unit, options, path.name), channels.is_unit_assumed(unit, options)
    rate = channels.resolve_rate(1 / heading.interval, options, path.name)
    layout = row_layout(table, (column,) if time is None else (column, 0), headings=_HEADING_KEYS, remarks=True)
    name = column_name(table, column)
    info = StreamInfo(rate, (name,), None, path.name, f"{path.name}/{name}", unit_assumed=assumed)

    def runs() -> Iterator[SampleRun | State | Marker]:
        blocks = _BlockPlacer(path.name, heading, rate)
        for item in read_rows(path, layout):
            if isinstance(item, State):
                yield item
            else:
                yield from blocks.push(item, factor)

    return FileRecording(info, runs)


class _BlockPlacer:
    """Assigns sample indices: rows of a block are contiguous, and each block begins at the time that it states."""

    def __init__(self, where: str, heading: _BlockHeading, rate: float) -> None:
        self._where = where
        self._rate = rate
        self._interval = heading.interval
        self._headings: list[str] = []  # lines of the heading that is being read
        self._heading = heading
        self._origin: float | None = None  # s, of the first row
        self._next = 0  # index of the next sample
        self._begins = True  # whether the next row is the first of a block

    def push(self, block: RowBlock, factor: float) -> Iterator[SampleRun | Marker]:
        """Take rows or a heading's line; return the samples in mV, and a comment as a marker.

        Raises
        ------
        FormatError
            A block has another rate.
        """
        if block.description:
            if block.description.startswith(LABCHART_FIRST_KEY):
                self._headings = []
                self._begins = True
            self._headings.append(block.description)
            return
        if not len(block.table):
            return
        if self._begins:
            self._begin(block)
        yield SampleRun(self._next, block.table[:, 0] * factor, "the recording was paused")
        self._next += len(block.table)
        if block.remark:
            yield Marker((self._next - 1) / self._rate, re.sub(r"^#\s*(?:\*|\d+)?\s*", "", block.remark))

    def _begin(self, block: RowBlock) -> None:
        self._begins = False
        if self._headings:
            self._heading = _parse_heading(self._headings)
        if self._heading.interval != self._interval:
            raise FormatError(
                f"{self._where}, line {block.line}: a block of another interval ({self._heading.interval} s)",
                "export each block to a file of its own",
            )
        at = float(block.table[0, 1]) if block.table.shape[1] > 1 else 0.0
        if self._heading.of_block or block.table.shape[1] == 1:
            at += self._heading.began or 0.0
        self._origin = at if self._origin is None else self._origin
        self._next = max(self._next, round((at - self._origin) * self._rate))


def _find_rows(where: str, lines: Sequence[str], count: int, heading: _BlockHeading) -> TextTable:
    """Find the rows, and give them the names and units of the header."""
    rows = [line.split("\t#")[0] for line in lines[count:] if not line.startswith(_HEADING_KEYS)]
    table = find_table(where, [*[""] * count, *rows])
    extra = table.width - len(heading.titles)
    if extra not in (0, 1):
        raise FormatError(
            f"{where}, line {count + 1}: found {table.width} values, the header names {len(heading.titles)} channels",
            "export the file again",
        )
    before = ["time"][:extra], ["s"][:extra]
    units = [*heading.units, *[""] * len(heading.titles)][: len(heading.titles)]
    return table._replace(names=[*before[0], *heading.titles], units=[*before[1], *units], trailing=False)


def _parse_heading(lines: Sequence[str]) -> _BlockHeading:
    fields = {key: rest.strip("\t ").split("\t") for line in lines for key, _, rest in [line.partition("=")]}
    number, _, unit = fields.get("Interval", [""])[0].partition(" ")
    length, second = to_number(number, comma=True), time_units.units_per_second(unit)
    began = to_number(fields.get("ExcelDateTime", [""])[0], comma=True)
    # "Range=" has the unit of the front end, "UnitName=" that of a conversion, if there is one.
    ranges = [cell.strip().rpartition(" ")[2] for cell in fields.get("Range", [])]
    named = [cell.strip().strip("*") for cell in fields.get("UnitName", [])]
    return _BlockHeading(
        length / second if length and second and length > 0 else None,
        None if began is None else began * _DAY_S,
        fields.get("TimeFormat", [_FROM_BLOCK_START])[0].strip().casefold() == _FROM_BLOCK_START,
        [cell.strip() for cell in fields.get("ChannelTitle", []) if cell.strip()],
        [name or unit for name, unit in zip([*named, *[""] * len(ranges)], ranges, strict=False)] or named,
    )
