"""EDF, EDF+ and BDF: edfio reads the header, the records are read from the file piece by piece.

edfio maps a whole EDF into memory and reads a whole BDF; a recording of a day would not stay flat. Source of the
layout: Kemp & Olivan 2003 (EDF+), BioSemi's BDF page.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import edfio
import numpy as np

from devices.files import channels
from devices.files.recording import FileRecording, Run
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.types import F64, Marker, Opening, State, StreamInfo

_BDF = b"\xffBIOSEMI"
_FIXED = 256  # bytes of the fixed header, and of each signal's
_BLOCK = 1 << 18  # bytes read at once, or one record
_NOTES = (b"EDF Annotations", b"BDF Annotations")
_ONSET = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15[^\x14]*)?\x14\x14")  # time-keeping annotation: onset, empty text


class _Layout(NamedTuple):
    """Where the channel lies: ``record`` bytes each, in which ``samples`` begin at ``offset``."""

    head: int
    record: int
    records: int  # whole ones that are there
    stated: int  # -1: the writer did not get to say
    spare: int  # bytes behind the last whole one
    offset: int
    samples: int
    wide: int  # bytes of a sample
    seconds: float  # a record lasts
    marks: slice | None  # bytes of the time-keeping annotations, where records may be apart


class _Header(NamedTuple):
    """The header as edfio understands it, and what edfio does not hand out."""

    edf: edfio.Edf | edfio.Bdf
    length: int
    stated: int
    sizes: list[int]  # samples a record, of all signals, annotations among them
    notes: list[int]  # which of them are annotations


def open_edf(path: Path, opening: Opening) -> FileRecording:
    """Open an EDF, EDF+ or BDF file.

    Raises
    ------
    FormatError
        The header is not what it should be.
    TruncatedError
        Not one data record is whole.
    ConfigError
        It is not plain which signal is the ECG.
    """
    header = _header(path)
    signals = header.edf.signals
    if not signals:
        raise FormatError(f"{path.name}: found annotations only, expected a signal", "choose another file")
    offered = [channels.describe(s.label, s.label, s.transducer_type) for s in signals]
    index = channels.choose(offered, opening, path.name)
    signal = signals[index]
    layout = _layout(path, header, index)
    rate = channels.settle_rate(layout.samples / layout.seconds if layout.seconds > 0 else 0.0, opening, path.name)
    slope, offset = _scale(path, signal, opening)
    ends = sorted(slope * digital + offset for digital in signal.digital_range)
    length = layout.records * layout.samples / rate
    info = StreamInfo(rate, (signal.label,), (ends[0], ends[1]), path.name, f"{path.name}/{signal.label}", length)

    def runs() -> Iterator[Run | State | Marker]:
        for start, counts in _records(path, layout, rate):
            yield Run(start, counts * slope + offset, "the data records are apart in time")
        yield from _missing(path, layout)

    return FileRecording(info, runs)


def _header(path: Path) -> _Header:
    wrong = FormatError(f"{path.name}: the EDF header is cut or damaged", "export the file again")
    with path.open("rb") as file:
        fixed = file.read(_FIXED)
        try:
            length, stated, count = int(fixed[184:192]), int(fixed[236:244]), int(fixed[252:256])
        except ValueError:
            raise wrong from None
        data = fixed + file.read(max(0, length - _FIXED))
    if count < 1 or len(data) != length or length != _FIXED * (count + 1):
        raise wrong
    read = edfio.read_bdf if data.startswith(_BDF) else edfio.read_edf
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there are no records: only the header is shown to it
            edf = read(io.BytesIO(data), header_encoding="latin-1")
        sizes = [int(data[at : at + 8]) for at in range(_FIXED + 216 * count, _FIXED + 224 * count, 8)]
        float(edf.data_record_duration)
    except (ValueError, IndexError, ArithmeticError, UnboundLocalError) as error:
        raise wrong from error
    if min(sizes) < 0:
        raise wrong
    labels = [data[at : at + 16] for at in range(_FIXED, _FIXED + 16 * count, 16)]
    return _Header(edf, length, stated, sizes, [i for i, label in enumerate(labels) if label.strip() in _NOTES])


def _layout(path: Path, header: _Header, index: int) -> _Layout:
    wide = 3 if isinstance(header.edf, edfio.Bdf) else 2
    own = [i for i in range(len(header.sizes)) if i not in header.notes][index]
    record = sum(header.sizes) * wide
    body = path.stat().st_size - header.length
    if header.sizes[own] < 1:
        raise FormatError(f"{path.name}: {header.edf.signals[index].label} has no samples", "choose another channel")
    if body < record:
        raise TruncatedError(f"{path.name}: {max(0, body)} bytes of data, one record has {record}", "record it again")
    marks = None
    if header.notes and header.edf.reserved[3:5] == "+D":
        first = sum(header.sizes[: header.notes[0]]) * wide
        marks = slice(first, first + header.sizes[header.notes[0]] * wide)
    return _Layout(
        header.length, record, body // record, header.stated, body % record, sum(header.sizes[:own]) * wide,
        header.sizes[own], wide, float(header.edf.data_record_duration), marks,
    )  # fmt: skip


def _scale(path: Path, signal: edfio.EdfSignal | edfio.BdfSignal, opening: Opening) -> tuple[float, float]:
    try:
        low, high = signal.digital_range
        bottom, top = signal.physical_range
    except (ValueError, OverflowError) as error:
        raise FormatError(
            f"{path.name}: {signal.label}: a limit of its range is no number: {error}", "export the file again"
        ) from error
    if high <= low or bottom == top or not math.isfinite(top - bottom):
        raise FormatError(
            f"{path.name}: {signal.label}: digital range {low} to {high}, physical range {bottom:g} to {top:g}",
            "export the file again",
        )
    factor = channels.millivolts(signal.physical_dimension, opening, path.name)
    slope = (top - bottom) / (high - low) * factor
    return slope, bottom * factor - slope * low


def _records(path: Path, layout: _Layout, rate: float) -> Iterator[tuple[int, F64]]:
    """Counts of the channel, with the counter of their first."""
    at_once = max(1, _BLOCK // layout.record)
    position, origin = 0, None
    with path.open("rb") as file:
        file.seek(layout.head)
        for at in range(0, layout.records, at_once):
            size = min(at_once, layout.records - at) * layout.record
            data = file.read(size)
            whole = len(data) - len(data) % layout.record
            block = np.frombuffer(data[:whole], dtype=np.uint8).reshape(-1, layout.record)
            own = block[:, layout.offset : layout.offset + layout.samples * layout.wide]
            counts = _counts(own, layout)
            if layout.marks is None:
                yield position, counts.ravel()
                position += counts.size
            for record, row in zip(block, counts, strict=True) if layout.marks is not None else ():
                onset = _ONSET.match(record[layout.marks].tobytes())
                if onset:
                    origin = float(onset[1]) if origin is None else origin
                    position = max(position, round((float(onset[1]) - origin) * rate))
                yield position, row
                position += len(row)
            if len(data) < size:
                raise TruncatedError(f"{path.name}: cut while it was read, at byte {file.tell()}", "copy it again")


def _counts(own: np.ndarray[tuple[int, int], np.dtype[np.uint8]], layout: _Layout) -> F64:
    if layout.wide == 2:
        return np.ascontiguousarray(own).view("<i2").astype(np.float64)
    wide = np.zeros((len(own), layout.samples, 4), dtype=np.uint8)  # the 24 bits on top, so that the sign is right
    wide[:, :, 1:] = own.reshape(len(own), layout.samples, 3)
    return (wide.view("<i4")[:, :, 0] >> 8).astype(np.float64)


def _missing(path: Path, layout: _Layout) -> Iterator[State]:
    if layout.stated > layout.records:
        lost = (layout.stated - layout.records) * layout.seconds
        yield State(
            "warning",
            f"{path.name}: cut short: {layout.records} of {layout.stated} data records are whole, {lost:g} s missing",
        )
    elif layout.spare and layout.stated < 0:
        yield State(
            "warning", f"{path.name}: cut short: {layout.spare} of {layout.record} bytes of the last data record"
        )
