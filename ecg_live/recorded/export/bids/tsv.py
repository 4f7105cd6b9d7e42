"""Tables of a BIDS data set: tabs between cells, ``n/a`` for what is missing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ecg_live.errors import FormatError
from ecg_live.formulas import escape_formula
from ecg_live.text import sanitize

NOT_AVAILABLE = "n/a"  # BIDS, "Tabular files": what is missing


def text_cell(text: str) -> str:
    """A text in one cell: control characters, tabs and line ends become blanks, and no spreadsheet computes it."""
    return escape_formula(" ".join(sanitize(text).split())) or NOT_AVAILABLE


def join_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """The content of a table."""
    return "".join("\t".join(row) + "\n" for row in rows).encode()


class IndexTable:
    """A table with one row for each participant or session, to which rows are added.

    Parameters
    ----------
    path : Path
        Read if it is there.
    columns : tuple of str
        Of a new table; the first is that of the IDs.

    Raises
    ------
    FormatError
        It is there, and has other columns.
    """

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path = path
        self._columns = columns
        self._content = path.read_bytes() if path.is_file() else join_rows([columns])
        try:
            text = self._content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FormatError(f"{path}: is not UTF-8: {error.reason}", "mend it") from error
        header, *rows = [*csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)] or [[]]
        if columns[0] not in header:
            raise FormatError(f"{path}: has no column {columns[0]!r}", "mend it, or name another folder with --out")
        self._header = header
        self._rows = [dict(zip(header, row, strict=False)) for row in rows if row]

    @property
    def ids(self) -> list[str]:
        """IDs in order."""
        return [row.get(self._columns[0], "") for row in self._rows]

    def cell(self, wanted: str, column: str) -> str:
        """The cell of an ID's row; empty if the table has no such column or row."""
        return next((row.get(column, "") for row in self._rows if row.get(self._columns[0]) == wanted), "")

    def appended(self, values: Mapping[str, str]) -> bytes:
        """The content with one more row; the rest stays as it is."""
        row = [values.get(column, NOT_AVAILABLE) for column in self._header]
        before = self._content if self._content.endswith(b"\n") else self._content + b"\n"
        return before + join_rows([row])
