"""A recording as CSV: the samples, the markers, the gaps and what the model said, each in a file of its own."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from ecg_live.events import Chunk, Gap, Marker
from ecg_live.recorded.export.formulas import escape_formula
from ecg_live.recorded.open_signal import RecordedSignal
from ecg_live.recorded.output_file import atomic_output, check_output_path
from ecg_live.recorded.session_file import SessionContents

_HEADER_BREAKING = re.compile(r'[\s,;"#\[\]()]+')  # what would break a header, or be taken for a unit
TIME_DECIMALS = 6  # of times; a microsecond
TABLE_NAMES = ("ecg", "markers", "gaps", "predictions")  # files, by the ends of their names


def write_tables(
    signal: RecordedSignal, contents: SessionContents | None, stem: Path, source: Path, *, force: bool
) -> list[Path]:
    """Write ``stem_ecg.csv``, ``_markers``, ``_gaps`` and, of a session, ``_predictions``; give the files.

    Samples have all their digits; times are seconds from the first sample. What a spreadsheet would take for a formula
    has an apostrophe before it; see `ecg_live.recorded.export.formulas`.

    Raises
    ------
    RecordingError
        A file is there already, or cannot be written.
    """
    said = list(_predictions(contents)) if contents is not None and "predictions" in contents.streams else []
    said = said if len(said) > 1 else []
    paths = [stem.with_name(f"{stem.name}_{name}.csv") for name in (TABLE_NAMES if said else TABLE_NAMES[:3])]
    for path in paths:
        check_output_path(path, source, force=force)
    with contextlib.ExitStack() as stack:
        files = [_open(stack, path, source, force=force) for path in paths]
        _signal(signal, *files[:3])
        if said:
            csv.writer(files[3]).writerows(said)
    return paths


def _open(stack: contextlib.ExitStack, path: Path, source: Path, *, force: bool) -> TextIO:
    part = stack.enter_context(atomic_output(path, source, force=force))
    return stack.enter_context(part.open("w", encoding="utf-8", newline=""))


def _signal(signal: RecordedSignal, ecg: TextIO, markers: TextIO, gaps: TextIO) -> None:
    columns = [
        escape_formula(_HEADER_BREAKING.sub(" ", name).strip()) or f"channel {k}"
        for k, name in enumerate(signal.channels, 1)
    ]
    ecg.write(",".join(["time [s]", *(f"{name} [mV]" for name in columns)]) + "\n")
    note, hole = csv.writer(markers), csv.writer(gaps)
    note.writerow(("time [s]", "marker"))
    hole.writerow(("start [s]", "stop [s]", "lost samples", "cause"))
    for piece in signal.pieces():
        if isinstance(piece, Chunk):
            ecg.writelines(_rows(piece, signal.rate))
        elif isinstance(piece, Marker):
            note.writerow((f"{piece.time:.{TIME_DECIMALS}f}", escape_formula(piece.text)))
        elif isinstance(piece, Gap):
            times = (f"{at / signal.rate:.{TIME_DECIMALS}f}" for at in (piece.start, piece.stop))
            hole.writerow((*times, piece.lost, escape_formula(piece.cause)))


def _rows(chunk: Chunk, rate: float) -> Iterator[str]:
    times = (chunk.start + np.arange(len(chunk.samples))) / rate
    for time, row in zip(times.tolist(), chunk.samples.tolist(), strict=True):
        yield f"{time:.{TIME_DECIMALS}f},{','.join(map(repr, row))}\n"


def _predictions(contents: SessionContents) -> Iterator[Sequence[object]]:
    """A header, and a row a prediction; NaN is empty."""
    keys = [key for key in ("predictions", "decisions", "quality", "heart_rate") if key in contents.streams]
    labels = [label for key in keys for label in contents.streams[key].labels]
    yield [escape_formula(f"{label} [s]" if label in ("start", "stop", "latency") else label) for label in labels]
    tracks = [_track(contents, key) for key in keys]
    for parts in zip(*tracks, strict=False):  # of a file that was cut the last row may lack something
        yield [_cell(cell) for part in parts for cell in part]


def _track(contents: SessionContents, key: str) -> Sequence[Sequence[object]]:
    if contents.streams[key].form == "string":
        return contents.text_streams[key].values
    values = contents.numeric_streams[key].values.copy()
    if key == "predictions":
        values[:, :2] -= contents.start_s  # start and stop
    rows: list[list[float]] = values.tolist()
    return rows


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.{TIME_DECIMALS}f}"
    return escape_formula(value) if isinstance(value, str) else value
