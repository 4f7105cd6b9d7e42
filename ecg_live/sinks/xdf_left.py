"""What is left of a file of our recorder that somebody cut: all up to its last digest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ecg_live.xdf.encode import DIGEST, MAGIC, PLACE, SAMPLES

Read = Callable[[int, int], bytes]  # so many bytes, from a place in the file on
_HEAD = 1, 4, 8  # bytes that a length may take
_SAMPLES = struct.Struct("<IxIxd")  # stream, count and first stamp, as `xdf_chunks` writes them
_PLACE = struct.Struct("<IQ")  # stream and counter


class Counted(NamedTuple):
    """How many samples of a stream, and the stamp of the first."""

    stream: int
    stamp: float
    number: int


class Left(NamedTuple):
    """What is whole: ``end`` in bytes, the digest there, samples, and the raw counter behind those that have one."""

    end: int = 0
    digest: bytes = b""
    counted: tuple[Counted, ...] = ()
    stop: int | None = None


def left(read: Read, size: int) -> Left:
    """Look through ``size`` bytes; nothing is left where they hold no digest, as headers then lack."""
    counted: list[Counted] = []
    sealed = 0  # of those counted
    found = Left()
    stop: int | None = None
    placed = -1
    for tag, at, length, end in _walk(read, size):
        if tag == SAMPLES:
            stream, count, stamp = _SAMPLES.unpack(read(at, _SAMPLES.size))
            counted.append(Counted(stream, stamp, count))
            stop = stop + count if stop is not None and stream == placed else stop
        elif tag == PLACE:
            placed, stop = _PLACE.unpack(read(at, _PLACE.size))
        elif tag == DIGEST:
            found, sealed = Left(end, read(at, length), (), stop), len(counted)
    return found._replace(counted=tuple(counted[:sealed]))


def _walk(read: Read, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, place and length of the content, and end, of each whole chunk."""
    at = len(MAGIC)
    while at < size:
        width = read(at, 1)[0]
        head = read(at + 1, width + 2)
        end = at + 1 + width + int.from_bytes(head[:width], "little")
        if width not in _HEAD or len(head) < width + 2 or end > size:
            return
        yield int.from_bytes(head[width:], "little"), at + width + 3, end - at - width - 3, end
        at = end
