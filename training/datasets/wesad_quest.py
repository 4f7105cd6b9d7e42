"""WESAD's ``SX_quest.csv``: in which order the conditions came, from when to when, and how they were rated.

Source of the layout: the data set's readme, and public readers of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ecg_live.errors import DatasetError

RATED_CONDITIONS = 5  # conditions with questionnaires: the first ones of the order; the others are pauses for reading
RATING_NAMES = ("valence", "arousal")  # the columns of DIM
RATING_LOW, RATING_HIGH = 1.0, 9.0  # self-assessment manikins
_AFFECT_OF_PREFIX = {"base": "baseline", "tsst": "stress", "fun": "amusement", "medi": "meditation"}  # as names begin
_TIME_PATTERN = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class WesadCondition:
    """One condition: ``name`` as in the file, ``affect`` as a class, start and stop in s where given, and ratings."""

    name: str
    affect: str
    start: float | None
    stop: float | None
    ratings: dict[str, float]


def read_quest(path: Path, remarks: list[str]) -> tuple[WesadCondition, ...]:
    """Read the conditions in the order of the file; what is empty or cannot be is remarked.

    Raises
    ------
    DatasetError
        The file cannot be read, or names no order.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise DatasetError(f"{path.name}: {error.strerror}", "check the file") from error
    rows: dict[str, list[list[str]]] = {}
    for line in lines:
        key, *cells = [cell.strip() for cell in line.split(";")]
        rows.setdefault(key.lstrip("# ").upper(), []).append(cells)
    names = [name for name in rows.get("ORDER", [[]])[0] if name]
    if not names:
        raise DatasetError(f"{path.name}: found no line '# ORDER', expected one with the conditions", "copy it again")
    starts, stops = (rows.get(key, [[]])[0] for key in ("START", "END"))
    found: list[WesadCondition] = []
    for i, name in enumerate(names):
        affect = next((affect for begin, affect in _AFFECT_OF_PREFIX.items() if name.casefold().startswith(begin)), "")
        if not affect:
            if i < RATED_CONDITIONS:
                remarks.append(f"{path.name}: {name!r} is no condition that is known; left out")
            continue
        where = f"{path.name}: {name}"
        ratings = _ratings(where, _cells(rows.get("DIM", []), i), remarks) if i < RATED_CONDITIONS else {}
        start, stop = (_seconds(where, _cell(cells, i), remarks) for cells in (starts, stops))
        found.append(WesadCondition(name, affect, start, stop, ratings))
    return tuple(found)


def _cells(rows: list[list[str]], i: int) -> list[str]:
    return rows[i] if i < len(rows) else []


def _cell(cells: list[str], i: int) -> str:
    return cells[i] if i < len(cells) else ""


def _seconds(where: str, text: str, remarks: list[str]) -> float | None:
    """Minutes and seconds with a dot between; zeros at the end were dropped, so that 50.3 is 50 min 30 s."""
    found = _TIME_PATTERN.fullmatch(text)
    seconds = int((found[2] or "").ljust(2, "0")) if found else 60
    if found is None or seconds > 59:
        remarks.append(f"{where}: found {text!r}, expected a time such as 50.3 for 50 min 30 s")
        return None
    return 60.0 * int(found[1]) + seconds


def _ratings(where: str, cells: list[str], remarks: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for i, name in enumerate(RATING_NAMES):
        text = _cell(cells, i)
        if text.isdecimal() and RATING_LOW <= int(text) <= RATING_HIGH:
            found[name] = float(text)
        else:
            remarks.append(f"{where}: {name} is {text!r}, expected {RATING_LOW:g} to {RATING_HIGH:g}; left out")
    return found
