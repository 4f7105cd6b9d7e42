"""Read OpenSignals text: two header lines, ``# EndOfHeader``, rows of tab-separated integers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from devices.files.opensignals import scaling
from devices.files.opensignals.scaling import OpenSignalsBlock, OpenSignalsChannel, attribute_text
from devices.files.recording import FileRecording
from devices.files.text.byte_stream import head_lines
from devices.files.text.cells import RowLayout, split_cells
from devices.files.text.rows import read_rows
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError
from ecg_live.events import State

_MAX_HEADER_LINES = 64
_END_OF_HEADER = "# EndOfHeader"
_SEQUENCE_COLUMN = "nseq"
_PLUX_COLUMNS, _BITALINO_COLUMNS = ("nSeq", "DI"), ("nSeq", "I1", "I2", "O1", "O2")  # columns before the channels


def open_opensignals_text(path: Path, options: ReadOptions) -> FileRecording:
    """Open an OpenSignals text file.

    Raises
    ------
    FormatError
        The header or the first row is malformed.
    ConfigError
        The ECG channel is ambiguous, or no rate is known.
    """
    lines = head_lines(path, _MAX_HEADER_LINES + 1)
    skip = _header_end(path, lines)
    devices = _parse_devices(path, lines[:skip])
    if len(lines) <= skip or not lines[skip].strip():
        raise FormatError(f"{path.name}, line {skip + 1}: no rows follow the header", "record it again")
    first = lines[skip]
    all_channels, counters, width = _columns(path, devices, len(split_cells(first, "\t")))
    channel = scaling.choose_opensignals_channel(all_channels, options, path.name)
    counter = counters[channel.device]
    take = (int(channel.key),) if counter is None else (int(channel.key), counter)
    found = len(split_cells(first, "\t"))
    if found != width and len(lines) > skip + 1:
        raise FormatError(
            f"{path.name}, line {skip + 1}: found {found} values, the header names {width} columns",
            "export the file again",
        )
    layout = RowLayout(skip, "\t", width, take, trailing=first.endswith("\t"))

    def rows() -> Iterator[OpenSignalsBlock | State]:
        for item in read_rows(path, layout):
            if isinstance(item, State):
                yield item
            else:
                numbers = None if counter is None else item.table[:, 1]
                yield OpenSignalsBlock("line", item.line, numbers, item.table[:, 0])

    return scaling.make_recording(path, channel, options, rows)


def _header_end(path: Path, lines: list[str]) -> int:
    """Return the number of header lines."""
    for i, line in enumerate(lines):
        if line.strip() == _END_OF_HEADER:
            return i + 1
        if not line.startswith("#"):
            raise FormatError(
                f"{path.name}, line {i + 1}: found {line[:40]!r}, expected {_END_OF_HEADER!r}", "export it again"
            )
    raise FormatError(f"{path.name}: the header has no {_END_OF_HEADER!r} line", "export the file again")


def _parse_devices(path: Path, lines: list[str]) -> dict[str, Mapping[str, Any]]:
    """Parse the header's JSON: one entry a device."""
    at = next((i for i, line in enumerate(lines) if line.lstrip("# ").startswith("{")), 1)
    try:
        header = json.loads(lines[at].lstrip("# ")) if at < len(lines) else None
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{path.name}, line {at + 1}: the header is no JSON: {error}", "export the file again"
        ) from error
    if not isinstance(header, dict) or not header or not all(isinstance(entry, dict) for entry in header.values()):
        raise FormatError(f"{path.name}, line {at + 1}: expected JSON with one entry a device", "export the file again")
    return header


def _columns(
    path: Path, devices: Mapping[str, Mapping[str, Any]], width: int
) -> tuple[list[OpenSignalsChannel], dict[str, int | None], int]:
    """Return all devices' channels, each device's sequence column, and the columns of a row by the header."""
    all_channels: list[OpenSignalsChannel] = []
    counters: dict[str, int | None] = {}
    at = 0
    for device, header in devices.items():
        names = _column_names(header, path, width if len(devices) == 1 else None)
        counters[device] = next((at + i for i, name in enumerate(names) if name.casefold() == _SEQUENCE_COLUMN), None)
        all_channels += _find_channels(path, device, header, names, at)
        at += len(names)
    return all_channels, counters, at


def _column_names(header: Mapping[str, Any], path: Path, width: int | None) -> list[str]:
    """Return a device's column names as stated, or else its usual ones; ``width`` is that of the first row."""
    names = header.get("column")
    if isinstance(names, list) and names:
        return [attribute_text(name) for name in names]
    count = header.get("channels")
    if not isinstance(count, list) or not count:
        raise FormatError(f"{path.name}: header: no 'column' names", "export the file again")
    if scaling.is_bitalino(header):
        return [*_BITALINO_COLUMNS, *(f"A{number}" for number in count)]
    digital = _PLUX_COLUMNS[:1] if width == 1 + len(count) else _PLUX_COLUMNS  # old files have no digital input
    return [*digital, *(f"CH{number}" for number in count)]


def _find_channels(
    path: Path, device: str, header: Mapping[str, Any], names: list[str], at: int
) -> list[OpenSignalsChannel]:
    """Return a device's analogue channels: its last columns, as many as it has sensors, labels or channels."""
    sensors, labels, numbers = (_text_list(header.get(key)) for key in ("sensor", "label", "channels"))
    digital = [
        i
        for i, name in enumerate(names)
        if name.casefold() == _SEQUENCE_COLUMN or name[:2] in (*_PLUX_COLUMNS, *_BITALINO_COLUMNS)
    ]
    count = len(sensors) or len(labels) or len(numbers) or len(names) - len(digital)
    first = len(names) - min(count, len(names))
    rate = scaling.header_number(header, "sampling rate", path.name)
    converted = bool(scaling.header_number(header, "convertedValues", path.name))
    found: list[OpenSignalsChannel] = []
    for i, column in enumerate(range(first, len(names))):
        name = labels[i] if i < len(labels) and labels[i] else names[column]
        width, guessed = scaling.converter_bits(header, i, len(names) - first, names[column], path.name)
        sensor = sensors[i] if i < len(sensors) else ""
        bitalino = scaling.is_bitalino(header)
        found.append(OpenSignalsChannel(device, at + column, name, sensor, width, rate, bitalino, converted, guessed))
    return found


def _text_list(value: object) -> list[str]:
    return [attribute_text(item) for item in value] if isinstance(value, list) else []
