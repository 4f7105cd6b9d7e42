"""A recording in other formats: CSV, EDF+, and XDF that was closed properly."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from devices.files.unreadable import regular_file
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.recorded.export.csv import write_tables
from ecg_live.recorded.export.edf import write_edf
from ecg_live.recorded.export.repair_xdf import close_xdf
from ecg_live.recorded.open_signal import open_signal
from ecg_live.recorded.report.recording_parts import later_files
from ecg_live.recorded.session_file import SessionContents, read_contents

EXPORT_FORMATS = ("csv", "edf", "xdf")


class ExportResult(NamedTuple):
    """The files written, remarks on them, and what is wrong with the recording behind what they hold."""

    files: list[Path]
    remarks: list[str]
    error: RecordingError | None = None


def export(source: Path, form: str, out: Path | None, opening: ReadOptions, *, force: bool = False) -> ExportResult:
    """Write a recording anew; what is there already stays, unless forced.

    Parameters
    ----------
    source : Path
        XDF for ``xdf``, any format that can be replayed for the others.
    form : str
        One of `EXPORT_FORMATS`.
    out : Path, optional
        File, or for ``csv`` what the names of the files begin with; beside the source without it.
    opening : ReadOptions
        Channel, rate and unit, where the source leaves them open.
    force : bool
        Replace files.

    Raises
    ------
    RecordingError
        The source cannot be read, or a file cannot be written.
    ConfigError
        The format is unknown, or it is not plain which channel is the ECG.
    """
    if form not in EXPORT_FORMATS:
        raise ConfigError(f"--to is {form!r}; it is csv, edf or xdf", "for example --to csv")
    if form == "xdf":
        closed = close_xdf(regular_file(source), out or source.with_name(f"{source.stem}_closed.xdf"), force=force)
        what = f"{closed.dropped} bytes of a torn chunk left out, {closed.added} footers added"
        return ExportResult([closed.path], [what], closed.error)
    contents = read_contents(source) if source.is_file() else None
    signal = open_signal(source, opening, contents)
    remarks = [] if contents is None else _remarks(contents)
    if form == "csv":
        files = write_tables(signal, contents, _stem(out or source), source, force=force)
        return ExportResult(files, remarks, signal.error)
    made = write_edf(signal, contents, out or source.with_suffix(".edf"), source, force=force)
    remarks.append(f"steps of {made.step * 1000:.3g} microvolts, 16 bits over the range of the samples")
    if made.filled:
        remarks.append(f"{made.filled} samples that are missing repeat the one before them; annotations say where")
    return ExportResult([made.path], remarks, signal.error)


def _remarks(contents: SessionContents) -> list[str]:
    """Where the file lies in its session, and what of a recording in several files is not exported."""
    name, remarks = contents.path.name, []
    if contents.start_s > 0:
        remarks.append(f"times count from the first sample of {name}, {contents.start_s:.3f} s into its session")
    others = sorted((path.name for path in later_files(contents.path)), key=lambda each: (len(each), each))
    if others:
        remarks.append(f"{name} alone was exported; the recording goes on in {', '.join(others)}: export each")
    return remarks


def _stem(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() in (".csv", ".xdf", ".edf", ".txt", ".h5") else path
