"""All that a session's recording holds beside the samples: headers, results, markers, events."""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

import numpy as np

from devices.files.unreadable import regular_file
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import F64
from ecg_live.xdf.decode import (
    ChunkLocation,
    StreamHeader,
    TruncatedChunk,
    iter_chunks,
    read_rows,
    read_samples,
    read_stream_header,
)
from ecg_live.xdf.encode import (
    CLOCK_OFFSET_TAG,
    FILE_HEADER_TAG,
    MAGIC,
    SAMPLE_FORMATS,
    SAMPLE_INDEX_TAG,
    SAMPLES_TAG,
    STREAM_HEADER_TAG,
)

RESULT_STREAMS = ("markers", "predictions", "decisions", "quality", "heart_rate", "events")  # streams that are small
_ECG_STREAM = "ecg"
_OFFSET_TIME = struct.Struct("<d")  # what a clock offset begins with: when it was measured


@dataclass(frozen=True, slots=True, eq=False)
class NumericStream:
    """A stream of numbers: stamps (n,) and values (n, channels), NaN where there is none."""

    stamps: F64
    values: F64


@dataclass(frozen=True, slots=True)
class TextStream:
    """A stream of texts: stamps, and a text a channel."""

    stamps: tuple[float, ...]
    values: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class SessionContents:
    """A recording's headers and results.

    ``head`` is the file's header, ``streams`` those of our recorder by key. ``first`` is the raw counter of the first
    sample of ECG in the file, ``began`` its stamp; ``opened`` is the session clock when the file was; NaN where there
    is none. ``damage`` is what is wrong with the file behind what was read.
    """

    path: Path
    file_header: Mapping[str, str]
    streams: Mapping[str, StreamHeader]
    numeric_streams: Mapping[str, NumericStream]
    text_streams: Mapping[str, TextStream]
    first_sample_index: int
    damage: RecordingError | None = None
    first_timestamp: float = nan
    opened_at: float = nan

    @property
    def header_texts(self) -> Mapping[str, str]:
        """What the headers of all streams say."""
        return {name: text for stream in self.streams.values() for name, text in stream.own.items()}

    @property
    def start_s(self) -> float:
        """Seconds of raw time at which the recording's ECG begins."""
        rate = self.streams[_ECG_STREAM].rate if _ECG_STREAM in self.streams else 0.0
        return self.first_sample_index / rate if rate > 0 else 0.0

    def events(self) -> Iterator[tuple[float, Mapping[str, Any]]]:
        """Events as JSON lines have them, each with its stamp; lines that are none are left out."""
        said = self.text_streams.get("events", TextStream((), ()))
        for stamp, line in zip(said.stamps, said.values, strict=True):
            try:
                event = json.loads("".join(line))
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                yield stamp, event


def read_file_header(path: Path) -> Mapping[str, str]:
    """Read what a file says of itself, and no more; nothing where it is no XDF file, or cannot be read."""
    try:
        with regular_file(path).open("rb") as raw:
            if raw.read(len(MAGIC)) != MAGIC:
                return {}
        for file, chunk in iter_chunks(path):
            return (
                _header_fields(file.read(chunk.size))
                if isinstance(chunk, ChunkLocation) and chunk.tag == FILE_HEADER_TAG
                else {}
            )
    except (OSError, RecordingError):
        pass
    return {}


def read_contents(path: Path, wanted: Collection[str] = RESULT_STREAMS) -> SessionContents | None:
    """Read headers and the streams ``wanted``; None for a file that our recorder did not write.

    Raises
    ------
    RecordingError
        The file cannot be read.
    """
    try:
        with regular_file(path).open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
        return _read(path, wanted)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}", "check the file") from error


def _read(path: Path, wanted: Collection[str]) -> SessionContents | None:
    reader = _SessionFileReader(path, wanted)
    damage: RecordingError | None = None
    try:
        for file, chunk in iter_chunks(path):
            if isinstance(chunk, TruncatedChunk):
                break
            reader.take(file, chunk)
    except RecordingError as error:
        damage = error
    return reader.contents(damage)


class _SessionFileReader:
    """Gathers what the chunks of a file hold."""

    def __init__(self, path: Path, wanted: Collection[str]) -> None:
        self._path, self._wanted = path, wanted
        self._head: dict[str, str] = {}
        self._streams: dict[int, StreamHeader] = {}
        self._parts: dict[int, list[tuple[F64, F64]]] = {}
        self._rows: dict[int, list[tuple[float, tuple[str, ...]]]] = {}
        self._places: dict[int, int] = {}
        self._began = self._opened = nan

    def take(self, file: BinaryIO, chunk: ChunkLocation) -> None:
        """Take what a chunk says; the file stands at its content."""
        if chunk.tag == FILE_HEADER_TAG:
            self._head = _header_fields(file.read(chunk.size))
        elif chunk.tag == STREAM_HEADER_TAG and chunk.stream not in self._streams:
            self._streams[chunk.stream] = read_stream_header(self._path, chunk.stream, file.read(chunk.size))
        elif chunk.tag == SAMPLE_INDEX_TAG and chunk.stream not in self._places:
            self._places[chunk.stream] = int.from_bytes(file.read(8), "little")
        elif chunk.tag == CLOCK_OFFSET_TAG and isnan(self._opened) and chunk.size >= _OFFSET_TIME.size:
            (self._opened,) = _OFFSET_TIME.unpack(file.read(_OFFSET_TIME.size))
        elif chunk.tag == SAMPLES_TAG and (stream := self._streams.get(chunk.stream)) is not None:
            self._samples(file, chunk, stream)

    def _samples(self, file: BinaryIO, chunk: ChunkLocation, stream: StreamHeader) -> None:
        key = stream.own.get("key")
        if key == _ECG_STREAM and isnan(self._began) and stream.form in SAMPLE_FORMATS:
            stamps, _ = read_samples(self._path, stream, file.read(chunk.size))
            self._began = float(stamps[0]) if len(stamps) else nan
        elif key in self._wanted and stream.form in SAMPLE_FORMATS:
            self._parts.setdefault(stream.number, []).append(read_samples(self._path, stream, file.read(chunk.size)))
        elif key in self._wanted:
            self._rows.setdefault(stream.number, []).extend(read_rows(file.read(chunk.size), len(stream.labels)))

    def contents(self, damage: RecordingError | None) -> SessionContents | None:
        """What there is by now; None where no stream is our recorder's."""
        keys = {stream.own["key"]: stream for stream in self._streams.values() if stream.own.get("key")}
        if not keys:
            return None
        numbers = {key: _numbers(stream, self._parts.get(stream.number, [])) for key, stream in keys.items()}
        texts = {key: _texts(self._rows.get(stream.number, [])) for key, stream in keys.items()}
        first = self._places.get(keys[_ECG_STREAM].number, 0) if _ECG_STREAM in keys else 0
        return SessionContents(
            self._path,
            self._head,
            keys,
            numbers,
            texts,
            first,
            damage,
            first_timestamp=self._began,
            opened_at=self._opened,
        )


def _numbers(stream: StreamHeader, parts: list[tuple[F64, F64]]) -> NumericStream:
    stamps = [np.empty(0), *(stamps for stamps, _ in parts)]
    values = [np.empty((0, len(stream.labels))), *(values for _, values in parts)]
    return NumericStream(np.concatenate(stamps), np.concatenate(values))


def _texts(rows: list[tuple[float, tuple[str, ...]]]) -> TextStream:
    return TextStream(tuple(stamp for stamp, _ in rows), tuple(values for _, values in rows))


def _header_fields(data: bytes) -> dict[str, str]:
    """Texts of a file header by name."""
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the file header is no XML: {error}", "the file is damaged") from error
    return {each.tag: (each.text or "").strip() for each in root}
