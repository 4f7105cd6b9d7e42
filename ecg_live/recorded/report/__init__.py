"""The report of a recorded session, an HTML page: is the recording usable, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecg_live.errors import FormatError, RecordingError
from ecg_live.recorded.output_file import atomic_output, check_output_path
from ecg_live.recorded.report.annotated_session import annotate_session
from ecg_live.recorded.report.page import session_page
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.sentences import problems
from ecg_live.recorded.report.session import load_session


class WrittenReport(NamedTuple):
    """The path of the page, its most important remarks, and the error of a damaged recording."""

    path: Path
    remarks: list[str]
    error: RecordingError | None = None


def write_report(files: Sequence[Path], out: Path | None = None, *, force: bool = False) -> WrittenReport:
    """Write the report of a recording.

    Parameters
    ----------
    files : sequence of Path
        Files of the recording; the first one alone stands for all that follow it.
    out : Path, optional
        The page; by default beside the first file.
    force : bool
        Replace a page that exists.

    Raises
    ------
    RecordingError
        A file cannot be read, was not recorded by ecg-live, has annotations of another recording, or the page cannot
        be written.
    ConfigError
        The files are not of one recording.
    """
    path = out or files[0].with_suffix(".html")
    for file in files:
        check_output_path(path, file, force=force)
    recorded = read_recording_files(files)
    for each in recorded:
        check_output_path(path, each.path, force=force)
    session = annotate_session(load_session(recorded)).session
    with atomic_output(path, recorded[0].path, force=force) as part_path:
        part_path.write_text(session_page(session), encoding="utf-8", newline="\n")
    damaged = [each for each in recorded if not each.checked.sound or each.contents.damage is not None]
    error = FormatError(f"{damaged[0].path.name} is damaged; the page shows what could be read") if damaged else None
    return WrittenReport(path, list(problems(session)), error)
