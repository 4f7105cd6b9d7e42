"""Read our own recordings: stored sample indices give a replay the same gaps, to the sample."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from devices.files.recording import SampleRun
from devices.files.timestamps import MAX_TIME_SPAN_S
from devices.files.xdf.damage import DamagedBytes, damage_warning, find_boundary, intact_chunks
from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import Marker, State
from ecg_live.xdf.decode import (
    DAMAGED_REMEDY,
    ChunkLocation,
    StreamHeader,
    TruncatedChunk,
    read_samples,
    read_stream_header,
    read_texts,
    truncation_warning,
)
from ecg_live.xdf.encode import SAMPLE_INDEX_TAG, SAMPLES_TAG, STREAM_HEADER_TAG


def counted_runs(
    path: Path, stream: StreamHeader, rate: float, column: int, factor: float
) -> Iterator[SampleRun | State | Marker]:
    """Decode one channel, and the session's markers.

    Parameters
    ----------
    path : Path
    stream : Stream
        The recorded signal.
    rate : float
        Hz.
    column : int
        Of the signal.
    factor : float
        From values to mV.

    Raises
    ------
    FormatError
        Samples have no index, or an impossible one; or the file is damaged, and no boundary follows.
    """
    reader = _CountedReader(path, stream, rate, column, factor)
    usable = 0  # offset from which on content is read again
    for file, chunk in intact_chunks(path):
        if isinstance(chunk, TruncatedChunk):
            yield truncation_warning(path, chunk)
        elif isinstance(chunk, DamagedBytes):
            yield damage_warning(path, chunk)
            reader.interrupt()
        elif chunk.begin >= usable:
            try:
                yield from reader.decode(file, chunk)
            except (FormatError, TruncatedError) as error:
                usable = find_boundary(path, chunk.begin) or 0
                if not usable:
                    raise
                yield damage_warning(path, DamagedBytes(chunk.begin, usable, error.message))
                reader.interrupt()


class _CountedReader:
    """Decodes chunks; after damage, timestamps give the sample index until a chunk states it again."""

    def __init__(self, path: Path, stream: StreamHeader, rate: float, column: int, factor: float) -> None:
        self._path = path
        self._stream = stream
        self._rate = rate
        self._column = column
        self._factor = factor
        self._first = -1  # index of the first sample of all
        self._counter = -1  # index of the next sample
        self._raw = 0.0  # raw time of the newest chunk, in s
        self._stamp = math.nan  # session clock of the newest chunk, in s
        self._marker_streams: set[int] = set()
        self._early: list[tuple[float, str]] = []  # markers before the first sample, which gives their raw time
        self._lost = False  # whether the index of the next samples is unknown
        self._guessed = False  # whether the index of the newest came from timestamps

    def interrupt(self) -> None:
        """Mark the index of the next samples as unknown."""
        self._lost = self._counter >= 0

    def decode(self, file: BinaryIO, chunk: ChunkLocation) -> Iterator[SampleRun | State | Marker]:
        """Decode a chunk; the file is at its content."""
        if chunk.tag == STREAM_HEADER_TAG:
            if read_stream_header(self._path, chunk.stream, file.read(chunk.size)).own.get("key") == "markers":
                self._marker_streams.add(chunk.stream)
        elif (chunk.tag, chunk.stream) == (SAMPLE_INDEX_TAG, self._stream.number):
            self._set_index(file.read(chunk.size))
        elif (chunk.tag, chunk.stream) == (SAMPLES_TAG, self._stream.number):
            yield from self._samples(chunk, file.read(chunk.size))
        elif chunk.tag == SAMPLES_TAG and chunk.stream in self._marker_streams:
            noted = read_texts(file.read(chunk.size))
            if math.isnan(self._stamp):
                self._early += noted
            else:
                yield from (_marker_after(self._raw, time - self._stamp, text) for time, text in noted)

    def _samples(self, chunk: ChunkLocation, data: bytes) -> Iterator[SampleRun | Marker]:
        stamps, values = read_samples(self._path, self._stream, data)
        if self._first < 0:
            raise FormatError(f"{self._path.name}, byte {chunk.begin}: samples that have no place", DAMAGED_REMEDY)
        if not len(values):
            return
        stamp = float(stamps[0])
        if self._lost and math.isfinite(stamp - self._stamp):
            estimate = self._first + round((self._raw + stamp - self._stamp) * self._rate)
            self._counter = max(self._counter, estimate)
            self._lost = False
            self._guessed = True
        self._raw = (self._counter - self._first) / self._rate
        self._stamp = stamp
        yield from (_marker_after(self._raw, time - self._stamp, text) for time, text in self._early)
        self._early.clear()
        yield SampleRun(self._counter - self._first, values[:, self._column] * self._factor, "missing in the recording")
        self._counter += len(values)

    def _set_index(self, data: bytes) -> None:
        """Set the index of the next sample, which never goes back."""
        found = int(struct.unpack("<Q", data)[0]) if len(data) == 8 else -1
        if self._guessed:
            found = max(found, self._counter)
        if found < self._counter or found < 0 or (found - max(self._counter, 0)) / self._rate > MAX_TIME_SPAN_S:
            raise FormatError(f"{self._path.name}: samples placed at {found} after {self._counter}", DAMAGED_REMEDY)
        self._counter = found
        self._lost = False
        self._guessed = False
        self._first = found if self._first < 0 else self._first


def _marker_after(raw: float, delay: float, text: str) -> Marker:
    """Make a marker ``delay`` seconds after a raw time; at that time for an unknown delay."""
    return Marker(raw + delay if math.isfinite(delay) else raw, text)
