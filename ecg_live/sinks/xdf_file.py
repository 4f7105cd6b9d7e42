"""One XDF file that is being written: never over another, only whole chunks, each append sealed by a digest."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from ecg_live.errors import RecordingError
from ecg_live.sinks.xdf_chunks import DIGEST, MAGIC, chunk
from ecg_live.whole import sync_folder, write_all

if sys.platform != "win32":
    import fcntl

OTHER = "choose another name; on the dashboard, R gives one"
_COPIED = 1 << 20  # bytes at once


class XdfFile:
    """A new file, held open.

    Parameters
    ----------
    path : Path
        Its folder is made where it is missing.
    sync : callable
        Makes the disk take what was written; a seam for tests with slow disks.

    Raises
    ------
    RecordingError
        There is such a file already, or it cannot be made.
    """

    def __init__(self, path: Path, sync: Callable[[int], None] = os.fsync) -> None:
        self.path, self.size = path, 0
        self._sync, self._digest = sync, b""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(f"{path.parent} cannot be made: {error.strerror}", "choose another folder") from error
        try:
            self._file = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise RecordingError(f"{path} is there already; a recording is never written over", OTHER) from error
        except OSError as error:
            raise RecordingError(f"{path} cannot be made: {error.strerror}", "choose another folder") from error
        self._head = MAGIC
        _lock(self._file, alone=True)
        sync_folder(path.parent)

    def append(self, data: bytes) -> None:
        """Write whole chunks and their digest at once.

        Raises
        ------
        OSError
            The disk did not take all of it; the file ends where it did before.
        RecordingError
            Somebody cut the file: what would be written now could not be read.
        """
        if (there := os.fstat(self._file).st_size) < self.size:
            raise RecordingError(f"it was cut from {self.size} to {there} bytes while it was written", OTHER)
        data = self._head + data
        digest = hashlib.sha256(self._digest + data).digest()
        data += chunk(DIGEST, digest)
        try:
            write_all(self._file, data)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise
        self._head, self._digest = b"", digest
        self.size += len(data)

    def sync(self) -> None:
        """Wait until all of it is on the disk."""
        self._sync(self._file)

    def removed(self) -> bool:
        """Whether somebody took the file away; nobody can on Windows, while it is open."""
        if sys.platform == "win32":
            return False
        try:
            there = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:  # nobody may look there now, or a server does not answer: that says nothing of the file
            return False
        own = os.fstat(self._file)
        return (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)

    def rescue(self, path: Path) -> XdfFile:
        """Write all that was written to another new file, which can go on from there.

        Raises
        ------
        RecordingError
            That cannot be made.
        OSError
            The disk does not take it.
        """
        other = XdfFile(path, self._sync)
        try:
            for at in range(0, self.size, _COPIED):
                write_all(other._file, os.pread(self._file, min(_COPIED, self.size - at), at))
            other.sync()
        except OSError:
            other.close()
            raise
        other.size, other._head, other._digest = self.size, self._head, self._digest
        return other

    def close(self) -> None:
        """Let go of the file; once is enough."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def being_written(path: Path) -> bool:
    """Whether a session on this machine is seen to be writing a file."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not _lock(file, alone=False)
    finally:
        os.close(file)


def _lock(file: int, *, alone: bool) -> bool:
    """Lock an open file until it is closed, by a kill as well; False if another has it alone."""
    if sys.platform == "win32":
        return True  # nobody can remove a file there while it is open
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def free(path: Path) -> int | None:
    """Bytes left on the disk of a file; None where nobody knows."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def rescue_path(path: Path) -> Path:
    """NAME_rescued.xdf, or with a number behind that if it is there."""
    return unused(path.with_name(f"{path.stem}_rescued{path.suffix}"), 1)[0]


def part_path(path: Path, part: int) -> Path:
    """NAME.xdf, then NAME_2.xdf, NAME_3.xdf."""
    return path if part == 1 else path.with_name(f"{path.stem}_{part}{path.suffix}")


def unused(path: Path, part: int) -> tuple[Path, int]:
    """The first part from ``part`` on of which there is no file."""
    while part_path(path, part).exists():
        part += 1
    return part_path(path, part), part
