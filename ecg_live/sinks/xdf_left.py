"""What is left of a file of our recorder that somebody cut: all up to its last digest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ecg_live.xdf.encode import DIGEST_TAG, MAGIC, SAMPLE_INDEX_TAG, SAMPLES_TAG

ReadAt = Callable[[int, int], bytes]  # so many bytes, from a place in the file on
_LENGTH_WIDTHS = 1, 4, 8  # bytes that a length may take
_SAMPLES = struct.Struct("<IxIxd")  # stream, count and first stamp, as `xdf_chunks` writes them
_PLACE = struct.Struct("<IQ")  # stream and counter


class SampleCount(NamedTuple):
    """How many samples of a stream, and the stamp of the first."""

    stream: int
    stamp: float
    number: int


class IntactPart(NamedTuple):
    """What is whole: ``end`` in bytes, the digest there, samples, and the raw counter behind those that have one."""

    end: int = 0
    digest: bytes = b""
    counted: tuple[SampleCount, ...] = ()
    stop: int | None = None


def find_intact_part(read: ReadAt, size: int) -> IntactPart:
    """Look through ``size`` bytes; nothing is left where they hold no digest, as headers then lack."""
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
            placed, stop = _PLACE.unpack(read(at, _PLACE.size))
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
