"""Text cell by cell: how a file's rows are laid out, and what one row holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecg_live.errors import FormatError
from ecg_live.types import F64

LONGEST = 1 << 20  # bytes; a longer line is no row of numbers


@dataclass(frozen=True, slots=True)
class Layout:
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
        A column among ``take`` that holds ``yyyy/mm/dd hh:mm:ss.000``; decoded to ms since 1970.
    terminated : bool
        Whether the writer ends each row with a line feed, so that a last row without one must have been cut.
    blanks : bool
        Whether a cell may be empty: it becomes NaN.
    """

    skip: int
    sep: str
    width: int
    take: tuple[int, ...]
    trailing: bool = False
    date: int | None = None
    terminated: bool = True
    blanks: bool = False


def head_lines(path: Path, count: int) -> list[str]:
    """Read up to ``count`` lines from the start, without line ends and byte order mark.

    Raises
    ------
    FormatError
        The file is empty, or not text.
    """
    with path.open("rb") as file:
        lines = [file.readline(LONGEST) for _ in range(count)]
    data = b"".join(lines)
    if not data.strip():
        raise FormatError(f"{path.name}: the file is empty", "choose another file, or record it again")
    if b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(f"{path.name}: found bytes that are no UTF-8 text", "export it again as UTF-8 text")
    text = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines if line]
    return [text[0].removeprefix("\ufeff"), *text[1:]]


def split(line: str, sep: str) -> list[str]:
    """Cut a line into cells, without blanks, quotes and the empty cell behind a trailing separator."""
    cells = line.split() if sep == " " else line.rstrip("\r\n").split(sep)
    cells = [cell.strip().strip('"') for cell in cells]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def row_cells(raw: str, layout: Layout) -> list[str]:
    """Cut a row into cells; an empty one behind the last is a trailing separator's."""
    cells = raw.split() if layout.sep == " " else raw.rstrip("\r").split(layout.sep)
    cells = [cell.strip().strip('"') for cell in cells]
    return cells[:-1] if len(cells) == layout.width + 1 and not cells[-1] else cells


def row_values(cells: list[str], layout: Layout) -> list[float] | None:
    """Decode a row's cells; None where it is not what it should be."""
    if len(cells) != layout.width:
        return None
    try:
        return [_value(cells[column], layout, column) for column in layout.take]
    except ValueError:
        return None


def _value(cell: str, layout: Layout, column: int) -> float:
    if column == layout.date:
        return float(to_stamps(np.array([cell.encode("ascii", "replace")]))[0])
    if not cell and layout.blanks:
        return float("nan")
    if "_" in cell:  # Python's own spelling of 1_000 is no number in a file
        raise ValueError(cell)
    return float(cell)


def is_sound(cells: list[str], layout: Layout) -> bool:
    """Whether what is there of a row is as it should be."""
    try:
        for column in layout.take:
            if column < len(cells):
                _value(cells[column], layout, column)
    except ValueError:
        return False
    return True


def to_stamps(text: npt.NDArray[np.bytes_]) -> F64:
    """Dates to ms since 1970."""
    stamps = np.char.replace(text, b"/", b"-").astype("datetime64[us]")
    if np.isnat(stamps).any():
        raise ValueError("no date")
    return stamps.astype(np.int64) / 1000


def bad_row(path: Path, line: int, raw: str, layout: Layout) -> FormatError:
    """Say what was found in which line, and what was expected."""
    found = raw.strip() if len(raw) <= 60 else raw[:57].strip() + "..."
    wanted = "1 number" if layout.width == 1 else f"{layout.width} numbers"
    return FormatError(
        f"{path.name}, line {line}: found {found!r}, expected {wanted}", "mend or remove that line, or export it again"
    )
