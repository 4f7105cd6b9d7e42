"""Read what a session's recording holds besides its samples: headers, results, markers, events."""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from devices.files.unreadable import regular_file
from devices.files.xdf.damage import DamagedBytes, intact_chunks
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
    sample_count,
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
from ecg_live.xdf.wearer_streams import several_wearers_error, wearers_of

RESULT_STREAMS = (  # small streams, read whole
    *("markers", "predictions", "decisions", "quality", "heart_rate", "events"),
    *("self_reports", "rr_intervals", "hrv"),
)
I64 = npt.NDArray[np.int64]
_ECG_STREAM = "ecg"
_COUNT_BYTES = 9  # that a number of samples takes at most
_OFFSET_TIME = struct.Struct("<d")  # first field of a clock offset: when it was measured


@dataclass(frozen=True, slots=True, eq=False)
class NumericStream:
    """A numeric stream: timestamps (n,), NaN for samples without one, and values (n, channels).

    ``places`` (n,) are the bytes of the file at which their chunks begin, and so give the order of all streams.
    """

    stamps: F64
    values: F64
    places: I64 = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class TextStream:
    """A text stream: timestamps, a text for each channel, and places as in `NumericStream`."""

    stamps: tuple[float, ...]
    values: tuple[tuple[str, ...], ...]
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SessionContents:
    """Headers and results of a recording.

    Attributes
    ----------
    file_header : mapping
        Texts of the file header by name.
    streams, numeric_streams, text_streams : mapping
        Our recorder's streams by key: headers, numbers and texts.
    first_sample_index, stop_index : int
        Sample index of the file's first ECG sample, and after its last.
    damage : RecordingError, optional
        What is damaged first; reading goes on behind it where it can.
    first_timestamp : float
        Session clock of the first ECG sample (s); NaN without one.
    opened_at : float
        Session clock when the file was opened (s); NaN if unknown.
    axis_zero_s : float
        Stream time (s) at which the times of a session without ECG begin.
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
    stop_index: int = 0
    axis_zero_s: float = 0.0

    @property
    def header_texts(self) -> Mapping[str, str]:
        """Texts of all stream headers by name."""
        return {name: text for stream in self.streams.values() for name, text in stream.own.items()}

    @property
    def start_s(self) -> float:
        """Raw time (s) of the recording's first ECG sample; without ECG, at which its times begin."""
        rate = self.streams[_ECG_STREAM].rate if _ECG_STREAM in self.streams else 0.0
        return self.first_sample_index / rate if rate > 0 else self.axis_zero_s

    def events(self) -> Iterator[tuple[float, Mapping[str, Any]]]:
        """Events as in JSON lines, each with its timestamp; other lines are skipped."""
        return ((stamp, event) for _, stamp, event in self.placed_events())

    def placed_events(self) -> Iterator[tuple[int, float, Mapping[str, Any]]]:
        """Events with their place in the file, and their timestamp."""
        lines = self.text_streams.get("events", TextStream((), ()))
        for place, stamp, line in zip(lines.places, lines.stamps, lines.values, strict=True):
            try:
                event = json.loads("".join(line))
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                yield place, stamp, event


def read_file_header(path: Path) -> Mapping[str, str]:
    """Read only the file header; empty if the file is not XDF or cannot be read."""
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
    """Read headers and the streams ``wanted`` by key; None for a file of another program.

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
        for file, chunk in intact_chunks(path):
            if isinstance(chunk, TruncatedChunk):
                break
            found = _left_out(path, chunk) if isinstance(chunk, DamagedBytes) else reader.add_chunk(file, chunk)
            damage = damage or found
    except RecordingError as error:
        damage = damage or error
    return reader.contents(damage)


def _left_out(path: Path, damage: DamagedBytes) -> RecordingError:
    return FormatError(f"{path.name}: bytes {damage.begin} to {damage.end} are damaged and left out: {damage.found}")


class _SessionFileReader:
    """Collects what the chunks of a file hold."""

    def __init__(self, path: Path, wanted: Collection[str]) -> None:
        self._path = path
        self._wanted = wanted
        self._file_header: dict[str, str] = {}
        self._streams: dict[int, StreamHeader] = {}
        self._blocks: dict[int, list[tuple[F64, F64, int]]] = {}
        self._rows: dict[int, list[tuple[float, tuple[str, ...], int]]] = {}
        self._first_indices: dict[int, int] = {}
        self._first_timestamp = nan
        self._opened_at = nan
        self._stop_index = 0

    def add_chunk(self, file: BinaryIO, chunk: ChunkLocation) -> RecordingError | None:
        """Read a chunk, at whose content the file is positioned; return what is wrong with it."""
        try:
            self._add(file, chunk)
        except RecordingError as error:
            return error
        return None

    def _add(self, file: BinaryIO, chunk: ChunkLocation) -> None:
        if chunk.tag == FILE_HEADER_TAG:
            self._file_header = _header_fields(file.read(chunk.size))
        elif chunk.tag == STREAM_HEADER_TAG and chunk.stream not in self._streams:
            self._streams[chunk.stream] = read_stream_header(self._path, chunk.stream, file.read(chunk.size))
        elif chunk.tag == SAMPLE_INDEX_TAG:
            self._stop_index = int.from_bytes(file.read(8), "little")  # only the ECG has indices
            self._first_indices.setdefault(chunk.stream, self._stop_index)
        elif chunk.tag == CLOCK_OFFSET_TAG and isnan(self._opened_at) and chunk.size >= _OFFSET_TIME.size:
            (self._opened_at,) = _OFFSET_TIME.unpack(file.read(_OFFSET_TIME.size))
        elif chunk.tag == SAMPLES_TAG and (stream := self._streams.get(chunk.stream)) is not None:
            self._add_samples(file, chunk, stream)

    def _add_samples(self, file: BinaryIO, chunk: ChunkLocation, stream: StreamHeader) -> None:
        key = stream.own.get("key")
        if key == _ECG_STREAM:
            begin = file.tell()
            self._stop_index += sample_count(file.read(_COUNT_BYTES))
            file.seek(begin)
        if key == _ECG_STREAM and isnan(self._first_timestamp) and stream.form in SAMPLE_FORMATS:
            stamps, _ = read_samples(self._path, stream, file.read(chunk.size))
            self._first_timestamp = float(stamps[0]) if len(stamps) else nan
        elif key in self._wanted and stream.form in SAMPLE_FORMATS:
            block = read_samples(self._path, stream, file.read(chunk.size))
            self._blocks.setdefault(stream.number, []).append((*block, chunk.begin))
        elif key in self._wanted:
            rows = read_rows(file.read(chunk.size), len(stream.labels))
            self._rows.setdefault(stream.number, []).extend((*row, chunk.begin) for row in rows)

    def contents(self, damage: RecordingError | None) -> SessionContents | None:
        """Everything read so far; None if no stream is our recorder's. Raises `FormatError` for several wearers."""
        if wearers := wearers_of(self._streams.values()):
            raise several_wearers_error(self._path.name, wearers)
        keys = {stream.own["key"]: stream for stream in self._streams.values() if stream.own.get("key")}
        if not keys:
            return None
        numbers = {key: _numeric_stream(stream, self._blocks.get(stream.number, [])) for key, stream in keys.items()}
        texts = {key: _text_stream(self._rows.get(stream.number, [])) for key, stream in keys.items()}
        first = self._first_indices.get(keys[_ECG_STREAM].number, 0) if _ECG_STREAM in keys else 0
        return SessionContents(
            self._path,
            self._file_header,
            keys,
            numbers,
            texts,
            first,
            damage,
            first_timestamp=self._first_timestamp,
            opened_at=self._opened_at,
            stop_index=self._stop_index,
        )


def _numeric_stream(stream: StreamHeader, parts: list[tuple[F64, F64, int]]) -> NumericStream:
    stamps = [np.empty(0), *(stamps for stamps, _, _ in parts)]
    values = [np.empty((0, len(stream.labels))), *(values for _, values, _ in parts)]
    places = np.repeat([place for _, _, place in parts], [len(stamps) for stamps, _, _ in parts]).astype(np.int64)
    return NumericStream(np.concatenate(stamps), np.concatenate(values), places)


def _text_stream(rows: list[tuple[float, tuple[str, ...], int]]) -> TextStream:
    stamps, values, places = zip(*rows, strict=True) if rows else ((), (), ())
    return TextStream(stamps, values, places)


def _header_fields(data: bytes) -> dict[str, str]:
    """Texts of a file header by element name."""
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the file header is not XML: {error}", "the file is damaged") from error
    return {each.tag: (each.text or "").strip() for each in root}
