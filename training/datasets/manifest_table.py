"""The rows of a manifest as text, and what their label columns mean."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from ecg_live.errors import ConfigError, DatasetError
from training.datasets.class_order import in_stated_order, order_by_meaning, parse_stated_order
from training.datasets.dataset import Classes, LabelValue, Rating

REQUIRED_COLUMNS = ("file", "subject", "start_s", "stop_s")
OPTIONAL_COLUMNS = ("channel", "part", "rate", "unit", "rest", "ratings", "stimulus")
RATINGS_COLUMN = "ratings"  # names a file of continuous ratings
EMPTY_CELLS = ("", "nan", "na")
_NUMBER_PATTERN = r"\s*(-?\d+(?:\.\d+)?)\s*"
_SCALED_HEADER = re.compile(rf"(.*\S)\s*\[{_NUMBER_PATTERN}-{_NUMBER_PATTERN}\]")  # valence[1-9]


class ManifestRow(NamedTuple):
    """A row: the number of its line, and its cells by the name of their column."""

    line: int
    cells: Mapping[str, str]


class ManifestTable(NamedTuple):
    """A manifest: its rows, names of its label columns, and whether its numbers have decimal commas."""

    path: Path
    rows: tuple[ManifestRow, ...]
    labels: tuple[str, ...]
    commas: bool

    def number(self, row: ManifestRow, name: str) -> float | None:
        """A cell's number; None where the cell is empty.

        Raises
        ------
        DatasetError
            It is not a number.
        """
        text = row.cells[name]
        if text.casefold() in EMPTY_CELLS:
            return None
        try:
            value = float(text.replace(",", ".") if self.commas else text)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise self.wrong(row, f"{name} is {text!r}, expected a number")
        return value

    def wrong(self, row: ManifestRow, found: str) -> DatasetError:
        """The error about a row, to be raised."""
        return DatasetError(f"{self.path.name}, line {row.line}: {found}", "mend that line")


def read_table(path: Path) -> ManifestTable:
    """Read a manifest with cells separated by commas or semicolons.

    Raises
    ------
    DatasetError
        It is not such a table, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            sep = ";" if head.count(";") > head.count(",") else ","
            reader = csv.reader(file, delimiter=sep, strict=True)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}", "check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: not a table of text: {error}", "save it as CSV in UTF-8") from error
    lines = [(number, cells) for number, cells in lines if any(cells)]
    if len(lines) < 2:
        raise DatasetError(f"{path}: found {len(lines)} lines, expected a header and rows", "fill it in")
    header = _header(path, lines[0][1])
    for number, cells in lines[1:]:
        if len(cells) != len(header):
            raise DatasetError(
                f"{path.name}, line {number}: found {len(cells)} cells, expected {len(header)}", "mend that line"
            )
    rows = tuple(ManifestRow(number, dict(zip(header, cells, strict=True))) for number, cells in lines[1:])
    labels = tuple(name for name in header if name not in REQUIRED_COLUMNS + OPTIONAL_COLUMNS)
    return ManifestTable(path, rows, labels, sep == ";")


def _header(path: Path, cells: list[str]) -> list[str]:
    known = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
    header = [cell.casefold() if cell.casefold() in known else cell for cell in cells]
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    if missing:
        raise DatasetError(f"{path}: the header lacks {', '.join(missing)}: {', '.join(header)}", "add the column")
    if len(set(header)) < len(header) or "" in header:
        raise DatasetError(f"{path}: a column has no name, or two have one: {', '.join(header)}", "mend the header")
    if len(header) == sum(name in known for name in header) and RATINGS_COLUMN not in header:
        raise DatasetError(f"{path}: no column is a label", "add one, such as valence[1-9]")
    return header


def read_labels(table: ManifestTable) -> tuple[dict[str, Rating | Classes], list[dict[str, LabelValue]]]:
    """What the label columns mean, and each row's labels; one that is empty or NaN is left out.

    A column of numbers is a rating from its least to its largest, or on the scale that its header gives, as in
    ``valence[1-9]``; a column of text holds names of classes, ordered by known words, or as its
    header states, as in ``arousal[low,high]``.

    Raises
    ------
    DatasetError
        A column mixes numbers and text or is empty, or a rating is off its scale.
    """
    meanings: dict[str, Rating | Classes] = {}
    labels: list[dict[str, LabelValue]] = [{} for _ in table.rows]
    for column in table.labels:
        scaled = _SCALED_HEADER.fullmatch(column)
        name = scaled[1] if scaled else parse_stated_order(column)[0]
        if name in meanings:
            raise DatasetError(f"{table.path}: two columns are called {name}", "mend the header")
        given = [i for i, row in enumerate(table.rows) if row.cells[column].casefold() not in EMPTY_CELLS]
        if not given:
            raise DatasetError(f"{table.path}: the column {column} is empty", "fill it in, or remove it")
        scale = (float(scaled[2]), float(scaled[3])) if scaled else None
        rated = scale is not None or _is_number(table, table.rows[given[0]].cells[column])
        if rated and parse_stated_order(column)[1] and not scaled:
            raise DatasetError(
                f"{table.path}: {column} names classes, and holds numbers", "mend the header, as in valence[1-9]"
            )
        meanings[name], values = _ratings(table, column, given, scale) if rated else _classes(table, column, given)
        for i, value in zip(given, values, strict=True):
            labels[i][name] = value
    return meanings, labels


def parse_scale(column: str) -> tuple[str, Rating | None]:
    """Name of a column, and the scale that it states, as in ``valence[1-9]``; None where it states none.

    Raises
    ------
    DatasetError
        The scale has no extent.
    """
    scaled = _SCALED_HEADER.fullmatch(column)
    if scaled is None:
        return column, None
    if float(scaled[2]) >= float(scaled[3]):
        raise DatasetError(f"{column}: the scale has no extent", "mend the header, as in valence[1-9]")
    return scaled[1], Rating(float(scaled[2]), float(scaled[3]))


def _is_number(table: ManifestTable, text: str) -> bool:
    try:
        return isfinite(float(text.replace(",", ".") if table.commas else text))
    except ValueError:
        return False


def _ratings(
    table: ManifestTable, column: str, given: Sequence[int], scale: tuple[float, float] | None
) -> tuple[Rating, list[LabelValue]]:
    values = [float(table.number(table.rows[i], column) or 0.0) for i in given]
    low, high = scale or (min(values), max(values))
    if scale and low >= high:
        raise DatasetError(f"{table.path}: {column}: the scale has no extent", "mend the header, as in valence[1-9]")
    for i, value in zip(given, values, strict=True):
        if not low <= value <= high:
            raise table.wrong(table.rows[i], f"{column} is {value:g}, expected {low:g} to {high:g}")
    return Rating(low, high), list(values)


def _classes(table: ManifestTable, column: str, given: Sequence[int]) -> tuple[Classes, list[LabelValue]]:
    name, order = parse_stated_order(column)
    texts = [table.rows[i].cells[column] for i in given]
    for i, text in zip(given, texts, strict=True):
        if _is_number(table, text):
            raise table.wrong(table.rows[i], f"{column} is {text}, a number, among names such as {texts[0]!r}")
    try:
        return (in_stated_order(name, texts, order) if order else order_by_meaning(texts)), list(texts)
    except ConfigError as error:
        raise DatasetError(f"{table.path.name}, line 1: {error.message}", error.remedy) from error
