"""The files of a recording, one behind the other; what a disk does not take is kept, to be tried again or elsewhere."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from uuid import uuid4

from ecg_live.errors import RecordingError
from ecg_live.events import Chunk, Clock, Gap
from ecg_live.results import Item
from ecg_live.sinks.write_queue import item_bytes
from ecg_live.sinks.xdf_encoder import XdfEncoder
from ecg_live.sinks.xdf_file import XdfFile, rescue_path, unused_path
from ecg_live.sinks.xdf_left import IntactPart
from ecg_live.xdf import encode
from ecg_live.xdf.headers import file_header

BATCH_BYTES = 1 << 20  # bytes written and sealed at once, about
Items = list[Item]


@dataclass(frozen=True, slots=True)
class RollLimits:
    """When to go on in a new file: after ``seconds``, or ``size`` bytes."""

    seconds: float = inf
    size: float = inf


ONE_FILE = RollLimits()


class XdfParts:
    """Write items; where that fails nothing of them is there, and they are still to be written.

    Parameters
    ----------
    path : Path
        The first file; further ones are NAME_2.xdf and so on.
    packer : Packer
    clock : Clock
        Session clock.
    roll : Roll
    sync : callable
        Makes the disk take what was written.

    Raises
    ------
    RecordingError
        The file is there already, or cannot be made.
    """

    def __init__(
        self,
        path: Path,
        packer: XdfEncoder,
        clock: Clock,
        roll: RollLimits = ONE_FILE,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._path = path
        self._packer = packer
        self._clock = clock
        self._roll_at = roll
        self._sync = sync
        self._id = str(uuid4())
        self._number = 1
        self._before = 0  # bytes in files that are full
        self._waiting: deque[Items] = deque()
        self._packed: Items = []  # those of which `_due` is made
        self._due = b""
        self._ended = False  # the file has its footers, or they are due
        self._began = clock()  # when the file was begun
        self._file = self._made(path, 1)

    @property
    def path(self) -> Path:
        """The file that is written."""
        return self._file.path

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return self._before + self._file.size

    @property
    def waits(self) -> bool:
        """Whether something is still to be written, or a file that was removed or cut is to be rescued."""
        return bool(self._packed or self._waiting or self._file.damage())

    def add(self, items: Iterable[Item]) -> None:
        """Take what is to be written."""
        self._waiting.extend(_batches(items))

    def flush(self) -> None:
        """Bring all that was added to the disk.

        Raises
        ------
        OSError, RecordingError
            It does not take it, or the next file cannot be made; to be called again.
        """
        self._put()
        while self._waiting:
            if self._ended or self._full():
                self._roll()
            self._packed = self._waiting.popleft()
            self._due = b"".join(self._packer.pack(self._packed))
            self._put()
        if not self._ended:
            self._due = self._packer.tick()
            self._put()

    def end(self) -> None:
        """Write footers. Raises as `flush`."""
        self._end()
        self._put()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def move(self, folder: Path) -> None:
        """Go on in a new file in a folder; it has all that waits before anybody sees it. Raises as `flush`."""
        base = folder / self._path.name
        path, number = unused_path(base, self._number + 1)
        self._follow(self._made(path, number, self._unsafe()), number)
        self._path, self._packed, self._due = base, [], b""
        self._waiting.clear()

    def copy_to(self, folder: Path | None = None) -> str:
        """Go on in another file, in the same folder unless told, if somebody removed this one or cut it; say so.

        Raises
        ------
        OSError, RecordingError
            That cannot be written; to be called again.
        """
        was, why = self._file, self._file.damage()
        if not why:
            return ""
        other, left = was.copy_to(rescue_path((folder or was.path.parent) / was.path.name))
        if left is not None and not left.end:  # not even headers
            other.discard()
            other = self._made(other.path, self._number)
            self._take_up(None)
        else:
            other.appear()
        if left is not None and left.end:
            self._packer.book.recount(left.counted)
            self._take_up(left)
        self._file = other
        was.close()
        what = "all of it is" if left is None else "what was left of it, and what follows, is"
        return f"{was.path} was {why} while it was written; {what} in {other.path}"

    def _take_up(self, left: IntactPart | None) -> None:
        """Behind what is left of a file that was cut, say what is lost, and pack anew what was not safe."""
        items = self._unsafe()
        self._packed, self._due, self._ended = [], b"", False
        self._waiting = deque(_batches(items))
        until = next((item.start for item in items if isinstance(item, Chunk)), self._packer.stop)
        if left is not None and left.stop is not None and until > left.stop:
            self._waiting.appendleft([Gap(left.stop, until - left.stop, "the file was cut while it was written")])

    def _unsafe(self) -> Items:
        """All that is not on the disk."""
        return [*self._packed, *(item for batch in self._waiting for item in batch)]

    def _put(self) -> None:
        if self._due:
            self._file.append(self._due)
            self._file.sync()
        self._packed, self._due = [], b""

    def _full(self) -> bool:
        return self._clock() - self._began >= self._roll_at.seconds or self._file.size >= self._roll_at.size

    def _roll(self) -> None:
        """Go on in the next file."""
        self._end()
        self._put()
        path, number = unused_path(self._path, self._number + 1)
        self._follow(self._made(path, number), number)

    def _end(self) -> None:
        if not self._ended:
            self._due, self._ended = self._packer.end(), True

    def _made(self, path: Path, number: int, items: Iterable[Item] = ()) -> XdfFile:
        """A new file with headers and items; where it cannot be, the one before can go on."""
        book, file = self._packer.book, XdfFile(path, self._sync)
        try:
            head = file_header(datetime.now().astimezone(), number, self._id)
            file.append(encode.chunk(encode.FILE_HEADER_TAG, head) + self._packer.begin())
            if packed := b"".join(self._packer.pack(items)):
                file.append(packed)
            file.sync()
            file.appear()
        except (OSError, RecordingError) as error:
            self._packer.book = book
            file.discard()
            if isinstance(error, RecordingError):
                raise
            raise RecordingError(f"{path} cannot be written: {error.strerror}", "free space on the disk") from error
        self._began = self._clock()
        return file

    def _follow(self, file: XdfFile, number: int) -> None:
        """Go on in a file."""
        old, self._file = self._file, file
        self._before += old.size
        self._number, self._ended = number, False
        old.close()


def _batches(items: Iterable[Item]) -> Iterator[Items]:
    """Items in pieces that are written at once."""
    batch: Items = []
    size = 0
    for item in items:
        batch.append(item)
        size += item_bytes(item)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
