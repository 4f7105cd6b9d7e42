"""Decode XDF chunks. Layout: XDF specification, github.com/sccn/xdf/wiki."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from ecg_live.errors import FormatError, TruncatedError
from ecg_live.events import F64, State
from ecg_live.xdf.encode import ECG_LIVE_ELEMENT, MAGIC, SAMPLE_FORMATS, STREAM_TAGS

_LENGTH_WIDTHS = 1, 4, 8  # bytes that a length may take
_MAX_CHANNELS = 1 << 12  # channels of a stream; no amplifier has more
DAMAGED_REMEDY = "the file is damaged there; copy or record it again"
_MAX_CHUNK_BYTES = 1 << 30  # bytes; no writer makes such a chunk


class ChunkLocation(NamedTuple):
    """A complete chunk from ``begin`` to ``end``: its tag and stream, and the position and size of its content."""

    tag: int
    stream: int
    at: int
    size: int
    begin: int
    end: int


class TruncatedChunk(NamedTuple):
    """The rest of a cut chunk from ``begin`` on: ``there`` of ``size`` bytes."""

    there: int
    size: int
    begin: int


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """A stream's header."""

    number: int
    name: str
    kind: str
    form: str
    rate: float
    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    units: tuple[str, ...]
    source_id: str
    own: Mapping[str, str] = field(default_factory=dict)  # fields of our recorder


def iter_chunks(path: Path) -> Iterator[tuple[BinaryIO, ChunkLocation | TruncatedChunk]]:
    """Iterate over all chunks; the file is positioned at the content, which may be read or skipped."""
    total = path.stat().st_size
    with path.open("rb") as file:
        at = len(MAGIC)
        while at < total:
            found = locate_chunk(path, file, at, total)
            if isinstance(found, TruncatedChunk):
                yield file, found
                return
            file.seek(found.at)
            yield file, found
            at = found.end


def locate_chunk(path: Path, file: BinaryIO, at: int, total: int) -> ChunkLocation | TruncatedChunk:
    """Locate the chunk that begins at byte ``at`` of a file of ``total`` bytes.

    Parameters
    ----------
    path : Path
        For messages.
    file : file
        Open for reading.
    at, total : int
        Position of the chunk, and size of the file, in bytes.

    Raises
    ------
    FormatError
        It is not a chunk.
    """
    file.seek(at)
    width = file.read(1)[0]
    if width not in _LENGTH_WIDTHS:
        raise FormatError(
            f"{path.name}, byte {at}: found {width} as a length's size, expected 1, 4 or 8", DAMAGED_REMEDY
        )
    head = file.read(width + 6)
    size = int.from_bytes(head[:width], "little")
    start = at + 1 + width
    if size < 2 or size > _MAX_CHUNK_BYTES:
        if len(head) >= width:
            raise FormatError(
                f"{path.name}, byte {at}: found a chunk of {size} bytes, expected 2 to 2^30", DAMAGED_REMEDY
            )
        size = 0
    if start + size > total or len(head) < width:
        return TruncatedChunk(total - at, size + 1 + width, at)
    tag = int.from_bytes(head[width : width + 2], "little")
    owned = 6 if tag in STREAM_TAGS and size >= 6 else 2
    stream = int.from_bytes(head[width + 2 : width + 6], "little") if owned == 6 else 0
    return ChunkLocation(tag, stream, start + owned, size - owned, at, start + size)


def truncation_warning(path: Path, chunk: TruncatedChunk) -> State:
    """Warning that a file is cut."""
    return State("warning", f"{path.name}: cut short: {describe_truncation(chunk)}; the chunk is left out")


def describe_truncation(chunk: TruncatedChunk) -> str:
    """Describe a cut chunk in words."""
    return f"{chunk.there} of {chunk.size or 'an unknown number of'} bytes of the last chunk are there"


def read_stream_header(path: Path, number: int, data: bytes) -> StreamHeader:
    """Read a stream header's XML.

    Raises
    ------
    FormatError
        It is not a stream header.
    """
    try:
        root = ET.fromstring(data.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
        count = int(root.findtext("channel_count") or 0)
        rate = float(root.findtext("nominal_srate") or 0)
    except (ET.ParseError, ValueError) as error:
        raise FormatError(f"{path.name}: header of stream {number}: {error}", "export the file again") from error
    if not 0 <= count <= _MAX_CHANNELS:
        raise FormatError(
            f"{path.name}: header of stream {number}: {count} channels, expected up to {_MAX_CHANNELS}", DAMAGED_REMEDY
        )
    described = root.findall("desc/channels/channel")

    def texts(tag: str) -> tuple[str, ...]:
        found = [(channel.findtext(tag) or "").strip() for channel in described[:count]]
        return tuple(found + [""] * (count - len(found)))

    name, kind = ((root.findtext(tag) or "").strip() for tag in ("name", "type"))
    form, source = ((root.findtext(tag) or "").strip() for tag in ("channel_format", "source_id"))
    own = {each.tag: (each.text or "").strip() for each in root.findall(f"desc/{ECG_LIVE_ELEMENT}/*")}
    return StreamHeader(number, name, kind, form, rate, texts("label"), texts("type"), texts("unit"), source, own)


def read_clock_offset(path: Path, data: bytes) -> tuple[float, float]:
    """Read a clock-offset chunk: a time on the stream's clock, and what is to be added to it, both in s.

    Raises
    ------
    FormatError
        The chunk is too short.
    """
    if len(data) < 16:
        raise FormatError(f"{path.name}: found a clock offset of {len(data)} bytes, expected 16", DAMAGED_REMEDY)
    time, value = struct.unpack_from("<dd", data)
    return float(time), float(value)


@np.errstate(invalid="ignore")  # a damaged number may be a signalling NaN
def read_samples(path: Path, stream: StreamHeader, data: bytes) -> tuple[F64, npt.NDArray[np.float64]]:
    """Decode a samples chunk of numbers: stamps (n,), NaN where there is none, and values (n, channels).

    Raises
    ------
    FormatError
        The chunk does not hold what it says.
    """
    kind, bare, stamped_row = _sample_dtypes(stream.form, len(stream.labels))
    width = kind.itemsize * len(stream.labels)
    try:
        count, at = _count(data)
    except IndexError as error:
        raise FormatError(f"{path.name}: stream {stream.name!r}: a chunk without samples", DAMAGED_REMEDY) from error
    body = memoryview(data)[at:]
    if count * (1 + width) > len(body):
        raise FormatError(
            f"{path.name}: stream {stream.name!r}: a damaged chunk: {count} samples in {len(body)} bytes",
            DAMAGED_REMEDY,
        )
    if count and len(body) == count * (1 + width) + 8 and body[0] == 8:  # only the first has a stamp: our recorder's
        rows = np.frombuffer(body[8:], bare)
        if not rows["n"][1:].any():
            first = np.full(count, np.nan)
            first[0] = struct.unpack_from("<d", body, 1)[0]
            return first, rows["v"].astype(np.float64)
    for row, mark in ((stamped_row, 8), (bare, 0)):
        if len(body) == count * row.itemsize:
            rows = np.frombuffer(body, row)
            if (rows["n"] == mark).all():
                return rows["t"].astype(np.float64) if mark else np.full(count, np.nan), rows["v"].astype(np.float64)
    try:
        return _decode_mixed(body, kind, count, len(stream.labels))
    except (ValueError, IndexError, struct.error) as error:
        raise FormatError(
            f"{path.name}: stream {stream.name!r}: a damaged chunk of {count} samples", DAMAGED_REMEDY
        ) from error


def _decode_mixed(body: memoryview, kind: np.dtype[Any], count: int, width: int) -> tuple[F64, F64]:
    """Samples of which some have a stamp; raises `IndexError` where they do not fill their chunk."""
    marks, size = bytes(body), kind.itemsize * width
    places: list[int] = []  # of the values of each sample
    stamped: list[int] = []
    at = 0
    for i in range(count):
        mark = marks[at]
        if mark == 8:
            stamped.append(i)
        elif mark != 0:
            raise IndexError(mark)
        at += 1 + mark
        places.append(at)
        at += size
    if at != len(marks):
        raise IndexError(at)
    octets, first = np.frombuffer(marks, np.uint8), np.array(places)[:, None]
    stamps = np.full(count, np.nan)
    stamps[stamped] = octets[first[stamped] + np.arange(-8, 0)].view("<f8")[:, 0]
    return stamps, octets[first + np.arange(size)].view(kind).astype(np.float64)


@cache
def _sample_dtypes(form: str, count: int) -> tuple[np.dtype[Any], np.dtype[Any], np.dtype[Any]]:
    """Types of a value, of a sample of ``count`` channels without a stamp, and of one with a stamp."""
    kind = np.dtype(SAMPLE_FORMATS[form])
    values = ("v", kind, (count,))
    return kind, np.dtype([("n", "u1"), values]), np.dtype([("n", "u1"), ("t", "<f8"), values])


def read_texts(data: bytes) -> list[tuple[float, str]]:
    """Decode a samples chunk of one channel of text: (stamp, text) each.

    Raises
    ------
    TruncatedError
        As `read_rows`.
    """
    return [(stamp, text) for stamp, (text,) in read_rows(data, 1)]


def read_rows(data: bytes, width: int) -> list[tuple[float, tuple[str, ...]]]:
    """Decode a samples chunk of ``width`` channels of text: a stamp, NaN where there is none, and texts each.

    Raises
    ------
    TruncatedError
        The chunk does not hold what it says.
    """
    found: list[tuple[float, tuple[str, ...]]] = []
    try:
        count, at = _count(data)
        for _ in range(count):
            stamp, at = _stamp(data, at)
            texts: list[str] = []
            for _ in range(width):
                text, at = _text(data, at)
                texts.append(text)
            found.append((stamp, tuple(texts)))
    except (IndexError, struct.error) as error:
        raise TruncatedError("a damaged chunk of texts", DAMAGED_REMEDY) from error
    return found


def sample_count(data: bytes) -> int:
    """Number of samples of a samples chunk, from its first bytes; 0 if they do not state one."""
    try:
        return _count(data)[0]
    except IndexError:
        return 0


def _count(data: bytes) -> tuple[int, int]:
    return _length(data, 0)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A varlen integer and where it ends."""
    width = data[at]
    if width not in _LENGTH_WIDTHS:
        raise IndexError(width)
    return int.from_bytes(data[at + 1 : at + 1 + width], "little"), at + 1 + width


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text and where it ends."""
    size, at = _length(data, at)
    if at + size > len(data):
        raise IndexError(size)
    return data[at : at + size].decode("utf-8", "replace"), at + size


def _stamp(data: bytes | memoryview, at: int) -> tuple[float, int]:
    """A sample's stamp, NaN where it has none, and where it ends."""
    if data[at] == 0:
        return float("nan"), at + 1
    if data[at] != 8:
        raise IndexError(data[at])
    return float(struct.unpack_from("<d", data, at + 1)[0]), at + 9
