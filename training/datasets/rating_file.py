"""A file of continuous ratings beside a recording: a column of times, and one for each rating."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ecg_live.errors import DatasetError
from training.datasets.dataset import LabelTrack, Rating
from training.datasets.manifest_table import EMPTY_CELLS, parse_scale

TIME_COLUMN = "time_s"


@dataclass(frozen=True, slots=True)
class RatingFile:
    """Times (s of the recording), ratings by name (None where there is none), and the scales that the header states."""

    path: Path
    times: tuple[float, ...]
    values: Mapping[str, tuple[float | None, ...]]
    scales: Mapping[str, Rating]

    def tracks(self, start: float, stop: float) -> dict[str, LabelTrack]:
        """The ratings between two times, by name; each holds until the next.

        Raises
        ------
        DatasetError
            There is none.
        """
        inside = [i for i, time in enumerate(self.times) if start <= time < stop]
        if not inside:
            raise DatasetError(
                f"{self.path.name} rates {self.times[0]:g} to {self.times[-1]:g} s; the recording is used from "
                f"{start:g} to {stop:g} s: they have no time in common",
                "mend the times",
            )
        times = tuple(self.times[i] for i in inside)
        return {name: LabelTrack(times, tuple(each[i] for i in inside), stop) for name, each in self.values.items()}


def read_rating_file(path: Path) -> RatingFile:
    """Read a CSV file with a column ``time_s`` and one or more ratings, as in ``stress[0-10]``.

    Raises
    ------
    DatasetError
        It is not such a table, times do not ascend, or a rating is no number, or off its scale.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}", "check the path, or save it as CSV in UTF-8") from error
    lines = [(number, cells) for number, cells in lines if any(cells)]
    header = lines[0][1] if lines else []
    if len(lines) < 2 or TIME_COLUMN not in header or len(header) < 2:
        raise DatasetError(
            f"{path.name}: expected a column {TIME_COLUMN}, one for each rating, and rows; the header is "
            f"{', '.join(header) or 'missing'}",
            "mend the file",
        )
    return _parse(path, header, lines[1:])


def rating_scales(files: Sequence[RatingFile]) -> dict[str, Rating]:
    """Scale of each rating: that which headers state, or else from the least to the largest in any file.

    Raises
    ------
    DatasetError
        Two headers state different ones, or no file has a number.
    """
    found: dict[str, Rating] = {}
    for name in dict.fromkeys(name for file in files for name in file.values):
        stated = {file.scales[name] for file in files if name in file.scales}
        given = [value for file in files for value in file.values.get(name, ()) if value is not None]
        if len(stated) > 1 or not given:
            why = "is on two scales" if len(stated) > 1 else "has no number"
            raise DatasetError(f"{name} {why} in {', '.join(file.path.name for file in files[:3])}", "mend the files")
        found[name] = stated.pop() if stated else Rating(min(given), max(given))
    return found


def _parse(path: Path, header: Sequence[str], lines: Sequence[tuple[int, list[str]]]) -> RatingFile:
    at = header.index(TIME_COLUMN)
    named = [(i, *parse_scale(column)) for i, column in enumerate(header) if i != at]
    times: list[float] = []
    values: dict[str, list[float | None]] = {name: [] for _, name, _ in named}
    for line, cells in lines:
        if len(cells) != len(header):
            raise _wrong(path, line, f"found {len(cells)} cells, expected {len(header)}")
        time = _number(path, line, TIME_COLUMN, cells[at])
        if time is None or (times and time <= times[-1]):
            raise _wrong(path, line, f"{TIME_COLUMN} is {cells[at]!r}, expected one after the line before")
        times.append(time)
        for i, name, scale in named:
            value = _number(path, line, name, cells[i])
            if value is not None and scale is not None and not scale.low <= value <= scale.high:
                raise _wrong(path, line, f"{name} is {value:g}, expected {scale.low:g} to {scale.high:g}")
            values[name].append(value)
    scales = {name: scale for _, name, scale in named if scale is not None}
    return RatingFile(path, tuple(times), {name: tuple(each) for name, each in values.items()}, scales)


def _number(path: Path, line: int, name: str, text: str) -> float | None:
    """A number; None for an empty cell or NaN."""
    if text.casefold() in EMPTY_CELLS:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise _wrong(path, line, f"{name} is {text!r}, expected a number")
    return value


def _wrong(path: Path, line: int, found: str) -> DatasetError:
    return DatasetError(f"{path.name}, line {line}: {found}", "mend that line")
