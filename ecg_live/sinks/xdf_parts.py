"""The files of a recording, in sequence; what a disk does not take is kept and written again, or elsewhere."""

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
from ecg_live.sinks.xdf_salvage import IntactPart
from ecg_live.xdf import encode
from ecg_live.xdf.headers import file_header

BATCH_BYTES = 1 << 20  # written and sealed at once, about
Items = list[Item]


@dataclass(frozen=True, slots=True)
class RollLimits:
    """When to go on in a new file: after ``seconds``, or ``size`` bytes."""

    seconds: float = inf
    size: float = inf


ONE_FILE = RollLimits()


class XdfParts:
    """Write items; if that fails the file has none of them, and they stay to be written.

    Parameters
    ----------
    path : Path
        The first file; further ones are NAME_2.xdf and so on.
    encoder : XdfEncoder
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
        encoder: XdfEncoder,
        clock: Clock,
        roll: RollLimits = ONE_FILE,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._path = path
        self._encoder = encoder
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
        self._file = self._new_file(path, 1)

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
        """Whether items wait to be written, or a removed or cut file is to be replaced."""
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
        self._write_due()
        while self._waiting:
            if self._ended or self._full():
                self._roll()
            self._packed = self._waiting.popleft()
            self._due = b"".join(self._encoder.encode_items(self._packed))
            self._write_due()
        if not self._ended:
            self._due = self._encoder.tick()
            self._write_due()

    def end(self) -> None:
        """Write footers.

        Raises
        ------
        OSError, RecordingError
            As `flush`.
        """
        self._end()
        self._write_due()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def move(self, folder: Path) -> None:
        """Go on in a new file in a folder; it has all that waits before it gets its name.

        Raises
        ------
        OSError, RecordingError
            As `flush`.
        """
        base = folder / self._path.name
        path, number = unused_path(base, self._number + 1)
        self._switch_to(self._new_file(path, number, self._unwritten()), number)
        self._path, self._packed, self._due = base, [], b""
        self._waiting.clear()

    def copy_to(self, folder: Path | None = None) -> str:
        """If the file was removed or cut, go on in another one, in ``folder`` or the same; return the message.

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
            other = self._new_file(other.path, self._number)
            self._resume_after(None)
        else:
            other.appear()
        if left is not None and left.end:
            self._encoder.tally.restart(left.counted)
            self._resume_after(left)
        self._file = other
        was.close()
        what = "all of it is" if left is None else "what was left of it, and what follows, is"
        return f"{was.path} was {why} while it was written; {what} in {other.path}"

    def _resume_after(self, left: IntactPart | None) -> None:
        """After the intact part of a cut file, record the gap, and queue all items that were not on disk."""
        items = self._unwritten()
        self._packed, self._due, self._ended = [], b"", False
        self._waiting = deque(_batches(items))
        until = next((item.start for item in items if isinstance(item, Chunk)), self._encoder.stop)
        if left is not None and left.stop is not None and until > left.stop:
            self._waiting.appendleft([Gap(left.stop, until - left.stop, "the file was cut while it was written")])

    def _unwritten(self) -> Items:
        """All that is not on the disk."""
        return [*self._packed, *(item for batch in self._waiting for item in batch)]

    def _write_due(self) -> None:
        if self._due:
            self._file.append(self._due)
            self._file.sync()
        self._packed, self._due = [], b""

    def _full(self) -> bool:
        return self._clock() - self._began >= self._roll_at.seconds or self._file.size >= self._roll_at.size

    def _roll(self) -> None:
        """Go on in the next file."""
        self._end()
        self._write_due()
        path, number = unused_path(self._path, self._number + 1)
        self._switch_to(self._new_file(path, number), number)

    def _end(self) -> None:
        if not self._ended:
            self._due, self._ended = self._encoder.end(), True

    def _new_file(self, path: Path, number: int, items: Iterable[Item] = ()) -> XdfFile:
        """A new file with headers and items; where it cannot be, the one before can go on."""
        tally, file = self._encoder.tally, XdfFile(path, self._sync)
        try:
            head = file_header(datetime.now().astimezone(), number, self._id)
            file.append(encode.chunk(encode.FILE_HEADER_TAG, head) + self._encoder.begin())
            if packed := b"".join(self._encoder.encode_items(items)):
                file.append(packed)
            file.sync()
            file.appear()
        except (OSError, RecordingError) as error:
            self._encoder.tally = tally
            file.discard()
            if isinstance(error, RecordingError):
                raise
            raise RecordingError(f"{path} cannot be written: {error.strerror}", "free space on the disk") from error
        self._began = self._clock()
        return file

    def _switch_to(self, file: XdfFile, number: int) -> None:
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
