"""Rows of numbers in a text file, decoded in blocks of whole lines; line by line only where a block goes wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files.cells import Layout, bad_row, is_sound, row_cells, row_values, to_stamps
from ecg_live.errors import TruncatedError
from ecg_live.types import F64, State

_BLOCK = 1 << 20  # bytes read at once


class Block(NamedTuple):
    """Whole rows: ``table`` (rows, columns asked for); ``line`` is the number of the first one's line, from 1."""

    line: int
    table: F64


def read_rows(path: Path, layout: Layout) -> Iterator[Block | State]:
    """Decode all rows; a last row that was cut is left out, with a warning.

    Raises
    ------
    FormatError
        A row in mid-file is not what it should be; all rows before it have been given.
    TruncatedError
        The only row was cut.
    """
    line, rest = layout.skip + 1, b""
    with path.open("rb") as file:
        for _ in range(layout.skip):
            file.readline()
        while data := file.read(_BLOCK):
            rest += data
            end = rest.rfind(b"\n", 0, rest.rfind(b"\n")) + 1  # the last whole line may be the file's last: hold it
            if end > 0:
                yield from _decode(path, layout, line, rest[:end])
                line += rest.count(b"\n", 0, end)
                rest = rest[end:]
            elif len(rest) > 2 * _BLOCK:
                raise bad_row(path, line, rest.decode("utf-8", "replace"), layout)
    yield from _last(path, layout, line, rest)


def _decode(path: Path, layout: Layout, line: int, data: bytes) -> Iterator[Block]:
    if layout.sep == ";":
        data = data.replace(b",", b".")  # the locales that write ; between cells write , in numbers
    try:
        table = _fast(layout, data)
    except ValueError:
        yield from _slow(path, layout, line, data)
    else:
        yield Block(line, table)


def _fast(layout: Layout, data: bytes) -> F64:
    """All rows at once; ValueError for anything out of the ordinary."""
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
    return np.stack([to_stamps(cell) if cell.dtype.kind == "S" else cell for cell in cells], axis=1)


def _slow(path: Path, layout: Layout, line: int, data: bytes) -> Iterator[Block]:
    """One row at a time: for empty cells and lines, and to find the row that is wrong."""
    good: list[list[float]] = []
    for number, raw in enumerate(data.decode("utf-8", "replace").split("\n")[:-1], line):
        if not raw.strip():
            continue
        values = row_values(row_cells(raw, layout), layout)
        if values is None:
            yield _block(line, good, layout)
            raise bad_row(path, number, raw, layout)
        good.append(values)
    yield _block(line, good, layout)


def _block(line: int, good: list[list[float]], layout: Layout) -> Block:
    return Block(line, np.array(good, dtype=np.float64).reshape(len(good), len(layout.take)))


def _last(path: Path, layout: Layout, line: int, rest: bytes) -> Iterator[Block | State]:
    """The file's last row, which may have been cut, and what is held in front of it."""
    lines = (rest.replace(b",", b".") if layout.sep == ";" else rest).split(b"\n")
    unended = bool(lines[-1].strip())
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > 1:
        before = b"\n".join(lines[:-1]) + b"\n"
        yield from _decode(path, layout, line, before)
        line += before.count(b"\n")
    if not lines:
        return
    raw = lines[-1].decode("utf-8", "replace")
    cells = row_cells(raw, layout)
    values = row_values(cells, layout)
    ended = not unended or not (layout.terminated or (layout.trailing and not raw.endswith(layout.sep)))
    if values is not None and ended:
        yield _block(line, [values], layout)
        return
    if not (len(cells) < layout.width or unended) or not is_sound(cells[:-1], layout):
        raise bad_row(path, line, raw, layout)
    what = f"the last row (line {line}) was cut: {len(cells) - unended} of {layout.width} values are whole"
    if line == layout.skip + 1:
        raise TruncatedError(f"{path.name}: {what}, and there is no other row", "record it again")
    yield State("warning", f"{path.name}: {what}; the row is left out")
