"""SWELL's sheet: subject, block and condition of each minute, and the questionnaires' ratings.

Source of the layout: the data set's own notes, and public readers of it.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

from devices.files.unreadable import DECODE_ERRORS
from ecg_live.errors import DatasetError

RELAXATION_LETTER = "R"
CONDITION_NAMES = {"N": "neutral", "T": "time pressure", "I": "interruptions"}
_REQUIRED_COLUMNS = ("pp", "blok", "condition")
# Ratings, with their columns and what they may be: manikins from 1 to 9; effort on a line of 150 mm, in cm (RSME);
# stress as felt, which is not the condition, on a line from 0 to 10.
RATING_RANGES = {
    "valence": (1.0, 9.0),
    "arousal": (1.0, 9.0),
    "dominance": (1.0, 9.0),
    "mental_effort": (0.0, 15.0),
    "stress_rating": (0.0, 10.0),
}
_RATING_COLUMNS = {
    "valence": "Valence_rc",
    "arousal": "Arousal_rc",
    "dominance": "Dominance",
    "mental_effort": "MentalEffort",
    "stress_rating": "Stress",
}
_SUBJECT_CELL = re.compile(r"(?:PP)?\s*(\d+)(?:\.0)?", re.IGNORECASE)
_BLOCK_CELL = re.compile(r"(\d)(?:\.0)?")
_SHEET_NAME = "SWELLdata"


class SheetMinute(NamedTuple):
    """A row: its block, its condition's letter, and the time at which it began, where the sheet has it."""

    block: int
    condition: str
    time: datetime | None


@dataclass(slots=True)
class SheetSubject:
    """Minutes in the sheet's order, and the ratings of each block."""

    minutes: list[SheetMinute] = field(default_factory=list)
    ratings: dict[int, dict[str, float]] = field(default_factory=dict)


def read_sheet(path: Path, remarks: list[str]) -> dict[int, SheetSubject]:
    """Read the minutes of all subjects by number; empty and impossible cells get a remark.

    Raises
    ------
    DatasetError
        The file cannot be read, or lacks the columns PP, Blok and Condition.
    """
    try:
        rows = _xlsx(path) if path.suffix.casefold() == ".xlsx" else _tab(path)
        header = [_folded(cell) for cell in next(rows, [])]
        missing = [key for key in _REQUIRED_COLUMNS if key not in header]
        if missing:
            raise DatasetError(
                f"{path.name}: found no column {missing[0]!r}, expected PP, Blok and Condition", "copy it"
            )
        return _subjects(path.name, header, rows, remarks)
    except OSError as error:
        raise DatasetError(f"{path.name}: {error.strerror or error}", "check the file") from error


def _xlsx(path: Path) -> Iterator[list[str]]:
    import openpyxl  # noqa: PLC0415 - takes 0.3 s to load, and only this needs it

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book[_SHEET_NAME] if _SHEET_NAME in book.sheetnames else book.worksheets[0]
            for row in sheet.iter_rows(values_only=True):
                yield ["" if cell is None else str(cell).strip() for cell in row]
        finally:
            book.close()
    except (*DECODE_ERRORS, BadZipFile, SyntaxError) as error:  # malformed XML raises SyntaxError
        raise DatasetError(f"{path.name}: cannot be decoded: {error}", "copy the file again") from error


def _tab(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            for row in csv.reader(file, delimiter="\t"):
                yield [cell.strip() for cell in row]
        except csv.Error as error:
            raise DatasetError(f"{path.name}: cannot be decoded: {error}", "copy the file again") from error


def _subjects(
    name: str, header: Sequence[str], rows: Iterable[list[str]], remarks: list[str]
) -> dict[int, SheetSubject]:
    subjects: dict[int, SheetSubject] = {}
    answers: dict[tuple[int, int], dict[str, dict[str, None]]] = {}  # distinct texts of each rating, in order
    columns = {rating: _folded(column) for rating, column in _RATING_COLUMNS.items() if _folded(column) in header}
    absent = [rating for rating in _RATING_COLUMNS if rating not in columns]
    remarks += [f"{name}: found no column {_RATING_COLUMNS[rating]}; there is no {rating}" for rating in absent]
    lost = 0
    for cells in rows:
        row = defaultdict(str, zip(header, cells, strict=False))
        subject_cell, block_cell, condition = (
            _SUBJECT_CELL.fullmatch(row["pp"]),
            _BLOCK_CELL.fullmatch(row["blok"]),
            row["condition"].upper(),
        )
        if not subject_cell or not block_cell or condition not in (RELAXATION_LETTER, *CONDITION_NAMES):
            lost += any(cells)
            continue
        subject = subjects.setdefault(int(subject_cell[1]), SheetSubject())
        subject.minutes.append(SheetMinute(int(block_cell[1]), condition, _time(row["timestamp"])))
        if condition == RELAXATION_LETTER:
            continue
        given = answers.setdefault((int(subject_cell[1]), int(block_cell[1])), {rating: {} for rating in columns})
        for rating, column in columns.items():
            given[rating][row[column]] = None
    if lost:
        remarks.append(f"{name}: {lost} rows without a subject, a block or one of the conditions N, T, I, R; left out")
    for (number, block_number), texts in answers.items():
        where = f"PP{number}, block {block_number}"
        subjects[number].ratings[block_number] = _ratings(where, texts, remarks)
    return subjects


def _folded(name: str) -> str:
    """A column's name without what exports change: case, spaces, underscores."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _ratings(where: str, texts: dict[str, dict[str, None]], remarks: list[str]) -> dict[str, float]:
    """The rating of each question where a block has one only."""
    found: dict[str, float] = {}
    for rating, given in texts.items():
        low, high = RATING_RANGES[rating]
        values = {text: value for text in given if (value := _number(text)) is not None and low <= value <= high}
        if len(set(values.values())) == 1:
            found[rating] = next(iter(values.values()))
        if found.get(rating) is None or len(values) < len(given):
            found_texts = ", ".join(repr(text) for text in list(given)[:3])
            fate = "the others count" if rating in found else "left out"
            remarks.append(f"{where}: {rating} is {found_texts}, expected one number from {low:g} to {high:g}; {fate}")
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _time(text: str) -> datetime | None:
    """A time as the sheet writes it (20120918T131600000), or as a workbook's own cells are shown."""
    for form in ("%Y%m%dT%H%M%S%f", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - nor does the recorder know a zone
        except ValueError:
            continue
    return None
