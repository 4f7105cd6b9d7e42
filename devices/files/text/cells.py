"""Text cell by cell: how a file's rows are laid out, and what one row holds."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from devices.files.text.dates import parse_times_ms
from ecg_live.errors import FormatError

COMMENT_PREFIXES = ("#", "%", "//")  # what lines that are no rows begin with
MISSING_WORDS = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "-", "--", "?", "*"))


@dataclass(frozen=True, slots=True)
class RowLayout:
    """How the rows of a file are laid out.

    Parameters
    ----------
    skip : int
        Lines before the first row.
    sep : str
        One character between cells; ``" "`` stands for any run of blanks.
    width : int
        Cells in a row, not counting the empty one behind a trailing separator.
    take : tuple of int
        Columns to decode.
    trailing : bool
        Whether rows end in a separator.
    date : int, optional
        A column among ``take`` that holds dates or times of day; decoded to ms (see `dates.to_ms`).
    terminated : bool
        Whether the writer ends each row with a line feed, so that a last row without one must have been cut.
    blanks : bool
        Whether a cell may be empty or hold a word for a missing value, such as ``NA``: it becomes NaN.
    comma : bool
        Whether numbers have decimal commas.
    headings : tuple of str
        What lines among the rows begin with that are no rows, and are given as they are.
    remarks : bool
        Whether a row may have text behind its cells.
    shared : bool
        Whether there may be rows of another device, in which the columns to decode are empty.
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
    """Cut a line into cells, without blanks, quotes and the empty cell behind a trailing separator."""
    cells = all_cells(line, sep)
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def all_cells(line: str, sep: str) -> list[str]:
    """Cut a line into all its cells, without blanks and quotes."""
    return [cell.strip().strip("\"'") for cell in (line.split() if sep == " " else _split_quoted(line, sep))]


def _split_quoted(line: str, sep: str) -> list[str]:
    if '"' not in line:
        return line.split(sep)
    try:
        return next(csv.reader([line.replace("\r", " ")], delimiter=sep, skipinitialspace=True), [""])
    except csv.Error:  # no table at all
        return line.split(sep)


def row_cells(raw: str, layout: RowLayout) -> list[str]:
    """Cut a row into cells; an empty one behind the last is a trailing separator's."""
    cells = all_cells(raw, layout.sep)
    return cells[:-1] if len(cells) == layout.width + 1 and not cells[-1] else cells


def row_values(cells: list[str], layout: RowLayout) -> list[float] | None:
    """Decode a row's cells; None where it is not what it should be."""
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
    """Decode a number; None where a cell holds none."""
    if "_" in cell:  # Python's own spelling of 1_000 is no number in a file
        return None
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None


def is_missing_value(cell: str) -> bool:
    """Whether a cell is empty or says that a value is missing."""
    return cell.casefold() in MISSING_WORDS


def are_cells_valid(cells: list[str], layout: RowLayout) -> bool:
    """Whether what is there of a row is as it should be."""
    try:
        for column in layout.take:
            if column < len(cells):
                _cell_value(cells[column], layout, column)
    except ValueError:
        return False
    return True


def bad_row_error(path: Path, line: int, raw: str, layout: RowLayout) -> FormatError:
    """Say what was found in which line, and what was expected."""
    found = raw.strip() if len(raw) <= 60 else raw[:57].strip() + "..."
    wanted = "1 number" if layout.width == 1 else f"{layout.width} numbers"
    return FormatError(
        f"{path.name}, line {line}: found {found!r}, expected {wanted}", "mend or remove that line, or export it again"
    )
