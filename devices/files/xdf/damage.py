"""Walk over the chunks of an XDF file; after damage, continue at the next boundary chunk."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ecg_live.errors import FormatError
from ecg_live.events import State
from ecg_live.xdf.decode import ChunkLocation, TruncatedChunk, describe_truncation, locate_chunk
from ecg_live.xdf.encode import BOUNDARY_TAG, BOUNDARY_UUID, MAGIC

_ZERO_TAIL_BYTES = 16  # a chunk before damage that ends in as many zeros is incomplete
_BOUNDARY_CHUNK = struct.pack("<H", BOUNDARY_TAG) + BOUNDARY_UUID  # tag and content


class DamagedBytes(NamedTuple):
    """Damaged bytes from ``begin`` to ``end``, the end of the next boundary chunk; ``found`` is the fault."""

    begin: int
    end: int
    found: str


def intact_chunks(path: Path) -> Iterator[tuple[BinaryIO, ChunkLocation | TruncatedChunk | DamagedBytes]]:
    """Walk over all chunks; after damage, continue at the next boundary.

    Raises
    ------
    FormatError
        The file is damaged, and no boundary follows.
    """
    total = path.stat().st_size
    last: ChunkLocation | None = None  # held until it is known what follows
    with path.open("rb") as file:
        at = len(MAGIC)
        while at < total:
            found: ChunkLocation | TruncatedChunk | DamagedBytes | FormatError
            try:
                found = locate_chunk(path, file, at, total)
            except FormatError as error:
                found = error
            if not isinstance(found, ChunkLocation) and (end := find_boundary(path, at)) is not None:
                if last is not None and _ends_in_zeros(file, last):  # the damage reaches into it
                    at, last = last.begin, None
                found = DamagedBytes(
                    at, end, found.message if isinstance(found, FormatError) else describe_truncation(found)
                )
            if last is not None:
                file.seek(last.at)
                yield file, last
                last = None
            if isinstance(found, FormatError):
                raise found
            if isinstance(found, ChunkLocation):
                last = found
            else:
                yield file, found
            if isinstance(found, TruncatedChunk):
                return
            at = found.end
        if last is not None:
            file.seek(last.at)
            yield file, last


def find_boundary(path: Path, begin: int) -> int | None:
    """Return the end of the next boundary chunk that begins after ``begin``; None if there is none."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        at = whole.find(_BOUNDARY_CHUNK, begin + 1)
        return None if at < 0 else at + len(_BOUNDARY_CHUNK)


def _ends_in_zeros(file: BinaryIO, chunk: ChunkLocation) -> bool:
    file.seek(max(chunk.at, chunk.end - _ZERO_TAIL_BYTES))
    return not any(file.read(min(_ZERO_TAIL_BYTES, chunk.size)))


def damage_warning(path: Path, damage: DamagedBytes) -> State:
    """Return the warning that damaged bytes were left out."""
    what = f"bytes {damage.begin} to {damage.end} are damaged and left out"
    return State("warning", f"{path.name}: {what}, what follows is used: {damage.found.removeprefix(f'{path.name}, ')}")
