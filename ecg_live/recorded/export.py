"""A recording in other formats: CSV, EDF+, and XDF that was closed properly."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ecg_live.errors import ConfigError, RecordingError
from ecg_live.recorded.closing import close_xdf
from ecg_live.recorded.contents import read_contents
from ecg_live.recorded.edf import write_edf
from ecg_live.recorded.signal import open_signal
from ecg_live.recorded.tables import write_tables
from ecg_live.types import Opening

FORMS = ("csv", "edf", "xdf")


class Export(NamedTuple):
    """The files written, remarks on them, and what is wrong with the recording behind what they hold."""

    files: list[Path]
    remarks: list[str]
    error: RecordingError | None = None


def export(source: Path, form: str, out: Path | None, opening: Opening, *, force: bool = False) -> Export:
    """Write a recording anew; what is there already stays, unless forced.

    Parameters
    ----------
    source : Path
        XDF for ``xdf``, any format that can be replayed for the others.
    form : str
        One of `FORMS`.
    out : Path, optional
        File, or for ``csv`` what the names of the files begin with; beside the source without it.
    opening : Opening
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
    if form not in FORMS:
        raise ConfigError(f"--to is {form!r}; it is csv, edf or xdf", "for example --to csv")
    if form == "xdf":
        if not source.is_file():
            raise RecordingError(f"{source}: no such file", "check the path")
        closed = close_xdf(source, out or source.with_name(f"{source.stem}_closed.xdf"), force=force)
        what = f"{closed.dropped} bytes of a torn chunk left out, {closed.added} footers added"
        return Export([closed.path], [what], closed.error)
    contents = read_contents(source) if source.is_file() else None
    signal = open_signal(source, opening, contents)
    if form == "csv":
        files = write_tables(signal, contents, _stem(out or source), source, force=force)
        return Export(files, [], signal.error)
    made = write_edf(signal, contents, out or source.with_suffix(".edf"), source, force=force)
    remarks = [f"steps of {made.step * 1000:.3g} microvolts, 16 bits over the range of the samples"]
    if made.filled:
        remarks.append(f"{made.filled} samples that are missing repeat the one before them; annotations say where")
    return Export([made.path], remarks, signal.error)


def _stem(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() in (".csv", ".xdf", ".edf", ".txt", ".h5") else path
