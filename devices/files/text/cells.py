"""The layout of a text file's rows, and the decoding of one row cell by cell."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from devices.files.text.dates import parse_times_ms
from ecg_live.errors import FormatError

COMMENT_PREFIXES = ("#", "%", "//")  # of lines that are not rows
MISSING_WORDS = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "-", "--", "?", "*"))


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Layout of the rows of a text file.

    Parameters
    ----------
    skip : int
        Lines before the first row.
    sep : str
        One character between cells; ``" "`` stands for any number of blanks.
    width : int
        Cells in a row, not counting the empty one after a trailing separator.
    take : tuple of int
        Columns to decode.
    trailing : bool
        Whether rows end in a separator.
    date : int, optional
        A column among ``take`` that holds dates or times of day; decoded to ms (see `dates.parse_times_ms`).
    terminated : bool
        Whether the writer ends each row with a line feed, so that a last row without one was cut.
    blanks : bool
        Whether a cell may be empty or hold a word for a missing value, such as ``NA``: it becomes NaN.
    comma : bool
        Whether numbers have decimal commas.
    headings : tuple of str
        First characters of lines among the rows that are headings; these lines are returned undecoded.
    remarks : bool
        Whether a row may have text after its cells.
    shared : bool
        Whether rows of another device, with empty columns to decode, may stand in between.
    """

    skip: int
    sep: str
    width: int
    take: tuple[int, ...]
    trailing: bool = False
    date: int | None = None
    terminated: bool = True
    blanks: bool = False
    comma: bool = False
    headings: tuple[str, ...] = ()
    remarks: bool = False
    shared: bool = False


def split_cells(line: str, sep: str) -> list[str]:
    """Split a line into cells, without blanks, quotes and the empty cell after a trailing separator."""
    cells = all_cells(line, sep)
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def all_cells(line: str, sep: str) -> list[str]:
    """Split a line into all its cells, without blanks and quotes."""
    return [cell.strip().strip("\"'") for cell in (line.split() if sep == " " else _split_quoted(line, sep))]


def _split_quoted(line: str, sep: str) -> list[str]:
    if '"' not in line:
        return line.split(sep)
    try:
        return next(csv.reader([line.replace("\r", " ")], delimiter=sep, skipinitialspace=True), [""])
    except csv.Error:  # not a table
        return line.split(sep)


def row_cells(raw: str, layout: RowLayout) -> list[str]:
    """Split a row into cells, without the empty one of a trailing separator."""
    cells = all_cells(raw, layout.sep)
    return cells[:-1] if len(cells) == layout.width + 1 and not cells[-1] else cells


def row_values(cells: list[str], layout: RowLayout) -> list[float] | None:
    """Decode a row's cells; None for a malformed row."""
    if len(cells) != layout.width:
        return None
    try:
        return [_cell_value(cells[column], layout, column) for column in layout.take]
    except ValueError:
        return None


def _cell_value(cell: str, layout: RowLayout, column: int) -> float:
    if layout.blanks and is_missing_value(cell):
        return math.nan
    if column == layout.date:
        return float(parse_times_ms(np.array([cell.encode("ascii", "replace")], dtype=bytes))[0])
    number = to_number(cell, comma=layout.comma)
    if number is None:
        raise ValueError(cell)
    return number


def to_number(cell: str, *, comma: bool = False) -> float | None:
    """Decode a number; None for a cell without one."""
    if "_" in cell:  # Python reads 1_000 as a number, files do not mean one
        return None
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None


def is_missing_value(cell: str) -> bool:
    """Whether a cell is empty or holds a word for a missing value."""
    return cell.casefold() in MISSING_WORDS


def are_cells_valid(cells: list[str], layout: RowLayout) -> bool:
    """Whether the cells that are there of a cut row are valid."""
    try:
        for column in layout.take:
            if column < len(cells):
                _cell_value(cells[column], layout, column)
    except ValueError:
        return False
    return True


def bad_row_error(path: Path, line: int, raw: str, layout: RowLayout) -> FormatError:
    """Return the error for a malformed row: its line, its text and what was expected.

    Parameters
    ----------
    path : Path
    line : int
        Its number, from 1.
    raw : str
        Its text.
    layout : RowLayout
    """
    found = raw.strip() if len(raw) <= 60 else raw[:57].strip() + "..."
    wanted = "1 number" if layout.width == 1 else f"{layout.width} numbers"
    return FormatError(
        f"{path.name}, line {line}: found {found!r}, expected {wanted}", "mend or remove that line, or export it again"
    )
