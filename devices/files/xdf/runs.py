"""Read samples and markers of an XDF file of other recorders, by their timestamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from devices.files.recording import SampleRun
from devices.files.timestamps import TimestampCounter
from devices.files.xdf.damage import DamagedBytes, damage_warning, find_boundary, intact_chunks
from devices.files.xdf.streams import XdfTrack
from devices.marker_text import marker_text
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, Marker, State
from ecg_live.xdf.decode import (
    ChunkLocation,
    TruncatedChunk,
    read_clock_offset,
    read_rows,
    read_samples,
    read_stream_header,
    truncation_warning,
)
from ecg_live.xdf.encode import CLOCK_OFFSET_TAG, SAMPLE_FORMATS, SAMPLES_TAG, STREAM_HEADER_TAG

_COUNTED_SPAN_S = 1.0  # of samples that are indexed at once; chunks may hold a few each


class StreamTiming(NamedTuple):
    """Nominal rate in Hz, fitted interval in s, and whether the timestamps are arrival times, which jitter."""

    rate: float
    interval: float
    arrival: bool


def stamped_runs(
    path: Path,
    parts: Sequence[XdfTrack],
    marker_tracks: Sequence[XdfTrack],
    column: int,
    factor: float,
    timing: StreamTiming,
) -> Iterator[SampleRun | State | Marker]:
    """Decode one channel of a signal, and all marker streams.

    Parameters
    ----------
    path : Path
    parts : sequence of Track
        The signal: one stream, or several in sequence if the device was restarted.
    marker_tracks : sequence of Track
        Marker streams.
    column : int
        Of the signal.
    factor : float
    timing : StreamTiming

    Raises
    ------
    FormatError
        The file is damaged, and no boundary follows; the samples before have been returned.
    """
    reader = _TimestampedReader(path, parts, marker_tracks, column, factor, timing)
    ends: list[State] = []
    usable = 0  # offset from which on content is read again
    try:
        for file, chunk in intact_chunks(path):
            if isinstance(chunk, TruncatedChunk):
                ends.append(truncation_warning(path, chunk))
            elif isinstance(chunk, DamagedBytes):
                yield from reader.interrupt(damage_warning(path, chunk))
            elif chunk.begin >= usable:
                try:
                    yield from reader.decode(file, chunk)
                except (FormatError, TruncatedError) as error:
                    end = find_boundary(path, chunk.begin)
                    if end is None:
                        raise
                    yield from reader.interrupt(damage_warning(path, DamagedBytes(chunk.begin, end, error.message)))
                    usable = end
    except Exception:
        yield from reader.flush()  # the samples before are used
        raise
    yield from reader.flush()
    yield from ends


class _TimestampedReader:
    """Decodes chunks; samples are indexed a second at a time."""

    def __init__(
        self,
        path: Path,
        parts: Sequence[XdfTrack],
        marker_tracks: Sequence[XdfTrack],
        column: int,
        factor: float,
        timing: StreamTiming,
    ) -> None:
        self._path = path
        self._column = column
        self._factor = factor
        self._timing = timing
        self._parts = {track.stream.number: track.stream for track in parts}
        self._marker_streams = {track.stream.number: track.stream for track in marker_tracks}
        self._clocks = {track.stream.number: track.clock(timing.interval) for track in parts}
        self._clocks |= {track.stream.number: track.clock() for track in marker_tracks}
        self._last: dict[int, float] = {}  # newest timestamp of each stream, which omitted ones follow
        self._counter = TimestampCounter(timing.interval, 1.0, path.name, arrival=timing.arrival, rate=timing.rate)
        self._held: list[tuple[F64, F64]] = []
        self._number = -1  # of the stream with samples in `_held`
        self._size = 0

    def decode(self, file: BinaryIO, chunk: ChunkLocation) -> Iterator[SampleRun | State | Marker]:
        """Decode a chunk; the file is at its content."""
        number = chunk.stream
        if chunk.tag == STREAM_HEADER_TAG:
            read_stream_header(self._path, number, file.read(chunk.size))
        elif chunk.tag == CLOCK_OFFSET_TAG:
            read_clock_offset(self._path, file.read(chunk.size))
        elif chunk.tag == SAMPLES_TAG and number in self._parts:
            stamped, values = read_samples(self._path, self._parts[number], file.read(chunk.size))
            if number != self._number:
                yield from self._count()
                self._number = number
            self._held.append((stamped, values[:, self._column] * self._factor))
            self._size += len(stamped)
            if self._size >= _COUNTED_SPAN_S * self._timing.rate:
                yield from self._count()
        elif chunk.tag == SAMPLES_TAG and number in self._marker_streams:
            yield from self._count()
            self._add_markers(number, file.read(chunk.size))

    def interrupt(self, state: State) -> Iterator[SampleRun | State | Marker]:
        """Report damage; timestamps omitted after it do not continue those before it."""
        yield from self._count()
        self._last = {}
        yield state

    def flush(self) -> Iterator[SampleRun | State | Marker]:
        """Return the rest."""
        yield from self._count()
        yield from self._counter.flush()

    def _count(self) -> Iterator[SampleRun | State | Marker]:
        if not self._held:
            return
        stamped, values = (np.concatenate(each) for each in zip(*self._held, strict=True))
        self._held = []
        self._size = 0
        yield from self._counter.push(self._timed(self._number, stamped, self._timing.interval), values)

    def _add_markers(self, number: int, data: bytes) -> None:
        stream = self._marker_streams[number]
        if stream.form in SAMPLE_FORMATS:
            stamped, values = read_samples(self._path, stream, data)
            texts = [marker_text(row) for row in values.tolist()]
        else:
            rows = read_rows(data, len(stream.labels))
            stamped, texts = np.array([stamp for stamp, _ in rows]), [marker_text(row) for _, row in rows]
        times = self._timed(number, stamped, 1 / stream.rate if stream.rate > 0 else 0.0)
        for time, text in zip(times.tolist(), texts, strict=True):
            self._counter.add_marker(time, text)

    def _timed(self, number: int, stamped: F64, interval: float) -> F64:
        """Return the times of a stream's next samples on the recorder's clock."""
        stamps = fill_omitted_timestamps(stamped, self._last.get(number, float("nan")), interval)
        if len(stamps):
            self._last[number] = float(stamps[-1])
        return self._clocks[number].corrected(stamps)


def fill_omitted_timestamps(stamps: F64, last: float, interval: float) -> F64:
    """Fill omitted timestamps: each one interval after the one before it; ``last`` came before all."""
    known = np.isfinite(stamps)
    rows = np.arange(len(stamps))
    base = np.maximum.accumulate(np.where(known, rows, -1))
    start = np.where(base >= 0, stamps[np.maximum(base, 0)], last)
    return np.asarray(start + (rows - base) * interval, dtype=np.float64)
