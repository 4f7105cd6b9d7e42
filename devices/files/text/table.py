"""Find the table in a text file: separator, names, units, first rows, and the text before them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from devices.files import channels, units
from devices.files.text import time_units
from devices.files.text.cells import COMMENT_PREFIXES, all_cells, is_missing_value, to_number
from devices.files.unreadable import KNOWN_FORMATS
from ecg_live.errors import FormatError

HEAD_LINES = 256  # that are searched for the table
_SEPARATORS = "\t;, "  # in order of preference
# Prefix of column names in a comment, as in "# Labels:= ECG [mV]".
_NAMES_LABEL = re.compile(r"(?:labels?|channels?|columns?|names?|fields|signals?)\s*:?=*\s*", re.IGNORECASE)


class TextTable(NamedTuple):
    """A table: ``names`` and ``units`` are empty where the file has none, else as long as a row.

    ``skip`` counts the lines before the first row, ``rows`` are those among the first lines, ``before`` is the text
    before the names, comments included.
    """

    sep: str
    comma: bool
    names: list[str]
    units: list[str]
    rows: list[list[str]]
    skip: int
    trailing: bool
    before: str

    @property
    def width(self) -> int:
        """Cells in a row."""
        return len(self.rows[0])

    def cells(self, column: int) -> list[str]:
        """A column's cells in the first rows."""
        return [row[column] for row in self.rows if len(row) > column]


class _TableShape(NamedTuple):
    sep: str
    width: int
    numeric: frozenset[int]  # columns
    rows: int  # of this shape


def find_table(name: str, lines: Sequence[str]) -> TextTable:
    """Find the table among a file's first lines.

    Raises
    ------
    FormatError
        There are no rows of numbers, or their number of columns differs from that of the names.
    """
    shape = max((_guess_shape(lines, sep) for sep in _SEPARATORS), key=lambda found: (found.rows, found.width > 1))
    first = next((i for i, line in enumerate(lines) if shape.rows and _is_row(line, shape)), None)
    if first is None:
        raise _no_rows_error(name, lines)
    rows = [all_cells(line, shape.sep) for line in lines[first:] if _is_row(line, shape)]
    tail = shape.sep != " " and shape.width > 1 and not any(row[-1] for row in rows)
    above = [i for i in range(first) if lines[i].strip() and not lines[i].lstrip().startswith(COMMENT_PREFIXES)]
    stated: list[str] = []
    if len(above) > 1 and _is_units(*(all_cells(lines[i], shape.sep) for i in above[-2:])):
        stated = all_cells(lines[above.pop()], shape.sep)
    names = _find_names(name, lines, above, first, shape, tail=tail)
    trailing = tail and not (len(names) == shape.width and names[-1])
    width = shape.width - trailing
    return TextTable(
        shape.sep,
        _has_decimal_commas(shape.sep, rows),
        _pad_to_width(names, width) if names else [],
        _pad_to_width(stated, width) if stated else [],
        [row[:width] for row in rows],
        first,
        trailing,
        "\n".join(lines[: above[-1] if names and above else first]),
    )


def _is_units(above: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row below names holds units: at least one of voltage or time, no number, and not the name ECG."""
    filled = [cell for cell in cells if cell]
    if len(_without_trailing(above)) != len(_without_trailing(cells)) and len(above) != len(cells):
        return False
    known = [
        cell
        for cell in filled
        if units.to_millivolts(cell) is not None or time_units.units_per_second(cell) is not None
    ]
    return bool(known) and all(to_number(cell) is None and channels.kind_of(cell) != channels.ECG for cell in filled)


def _guess_shape(lines: Sequence[str], sep: str) -> _TableShape:
    """Find the shape of most lines with a number, if ``sep`` separates the cells."""
    found: Counter[int] = Counter()
    cells = [all_cells(line, sep) for line in lines if line.strip() and not line.lstrip().startswith(COMMENT_PREFIXES)]
    held = [
        {i for i, cell in enumerate(row) if to_number(cell, comma=_allows_decimal_commas(sep, len(row))) is not None}
        for row in cells
    ]
    found.update(len(row) for row, numbers in zip(cells, held, strict=True) if numbers)
    if not found:
        return _TableShape(sep, 0, frozenset(), 0)
    width, rows = found.most_common(1)[0]
    of_width = [numbers for row, numbers in zip(cells, held, strict=True) if len(row) == width and numbers]
    counts = Counter(column for numbers in of_width for column in numbers)
    numeric = frozenset(column for column, count in counts.items() if 2 * count >= len(of_width))
    return _TableShape(sep, width, numeric, rows if numeric else 0)


def _is_row(line: str, shape: _TableShape) -> bool:
    if line.lstrip().startswith(COMMENT_PREFIXES):
        return False
    cells = all_cells(line, shape.sep)
    comma = _allows_decimal_commas(shape.sep, shape.width)
    if len(cells) != shape.width:
        return False
    held = [cells[column] for column in shape.numeric]
    return any(cells) and all(is_missing_value(cell) or to_number(cell, comma=comma) is not None for cell in held)


def _allows_decimal_commas(sep: str, width: int) -> bool:
    """Whether numbers may have decimal commas: only if commas do not separate the cells."""
    return sep in "\t;" and width > 1


def _has_decimal_commas(sep: str, rows: Sequence[Sequence[str]]) -> bool:
    commas = any(re.fullmatch(r"[-+]?\d*,\d+(?:E[-+]?\d+)?", cell, re.IGNORECASE) for row in rows for cell in row)
    return _allows_decimal_commas(sep, len(rows[0])) and (sep == ";" or commas)


def _find_names(
    name: str, lines: Sequence[str], above: Sequence[int], first: int, shape: _TableShape, *, tail: bool
) -> list[str]:
    """Find the names in the line or comment above the first row."""
    if above:
        cells = all_cells(lines[above[-1]], shape.sep)
        if len(cells) == shape.width or len(_without_trailing(cells)) == shape.width - tail:
            return cells
        if len(cells) > 1:
            raise FormatError(
                f"{name}, line {first + 1}: found {lines[first][:40]!r}, expected {len(cells)} numbers",
                f"choose a recording: {KNOWN_FORMATS}",
            )
        return []
    comment = lines[first - 1].strip() if first and lines[first - 1].lstrip().startswith(COMMENT_PREFIXES) else ""
    plain = comment.lstrip("#%/ ")
    labelled = _NAMES_LABEL.match(plain)
    cells = all_cells(plain[labelled.end() :] if labelled else plain, shape.sep)
    fits = len(cells) == shape.width and (shape.width > 1 or labelled)
    return cells if fits else []


def _without_trailing(cells: Sequence[str]) -> list[str]:
    return list(cells[:-1] if len(cells) > 1 and not cells[-1] else cells)


def _pad_to_width(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))][:width]


def _no_rows_error(name: str, lines: Sequence[str]) -> FormatError:
    at = next(
        (i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(COMMENT_PREFIXES)), None
    )
    if at is None:
        return FormatError(f"{name}: found comments only, expected rows of numbers", "choose another file")
    return FormatError(
        f"{name}, line {at + 1}: found {lines[at][:40]!r} and no row of numbers after it",
        f"choose a recording: {KNOWN_FORMATS}",
    )
