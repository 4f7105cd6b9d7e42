"""Export a recording to CSV, EDF+ or BIDS, or close a cut XDF file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from devices.files.unreadable import regular_file
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError
from ecg_live.recorded.annotated import annotations_path, begin_annotations, read_annotated_file, read_annotations
from ecg_live.recorded.export.bids import BidsNames, write_bids
from ecg_live.recorded.export.csv import write_tables
from ecg_live.recorded.export.edf import write_edf
from ecg_live.recorded.export.repair_xdf import close_xdf
from ecg_live.recorded.export.strap_csv import write_strap_tables
from ecg_live.recorded.open_signal import open_signal
from ecg_live.recorded.output_file import check_output_path
from ecg_live.recorded.recording_files import later_files
from ecg_live.recorded.rr_intervals import NO_INTERVALS, RR_STREAMS, RrSeries, read_rr_intervals
from ecg_live.recorded.session_file import RESULT_STREAMS, SessionContents, read_contents

EXPORT_FORMATS = ("csv", "edf", "xdf", "bids")
EXPORTED_STREAMS = frozenset((*RESULT_STREAMS, *RR_STREAMS))
DATASET_FOLDER = "bids"  # beside the recording


class ExportResult(NamedTuple):
    """Written files, remarks on them, and damage that ended the reading of the recording."""

    files: list[Path]
    remarks: list[str]
    error: RecordingError | None = None


def export(
    source: Path,
    form: str,
    out: Path | None,
    options: ReadOptions,
    *,
    force: bool = False,
    names: BidsNames | None = None,
) -> ExportResult:
    """Write a recording in another format; existing files are replaced only if ``force`` is set.

    Parameters
    ----------
    source : Path
        XDF for ``xdf``, any format that can be replayed for the others.
    form : str
        One of `EXPORT_FORMATS`.
    out : Path, optional
        File, for ``csv`` the beginning of the files' names, for ``bids`` the data set's folder; beside the source
        without it.
    options : ReadOptions
        Channel, rate and unit, if the source does not state them.
    force : bool
        Replace files.
    names : BidsNames, optional
        Task, participant and session, for ``bids`` only.

    Raises
    ------
    RecordingError
        The source or its annotations cannot be read, or a file cannot be written.
    ConfigError
        The format is unknown, or it is ambiguous which channel is the ECG.
    """
    if form not in EXPORT_FORMATS:
        raise ConfigError(f"--to is {form!r}; it is csv, edf, xdf or bids", "for example --to csv")
    if names is not None and form != "bids":
        raise ConfigError(
            f"--task, --participant, --session and --datatype are for --to bids, not for {form}", "leave them out"
        )
    if form == "xdf":
        return _closed(regular_file(source), out or source.with_name(f"{source.stem}_closed.xdf"), force=force)
    contents = read_contents(source, EXPORTED_STREAMS) if source.is_file() else None
    if contents is not None and "ecg" not in contents.streams:
        return _without_ecg(contents, form, out, force=force)
    signal = open_signal(source, options, contents)
    signal.annotated = read_annotated_file(source, contents)
    remarks = [] if contents is None else _remarks(contents)
    intervals = _intervals(source, options, contents)
    if form == "csv":
        files = write_tables(signal, contents, intervals, _stem(out or source), source, force=force)
        return ExportResult(files, remarks, signal.error)
    if form == "bids":
        dataset = out or source.with_name(DATASET_FOLDER)
        added = write_bids(signal, contents, intervals, names or BidsNames(), dataset, source, force=force)
        return ExportResult(added.files, remarks + added.remarks, signal.error)
    made = write_edf(signal, contents, intervals, out or source.with_suffix(".edf"), source, force=force)
    remarks.append(f"steps of {made.step * 1000:.3g} microvolts, 16 bits over the range of the samples")
    if made.filled:
        remarks.append(f"{made.filled} missing samples repeat the one before them; annotations mark them")
    return ExportResult([made.path], remarks, signal.error)


def _without_ecg(contents: SessionContents, form: str, out: Path | None, *, force: bool) -> ExportResult:
    """Export a session without ECG, which CSV alone has a place for."""
    if form != "csv":
        what = f"{contents.path.name}: a recording of a session without ECG, which {form.upper()} needs"
        raise FormatError(what, "--to csv exports its heart rate, RR intervals and markers")
    files = write_strap_tables(contents, _stem(out or contents.path), force=force)
    return ExportResult(files, _remarks(contents), contents.damage)


def _closed(source: Path, out: Path, *, force: bool) -> ExportResult:
    """Close a file, and copy the annotations of its recording, whose identity the copy keeps."""
    beside, files, remarks = annotations_path(source), [out], []
    if beside.exists():
        files.append(annotations_path(out))
        check_output_path(files[1], beside, force=force)
    closed = close_xdf(source, out, force=force)
    if beside.exists():
        try:
            changes = read_annotations(source).changes
            files[1].unlink(missing_ok=True)  # of an earlier copy
            begin_annotations(out, changes)
        except RecordingError as error:
            remarks.append(f"{beside.name} was not copied: {error.message}")
    return ExportResult([each for each in files if each.exists()], closed.remarks + remarks, closed.error)


def _intervals(source: Path, options: ReadOptions, contents: SessionContents | None) -> RrSeries:
    """RR intervals of the recording; none of one whose signal cannot be searched for beats."""
    try:
        return read_rr_intervals(source, options, contents)
    except EcgLiveError:
        return NO_INTERVALS


def _remarks(contents: SessionContents) -> list[str]:
    """Report where the file begins in its session, and which files of its recording are not exported."""
    name, remarks = contents.path.name, []
    if contents.start_s > 0:
        remarks.append(f"times count from the first sample of {name}, {contents.start_s:.3f} s into its session")
    others = sorted((path.name for path in later_files(contents.path)), key=lambda each: (len(each), each))
    if others:
        remarks.append(f"{name} alone was exported; the recording goes on in {', '.join(others)}: export each")
    return remarks


def _stem(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() in (".csv", ".xdf", ".edf", ".txt", ".h5") else path
