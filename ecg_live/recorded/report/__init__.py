"""A page about a recorded session: is it usable, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecg_live.errors import FormatError, RecordingError
from ecg_live.recorded.output_file import atomic_output, check_output_path
from ecg_live.recorded.report.page import session_page
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.sentences import problems
from ecg_live.recorded.report.session import load_session


class WrittenReport(NamedTuple):
    """The page, what its reader should know first, and what is wrong with a recording that is damaged."""

    path: Path
    remarks: list[str]
    error: RecordingError | None = None


def write_report(files: Sequence[Path], out: Path | None = None, *, force: bool = False) -> WrittenReport:
    """Write a page about the recording in ``files``; beside the first of them, unless ``out`` says otherwise.

    Raises
    ------
    RecordingError
        A file cannot be read, our recorder did not write it, or the page cannot be written.
    ConfigError
        The files are not of one recording.
    """
    path = out or files[0].with_suffix(".html")
    for file in files:
        check_output_path(path, file, force=force)
    parts = read_recording_files(files)
    for part in parts:
        check_output_path(path, part.path, force=force)
    session = load_session(parts)
    with atomic_output(path, parts[0].path, force=force) as part_path:
        part_path.write_text(session_page(session), encoding="utf-8", newline="\n")
    damaged = [part for part in parts if not part.checked.sound or part.contents.damage is not None]
    error = FormatError(f"{damaged[0].path.name} is damaged; the page shows what could be read") if damaged else None
    return WrittenReport(path, list(problems(session)), error)
