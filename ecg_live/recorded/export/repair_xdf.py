"""An XDF file that was cut, closed: its whole chunks, and the footers that it lacks."""

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

COPY_BLOCK_BYTES = 1 << 20  # bytes at once


class ClosedXdf(NamedTuple):
    """The new file, bytes left out at its end, and footers that were missing."""

    path: Path
    dropped: int
    added: int
    error: RecordingError | None  # what is wrong with the file behind what was copied


@dataclass(slots=True)
class _StreamTally:
    stream: StreamHeader
    first: float = 0.0
    last: float = 0.0
    count: int = 0
    ended: bool = False

    def add(self, stamps: F64) -> None:
        """Take stamps, NaN for those that follow at the rate."""
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
class _IntactPart:
    """What is whole of a file: its streams, where it ends, and the last digest with the place behind it."""

    tallies: dict[int, _StreamTally] = field(default_factory=dict)
    end: int = len(MAGIC)
    seal: tuple[int, bytes] | None = None
    error: RecordingError | None = None


def close_xdf(source: Path, path: Path, *, force: bool) -> ClosedXdf:
    """Copy all whole chunks as they are, then add footers, sealed as the rest is.

    Raises
    ------
    RecordingError
        It is no XDF, or a file cannot be read or written.
    """
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise FormatError(f"{source.name} is no XDF file", "export it to csv or edf")
    whole = _read_intact_part(source)
    open_ones = [each for each in whole.tallies.values() if not each.ended]
    tail = b"".join(
        chunk(STREAM_FOOTER_TAG, stream_footer(each.first, each.last, each.count), each.stream.number)
        for each in open_ones
    )
    with atomic_output(path, source, force=force) as part, source.open("rb") as old, part.open("wb") as new:
        for at in range(0, whole.end, COPY_BLOCK_BYTES):
            new.write(old.read(min(COPY_BLOCK_BYTES, whole.end - at)))
        new.write(tail + _digest_chunk(old, whole, tail))
        new.flush()
        os.fsync(new.fileno())
    return ClosedXdf(path, source.stat().st_size - whole.end, len(open_ones), whole.error)


def _read_intact_part(source: Path) -> _IntactPart:
    whole = _IntactPart()
    try:
        for file, each in iter_chunks(source):
            if isinstance(each, TruncatedChunk):
                break
            tally = whole.tallies.get(each.stream)
            if each.tag == STREAM_HEADER_TAG:
                whole.tallies[each.stream] = _StreamTally(read_stream_header(source, each.stream, file.read(each.size)))
            elif each.tag == SAMPLES_TAG and tally is not None:
                tally.add(_timestamps(source, tally.stream, file.read(each.size)))
            elif each.tag == STREAM_FOOTER_TAG and tally is not None:
                tally.ended = True
            elif each.tag == DIGEST_TAG:
                whole.seal = each.end, file.read(each.size)
            whole.end = each.end
    except RecordingError as error:
        whole.error = error
    return whole


def _timestamps(source: Path, stream: StreamHeader, data: bytes) -> F64:
    if stream.form in SAMPLE_FORMATS:
        return read_samples(source, stream, data)[0]
    return np.array([stamp for stamp, _ in read_rows(data, len(stream.labels))])


def _digest_chunk(old: BinaryIO, whole: _IntactPart, tail: bytes) -> bytes:
    """A digest over all that the last one does not cover; nothing where the writer made none."""
    if whole.seal is None or (whole.end == whole.seal[0] and not tail):
        return b""
    at, digest = whole.seal
    old.seek(at)
    return chunk(DIGEST_TAG, hashlib.sha256(digest + old.read(whole.end - at) + tail).digest())
