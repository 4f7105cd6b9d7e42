"""Decode rows of numbers in blocks of whole lines; line by line only where a block has an irregular row."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files.text.byte_stream import READ_BYTES, TruncatedGzip, read_pieces
from devices.files.text.cells import COMMENT_PREFIXES, RowLayout, are_cells_valid, bad_row_error, row_cells, row_values
from devices.files.text.dates import parse_times_ms
from devices.files.units import decode_text
from ecg_live.errors import TruncatedError
from ecg_live.events import F64, State

_MIN_SPLIT_BYTES = 1 << 13  # a smaller block with an irregular row is decoded line by line
_MISSING_PATTERN = rb" *(?:(?i:#?n/?a|<na>|null|none|nil)|--?|[?*])? *"  # as `cells.MISSING_WORDS`, whole cells


class RowBlock(NamedTuple):
    """Whole rows: ``table`` (rows, decoded columns); ``line`` is the line number of the first one, from 1.

    ``heading`` is a heading line instead of rows, ``remark`` the text after the last row (see `RowLayout`).
    """

    line: int
    table: F64
    description: str = ""
    remark: str = ""


def read_rows(path: Path, layout: RowLayout) -> Iterator[RowBlock | State]:
    """Decode all rows; a last row that was cut is left out, with a warning.

    Raises
    ------
    FormatError
        A row in mid-file is malformed; all rows before it have been returned.
    TruncatedError
        The only row was cut.
    """
    line, rest, cut = layout.skip + 1, b"", False
    skip = layout.skip
    try:
        for data in read_pieces(path):
            rest += data
            if skip:
                skip, rest = _skip_lines(rest, skip)
            # The last whole line may be the file's last: hold it.
            end = 0 if skip else rest.rfind(b"\n", 0, rest.rfind(b"\n")) + 1
            if end > 0:
                yield from _decode(path, layout, line, rest[:end])
                line += rest.count(b"\n", 0, end)
                rest = rest[end:]
            elif len(rest) > 2 * READ_BYTES:
                raise bad_row_error(path, line, decode_text(rest[:READ_BYTES]), layout)
    except TruncatedGzip:
        cut = True
    yield from _decode_last(path, layout, line, rest)
    if cut:
        yield State("warning", f"{path.name}: the packed file was cut; what follows the cut is missing")


def _skip_lines(data: bytes, lines: int) -> tuple[int, bytes]:
    """Drop up to so many whole lines; return how many are still to be dropped, and the rest."""
    at = 0
    while lines and (end := data.find(b"\n", at)) >= 0:
        at, lines = end + 1, lines - 1
    return lines, data[at:]


def _decode(path: Path, layout: RowLayout, line: int, data: bytes) -> Iterator[RowBlock]:
    """Decode all rows at once, or else in ever smaller parts, so that an irregular row slows down few others."""
    plain = data.replace(b",", b".") if layout.comma else data
    try:
        try:
            table = _decode_at_once(layout, plain)
        except ValueError:
            if (spelt := _spell_missing(layout, plain)) == plain:
                raise
            table = _decode_at_once(layout, spelt)
    except ValueError:
        half = data.find(b"\n", len(data) // 2) + 1
        if len(data) < _MIN_SPLIT_BYTES or not 0 < half < len(data):
            yield from _decode_by_line(path, layout, line, data)
            return
        yield from _decode(path, layout, line, data[:half])
        yield from _decode(path, layout, line + data.count(b"\n", 0, half), data[half:])
    else:
        yield RowBlock(line, table)


def _spell_missing(layout: RowLayout, data: bytes) -> bytes:
    """Replace words for a missing value by ``nan``, which numpy knows."""
    if not layout.blanks or layout.sep == " ":
        return data
    sep = layout.sep.encode()
    inside = re.sub(re.escape(sep) + _MISSING_PATTERN + b"(?=[%b\r\n])" % re.escape(sep), sep + b"nan", b"\n" + data)
    return re.sub(rb"\n" + _MISSING_PATTERN + b"(?=%b)" % re.escape(sep), b"\nnan", inside)[1:]


def _decode_at_once(layout: RowLayout, data: bytes) -> F64:
    """Decode all rows at once; ValueError for any irregular row."""
    rows = data.count(b"\n")
    seps = len(data.split()) - rows if layout.sep == " " else data.count(layout.sep.encode())
    if not data.strip() or seps != rows * (layout.width - (not layout.trailing)):
        raise ValueError("cells are missing or too many, or no row at all")
    columns = sorted({*layout.take, layout.width - 1})  # the last one shows short rows
    kinds = ["S32" if c == layout.date else "f8" if c in layout.take else "S1" for c in columns]
    table = np.loadtxt(
        io.BytesIO(data),
        dtype=[(f"c{column}", kind) for column, kind in zip(columns, kinds, strict=True)],
        delimiter=None if layout.sep == " " else layout.sep,
        usecols=columns,
        comments=None,
        quotechar='"',
        ndmin=1,
    )
    if len(table) != rows:
        raise ValueError("empty lines")
    cells = [table[f"c{column}"] for column in layout.take]
    return np.stack([parse_times_ms(cell) if cell.dtype.kind == "S" else cell for cell in cells], axis=1)


def _decode_by_line(path: Path, layout: RowLayout, line: int, data: bytes) -> Iterator[RowBlock]:
    """Decode one row at a time: for empty cells and lines, headings, remarks, and to find a malformed row."""
    good: list[list[float]] = []
    for number, raw in enumerate(decode_text(data).split("\n")[:-1], line):
        if not raw.strip() or raw.lstrip().startswith(COMMENT_PREFIXES):
            continue
        if raw.startswith(layout.headings):
            yield _make_block(line, good, layout)
            yield _make_block(number, [], layout)._replace(description=raw.strip())
            line, good = number + 1, []
            continue
        cells, remark = _split_remark(row_cells(raw, layout), layout)
        values = row_values(cells, layout)
        if values is None:
            yield _make_block(line, good, layout)
            raise bad_row_error(path, number, raw, layout)
        good.append(values)
        if remark:
            yield _make_block(line, good, layout)._replace(remark=remark)
            line, good = number + 1, []
    yield _make_block(line, good, layout)


def _split_remark(cells: list[str], layout: RowLayout) -> tuple[list[str], str]:
    """Separate a row's cells from the text after them."""
    if not layout.remarks or len(cells) <= layout.width:
        return cells, ""
    return cells[: layout.width], " ".join(cells[layout.width :]).strip()


def _make_block(line: int, good: list[list[float]], layout: RowLayout) -> RowBlock:
    return RowBlock(line, np.array(good, dtype=np.float64).reshape(len(good), len(layout.take)))


def _decode_last(path: Path, layout: RowLayout, line: int, rest: bytes) -> Iterator[RowBlock | State]:
    """Decode the file's last row, which may have been cut, and the rows held before it."""
    lines = rest.split(b"\n")
    unended = bool(lines[-1].strip())
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > 1:
        before = b"\n".join(lines[:-1]) + b"\n"
        yield from _decode(path, layout, line, before)
        line += before.count(b"\n")
    if not lines:
        return
    raw = decode_text(lines[-1])
    if raw.lstrip().startswith(COMMENT_PREFIXES):
        return
    cells, remark = _split_remark(row_cells(raw, layout), layout)
    values = row_values(cells, layout)
    ended = not unended or not (layout.terminated or (layout.trailing and not raw.endswith(layout.sep)))
    if values is not None and ended:
        yield _make_block(line, [values], layout)._replace(remark=remark)
        return
    if raw.startswith(layout.headings):
        return
    if not (len(cells) < layout.width or unended) or not are_cells_valid(cells[:-1], layout):
        raise bad_row_error(path, line, raw, layout)
    what = f"the last row (line {line}) was cut: {len(cells) - unended} of {layout.width} values are whole"
    if line == layout.skip + 1:
        raise TruncatedError(f"{path.name}: {what}, and there is no other row", "record it again")
    yield State("warning", f"{path.name}: {what}; the row is left out")
