"""Close an XDF file that was cut: copy its whole chunks and add the missing footers."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import F64
from ecg_live.recorded.output_file import atomic_output
from ecg_live.xdf.decode import StreamHeader, TruncatedChunk, iter_chunks, read_rows, read_samples, read_stream_header
from ecg_live.xdf.encode import (
    DIGEST_TAG,
    MAGIC,
    SAMPLE_FORMATS,
    SAMPLES_TAG,
    STREAM_FOOTER_TAG,
    STREAM_HEADER_TAG,
    chunk,
)
from ecg_live.xdf.headers import stream_footer

COPY_BLOCK_BYTES = 1 << 20


class ClosedXdf(NamedTuple):
    """The new file, bytes left out at its end, footers that were added, and damage that ended the copy."""

    path: Path
    dropped: int
    added: int
    error: RecordingError | None


@dataclass(slots=True)
class _CopiedStream:
    """A stream's sample count and first and last timestamp (s); ``closed``: it has a footer."""

    stream: StreamHeader
    first: float = 0.0
    last: float = 0.0
    count: int = 0
    closed: bool = False

    def add(self, stamps: F64) -> None:
        """Count timestamps (n,); NaN stands for samples that follow at the nominal rate."""
        if not len(stamps):
            return
        step = 1 / self.stream.rate if self.stream.rate > 0 else 0.0
        known = np.flatnonzero(np.isfinite(stamps))
        begin = float(stamps[0]) if math.isfinite(stamps[0]) else self.last + step
        self.first = self.first if self.count else begin
        at = int(known[-1]) if len(known) else 0
        self.last = (float(stamps[at]) if len(known) else begin) + (len(stamps) - 1 - at) * step
        self.count += len(stamps)


@dataclass(slots=True)
class _ReadPart:
    """The intact part of a file: its streams, its end (byte), and the last digest with the byte after it."""

    streams: dict[int, _CopiedStream] = field(default_factory=dict)
    end: int = len(MAGIC)
    last_digest: tuple[int, bytes] | None = None
    error: RecordingError | None = None


def close_xdf(source: Path, path: Path, *, force: bool) -> ClosedXdf:
    """Copy all whole chunks unchanged, then add footers, sealed with a digest like the rest.

    Raises
    ------
    RecordingError
        It is not XDF, or a file cannot be read or written.
    """
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise FormatError(f"{source.name} is not an XDF file", "export it to csv or edf")
    intact = _read_intact_part(source)
    unclosed = [each for each in intact.streams.values() if not each.closed]
    tail = b"".join(
        chunk(STREAM_FOOTER_TAG, stream_footer(each.first, each.last, each.count), each.stream.number)
        for each in unclosed
    )
    with atomic_output(path, source, force=force) as part, source.open("rb") as old, part.open("wb") as new:
        for at in range(0, intact.end, COPY_BLOCK_BYTES):
            new.write(old.read(min(COPY_BLOCK_BYTES, intact.end - at)))
        new.write(tail + _digest_chunk(old, intact, tail))
        new.flush()
        os.fsync(new.fileno())
    return ClosedXdf(path, source.stat().st_size - intact.end, len(unclosed), intact.error)


def _read_intact_part(source: Path) -> _ReadPart:
    intact = _ReadPart()
    try:
        for file, each in iter_chunks(source):
            if isinstance(each, TruncatedChunk):
                break
            copied = intact.streams.get(each.stream)
            if each.tag == STREAM_HEADER_TAG:
                intact.streams[each.stream] = _CopiedStream(
                    read_stream_header(source, each.stream, file.read(each.size))
                )
            elif each.tag == SAMPLES_TAG and copied is not None:
                copied.add(_timestamps(source, copied.stream, file.read(each.size)))
            elif each.tag == STREAM_FOOTER_TAG and copied is not None:
                copied.closed = True
            elif each.tag == DIGEST_TAG:
                intact.last_digest = each.end, file.read(each.size)
            intact.end = each.end
    except RecordingError as error:
        intact.error = error
    return intact


def _timestamps(source: Path, stream: StreamHeader, data: bytes) -> F64:
    if stream.form in SAMPLE_FORMATS:
        return read_samples(source, stream, data)[0]
    return np.array([stamp for stamp, _ in read_rows(data, len(stream.labels))])


def _digest_chunk(old: BinaryIO, intact: _ReadPart, tail: bytes) -> bytes:
    """A digest over everything after the last one; empty if the writer made none."""
    if intact.last_digest is None or (intact.end == intact.last_digest[0] and not tail):
        return b""
    at, digest = intact.last_digest
    old.seek(at)
    return chunk(DIGEST_TAG, hashlib.sha256(digest + old.read(intact.end - at) + tail).digest())
