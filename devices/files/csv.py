"""CSV of any origin: a column by name or number, a rate given or fitted to a time column, names optional."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devices.files import channels, units
from devices.files.cells import Layout, head_lines, split
from devices.files.recording import KNOWN, FileRecording, Run
from devices.files.rows import read_rows
from devices.files.stamped import fit_rate, stamped_runs
from ecg_live.errors import FormatError
from ecg_live.types import Marker, Opening, State, StreamInfo

_HEAD = 64  # lines in which the first row must come
_UNIT = re.compile(r"[\[(]\s*([^\])]+?)\s*[\])]\s*$|(?<=_)([mun\u00b5\u03bc]?V|m?s|us)$", re.IGNORECASE)
_TIME = re.compile(r"(?:unix[ _]*)?(?:time|timestamps?|t|zeit|elapsed(?:[ _]time)?|seconds?|secs?)", re.IGNORECASE)
_SECOND = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e3, "msec": 1e3, "us": 1e6, "\u00b5s": 1e6, "ns": 1e9}


class _Head(NamedTuple):
    sep: str
    names: list[str]  # empty where the file has none
    first: str
    skip: int


def open_csv(path: Path, opening: Opening) -> FileRecording:
    """Open a table of numbers.

    Raises
    ------
    FormatError
        It is no table of numbers.
    ConfigError
        It is not plain which column is the ECG, or no rate is known.
    """
    head = _head(path)
    width = len(split(head.first, head.sep))
    times = [i for i, name in enumerate(head.names) if _time_unit(name) is not None]
    time = times[0] if times and width > 1 else None
    columns = [i for i in range(width) if i != time]
    offered = [_channel(head.names[i] if head.names else "") for i in columns]
    column = columns[channels.choose(offered, opening, path.name)]
    name = head.names[column] if head.names else f"column {column + 1}"
    factor = channels.millivolts(units.of_name(name) if head.names else "", opening, path.name)
    layout = Layout(
        head.skip, head.sep, width, (column,) if time is None else (column, time),
        trailing=head.sep != " " and head.first.rstrip().endswith(head.sep), terminated=False, blanks=True,
    )  # fmt: skip
    if time is None:
        rate = channels.settle_rate(None, opening, path.name)
        return FileRecording(_info(path, name, rate), lambda: _counted(path, layout, factor))
    second = _time_unit(head.names[time]) or 1.0
    pace = fit_rate(path, layout, second, opening)
    return FileRecording(_info(path, name, pace.rate), lambda: stamped_runs(path, layout, pace, second, factor))


def _counted(path: Path, layout: Layout, factor: float) -> Iterator[Run | State | Marker]:
    position = 0
    for item in read_rows(path, layout):
        if isinstance(item, State):
            yield item
        else:
            yield Run(position, item.table[:, 0] * factor)
            position += len(item.table)


def _info(path: Path, name: str, rate: float) -> StreamInfo:
    return StreamInfo(rate, (name,), None, path.name, f"{path.name}/{name}")


def _head(path: Path) -> _Head:
    """Find the separator, the names and the first row, behind comments and empty lines."""
    lines = head_lines(path, _HEAD)
    at = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    if at == len(lines):
        raise FormatError(f"{path.name}: found comments only, expected rows of numbers", "choose another file")
    sep = _separator(lines[at : at + 2])
    if _numeric(lines[at], sep):
        return _Head(sep, [], lines[at], at)
    names = split(lines[at], sep)
    first = next((i for i in range(at + 1, len(lines)) if lines[i].strip()), len(lines))
    if first == len(lines):
        raise FormatError(
            f"{path.name}, line {at + 1}: found {lines[at][:40]!r} and no row of numbers behind it",
            "choose a recording, or record it again",
        )
    if not _numeric(lines[first], sep) or len(split(lines[first], sep)) != len(names):
        wanted = "a number" if len(names) == 1 else f"{len(names)} numbers"
        raise FormatError(
            f"{path.name}, line {first + 1}: found {lines[first][:40]!r}, expected {wanted}",
            f"choose a recording: {KNOWN}",
        )
    return _Head(sep, names, lines[first], first)


def _separator(lines: list[str]) -> str:
    """The first of tab, semicolon and comma that is there; else blanks."""
    return next((sep for sep in "\t;," if all(sep in line for line in lines)), " " if _blanks(lines) else ",")


def _blanks(lines: list[str]) -> bool:
    return len(lines[-1].split()) > 1


def _numeric(line: str, sep: str) -> bool:
    """Whether a line is a row: at least one number, and no cell that opens like a word."""
    cells = [cell.replace(",", ".") if sep == ";" else cell for cell in split(line, sep)]
    return any(_number(cell) for cell in cells)


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _unit(name: str) -> str:
    found = _UNIT.search(name.strip())
    return (found[1] or found[2] or "") if found else ""


def _plain(name: str) -> str:
    return _UNIT.sub("", name.strip()).strip(" _")


def _time_unit(name: str) -> float | None:
    """How many of a time column's units make a second; None where the column is no time."""
    if not _TIME.fullmatch(_plain(name)):
        return None
    return _SECOND.get(_unit(name).casefold(), 1.0)


def _channel(name: str) -> channels.Channel:
    return channels.describe(name, name, _plain(name))
