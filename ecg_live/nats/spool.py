"""Frames that are not stored yet, in a file: they outlast a server that is away, and a bridge that is killed."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from ecg_live.atomic_write import PRIVATE_FILE, private_folder, write_all
from ecg_live.file_lock import try_lock
from ecg_live.locked_file import has_name
from ecg_live.nats.frames import StreamFrame, intact_frames

DEFAULT_SPOOL_BYTES = 1_000_000_000  # a week at 130 Hz
MIN_TRUNCATED_BYTES = 1 << 20  # of a file whose frames are all stored
_READ_BYTES = 1 << 18


class Spool:
    """A queue of frames in a file; what was put in before a crash is there after it.

    Every frame is written when it comes, so that it survives the death of the process. It is not synced: a power cut
    may lose the last seconds that no server has acknowledged.

    Parameters
    ----------
    path : Path
        The file, made for its user only; frames that it holds already are the first of the queue, a torn end is cut.
    limit : int
        Bytes that may wait.

    Raises
    ------
    BlockingIOError
        Another program has the file open as its spool: both would write to the same places.
    OSError
        The file cannot be opened.
    """

    def __init__(self, path: Path, limit: int = DEFAULT_SPOOL_BYTES) -> None:
        private_folder(path.parent)
        self.path = path
        self._file = _opened(path)
        self._limit = limit
        self._stop = self._intact_bytes()
        os.ftruncate(self._file, self._stop)
        self._start = 0  # of the first frame that waits
        self._ahead: list[StreamFrame] = []  # read from the file, from `_start` on

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the frames that wait."""
        return self._stop - self._start

    @property
    def full(self) -> bool:
        """Whether no frame fits."""
        return self.waiting_bytes >= self._limit

    def put(self, frame: StreamFrame) -> None:
        """Add a frame.

        Raises
        ------
        OSError
            The disk takes no more; the frame is not in the queue.
        """
        data = frame.encode()
        os.lseek(self._file, self._stop, os.SEEK_SET)
        try:
            write_all(self._file, data)
        except OSError:
            os.ftruncate(self._file, self._stop)
            raise
        self._stop += len(data)

    def first(self, most_bytes: int) -> list[StreamFrame]:
        """The frames that wait longest, of at most so many bytes together, but at least one; none if none wait."""
        if not self._ahead:
            self._ahead = self._read(self._start, max(_READ_BYTES, most_bytes))
        taken, size = 0, 0
        for frame in self._ahead:
            size += frame.size
            if taken and size > most_bytes:
                break
            taken += 1
        return self._ahead[:taken]

    def drop(self, count: int) -> None:
        """Remove the first frames: they are stored elsewhere."""
        self._start += sum(frame.size for frame in self._ahead[:count])
        del self._ahead[:count]
        if self._start == self._stop and self._stop >= MIN_TRUNCATED_BYTES:
            self._empty()

    def skip(self, frames: Sequence[StreamFrame]) -> None:
        """Remove these frames, the first that wait: they are stored already."""
        self._start += sum(frame.size for frame in frames)
        self._ahead = []

    def put_aside(self) -> Path:
        """Move the file away with all that waits, and begin a new one; return where it is now."""
        kept = self.path.with_name(f"{self.path.name}.{secrets.token_hex(3)}.unsent")
        os.close(self._file)
        self.path.rename(kept)
        self._file = _opened(self.path)
        self._start = self._stop = 0
        self._ahead = []
        return kept

    def all_waiting(self) -> list[StreamFrame]:
        """All frames that wait, as after a crash; the file is read once."""
        return self._read(self._start, self.waiting_bytes)

    def close(self) -> None:
        """Close the file; it is removed if no frame waits."""
        empty = not self.waiting_bytes
        if empty and sys.platform != "win32":  # while it is locked: it may be another program's afterwards
            self.path.unlink(missing_ok=True)
        os.close(self._file)
        if empty and sys.platform == "win32":  # which removes no open file
            self.path.unlink(missing_ok=True)

    def _empty(self) -> None:
        os.ftruncate(self._file, 0)
        self._start = self._stop = 0

    def _intact_bytes(self) -> int:
        size, at = os.fstat(self._file).st_size, 0
        while at < size:
            frames = self._read_from(at, _READ_BYTES) or self._read_from(at, size - at)  # a longer one
            if not frames:
                break
            at += sum(frame.size for frame in frames)
        return at

    def _read(self, start: int, length: int) -> list[StreamFrame]:
        waiting = self._stop - start
        frames = self._read_from(start, min(length, waiting))
        return frames or self._read_from(start, waiting)

    def _read_from(self, start: int, length: int) -> list[StreamFrame]:
        if length <= 0:
            return []
        os.lseek(self._file, start, os.SEEK_SET)
        data = os.read(self._file, length)
        return intact_frames(data)[0]


def _opened(path: Path) -> int:
    """Open the file for this program alone, and make it if it is missing."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), PRIVATE_FILE)
        try:
            if not try_lock(file, alone=True):
                raise BlockingIOError(errno.EAGAIN, "another program has it open", str(path))
            if has_name(file, path):  # the other program did not remove it meanwhile
                return file
        except OSError:
            os.close(file)
            raise
        os.close(file)
