"""Write a recording as CSV: samples, markers, gaps, results and each stream beside the ECG in its own file."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from ecg_live.events import Chunk, Gap, Marker
from ecg_live.formulas import escape_formula
from ecg_live.recorded.annotated_file import AnnotatedFile
from ecg_live.recorded.auxiliary_samples import auxiliary_streams
from ecg_live.recorded.export.auxiliary_tables import table_names, write_auxiliary
from ecg_live.recorded.export.csv_cells import (
    ANNOTATION_TABLE,
    MARKER_COLUMNS,
    RESULT_TABLES,
    RR_TABLE,
    SIGNAL_TABLES,
    TIME_DECIMALS,
    header_text,
)
from ecg_live.recorded.export.self_report_tables import affect_rating_table, self_report_table
from ecg_live.recorded.open_signal import RecordedSignal
from ecg_live.recorded.output_file import atomic_output, check_output_path
from ecg_live.recorded.report.windows import rhythm_values
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.recorded.session_file import SessionContents


def write_tables(
    signal: RecordedSignal,
    contents: SessionContents | None,
    intervals: RrSeries,
    stem: Path,
    source: Path,
    *,
    force: bool,
) -> list[Path]:
    """Write ``stem_ecg.csv``, ``_markers``, ``_gaps``, and its results where there are any; return their paths.

    Results are ``_predictions`` and, where there are such, ``_self_reports``, ``_affect_ratings`` and ``_annotations``.
    Each stream beside the ECG becomes ``stem_NAME.csv``; see `ecg_live.recorded.export.auxiliary_tables`.
    Samples have all their digits; times are seconds from the first sample. What a spreadsheet would take for a formula
    has an apostrophe before it; see `ecg_live.formulas`.

    Parameters
    ----------
    signal : RecordedSignal
    contents : SessionContents, optional
        Results of a session's recording.
    intervals : RrSeries
        RR intervals.
    stem : Path
        The files are named after it.
    source : Path
        The recording, which is never replaced.
    force : bool
        Replace existing files.

    Raises
    ------
    RecordingError
        A file exists, or cannot be written.
    """
    results = result_tables(contents, signal.annotated, intervals)
    streams = auxiliary_streams(contents)
    names = (*SIGNAL_TABLES, *results, *table_names(streams))
    paths = [stem.with_name(f"{stem.name}_{name}.csv") for name in names]
    for path in paths:
        check_output_path(path, source, force=force)
    with contextlib.ExitStack() as stack:
        files = [open_table(stack, path, source, force=force) for path in paths]
        _write_signal(signal, *files[:3])
        for rows, file in zip(results.values(), files[3:], strict=False):
            csv.writer(file).writerows(rows)
        if contents is not None and streams:
            write_auxiliary(contents, streams, files[len(files) - len(streams) :])
    return paths


def open_table(stack: contextlib.ExitStack, path: Path, source: Path, *, force: bool) -> TextIO:
    """Open a table for writing; parameters and errors are those of `atomic_output`."""
    part = stack.enter_context(atomic_output(path, source, force=force))
    return stack.enter_context(part.open("w", encoding="utf-8", newline=""))


def _write_signal(signal: RecordedSignal, ecg: TextIO, markers: TextIO, gaps: TextIO) -> None:
    columns = [header_text(name) or f"channel {k}" for k, name in enumerate(signal.channels, 1)]
    ecg.write(",".join(["time [s]", *(f"{name} [mV]" for name in columns)]) + "\n")
    marker_rows, gap_rows = csv.writer(markers), csv.writer(gaps)
    marker_rows.writerow(MARKER_COLUMNS)
    gap_rows.writerow(("start [s]", "stop [s]", "lost samples", "cause"))
    for item in signal.items():
        if isinstance(item, Chunk):
            ecg.writelines(_sample_lines(item, signal.rate))
        elif isinstance(item, Marker):
            marker_rows.writerow((f"{item.time:.{TIME_DECIMALS}f}", escape_formula(item.text)))
        elif isinstance(item, Gap):
            times = (f"{at / signal.rate:.{TIME_DECIMALS}f}" for at in (item.start, item.stop))
            gap_rows.writerow((*times, item.lost, escape_formula(item.cause)))


def _sample_lines(chunk: Chunk, rate: float) -> Iterator[str]:
    times = (chunk.start + np.arange(len(chunk.samples))) / rate
    for time, row in zip(times.tolist(), chunk.samples.tolist(), strict=True):
        yield f"{time:.{TIME_DECIMALS}f},{','.join(map(repr, row))}\n"


def result_tables(
    contents: SessionContents | None, annotated: AnnotatedFile, intervals: RrSeries
) -> dict[str, Sequence[Sequence[object]]]:
    """Rows of the tables of results by name, each with its header; those without a row are left out."""
    found: dict[str, Sequence[Sequence[object]]] = {}
    if contents is not None:
        tables = (_predictions, self_report_table, affect_rating_table)
        found |= {name: list(table(contents)) for name, table in zip(RESULT_TABLES, tables, strict=True)}
        found[ANNOTATION_TABLE] = list(_annotations(annotated))
    found[RR_TABLE] = list(_intervals(intervals))
    return {name: rows for name, rows in found.items() if len(rows) > 1}


def _annotations(annotated: AnnotatedFile) -> Iterator[Sequence[object]]:
    """A header, then a row for each annotation that was made after the session."""
    yield "start [s]", "stop [s]", "kind", "text", "author", "changed"
    for each in annotated.standing():
        times = (f"{time:.{TIME_DECIMALS}f}" for time in (each.onset, each.stop))
        yield *times, each.kind, *map(escape_formula, (each.text, each.author, each.time))


def _predictions(contents: SessionContents) -> Iterator[Sequence[object]]:
    """A header, then one row for each prediction; NaN becomes an empty cell."""
    if "predictions" not in contents.streams:
        return
    keys = [key for key in ("predictions", "decisions", "quality", "heart_rate") if key in contents.streams]
    labels = [label for key in keys for label in contents.streams[key].labels]
    yield [escape_formula(f"{label} [s]" if label in ("start", "stop", "latency") else label) for label in labels]
    streams = [_stream_rows(contents, key) for key in keys]
    for parts in zip(*streams, strict=False):  # in a cut file, some streams may lack the last row
        yield [_cell(cell) for part in parts for cell in part]


def _intervals(series: RrSeries) -> Iterator[Sequence[object]]:
    """A header, then one row for each RR interval, at the beat that ends it."""
    yield "time [s]", "RR [s]", "flag", "source"
    for stop, rr, flag, source in series.rows():
        yield f"{stop:.{TIME_DECIMALS}f}", f"{rr:.{TIME_DECIMALS}f}", flag, source


def _stream_rows(contents: SessionContents, key: str) -> Sequence[Sequence[object]]:
    if contents.streams[key].form == "string":
        return contents.text_streams[key].values
    values = rhythm_values(contents) if key == "heart_rate" else contents.numeric_streams[key].values.copy()
    if key == "predictions":
        values[:, :2] -= contents.start_s  # start and stop
    rows: list[list[float]] = values.tolist()
    return rows


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.{TIME_DECIMALS}f}"
    return escape_formula(value) if isinstance(value, str) else value
