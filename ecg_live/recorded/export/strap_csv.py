"""Write a session without ECG, such as a strap's, as CSV: markers, results and RR intervals, each in its own file."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ecg_live.formulas import escape_formula
from ecg_live.recorded.annotated import read_annotations
from ecg_live.recorded.annotated_file import AnnotatedFile
from ecg_live.recorded.export.csv import open_table, result_tables
from ecg_live.recorded.export.csv_cells import MARKER_COLUMNS, MARKER_TABLE, TIME_DECIMALS
from ecg_live.recorded.output_file import check_output_path
from ecg_live.recorded.recording_files import first_file, part_number
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.rr_intervals import NO_INTERVALS, recorded_intervals
from ecg_live.recorded.session_file import SessionContents


def write_strap_tables(contents: SessionContents, stem: Path, *, force: bool) -> list[Path]:
    """Write ``stem_markers.csv`` and results as of a session with ECG; return their paths.

    Times are seconds from the first heart rate, as in the report.

    Parameters
    ----------
    contents : SessionContents
        With the streams that are exported.
    stem : Path
        The files are named after it.
    force : bool
        Replace existing files.

    Raises
    ------
    RecordingError
        A file exists, or cannot be written; or the annotations are of another recording.
    """
    files = read_recording_files([contents.path])
    axis = TimeAxis(files[:1])
    zero = float(axis.to_stamps([0.0])[0])
    contents = replace(contents, first_timestamp=zero, axis_zero_s=axis.zero)
    first = first_file(contents.path)
    begin = axis.zero - TimeAxis(read_recording_files([first])).zero if first != contents.path else 0.0
    annotated = AnnotatedFile(read_annotations(contents.path), begin)
    continued = part_number(contents.file_header.get("part", "")) > 1
    intervals = recorded_intervals(contents, continued=continued) or NO_INTERVALS
    tables: dict[str, Sequence[Sequence[object]]] = {MARKER_TABLE: list(_marker_rows(contents, axis, annotated))}
    tables |= result_tables(contents, annotated, intervals)
    paths = [stem.with_name(f"{stem.name}_{name}.csv") for name in tables]
    for path in paths:
        check_output_path(path, contents.path, force=force)
    with contextlib.ExitStack() as stack:
        for path, rows in zip(paths, tables.values(), strict=True):
            csv.writer(open_table(stack, path, contents.path, force=force)).writerows(rows)
    return paths


def _marker_rows(contents: SessionContents, axis: TimeAxis, annotated: AnnotatedFile) -> Iterator[Sequence[object]]:
    """A header, then a row for each marker as it was edited."""
    yield MARKER_COLUMNS
    stream = contents.text_streams.get("markers")
    if stream is None:
        return
    times = (axis.of_stamps(stream.stamps) + annotated.shift).tolist()
    markers = zip(times, ("".join(row) for row in stream.values), strict=True)
    for time, text in annotated.annotations.edited_markers(markers):
        yield f"{time - annotated.shift:.{TIME_DECIMALS}f}", escape_formula(text)
