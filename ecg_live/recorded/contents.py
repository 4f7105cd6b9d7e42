"""All that a session's recording holds beside the samples: headers, results, markers, events."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from devices.files.xdf_chunks import Stream, Torn, chunks, read_rows, read_samples, read_stream
from ecg_live.errors import FormatError, RecordingError
from ecg_live.sinks.xdf_chunks import FILE, FORMATS, HEADER, MAGIC, PLACE, SAMPLES
from ecg_live.types import F64

RESULTS = ("markers", "predictions", "decisions", "quality", "heart_rate", "events")  # streams that are small
_ECG = "ecg"


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A stream of numbers: stamps (n,) and values (n, channels), NaN where there is none."""

    stamps: F64
    values: F64


@dataclass(frozen=True, slots=True)
class Texts:
    """A stream of texts: stamps, and a text a channel."""

    stamps: tuple[float, ...]
    values: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """A recording's headers and results.

    ``head`` is the file's header, ``streams`` those of our recorder by key. ``first`` is the raw counter of the first
    sample of ECG in the file. ``damage`` is what is wrong with the file behind what was read.
    """

    path: Path
    head: Mapping[str, str]
    streams: Mapping[str, Stream]
    numbers: Mapping[str, Numbers]
    texts: Mapping[str, Texts]
    first: int
    damage: RecordingError | None = None

    @property
    def own(self) -> Mapping[str, str]:
        """What the headers of all streams say."""
        return {name: text for stream in self.streams.values() for name, text in stream.own.items()}

    @property
    def origin(self) -> float:
        """Seconds of raw time at which the recording's ECG begins."""
        rate = self.streams[_ECG].rate if _ECG in self.streams else 0.0
        return self.first / rate if rate > 0 else 0.0

    def events(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Events of a kind, as JSON lines have them; lines that are none are left out."""
        for (line,) in self.texts["events"].values if "events" in self.texts else ():
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict) and event.get("type") == kind:
                yield event


def read_contents(path: Path, wanted: Collection[str] = RESULTS) -> Contents | None:
    """Read headers and the streams ``wanted``; None for a file that our recorder did not write.

    Raises
    ------
    RecordingError
        The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
        return _read(path, wanted)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}", "check the file") from error


def _read(path: Path, wanted: Collection[str]) -> Contents | None:
    head: dict[str, str] = {}
    streams: dict[int, Stream] = {}
    parts: dict[int, list[tuple[F64, F64]]] = {}
    rows: dict[int, list[tuple[float, tuple[str, ...]]]] = {}
    places: dict[int, int] = {}
    damage: RecordingError | None = None
    try:
        for file, chunk in chunks(path):
            if isinstance(chunk, Torn):
                break
            stream = streams.get(chunk.stream)
            if chunk.tag == FILE:
                head = _fields(file.read(chunk.size))
            elif chunk.tag == HEADER:
                streams[chunk.stream] = read_stream(path, chunk.stream, file.read(chunk.size))
            elif chunk.tag == PLACE and chunk.stream not in places:
                places[chunk.stream] = int.from_bytes(file.read(8), "little")
            elif chunk.tag == SAMPLES and stream is not None and stream.own.get("key") in wanted:
                data = file.read(chunk.size)
                if stream.form in FORMATS:
                    parts.setdefault(chunk.stream, []).append(read_samples(path, stream, data))
                else:
                    rows.setdefault(chunk.stream, []).extend(read_rows(data, len(stream.labels)))
    except RecordingError as error:
        damage = error
    keys = {stream.own["key"]: stream for stream in streams.values() if stream.own.get("key")}
    if not keys:
        return None
    numbers = {key: _numbers(stream, parts.get(stream.number, [])) for key, stream in keys.items()}
    texts = {key: _texts(rows.get(stream.number, [])) for key, stream in keys.items()}
    first = places.get(keys[_ECG].number, 0) if _ECG in keys else 0
    return Contents(path, head, keys, numbers, texts, first, damage)


def _numbers(stream: Stream, parts: list[tuple[F64, F64]]) -> Numbers:
    stamps = [np.empty(0), *(stamps for stamps, _ in parts)]
    values = [np.empty((0, len(stream.labels))), *(values for _, values in parts)]
    return Numbers(np.concatenate(stamps), np.concatenate(values))


def _texts(rows: list[tuple[float, tuple[str, ...]]]) -> Texts:
    return Texts(tuple(stamp for stamp, _ in rows), tuple(values for _, values in rows))


def _fields(data: bytes) -> dict[str, str]:
    """Texts of a file header by name."""
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"the file header is no XML: {error}", "the file is damaged") from error
    return {each.tag: (each.text or "").strip() for each in root}
