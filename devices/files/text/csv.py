"""Tables of any origin: a column by name or number, a rate that is given, stated or fitted to a time column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from devices.files import channels, units
from devices.files.recording import FileRecording, SampleRun
from devices.files.text import time_units
from devices.files.text.byte_stream import head_lines
from devices.files.text.cells import RowLayout
from devices.files.text.rate_fit import fit_rate, stamped_runs
from devices.files.text.rows import read_rows
from devices.files.text.table import HEAD_LINES, TextTable, find_table
from devices.files.text.time_column import TimeColumn, find_time_column, name_without_unit
from devices.read_options import ReadOptions
from ecg_live.events import Marker, State, StreamInfo


def open_csv(path: Path, opening: ReadOptions) -> FileRecording:
    """Open a table of numbers.

    Raises
    ------
    FormatError
        It is no table of numbers.
    ConfigError
        It is not plain which column is the ECG, or no rate is known.
    """
    return open_table(path, find_table(path.name, head_lines(path, HEAD_LINES)), opening)


def open_table(path: Path, table: TextTable, opening: ReadOptions, *, rate: float | None = None) -> FileRecording:
    """Open a table whose place in the file is known, and perhaps its rate (Hz): then no time column is needed.

    Raises
    ------
    FormatError
        It is no table of numbers.
    ConfigError
        It is not plain which column is the ECG, or no rate is known.
    """
    time = find_time_column(path.name, table, opening)
    column = choose_column(path.name, table, time, opening)
    if time is not None and time.others:
        time = find_time_column(path.name, table, opening, column)
    name = column_name(table, column)
    unit = column_unit(table, column)
    factor, assumed = channels.millivolt_factor(unit, opening, path.name), channels.is_unit_assumed(unit, opening)
    if rate is not None or time is None:
        layout = row_layout(table, (column,))
        rate = channels.resolve_rate(rate or time_units.stated_rate(table.before), opening, path.name)
        return FileRecording(
            _stream_info(path, name, rate, assumed=assumed), lambda: _counted_runs(path, layout, factor)
        )
    dated = time.column if time.dated else None
    stamped = replace(row_layout(table, (column, time.column), dated), shared=time.others)
    pace = fit_rate(path, stamped, time.second, opening, stated=time_units.stated_rate(table.before))
    return FileRecording(
        _stream_info(path, name, pace.rate, assumed=assumed), lambda: stamped_runs(path, stamped, pace, factor)
    )


def choose_column(where: str, table: TextTable, time: TimeColumn | None, opening: ReadOptions) -> int:
    """The ECG's column: numbered among all columns where they have no names, else among those that are no time."""
    used = None if time is None else time.column
    columns = [i for i in range(table.width) if i != used and (not table.names or table.names[i])]
    if not table.names and opening.channel is not None:
        columns = list(range(table.width))
    offered = [_offered_channel(column_name(table, i)) for i in columns]
    return columns[channels.choose_channel(offered, opening, where)]


def column_name(table: TextTable, column: int) -> str:
    """What a column is called, in messages and by the user."""
    return table.names[column] if table.names else f"column {column + 1}"


def row_layout(
    table: TextTable,
    take: tuple[int, ...],
    date: int | None = None,
    *,
    headings: tuple[str, ...] = (),
    remarks: bool = False,
) -> RowLayout:
    """How the rows of a table are laid out."""
    return RowLayout(
        table.skip,
        table.sep,
        table.width,
        take,
        trailing=table.trailing,
        date=date,
        terminated=False,
        blanks=True,
        comma=table.comma,
        headings=headings,
        remarks=remarks,
    )


def _counted_runs(path: Path, layout: RowLayout, factor: float) -> Iterator[SampleRun | State | Marker]:
    position = 0
    for item in read_rows(path, layout):
        if isinstance(item, State):
            yield item
        else:
            yield SampleRun(position, item.table[:, 0] * factor)
            position += len(item.table)


def _stream_info(path: Path, name: str, rate: float, *, assumed: bool) -> StreamInfo:
    return StreamInfo(rate, (name,), None, path.name, f"{path.name}/{name}", unit_assumed=assumed)


def column_unit(table: TextTable, column: int) -> str:
    """What the row of units says, or else the column's name."""
    if table.units and table.units[column]:
        return table.units[column].strip("[]() ")
    return units.unit_in_name(table.names[column]) if table.names else ""


def _offered_channel(name: str) -> channels.OfferedChannel:
    return channels.describe_channel(name, name, name_without_unit(name))
