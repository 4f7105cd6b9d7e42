"""Read EDF, EDF+ and BDF: the chosen signal only, block by block.

Not edfio: it memory-maps a whole EDF and loads a whole BDF, so that memory grows with the length of the recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import channels
from devices.files.edf.annotations import EdfAnnotations, annotation_markers, filled_spans, read_edf_annotations
from devices.files.edf.header import EdfHeader, EdfSignal, parse_number, read_edf_header
from devices.files.recording import FileRecording, SampleRun, with_markers
from devices.read_options import ReadOptions
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, Marker, State, StreamInfo

_BLOCK_BYTES = 1 << 18  # of the signal, decoded at once


class _EdfLayout(NamedTuple):
    """Position of the channel: byte ``offset`` of each of ``records`` whole data records."""

    header: EdfHeader
    signal: EdfSignal
    offset: int
    records: int
    spare: int  # bytes after the last whole record


def open_edf(path: Path, options: ReadOptions) -> FileRecording:
    """Open an EDF, EDF+ or BDF file; annotations of EDF+ and BDF+ are markers.

    Raises
    ------
    FormatError
        The header is malformed.
    TruncatedError
        The file ends before its first data record does.
    ConfigError
        The ECG signal is ambiguous.
    """
    header = read_edf_header(path)
    layout = _layout(path, header, options)
    signal = layout.signal
    seconds = header.record_s
    rate = channels.resolve_rate(signal.samples / seconds if seconds > 0 else 0.0, options, path.name)
    slope, offset, ends = _scale(path, signal, options)
    length = layout.records * signal.samples / rate
    info = StreamInfo(
        rate, (signal.label,), ends, path.name, f"{path.name}/{signal.label}", length,
        unit_assumed=channels.is_unit_assumed(signal.unit, options),
    )  # fmt: skip

    def runs() -> Iterator[SampleRun | State | Marker]:
        found = read_edf_annotations(path, header, layout.records)
        yield from with_markers(
            _channel_runs(path, layout, found, rate, slope, offset), annotation_markers(found.annotations, rate), rate
        )
        yield from _length_warnings(path, layout)

    return FileRecording(info, runs)


def _layout(path: Path, header: EdfHeader, options: ReadOptions) -> _EdfLayout:
    places = [i for i, signal in enumerate(header.signals) if not signal.is_annotation]
    if not places:
        raise FormatError(f"{path.name}: found annotations only, expected a signal", "choose another file")
    signals = [header.signals[i] for i in places]
    offered = [channels.describe_channel(s.label, s.label, s.transducer) for s in signals]
    index = places[channels.choose_channel(offered, options, path.name)]
    signal = header.signals[index]
    if not signal.samples:
        raise FormatError(f"{path.name}: {signal.label} has no samples", "choose another channel")
    body = path.stat().st_size - header.header_bytes
    if body < header.record_bytes:
        raise TruncatedError(
            f"{path.name}: {body} bytes of data, one record has {header.record_bytes}", "record it again"
        )
    return _EdfLayout(header, signal, header.offset(index), *divmod(body, header.record_bytes))


def _scale(path: Path, signal: EdfSignal, options: ReadOptions) -> tuple[float, float, tuple[float, float]]:
    """Return slope and offset from counts to mV, and the range of the counts in mV."""
    low, high = (parse_number(path, f"digital range of {signal.label}", text) for text in signal.digital)
    bottom, top = (parse_number(path, f"physical range of {signal.label}", text) for text in signal.physical)
    if high <= low or bottom == top:
        raise FormatError(
            f"{path.name}: {signal.label}: digital range {low:g} to {high:g}, physical range {bottom:g} to {top:g}",
            "export the file again",
        )
    factor = channels.millivolt_factor(signal.unit, options, path.name)
    slope = (top - bottom) / (high - low) * factor
    offset = bottom * factor - slope * low
    least, most = sorted(slope * digital + offset for digital in (low, high))
    return slope, offset, (least, most)


def _channel_runs(
    path: Path, layout: _EdfLayout, found: EdfAnnotations, rate: float, slope: float, offset: float
) -> Iterator[SampleRun | State]:
    """Read the channel in mV, without the gaps that our own export filled in."""
    holes = [
        (round(a.onset * rate), round((a.onset + a.duration) * rate), cause)
        for a, cause in filled_spans(found.annotations)
    ]
    for start, counts in _record_counts(path, layout, found.onsets, rate):
        at, stop, why = start, start + len(counts), "the data records are apart in time"
        samples = counts * slope + offset
        for begin, end, cause in holes:
            if begin < stop and end > at:
                yield SampleRun(at, samples[at - start : max(at, begin) - start], why)
                at, why = min(end, stop), cause
        yield SampleRun(at, samples[at - start :], why)


def _record_counts(
    path: Path, layout: _EdfLayout, onsets: list[float | None], rate: float
) -> Iterator[tuple[int, F64]]:
    """Read the channel's counts with their first sample index, several contiguous records at once."""
    held: list[bytes] = []
    start = stop = 0  # sample indices of the bytes held
    wide = layout.header.sample_bytes
    try:
        for position, data in _record_bytes(path, layout, onsets, rate):
            if held and (position != stop or (stop - start) * wide >= _BLOCK_BYTES):
                yield start, _decode_counts(b"".join(held), wide)
                held = []
            start = start if held else position
            held.append(data)
            stop = position + len(data) // wide
    except TruncatedError:
        yield start, _decode_counts(b"".join(held), wide)  # the samples before are used
        raise
    yield start, _decode_counts(b"".join(held), wide)


def _record_bytes(
    path: Path, layout: _EdfLayout, onsets: list[float | None], rate: float
) -> Iterator[tuple[int, bytes]]:
    """Read the channel's bytes in each record, with the index of their first sample."""
    header, samples = layout.header, layout.signal.samples
    stop, block_samples = 0, _BLOCK_BYTES // header.sample_bytes
    with path.open("rb", buffering=0) as file:
        for record in range(layout.records):
            onset = onsets[record] if header.may_have_gaps and onsets else None
            start = stop if onset is None else max(stop, round(onset * rate))
            file.seek(header.header_bytes + record * header.record_bytes + layout.offset)
            for at in range(0, samples, block_samples):  # a record may last as long as the recording
                size = min(block_samples, samples - at) * header.sample_bytes
                data = file.read(size)
                if len(data) < size:
                    raise TruncatedError(f"{path.name}: cut while it was read, at byte {file.tell()}", "copy it again")
                yield start + at, data
            stop = start + samples


def _decode_counts(data: bytes, wide: int) -> F64:
    if wide == 2:
        return np.frombuffer(data, "<i2").astype(np.float64)
    full = np.zeros((len(data) // 3, 4), dtype=np.uint8)  # the 24 bits on top, which keeps the sign
    full[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return (full.view("<i4")[:, 0] >> 8).astype(np.float64)


def _length_warnings(path: Path, layout: _EdfLayout) -> Iterator[State]:
    warn = partial(State, "warning")
    header, stated = layout.header, layout.header.records
    if stated > layout.records:
        lost = (stated - layout.records) * header.record_s
        yield warn(f"{path.name}: cut short: {layout.records} of {stated} data records are whole, {lost:g} s missing")
    elif 0 <= stated < layout.records:
        yield warn(f"{path.name}: the header counts {stated} data records, {layout.records} are there; all are used")
    elif layout.spare and stated < 0:
        yield warn(f"{path.name}: cut short: {layout.spare} of {header.record_bytes} bytes of the last data record")
