"""Repair an XDF file that was cut or damaged: copy its whole chunks, add the footers that are missing."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from devices.files.unreadable import DECODE_ERRORS
from devices.files.xdf.damage import DamagedBytes, intact_chunks
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import F64
from ecg_live.recorded.output_file import atomic_output
from ecg_live.xdf.decode import ChunkLocation, StreamHeader, TruncatedChunk, read_rows, read_samples, read_stream_header
from ecg_live.xdf.encode import (
    DIGEST_TAG,
    MAGIC,
    SAMPLE_FORMATS,
    SAMPLE_INDEX_TAG,
    SAMPLES_TAG,
    STREAM_FOOTER_TAG,
    STREAM_HEADER_TAG,
    STREAM_TAGS,
    chunk,
    numeric_samples_chunk,
    sample_index_chunk,
)
from ecg_live.xdf.headers import stream_footer

COPY_BLOCK_BYTES = 1 << 20  # bytes at once


class ClosedXdf(NamedTuple):
    """The new file, and what was left out, added or is missing, a sentence each."""

    path: Path
    remarks: list[str]
    error: RecordingError | None  # what is wrong with the file after what was copied


@dataclass(slots=True)
class _CopiedStream:
    stream: StreamHeader
    first: float = 0.0
    last: float = 0.0
    count: int = 0
    closed: bool = False
    next_index: int | None = None  # of the sample that follows; None in files of other recorders
    undecoded: int = 0  # chunks of samples that cannot be decoded

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

    @property
    def missing(self) -> int:
        """Samples that lie, at the stated rate, between the first and the last, and are not there; 0 if under 1 %."""
        expected = round((self.last - self.first) * self.stream.rate) + 1 if self.stream.rate > 0 else 0
        return max(0, expected - self.count) if expected - self.count > max(1.0, expected / 100) else 0


@dataclass(slots=True)
class _ReadPart:
    """What is whole of a file: its streams, what to copy of it, and the last digest with the place after it.

    ``pieces`` are ranges of bytes to copy, and chunks to insert. Once something is ``left_out``, later digests and
    footers no longer fit and are left out too, and ECG streams that must state their next sample's index are
    ``unplaced``.
    """

    streams: dict[int, _CopiedStream] = field(default_factory=dict)
    pieces: list[tuple[int, int] | bytes] = field(default_factory=lambda: [(0, len(MAGIC))])
    last_digest: tuple[int, bytes] | None = None
    left_out: bool = False
    unplaced: set[int] = field(default_factory=set)
    torn_bytes: int = 0
    damage: list[DamagedBytes] = field(default_factory=list)
    orphans: dict[int, int] = field(default_factory=dict)  # chunks of streams without a header
    error: RecordingError | None = None

    def keep(self, each: ChunkLocation) -> None:
        """Copy a chunk."""
        last = self.pieces[-1]
        if isinstance(last, tuple) and last[1] == each.begin:
            self.pieces[-1] = last[0], each.end
        else:
            self.pieces.append((each.begin, each.end))

    def skip(self) -> None:
        """Something is not copied: what follows may not follow what was before."""
        self.left_out = True
        self.unplaced = {number for number, tally in self.streams.items() if tally.next_index is not None}

    def place_after_loss(self, tally: _CopiedStream, stamp: float) -> None:
        """State which sample of the ECG follows, and note the lost ones in the recording's own stream of gaps."""
        self.unplaced.discard(tally.stream.number)
        lost = max(0, round((stamp - tally.last) * tally.stream.rate) - 1) if tally.count else 0
        if tally.next_index is None or not lost:
            return
        gaps = next((each for each in self.streams.values() if each.stream.own.get("key") == "gaps"), None)
        if gaps is not None:
            began = tally.last + 1 / tally.stream.rate
            row = np.array([[tally.next_index, lost, 0.0]])
            self.pieces.append(numeric_samples_chunk(gaps.stream.number, "double64", began, row))
            gaps.add(np.array([began]))
        tally.next_index += lost
        self.pieces.append(sample_index_chunk(tally.stream.number, tally.next_index))


def close_xdf(source: Path, path: Path, *, force: bool) -> ClosedXdf:
    """Copy all whole chunks of all streams as they are, then add the footers that are missing.

    Damage in the middle is left out up to the next boundary chunk. A file of our recorder is sealed again at its end.

    Raises
    ------
    RecordingError
        It is not an XDF file, or a file cannot be read or written.
    """
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise FormatError(f"{source.name} is not an XDF file", "export it to csv or edf")
    whole = _read_intact_part(source)
    if not whole.streams:
        raise whole.error or FormatError(f"{source.name}: no stream has a header", "nothing can be repaired")
    unclosed = [each for each in whole.streams.values() if not each.closed]
    tail = b"".join(
        chunk(STREAM_FOOTER_TAG, stream_footer(each.first, each.last, each.count), each.stream.number)
        for each in unclosed
    )
    with atomic_output(path, source, force=force) as part, source.open("rb") as old, part.open("wb") as new:
        sealed_to, digest = whole.last_digest or (0, b"")
        unsealed, unsealed_bytes, written = hashlib.sha256(digest), 0, 0
        for data in (*_blocks(old, whole.pieces), tail):
            new.write(data)
            rest = data[max(0, sealed_to - written) :]  # up to the last digest, the copy is the original
            written += len(data)
            unsealed.update(rest)
            unsealed_bytes += len(rest)
        if whole.last_digest is not None and unsealed_bytes:
            new.write(chunk(DIGEST_TAG, unsealed.digest()))
        new.flush()
        os.fsync(new.fileno())
    return ClosedXdf(path, _remarks(whole, len(unclosed)), whole.error)


def _blocks(old: BinaryIO, pieces: list[tuple[int, int] | bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        begin, end = piece
        old.seek(begin)
        for at in range(begin, end, COPY_BLOCK_BYTES):
            yield old.read(min(COPY_BLOCK_BYTES, end - at))


def _remarks(whole: _ReadPart, footers: int) -> list[str]:
    remarks = [f"{whole.torn_bytes} bytes of a torn chunk left out, {footers} footers added"]
    remarks += [f"bytes {each.begin} to {each.end} are damaged and left out: {each.found}" for each in whole.damage]
    remarks += [
        f"{count} chunks of stream {number}, which has no header, left out" for number, count in whole.orphans.items()
    ]
    for tally in whole.streams.values():
        name = f"{tally.stream.name} [{tally.stream.kind}]"
        if tally.undecoded:
            remarks.append(f"{name}: {tally.undecoded} chunks of samples are damaged and left out")
        if not tally.count:
            remarks.append(f"{name}: no samples")
        elif missing := tally.missing:
            length = f"{tally.last - tally.first:.1f} s"
            remarks.append(f"{name}: {tally.count} samples in {length}; about {missing} are missing at its stated rate")
    return remarks


def _read_intact_part(source: Path) -> _ReadPart:
    whole = _ReadPart()
    try:
        for file, each in intact_chunks(source):
            match each:
                case TruncatedChunk():
                    whole.torn_bytes = each.there
                case DamagedBytes():
                    whole.damage.append(each)
                    whole.skip()
                case _:
                    _take_chunk(source, file, each, whole)
    except RecordingError as error:
        whole.error = error
    return whole


def _take_chunk(source: Path, file: BinaryIO, each: ChunkLocation, whole: _ReadPart) -> None:
    tally = whole.streams.get(each.stream)
    if each.tag == STREAM_HEADER_TAG:
        try:
            header = read_stream_header(source, each.stream, file.read(each.size))
        except FormatError as error:  # the other streams have theirs
            whole.damage.append(DamagedBytes(each.begin, each.end, error.message))
            whole.skip()
            return
        whole.streams[each.stream] = _CopiedStream(header)
    elif each.tag in STREAM_TAGS and tally is None:
        whole.orphans[each.stream] = whole.orphans.get(each.stream, 0) + 1
        return
    elif each.tag == SAMPLES_TAG and tally is not None:
        try:
            stamps = _timestamps(source, tally.stream, file.read(each.size))
        except (RecordingError, *DECODE_ERRORS):
            tally.undecoded += 1
            whole.skip()
            return
        if each.stream in whole.unplaced and tally.next_index is not None and len(stamps):
            whole.place_after_loss(tally, float(stamps[0]))
        tally.add(stamps)
        if tally.next_index is not None:
            tally.next_index += len(stamps)
    elif each.tag == SAMPLE_INDEX_TAG and tally is not None:
        tally.next_index = int.from_bytes(file.read(each.size), "little")
        whole.unplaced.discard(each.stream)
    elif each.tag == STREAM_FOOTER_TAG and tally is not None:
        if whole.left_out:
            return
        tally.closed = True
    elif each.tag == DIGEST_TAG:
        if whole.left_out:
            return
        whole.last_digest = each.end, file.read(each.size)
    whole.keep(each)


def _timestamps(source: Path, stream: StreamHeader, data: bytes) -> F64:
    if stream.form in SAMPLE_FORMATS:
        return read_samples(source, stream, data)[0]
    return np.array([stamp for stamp, _ in read_rows(data, len(stream.labels))])
