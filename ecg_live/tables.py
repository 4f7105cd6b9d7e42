"""Tables of results as files: parquet or CSV by the file's suffix, written in rows as they come, and read back."""

from __future__ import annotations

import csv
import io
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias
from uuid import uuid4

from ecg_live.atomic_write import new_file, sync_folder
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.formulas import escape_formula, unescape_formula

ColumnKind: TypeAlias = Literal["text", "integer", "number", "single", "flag"]
"""What a column holds: text, a whole number, a float64, a float32, or true and false. Each may be missing (None)."""
Columns: TypeAlias = Mapping[str, ColumnKind]
Row: TypeAlias = Mapping[str, Any]

TABLE_SUFFIXES = (".parquet", ".csv")
COMPARED_COLUMNS = 3  # that tell one kind of table from another
ROWS_IN_MEMORY = 4096  # a group of rows of the file; 131 columns of it take 4 MB
FLAGS = {"true": True, "false": False}


class RowWriter(Protocol):
    """Takes the rows of a table one by one."""

    def write(self, row: Row) -> None:
        """Add a row: values by column; what is left out, None or NaN is missing in the file."""


def check_table_path(path: Path, option: str = "--out") -> None:
    """Refuse a file that no table can be written to, before anything is computed.

    Parameters
    ----------
    path : Path
        The file; it is replaced if it exists.
    option : str
        What named it, for the message.

    Raises
    ------
    ConfigError
        Its suffix is unknown, it is a folder, its folder is missing or closed, or pyarrow is missing.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        found = f"{option} {path}: the suffix is {path.suffix or 'missing'}; known are {', '.join(TABLE_SUFFIXES)}"
        raise ConfigError(found, "rename it")
    if path.is_dir():
        raise ConfigError(f"{option} {path}: it is a folder", "name a file")
    if not path.parent.is_dir():
        raise ConfigError(f"{option} {path}: there is no folder {path.parent}", "make it, or choose another")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{option} {path}: the folder {path.parent} cannot be written to", "choose another")
    if path.suffix.lower() == ".parquet":
        require_parquet(f"{option} {path}")


def check_replaceable(path: Path, columns: Columns) -> None:
    """Refuse to replace a file that is no table of the same kind: it may be a recording.

    Parameters
    ----------
    path : Path
        The file, which may be missing.
    columns : mapping
        Of the table that is to be written; the file's must begin with the same.

    Raises
    ------
    ConfigError
        It is something else.
    """
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return
    wanted = tuple(columns)[:COMPARED_COLUMNS]
    try:
        same = column_names(path)[:COMPARED_COLUMNS] == wanted
    except FormatError:
        same = False
    if not same:
        raise ConfigError(
            f"{path} is there already, and is no table that begins with {', '.join(wanted)}",
            "name another file, or remove it",
        )


def require_parquet(what: str) -> None:
    """Check that pyarrow is there.

    Raises
    ------
    ConfigError
        It is not.
    """
    if find_spec("pyarrow") is None:
        remedy = "run: python -m pip install 'ecg-live[parquet]', or name a .csv file"
        raise ConfigError(f"{what}: pyarrow is not installed, which parquet needs", remedy)


@contextmanager
def write_table(path: Path, columns: Columns, about: Mapping[str, str] | None = None) -> Iterator[RowWriter]:
    """Open a table for writing; the file is there as a whole once the block has succeeded, or as it was before.

    Rows go to the disk in groups, so that tables may be larger than the memory. Only the user may read the file: it
    holds health data.

    Parameters
    ----------
    path : Path
        ``.parquet`` or ``.csv``. In a CSV file floats have all the digits that they need to be read back as they were,
        true and false are ``true`` and ``false``, what is missing is empty, and what a spreadsheet would take for a
        formula begins with an apostrophe (`ecg_live.formulas`).
    columns : mapping
        Names and kinds of the columns, in their order.
    about : mapping, optional
        Texts by name that are kept in the file's metadata; CSV has no place for them.

    Raises
    ------
    ConfigError
        As `check_table_path`.
    RecordingError
        The file cannot be written.
    """
    check_table_path(path)
    part = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    kind = _ParquetRows if path.suffix.lower() == ".parquet" else _CsvRows
    try:
        with _opened(part, path) as file, closing(kind(path, file, columns, about or {})) as rows:
            yield rows
        with _writing(path):
            part.replace(path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink()


def write_rows(path: Path, columns: Columns, rows: Iterable[Row], about: Mapping[str, str] | None = None) -> None:
    """Write a whole table; parameters and errors are those of `write_table`."""
    with write_table(path, columns, about) as table:
        for row in rows:
            table.write(row)


def read_table(path: Path, columns: Columns) -> dict[str, list[Any]]:
    """Read what `write_table` wrote: lists of values by column, None where one is missing.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping
        Names and kinds of the columns to read; the file may have more.

    Raises
    ------
    ConfigError
        pyarrow is missing.
    FormatError
        The file is missing, is no table, or lacks a column.
    """
    with _reading(path), path.open("rb") as file:
        found = _read_parquet(file, path) if path.suffix.lower() == ".parquet" else _read_csv(path, columns)
    if missing := [name for name in columns if name not in found]:
        raise FormatError(f"{path}: there is no column {missing[0]}", "give a table that this version wrote")
    return {name: found[name] for name in columns}


@contextmanager
def _opened(part: Path, path: Path) -> Iterator[BinaryIO]:
    """A new private file, on the disk when the block ends."""
    with _writing(path):
        file = os.fdopen(new_file(part), "wb")
    try:
        yield file
        with _writing(path):
            file.flush()
            os.fsync(file.fileno())
    finally:
        with _writing(path):
            file.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Report that a file cannot be written."""
    try:
        yield
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror or error}"
        raise RecordingError(what, "free space, or choose another place") from error


def column_names(path: Path) -> tuple[str, ...]:
    """Names of a table's columns; errors are those of `read_table`."""
    with _reading(path):
        if path.suffix.lower() == ".parquet":
            require_parquet(str(path))
            from pyarrow.parquet import read_schema  # noqa: PLC0415 - of an extra

            with path.open("rb") as file:
                return tuple(read_schema(file).names)
        with path.open(encoding="utf-8", newline="") as text:
            return tuple(map(unescape_formula, next(csv.reader(text, strict=True), [])))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Report that a file is no table that can be read."""
    try:
        yield
    except (OSError, ValueError, csv.Error) as error:  # pyarrow's errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FormatError(f"{path}: no table can be read: {reason}", "check the path, or make it again") from error


class _RowGroups(ABC):
    """Gathers rows, and writes `ROWS_IN_MEMORY` of them at a time."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._path = path
        self._columns = columns
        self._waiting: list[list[Any]] = []

    def write(self, row: Row) -> None:
        """Take a row."""
        self._waiting.append([_plain(row.get(name), kind) for name, kind in self._columns.items()])
        if len(self._waiting) == ROWS_IN_MEMORY:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            with _writing(self._path):
                self._write_group(waiting)

    @abstractmethod
    def _write_group(self, rows: list[list[Any]]) -> None:
        """Write rows with a value for each column."""


class _CsvRows(_RowGroups):
    """Rows of a CSV file."""

    def __init__(self, path: Path, file: BinaryIO, columns: Columns, _about: Mapping[str, str]) -> None:
        super().__init__(path, columns)
        self._file = file
        with _writing(path):
            self._write_group([list(columns)])

    def _write_group(self, rows: list[list[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
        self._file.write(text.getvalue().encode())


class _ParquetRows(_RowGroups):
    """Rows of a parquet file; each group of rows is one in the file."""

    def __init__(self, path: Path, file: BinaryIO, columns: Columns, about: Mapping[str, str]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - of an extra
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - likewise

        super().__init__(path, columns)
        types = {
            "text": pa.string(),
            "integer": pa.int64(),
            "number": pa.float64(),
            "single": pa.float32(),
            "flag": pa.bool_(),
        }
        self._schema = pa.schema([(name, types[kind]) for name, kind in columns.items()], metadata=about)
        self._table = pa.Table
        self._parquet = ParquetWriter(file, self._schema, compression="zstd")

    def close(self) -> None:
        """Write what is left, and the file's end."""
        try:
            super().close()
        finally:
            with _writing(self._path):
                self._parquet.close()

    def _write_group(self, rows: list[list[Any]]) -> None:
        values = dict(zip(self._columns, map(list, zip(*rows, strict=True)), strict=True))
        self._parquet.write_table(self._table.from_pydict(values, self._schema))


def _plain(value: Any, kind: ColumnKind) -> Any:
    """A value of the column's kind, None if it is missing."""
    if value is None or (kind in {"number", "single"} and math.isnan(value)):
        return None
    if kind == "text":
        return str(value).encode("utf-8", "backslashreplace").decode()  # a file's name may be no Unicode
    if kind == "flag":
        return bool(value)
    if kind == "integer":
        return int(value)
    return value if kind == "single" else float(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_formula(value) if isinstance(value, str) else str(value)


def _read_parquet(file: BinaryIO, path: Path) -> dict[str, list[Any]]:
    require_parquet(str(path))
    from pyarrow.parquet import read_table as read_parquet  # noqa: PLC0415 - of an extra

    return read_parquet(file).to_pydict()


def _read_csv(path: Path, columns: Columns) -> dict[str, list[Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        header = [unescape_formula(name) for name in next(rows, [])]
        cells: Sequence[Sequence[str]] = list(rows)
    if any(len(row) != len(header) for row in cells):
        raise ValueError("its rows differ in length")
    found = dict(zip(header, zip(*cells, strict=True) if cells else [()] * len(header), strict=True))
    return {name: [_value(cell, kind) for cell in found[name]] for name, kind in columns.items() if name in found}


def _value(cell: str, kind: ColumnKind) -> Any:
    """What a cell of a CSV file holds; an empty one is missing."""
    if not cell:
        return None
    if kind == "flag":
        if cell not in FLAGS:
            raise ValueError(f"{cell!r} is neither true nor false")
        return FLAGS[cell]
    if kind == "text":
        return unescape_formula(cell)
    return int(cell) if kind == "integer" else float(cell)
