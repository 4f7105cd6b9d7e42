"""BIDS physiological recordings: ``..._physio.tsv.gz`` without names, and a JSON sidecar with columns and rate."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from devices.files.recording import FileRecording, SampleRun, with_markers
from devices.files.text.bids_events import leave_out_gaps, listed_gaps, read_events
from devices.files.text.byte_stream import head_lines
from devices.files.text.csv import open_table
from devices.files.text.table import HEAD_LINES, find_table
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError
from ecg_live.events import Marker, State

_TABLE_ENDINGS = (".tsv.gz", ".tsv")
_MAX_SIDECAR_BYTES = 1 << 24  # of a JSON sidecar, which may list gaps
_MAX_PARENT_FOLDERS = 4  # folders up to the data set's: subject, session and modality


def is_bids(path: Path) -> bool:
    """Whether a file has the name of a BIDS recording, or is a table with a JSON sidecar."""
    return path.name.endswith(_TABLE_ENDINGS) and (_stem(path).endswith("_physio") or find_sidecar(path) is not None)


def open_bids(path: Path, options: ReadOptions) -> FileRecording:
    """Open a recording by its JSON sidecar, or as a plain table if there is none and the user gives the rate.

    Events beside it are markers; the gaps that our own export lists are gaps.

    Raises
    ------
    FormatError
        The JSON sidecar or the table is malformed.
    ConfigError
        There is no sidecar and no rate, or the ECG column is ambiguous.
    """
    table = find_table(path.name, head_lines(path, HEAD_LINES))
    file = find_sidecar(path)
    if file is None:
        if options.rate is None:
            raise ConfigError(
                f"{path.name}: there is no {_stem(path)}.json beside it with its sampling rate and columns",
                "copy it there, or give --rate HZ and --channel NUMBER",
            )
        return open_table(path, table, options)
    sidecar = _read_sidecar(file)
    names = sidecar.get("Columns")
    rate = sidecar.get("SamplingFrequency")
    if not isinstance(rate, int | float) or isinstance(rate, bool):
        raise FormatError(f"{file.name}: 'SamplingFrequency' is {str(rate)[:40]!r}, expected a number", "mend it")
    if isinstance(names, list) and len(names) == table.width:
        described = [sidecar.get(str(name)) for name in names]
        units = [str(entry.get("Units", "")) if isinstance(entry, dict) else "" for entry in described]
        table = table._replace(names=[str(name) for name in names], units=units)
    elif not table.names:
        found = len(names) if isinstance(names, list) else 0
        raise FormatError(f"{file.name}: names {found} columns, the table has {table.width}", "mend 'Columns'")
    opened = open_table(path, table, options, rate=float(rate))
    gaps, start = listed_gaps(sidecar), sidecar.get("StartTime")
    events = read_events(path, float(start) if isinstance(start, int | float) and math.isfinite(start) else 0.0)
    markers = [each for each in events if isinstance(each, Marker)]

    def runs() -> Iterator[SampleRun | State | Marker]:
        yield from (each for each in events if isinstance(each, State))
        yield from with_markers(leave_out_gaps(opened.runs(), gaps), markers, opened.info.rate)

    return FileRecording(opened.info, runs)


def _read_sidecar(file: Path) -> Mapping[str, Any]:
    with file.open("rb") as source:
        data = source.read(_MAX_SIDECAR_BYTES + 1)
    try:
        content = json.loads(data) if len(data) <= _MAX_SIDECAR_BYTES else None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{file.name}: is no JSON: {error}", "mend it, or copy it again") from error
    if not isinstance(content, dict):
        raise FormatError(f"{file.name}: expected JSON with 'SamplingFrequency' and 'Columns'", "mend it")
    return content


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".tsv")


def find_sidecar(path: Path) -> Path | None:
    """Find the JSON file beside a table, or one further up that applies to it (BIDS, "The Inheritance Principle")."""
    beside = path.with_name(f"{_stem(path)}.json")
    if beside.is_file():
        return beside
    parts = set(_stem(path).split("_"))
    if "physio" not in parts:
        return None
    for folder in list(path.resolve().parents)[:_MAX_PARENT_FOLDERS]:
        shared = [file for file in folder.glob("*physio.json") if set(file.stem.split("_")) <= parts]
        if shared:
            return max(shared, key=lambda file: len(file.stem.split("_")))
    return None
