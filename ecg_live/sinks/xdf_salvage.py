"""Find the intact part of a cut recording: all up to its last digest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ecg_live.xdf.encode import DIGEST_TAG, MAGIC, SAMPLE_INDEX_TAG, SAMPLES_TAG

ReadAt = Callable[[int, int], bytes]  # position and number of bytes
_LENGTH_WIDTHS = 1, 4, 8  # in bytes
_SAMPLES = struct.Struct("<IxIxd")  # stream, count and first timestamp, as `ecg_live.xdf.encode` writes them
_SAMPLE_INDEX = struct.Struct("<IQ")  # stream and counter


class SampleCount(NamedTuple):
    """Number of samples of a stream, and the timestamp of the first."""

    stream: int
    stamp: float
    number: int


class IntactPart(NamedTuple):
    """The intact part: its ``end`` in bytes, the digest there, its samples, and the raw sample index after them."""

    end: int = 0
    digest: bytes = b""
    counted: tuple[SampleCount, ...] = ()
    stop: int | None = None


def find_intact_part(read: ReadAt, size: int) -> IntactPart:
    """Find the intact part of ``size`` bytes; empty without a digest, since the headers are then incomplete."""
    counted: list[SampleCount] = []
    sealed = 0  # of those counted
    found = IntactPart()
    stop: int | None = None
    placed = -1
    for tag, at, length, end in _walk(read, size):
        if tag == SAMPLES_TAG:
            stream, count, stamp = _SAMPLES.unpack(read(at, _SAMPLES.size))
            counted.append(SampleCount(stream, stamp, count))
            stop = stop + count if stop is not None and stream == placed else stop
        elif tag == SAMPLE_INDEX_TAG:
            placed, stop = _SAMPLE_INDEX.unpack(read(at, _SAMPLE_INDEX.size))
        elif tag == DIGEST_TAG:
            found, sealed = IntactPart(end, read(at, length), (), stop), len(counted)
    return found._replace(counted=tuple(counted[:sealed]))


def _walk(read: ReadAt, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, place and length of the content, and end, of each whole chunk."""
    at = len(MAGIC)
    while at < size:
        width = read(at, 1)[0]
        head = read(at + 1, width + 2)
        end = at + 1 + width + int.from_bytes(head[:width], "little")
        if width not in _LENGTH_WIDTHS or len(head) < width + 2 or end > size:
            return
        yield int.from_bytes(head[width:], "little"), at + width + 3, end - at - width - 3, end
        at = end
