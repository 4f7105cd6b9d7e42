"""XDF (LabRecorder, and our own recorder): one stream's samples, decoded chunk by chunk, and all streams' markers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from devices.files import channels, stamps
from devices.files.recording import FileRecording, Run
from devices.files.stamps import StampCounter
from devices.files.xdf_chunks import (
    ChunkAt,
    Stream,
    Torn,
    chunks,
    read_offset,
    read_samples,
    read_stream,
    read_texts,
    torn,
)
from devices.files.xdf_counted import counted_runs
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.sinks.xdf_chunks import FORMATS, HEADER, OFFSET, SAMPLES
from ecg_live.types import F64, Marker, Opening, State, StreamInfo


class _Timing(NamedTuple):
    interval: float  # s, fitted
    arrival: bool  # stamps jitter
    first: float  # s, stamp of the first sample
    offsets: dict[int, float]  # s, to be added to each stream's stamps, as first measured


def open_xdf(path: Path, opening: Opening) -> FileRecording:
    """Open an XDF file.

    Raises
    ------
    FormatError
        It is damaged at its start, or has no stream of numbers.
    TruncatedError
        The chosen stream has no samples.
    ConfigError
        It is not plain which channel is the ECG, or no rate is known.
    """
    streams = [stream for stream in _streams(path) if stream.form in FORMATS and stream.labels]
    if not streams:
        raise FormatError(f"{path.name}: found no stream of numbers", "choose another file")
    if ours := [stream for stream in streams if stream.own.get("key")]:
        return _own_recording(path, ours, opening)
    places = [(stream, column) for stream in streams for column in range(len(stream.labels))]
    offered = [_channel(stream, column, alone=len(streams) == 1) for stream, column in places]
    at = channels.choose(offered, opening, path.name)
    stream, column = places[at]
    factor = channels.millivolts(stream.units[column], opening, path.name)
    first = _first(path, stream)
    stated = stream.rate or _fitted(first)
    rate = channels.settle_rate(stated, opening, path.name)
    timing = _timing(path, first, rate)
    info = StreamInfo(rate, (offered[at].name,), None, stream.name or path.name, stream.source_id or path.name)
    return FileRecording(info, lambda: _runs(path, stream, column, factor, timing))


def _own_recording(path: Path, streams: list[Stream], opening: Opening) -> FileRecording:
    """Of what our recorder wrote only the ECG can be replayed; of its channels the one that was judged then."""
    ecg = [stream for stream in streams if stream.own["key"] == "ecg"]
    if len(ecg) != 1:
        raise FormatError(f"{path.name}: a recording of a session without ECG", "choose another file")
    (stream,) = ecg
    offered = [_channel(stream, column, alone=True) for column in range(len(stream.labels))]
    judged = opening.channel or stream.own.get("ecg")
    at = channels.choose(offered, replace(opening, channel=judged), path.name)
    rate = channels.settle_rate(stream.rate, opening, path.name)
    _first(path, stream)  # a recording without samples is none
    info = StreamInfo(rate, (offered[at].name,), _full_scale(stream), stream.name, stream.source_id or path.name)
    factor = channels.millivolts(stream.units[at], opening, path.name)
    return FileRecording(info, lambda: counted_runs(path, stream, rate, at, factor))


def _full_scale(stream: Stream) -> tuple[float, float] | None:
    try:
        return float(stream.own["lowest"]), float(stream.own["highest"])
    except (KeyError, ValueError):
        return None


def _streams(path: Path) -> list[Stream]:
    found: list[Stream] = []
    try:
        for file, chunk in chunks(path):
            if not isinstance(chunk, Torn) and chunk.tag == HEADER:
                found.append(read_stream(path, chunk.stream, file.read(chunk.size)))
    except FormatError:
        if not found:  # else what comes before the damage is used, and it is named when that has been
            raise
    return found


def _channel(stream: Stream, column: int, *, alone: bool) -> channels.Channel:
    """Named by its label; where streams could be mixed up, by stream and label."""
    label = stream.labels[column] or (stream.name if len(stream.labels) == 1 else f"{stream.name} {column + 1}")
    name = label if alone or label == stream.name or label.startswith(stream.name) else f"{stream.name}/{label}"
    own = stream.kinds[column]
    return channels.describe(name, stream.labels[column], own, stream.kind, stream.name, kind=own or stream.kind)


def _first(path: Path, stream: Stream) -> F64:
    """Stamps of the first samples, NaN where there is none."""
    found: list[F64] = []
    try:
        for file, chunk in _own(path, SAMPLES, stream.number):
            found.append(read_samples(path, stream, file.read(chunk.size))[0])
            if sum(map(len, found)) >= stamps.ENOUGH:
                break
    except FormatError:
        if not sum(map(len, found)):
            raise
    if not found or not sum(map(len, found)):
        raise TruncatedError(f"{path.name}: stream {stream.name!r} has no samples", "record it again")
    return np.concatenate(found)


def _fitted(first: F64) -> float | None:
    """The rate of a stream that states none (0 in XDF means irregular)."""
    interval = stamps.fit(first)
    return None if interval is None else channels.nominal(1 / interval)


def _timing(path: Path, first: F64, rate: float) -> _Timing:
    times = _deduced(first, float("nan"), 1 / rate)
    interval = stamps.fit(times) or 1 / rate
    channels.check_rate(1 / interval, path.name)
    arrival = bool((np.diff(times) < interval / 2).any())
    first_stamp = float(times[np.isfinite(times)][0]) if np.isfinite(times).any() else 0.0
    offsets: dict[int, float] = {}
    with contextlib.suppress(FormatError):  # it is raised again when what comes before has been used
        for file, chunk in chunks(path):
            if not isinstance(chunk, Torn) and chunk.tag == OFFSET and chunk.stream not in offsets:
                offsets[chunk.stream] = read_offset(path, file.read(chunk.size))
    return _Timing(interval, arrival, first_stamp, offsets)


def _own(path: Path, tag: int, number: int) -> Iterator[tuple[BinaryIO, ChunkAt]]:
    """All whole chunks of one kind and stream."""
    for file, chunk in chunks(path):
        if not isinstance(chunk, Torn) and (chunk.tag, chunk.stream) == (tag, number):
            yield file, chunk


def _deduced(times: F64, last: float, interval: float) -> F64:
    """Fill stamps that were left out: each one interval behind the one before it."""
    known = np.isfinite(times)
    rows = np.arange(len(times))
    base = np.maximum.accumulate(np.where(known, rows, -1))
    start = np.where(base >= 0, times[np.maximum(base, 0)], last)
    return np.asarray(start + (rows - base) * interval, dtype=np.float64)


def _runs(path: Path, stream: Stream, column: int, factor: float, timing: _Timing) -> Iterator[Run | State | Marker]:
    counter = StampCounter(timing.interval, 1.0, path.name, arrival=timing.arrival)
    texts: dict[int, Stream] = {}
    offsets = dict(timing.offsets)
    origin = timing.first + offsets.get(stream.number, 0.0)
    last = timing.first - timing.interval
    ends: list[State] = []
    try:
        for file, chunk in chunks(path):
            if isinstance(chunk, Torn):
                ends.append(torn(path, chunk))
            elif chunk.tag == HEADER:
                other = read_stream(path, chunk.stream, file.read(chunk.size))
                texts.update({other.number: other} if other.form == "string" else {})
            elif chunk.tag == OFFSET:
                offsets[chunk.stream] = read_offset(path, file.read(chunk.size))
            elif (chunk.tag, chunk.stream) == (SAMPLES, stream.number):
                stamped, values = read_samples(path, stream, file.read(chunk.size))
                times = _deduced(stamped, last, timing.interval)
                last = float(times[-1]) if len(times) else last
                yield from counter.push(times, values[:, column] * factor)
            elif chunk.tag == SAMPLES and chunk.stream in texts:
                noted = read_texts(file.read(chunk.size))
                times = _deduced(np.array([stamp for stamp, _ in noted]), origin, 0.0) + offsets.get(chunk.stream, 0.0)
                for time, (_, text) in zip(times - origin, noted, strict=True):
                    yield Marker(float(time), text)
    except Exception:
        yield from counter.flush()  # what came before is used
        raise
    yield from counter.flush()
    yield from ends
