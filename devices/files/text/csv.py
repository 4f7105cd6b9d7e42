"""Read tables of any origin: a column by name or number, a rate that is given, stated or fitted to a time column."""

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


def open_csv(path: Path, options: ReadOptions) -> FileRecording:
    """Open a table of numbers.

    Raises
    ------
    FormatError
        It is not a table of numbers.
    ConfigError
        The ECG column is ambiguous, or no rate is known.
    """
    return open_table(path, find_table(path.name, head_lines(path, HEAD_LINES)), options)


def open_table(path: Path, table: TextTable, options: ReadOptions, *, rate: float | None = None) -> FileRecording:
    """Open a table that has been found in a file.

    Parameters
    ----------
    path : Path
    table : TextTable
    options : ReadOptions
    rate : float, optional
        Rate (Hz) that the format states: then no time column is needed.

    Raises
    ------
    FormatError
        It is not a table of numbers.
    ConfigError
        The ECG column is ambiguous, or no rate is known.
    """
    time = find_time_column(path.name, table, options)
    column = choose_column(path.name, table, time, options)
    if time is not None and time.others:
        time = find_time_column(path.name, table, options, column)
    name = column_name(table, column)
    unit = column_unit(table, column)
    factor, assumed = channels.millivolt_factor(unit, options, path.name), channels.is_unit_assumed(unit, options)
    if rate is not None or time is None:
        layout = row_layout(table, (column,))
        rate = channels.resolve_rate(rate or time_units.stated_rate(table.before), options, path.name)
        return FileRecording(
            _stream_info(path, name, rate, assumed=assumed), lambda: _counted_runs(path, layout, factor)
        )
    dated = time.column if time.dated else None
    stamped = replace(row_layout(table, (column, time.column), dated), shared=time.others)
    fitted = fit_rate(path, stamped, time.second, options, stated=time_units.stated_rate(table.before))
    return FileRecording(
        _stream_info(path, name, fitted.rate, assumed=assumed), lambda: stamped_runs(path, stamped, fitted, factor)
    )


def choose_column(where: str, table: TextTable, time: TimeColumn | None, options: ReadOptions) -> int:
    """Return the ECG's column.

    Parameters
    ----------
    where : str
        The file's name, for messages.
    table : TextTable
    time : TimeColumn, optional
        Not offered. Columns without names are numbered with it, others without it.
    options : ReadOptions

    Raises
    ------
    ConfigError
        There is no such column, or none or several of the columns may be the ECG.
    """
    used = None if time is None else time.column
    columns = [i for i in range(table.width) if i != used and (not table.names or table.names[i])]
    if not table.names and options.channel is not None:
        columns = list(range(table.width))
    offered = [_offered_channel(column_name(table, i)) for i in columns]
    return columns[channels.choose_channel(offered, options, where)]


def column_name(table: TextTable, column: int) -> str:
    """Return a column's name in messages and for the user."""
    return table.names[column] if table.names else f"column {column + 1}"


def row_layout(
    table: TextTable,
    take: tuple[int, ...],
    date: int | None = None,
    *,
    headings: tuple[str, ...] = (),
    remarks: bool = False,
) -> RowLayout:
    """Return the layout of a table's rows.

    Parameters
    ----------
    table : TextTable
    take : tuple of int
        Columns to decode.
    date : int, optional
        One of them that holds dates or times of day.
    headings, remarks
        See `RowLayout`.
    """
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
    """Return a column's unit by the row of units, or else by its name; ``""`` if neither states one."""
    if table.units and table.units[column]:
        return table.units[column].strip("[]() ")
    return units.unit_in_name(table.names[column]) if table.names else ""


def _offered_channel(name: str) -> channels.OfferedChannel:
    return channels.describe_channel(name, name, name_without_unit(name))
