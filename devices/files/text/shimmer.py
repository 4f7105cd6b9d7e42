"""Shimmer's Consensys export: ``sep=`` (optional), names as ``DEVICE_ECG_LL-RA_24BIT_CAL``, units (optional), rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devices.files import channels
from devices.files.recording import FileRecording, SampleRun
from devices.files.text.byte_stream import head_lines
from devices.files.text.cells import RowLayout, split_cells
from devices.files.text.rate_fit import fit_rate, stamped_runs
from devices.files.text.time_column import own_time_columns
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError
from ecg_live.events import Marker, State, StreamInfo

_MS_PER_S = 1000.0  # Consensys writes Unix time in ms
_TIME_COLUMN_PATTERN = re.compile(r"(?:^|_)timestamp(?:sync)?_(formatted)?unix_cal$", re.IGNORECASE)
_SIGNAL_COLUMN_PATTERN = re.compile(r"(?:^|_)((?:ECG|EMG|EXG\d?|RESP\w*)_.+?)_(CAL|UNCAL)$", re.IGNORECASE)
_CALIBRATION_ENDING = re.compile(r"_(CAL|UNCAL)$", re.IGNORECASE)
_STATUS_COLUMN_PATTERN = re.compile(r"status", re.IGNORECASE)
# mV and V/V of the Shimmer3 ExG's ADS1292R: its reference, and the gain that Shimmer's ECG set-up writes to its channel
# registers (0x40). A calibrated and an uncalibrated export of one real recording agree with it: 7.2121e-5 mV a count.
_REFERENCE_MV, _DEFAULT_GAIN = 2420.0, 4.0


class _ConsensysHead(NamedTuple):
    sep: str
    names: list[str]
    units: list[str]
    skip: int
    trailing: bool


def is_shimmer(lines: list[str]) -> bool:
    """Whether the first lines of a text file are those of a Consensys export."""
    return any(_TIME_COLUMN_PATTERN.search(cell) for line in lines[:2] for cell in split_cells(line, _separator(lines)))


def open_shimmer_csv(path: Path, options: ReadOptions) -> FileRecording:
    """Open a Consensys export.

    Raises
    ------
    FormatError
        The header or a row is malformed.
    ConfigError
        The ECG channel is ambiguous, or ``--unit`` was given for uncalibrated values.
    """
    head = _read_head(path)
    times = [i for i, name in enumerate(head.names) if _TIME_COLUMN_PATTERN.search(name)]
    if not times:
        raise FormatError(f"{path.name}: found no time stamps among {len(head.names)} column names", "export it again")
    column, channel = _choose_column(head, options, path.name)
    time = own_time_columns(head.names, times, column)[0]
    stamp = _TIME_COLUMN_PATTERN.search(head.names[time])
    dated = stamp is not None and stamp[1] is not None
    layout = RowLayout(
        head.skip,
        head.sep,
        len(head.names),
        (column, time),
        head.trailing,
        date=time if dated else None,
        blanks=True,
        comma=head.sep == ";",
        shared=len(times) > 1,
    )
    factor, full_scale = _scale(head, column, options, path.name)
    fitted = fit_rate(path, layout, _MS_PER_S, options)
    device = head.names[time][: stamp.start()] if stamp is not None else ""
    counts = head.names[column].upper().endswith("_UNCAL")
    info = StreamInfo(
        fitted.rate, (channel.name,), full_scale, f"{path.name} {device}".strip(), f"{device}/{channel.name}",
        unit_assumed=not counts and channels.is_unit_assumed(_unit(head, column), options),
    )  # fmt: skip

    def runs() -> Iterator[SampleRun | State | Marker]:
        if counts:
            yield State(
                "warning", f"{path.name}: {channel.name} is uncalibrated; a gain of {_DEFAULT_GAIN:g} is assumed"
            )
        yield from stamped_runs(path, layout, fitted, factor)

    return FileRecording(info, runs)


def _choose_column(head: _ConsensysHead, options: ReadOptions, where: str) -> tuple[int, channels.OfferedChannel]:
    """Return the ECG's column; channels of two devices with one name are offered as ``DEVICE/ECG_LL-RA``."""
    columns = [
        i
        for i, name in enumerate(head.names)
        if not (_TIME_COLUMN_PATTERN.search(name) or _STATUS_COLUMN_PATTERN.search(name))
    ]
    offered = [_channel(head.names[i]) for i in columns]
    shared = {name for name, count in Counter(channel.name for channel in offered).items() if count > 1}
    for at, (i, channel) in enumerate(zip(columns, offered, strict=True)):
        if channel.name in shared:
            device = head.names[i].partition(channel.name)[0].strip("_")
            offered[at] = channel._replace(name=f"{device}/{channel.name}".strip("/"))
    at = channels.choose_channel(offered, options, where)
    return columns[at], offered[at]


def _separator(lines: list[str]) -> str:
    """Return the separator by ``sep=``, or else the most frequent one between the names."""
    first = lines[0].strip('"\r\n ') if lines else ""
    stated = re.fullmatch(r'"?sep=(.)"?', lines[0].rstrip("\r\n")) if lines else None
    if stated:
        return stated[1]
    if first == "sep=":  # the tab was stripped with the blanks at the end
        return "\t"
    return max("\t,;", key=first.count)


def _read_head(path: Path) -> _ConsensysHead:
    lines = head_lines(path, 4)
    sep = _separator(lines)
    at = 1 if lines[0].lstrip('"').startswith("sep=") else 0
    if len(lines) <= at:
        raise FormatError(f"{path.name}: no column names after the first line", "export the file again")
    names = split_cells(lines[at], sep)
    units: list[str] = []
    skip = at + 1
    if len(lines) > skip and _is_units(lines[skip], sep):
        units = split_cells(lines[skip], sep)
        skip += 1
    if len(lines) <= skip or not lines[skip].strip():
        raise FormatError(f"{path.name}, line {skip + 1}: no rows follow the header", "export it again")
    return _ConsensysHead(sep, names, units, skip, trailing=lines[skip].count(sep) >= len(names))


def _is_units(line: str, sep: str) -> bool:
    cells = [cell for cell in split_cells(line, sep) if cell]
    return bool(cells) and not any(cell[0].isdigit() or cell[0] in "+-." or cell.casefold() == "nan" for cell in cells)


def _channel(name: str) -> channels.OfferedChannel:
    """The channel without device and calibration in its name, such as ``ECG_LL-RA_24BIT``."""
    signal = _SIGNAL_COLUMN_PATTERN.search(name)
    short = signal[1] if signal else _CALIBRATION_ENDING.sub("", name)
    return channels.describe_channel(short, short)


def _unit(head: _ConsensysHead, column: int) -> str:
    return head.units[column] if column < len(head.units) else ""


def _scale(
    head: _ConsensysHead, column: int, options: ReadOptions, where: str
) -> tuple[float, tuple[float, float] | None]:
    """Return the factor to mV, and the converter's range in mV."""
    name = head.names[column]
    bits = 16 if "16BIT" in name.upper() else 24
    span = _REFERENCE_MV / _DEFAULT_GAIN  # counts are those of an n-bit converter, -span to +span
    if name.upper().endswith("_UNCAL"):
        if options.unit is not None:
            raise ConfigError(f"{where}: {name} holds converter counts, which have no unit", "leave --unit out")
        factor = span / 2 ** (bits - 1)
        return factor, (-span, factor * (2 ** (bits - 1) - 1))
    return channels.millivolt_factor(_unit(head, column), options, where), (-span, span)
