"""Read the streams that a session recorded beside its ECG, with times from the first ECG sample of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from devices.files.xdf.damage import DamagedBytes, intact_chunks
from devices.files.xdf.runs import fill_omitted_timestamps
from ecg_live.errors import RecordingError
from ecg_live.events import F64
from ecg_live.recorded.session_file import SessionContents
from ecg_live.xdf.decode import ChunkLocation, StreamHeader, read_rows, read_samples
from ecg_live.xdf.encode import SAMPLE_FORMATS, SAMPLE_INDEX_TAG, SAMPLES_TAG
from ecg_live.xdf.stream_spec import AUXILIARY_KEY_PREFIX


class AuxiliaryBlock(NamedTuple):
    """Samples of a stream: times (n,) in s from the first ECG sample, and n rows of numbers or of texts.

    ``stamps`` (n,) are the same times on the session clock, on which samples at a regular rate are equally far apart.
    """

    stream: StreamHeader
    times: F64
    stamps: F64
    rows: Sequence[Sequence[float]] | Sequence[Sequence[str]]


def auxiliary_streams(contents: SessionContents | None) -> list[StreamHeader]:
    """Headers of the streams beside the ECG, in the file's order; none if the ECG has no sample."""
    if contents is None or not isfinite(contents.first_timestamp):
        return []
    return [stream for key, stream in contents.streams.items() if key.startswith(AUXILIARY_KEY_PREFIX)]


def auxiliary_name(stream: StreamHeader) -> str:
    """Name of a stream as the session knew it."""
    return stream.own["key"].removeprefix(AUXILIARY_KEY_PREFIX)


def read_auxiliary(contents: SessionContents, streams: Sequence[StreamHeader]) -> Iterator[AuxiliaryBlock]:
    """Read all samples of streams, those of different streams in the file's order.

    What cannot be read ends the reading: the ECG, which is read as well, tells of it.
    """
    reader = _AuxiliaryReader(contents, streams)
    try:
        for file, chunk in intact_chunks(contents.path):
            if isinstance(chunk, ChunkLocation):
                yield from reader.decode(file, chunk)
            elif isinstance(chunk, DamagedBytes):
                reader.interrupt()
    except RecordingError:
        return


class _AuxiliaryReader:
    """Decodes chunks; the newest ECG chunk gives the place of a time on the session clock, as it does for markers."""

    def __init__(self, contents: SessionContents, streams: Sequence[StreamHeader]) -> None:
        self._path: Path = contents.path
        self._ecg = contents.streams["ecg"]
        self._first = contents.first_sample_index
        self._streams = {stream.number: stream for stream in streams}
        self._counter = -1  # index of the next ECG sample; -1 while it is not known
        self._raw = 0.0  # s from the first ECG sample to the newest ECG chunk
        self._stamp = contents.first_timestamp  # the same on the session clock
        self._last = dict.fromkeys(self._streams, contents.first_timestamp)  # newest time of each stream

    def interrupt(self) -> None:
        """Wait for the next stated index of the ECG."""
        self._counter = -1

    def decode(self, file: BinaryIO, chunk: ChunkLocation) -> Iterator[AuxiliaryBlock]:
        """Decode a chunk; the file is at its content."""
        if chunk.stream == self._ecg.number:
            if chunk.tag == SAMPLE_INDEX_TAG:
                self._counter = int.from_bytes(file.read(8), "little")
            elif chunk.tag == SAMPLES_TAG:
                self._follow_ecg(file.read(chunk.size))
        elif chunk.tag == SAMPLES_TAG and (stream := self._streams.get(chunk.stream)) is not None:
            yield self._block(stream, file.read(chunk.size))

    def _follow_ecg(self, data: bytes) -> None:
        stamps, _ = read_samples(self._path, self._ecg, data)
        if self._counter < 0 or not len(stamps):
            return
        if isfinite(stamps[0]):
            self._raw = (self._counter - self._first) / self._ecg.rate
            self._stamp = float(stamps[0])
        self._counter += len(stamps)

    def _block(self, stream: StreamHeader, data: bytes) -> AuxiliaryBlock:
        rows: Sequence[Sequence[float]] | Sequence[Sequence[str]]
        if stream.form in SAMPLE_FORMATS:
            stamps, values = read_samples(self._path, stream, data)
            rows = values.tolist()
        else:
            found = read_rows(data, len(stream.labels))
            stamps, rows = np.array([stamp for stamp, _ in found], dtype=np.float64), [texts for _, texts in found]
        interval = 1 / stream.rate if stream.rate > 0 else 0.0
        stamps = fill_omitted_timestamps(stamps, self._last[stream.number] + interval, interval)
        if len(stamps):
            self._last[stream.number] = float(stamps[-1])
        return AuxiliaryBlock(stream, self._raw + (stamps - self._stamp), stamps, rows)
