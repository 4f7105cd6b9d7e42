"""Find the time column of a table and its unit, by its name and by its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from devices.files.text import time_units
from devices.files.text.cells import is_missing_value, to_number
from devices.files.text.dates import parse_times_ms
from devices.files.text.table import TextTable
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import F64

_TIME_NAMES = (
    r"time|timestamps?|datetime|uhrzeit|zeit|zeitstempel|elapsed|seconds?|secs?|milli ?secs?|msecs?|minutes?|min"
)
_TIME_COLUMN_PATTERN = re.compile(
    rf"(?:unix[ _]*)?(?:{_TIME_NAMES}|t|s|ms|date[ _]?time)(?:[ _](?:time|stamp))?", re.IGNORECASE
)
_TIME_IN_NAME_PATTERN = re.compile(r"(?<![a-z])(?:time|timestamps?|zeit(?:stempel)?)(?![a-z])", re.IGNORECASE)
_UNIT_IN_NAME_PATTERN = re.compile(r"[\[(]\s*([^\])]*?)\s*[\])]\s*$|_([a-z\u00b5\u03bc]{1,2})$", re.IGNORECASE)
# Of recordings, since 1970: a column without a name is time if it rises in this range.
_PLAUSIBLE_UNIX_S = (1.0e9, 2.5e9)
_MIN_RISING_ROWS = 3  # that show whether a column rises
_TIME_WORDS = frozenset(
    {"time", "timestamp", "timestamps", "stamp", "stamps", "datetime", "date", "unix", "formattedunix", "cal", "zeit",
     "s", "sec", "secs", "second", "seconds", "ms", "msec", "us", "ns", "utc", "local", "of", "the"}
)  # fmt: skip


class TimeColumn(NamedTuple):
    """A time column; ``second`` is a second in its unit, None for an unknown unit.

    ``dated``: it holds dates or times of day. ``others``: there are other time columns, perhaps of other devices.
    """

    column: int
    second: float | None
    dated: bool
    others: bool = False


class _TimeCandidate(NamedTuple):
    column: int
    exact: bool  # its name is a word for time
    dated: bool
    rises: bool
    distinct: float  # share of rows with a timestamp of their own


def find_time_column(
    where: str, table: TextTable, options: ReadOptions, channel: int | None = None
) -> TimeColumn | None:
    """Find the time column, or None if there is none or none is needed.

    Parameters
    ----------
    where : str
        The file's name, for messages.
    table : TextTable
    options : ReadOptions
    channel : int, optional
        Column of the signal: of several time columns, that of its device is chosen.

    Raises
    ------
    ConfigError
        The only time column cannot be parsed, and the user gave no rate.
    """
    if not table.names:
        return None if options.rate is not None else _unnamed_time_column(table)
    named = [i for i, name in enumerate(table.names) if name and table.width > 1 and _names_time(name)]
    found = [candidate for i in named if (candidate := _time_candidate(table, i)) is not None]
    usable = [candidate for candidate in found if candidate.exact or candidate.rises]
    if usable:
        others = len(usable) > 1
        if channel is not None:
            own = own_time_columns(table.names, [one.column for one in usable], channel)
            usable = [one for one in usable if one.column in own]
        best = max(usable, key=lambda one: (one.rises, round(one.distinct, 1), one.exact, -one.column))
        second = 1000.0 if best.dated else _stated_units_per_second(table, best.column)
        return TimeColumn(best.column, second, best.dated, others)
    unread = [i for i in named if _TIME_COLUMN_PATTERN.fullmatch(name_without_unit(table.names[i]))]
    if unread and options.rate is None and time_units.stated_rate(table.before) is None:
        cells = table.cells(unread[0])
        raise ConfigError(
            f"{where}: the time column {table.names[unread[0]]!r} holds {cells[0]!r}, which is no time",
            "give the rate with --rate HZ",
        )
    return None


def name_without_unit(name: str) -> str:
    """Return a column's name without its unit."""
    return _UNIT_IN_NAME_PATTERN.sub("", name.strip()).strip(" _")


def _names_time(name: str) -> bool:
    bare = name_without_unit(name)
    return bool(_TIME_COLUMN_PATTERN.fullmatch(bare) or _TIME_IN_NAME_PATTERN.search(bare.replace("_", " ")))


def _stated_units_per_second(table: TextTable, column: int) -> float | None:
    """Return the units per second that the row of units, the name's unit or the name itself states."""
    name = table.names[column].strip()
    unit = _UNIT_IN_NAME_PATTERN.search(name)
    texts = (
        table.units[column] if table.units else "",
        (unit[1] or unit[2] or "") if unit else "",
        name_without_unit(name),
    )
    return next((second for text in texts if (second := time_units.units_per_second(text)) is not None), None)


def _time_candidate(table: TextTable, column: int) -> _TimeCandidate | None:
    """Describe a column that can be time; None for another one."""
    cells = table.cells(column)
    numbers = _parse_numbers(cells, comma=table.comma)
    dated = numbers is None
    times = _parse_dates(cells) if numbers is None else numbers
    if times is None:
        return None
    known = times[np.isfinite(times)]
    step = np.diff(known)
    rises = len(known) > 1 and known[-1] > known[0] and bool(np.mean(step >= 0) > 0.9)
    distinct = len(np.unique(known)) / max(1, len(times))
    return _TimeCandidate(
        column, bool(_TIME_COLUMN_PATTERN.fullmatch(name_without_unit(table.names[column]))), dated, rises, distinct
    )


def _parse_numbers(cells: list[str], *, comma: bool) -> F64 | None:
    values = [np.nan if is_missing_value(cell) else to_number(cell, comma=comma) for cell in cells]
    return None if None in values or all(map(is_missing_value, cells)) else np.array(values, dtype=np.float64)


def _parse_dates(cells: list[str]) -> F64 | None:
    try:
        return parse_times_ms(
            np.array([b"" if is_missing_value(c) else c.encode("ascii", "replace") for c in cells], dtype=bytes)
        )
    except ValueError:
        return None


def _unnamed_time_column(table: TextTable) -> TimeColumn | None:
    """Find a column without a name that can only be time: it rises, and its size is that of a time since 1970."""
    for column in range(table.width if table.width > 1 else 0):
        numbers = _parse_numbers(table.cells(column), comma=table.comma)
        if numbers is None or len(numbers) < _MIN_RISING_ROWS or not np.isfinite(numbers).all():
            continue
        second = next(
            (s for s in (1.0, 1e3, 1e6, 1e9) if _PLAUSIBLE_UNIX_S[0] <= numbers.min() / s <= _PLAUSIBLE_UNIX_S[1]), None
        )
        if second is not None and numbers[-1] > numbers[0] and np.all(np.diff(numbers) >= 0):
            return TimeColumn(column, second, dated=False)
    return None


def own_time_columns(names: Sequence[str], times: Sequence[int], column: int) -> list[int]:
    """Return the time columns of the channel's device: those that share most words with it, then have fewest others.

    Of columns with one name, the nearest to the left of the channel counts, as tables are merged side by side.

    Parameters
    ----------
    names : sequence of str
        All columns' names.
    times : sequence of int
        Indices of the time columns, rising.
    column : int
        The channel's.
    """
    wanted = _name_words(names[column])

    def likeness(time: int) -> tuple[int, int]:
        found = _name_words(names[time])
        shared = len(found & wanted)
        return shared, -len(found - wanted) if shared else 0

    best = max((likeness(time) for time in times), default=(0, 0))
    own = [time for time in times if likeness(time) == best]
    alike: dict[str, list[int]] = {}
    for time in own:
        alike.setdefault(names[time].strip().casefold(), []).append(time)
    return sorted(max((t for t in same if t < column), default=same[0]) for same in alike.values())


def _name_words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", name.casefold())) - _TIME_WORDS
