"""WFDB records (PhysioNet): a ``.hea`` header and the signal files that it names; read with the ``wfdb`` package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import wfdb

from devices.files import channels
from devices.files.recording import FileRecording, Run
from ecg_live.errors import FormatError, RecordingError, TruncatedError
from ecg_live.types import Marker, Opening, State, StreamInfo

_SECONDS = 60  # read at once
# Bytes a sample of the formats whose length shows in the file's size (WFDB signal(5)); FLAC's does not.
_BYTES = {
    "8": 1.0,
    "16": 2.0,
    "24": 3.0,
    "32": 4.0,
    "61": 2.0,
    "80": 1.0,
    "160": 2.0,
    "212": 1.5,
    "310": 4 / 3,
    "311": 4 / 3,
}
_BITS = {"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 10, "311": 10}
_WIDEST = 32  # bits of a sample
_WRONG = (
    OverflowError,
    ZeroDivisionError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
    UnicodeDecodeError,
)


def open_wfdb(path: Path, opening: Opening) -> FileRecording:
    """Open a WFDB record by its header.

    Raises
    ------
    FormatError
        The header is not what it should be.
    RecordingError
        A signal file is missing.
    TruncatedError
        A signal file holds nothing.
    ConfigError
        It is not plain which signal is the ECG.
    """
    record = _header(path)
    if not record.n_sig or not record.sig_name:
        raise FormatError(f"{path.name}: the header names no signals", "choose another record")
    names = [name or "" for name in record.sig_name]
    index = channels.choose([channels.describe(n, n) for n in names], opening, path.name)
    _check(path, record)
    there = _frames(path, record)
    stated = record.sig_len
    if not stated:  # none, or 0: WFDB header(5) leaves it open; the wfdb package cannot read such a record
        line = f"{path.stem} {record.n_sig} {record.fs or 0:g} {there}"
        raise FormatError(f"{path.name}: the header states no number of samples", f"make its first line say: {line}")
    frames = min(there, stated)
    per_frame = record.samps_per_frame[index]
    rate = channels.settle_rate(float(record.fs or 0) * per_frame, opening, path.name)
    factor = channels.millivolts(record.units[index] or "", opening, path.name)
    length = frames * per_frame / rate
    info = StreamInfo(
        rate, (names[index],), _full_scale(record, index, factor), path.name, f"{path.stem}/{names[index]}", length
    )

    def runs() -> Iterator[Run | State | Marker]:
        step = max(1, round(_SECONDS * rate / per_frame))
        for at in range(0, frames, step):
            yield Run(at * per_frame, _read(path, at, min(at + step, frames), index) * factor)
        if frames < stated:
            what = f"{frames} of {stated} samples are there"
            yield State("warning", f"{path.name}: the signal file is cut short: {what}")

    return FileRecording(info, runs)


def _header(path: Path) -> wfdb.Record:
    try:
        record = wfdb.rdheader(str(path.with_suffix("")))
    except _WRONG as error:
        raise FormatError(f"{path.name}: no WFDB header: {error}", "choose the .hea of a WFDB record") from error
    if isinstance(record, wfdb.MultiRecord):
        raise FormatError(f"{path.name}: a record of {record.n_seg} segments", "open the segments one by one")
    return record


def _check(path: Path, record: wfdb.Record) -> None:
    """Refuse what no record can have, before anything is computed from it."""
    if min(record.samps_per_frame) < 1:
        raise FormatError(f"{path.name}: 0 samples a frame, expected 1 or more", "download the record again")
    widest = max((bits or 0 for bits in record.adc_res), key=abs)
    if not 0 <= widest <= _WIDEST:
        raise FormatError(f"{path.name}: a resolution of {widest} bits, expected 0 to {_WIDEST}", "mend the header")


def _frames(path: Path, record: wfdb.Record) -> int:
    """Count the frames that all signal files hold."""
    counts: list[int] = []
    for name in dict.fromkeys(record.file_name):
        file = path.parent / name
        if not file.is_file():
            raise RecordingError(f"{path.name}: its signal file {name} is missing", "copy it beside the header")
        mine = [i for i, other in enumerate(record.file_name) if other == name]
        size = _BYTES.get(record.fmt[mine[0]])
        if size is not None:
            body = file.stat().st_size - (record.byte_offset[mine[0]] or 0)
            counts.append(int(body / size) // sum(record.samps_per_frame[i] for i in mine))
        elif record.sig_len is not None:
            counts.append(record.sig_len)
    if not counts or min(counts) < 1:
        raise TruncatedError(f"{path.name}: its signal files hold no samples", "copy them again")
    return min(counts)


def _full_scale(record: wfdb.Record, index: int, factor: float) -> tuple[float, float] | None:
    """The converter's range: ``adc_res`` bits about ``adc_zero``, or else all that the format holds."""
    bits = record.adc_res[index] or _BITS.get(record.fmt[index], 0)
    gain, baseline = record.adc_gain[index], record.baseline[index]
    if not bits or not gain:
        return None
    zero = record.adc_zero[index] or 0
    low, high = zero - 2 ** (bits - 1), zero + 2 ** (bits - 1) - 1
    return (low - baseline) / gain * factor, (high - baseline) / gain * factor


def _read(path: Path, low: int, high: int, index: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    try:
        record = wfdb.rdrecord(
            str(path.with_suffix("")),
            sampfrom=low,
            sampto=high,
            channels=[index],
            smooth_frames=False,
            ignore_skew=True,
        )
    except _WRONG as error:
        raise FormatError(f"{path.name}, samples {low} to {high}: {error}", "copy the record again") from error
    return np.asarray(record.e_p_signal[0], dtype=np.float64)
