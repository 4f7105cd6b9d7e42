"""One XDF file that is being written: never over another, only whole chunks, each append sealed by a digest."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from ecg_live.atomic_write import new_file, private_folder, sync_folder, write_all
from ecg_live.errors import RecordingError
from ecg_live.file_lock import try_lock
from ecg_live.sinks.xdf_salvage import IntactPart, find_intact_part
from ecg_live.xdf.encode import DIGEST_TAG, MAGIC, chunk

OTHER_NAME_REMEDY = "choose another name; on the dashboard, R gives one"
_COPY_BYTES = 1 << 20  # bytes at once


class _SyncedState(NamedTuple):
    """Size of a file, bytes to write before all else, and the digest at its end."""

    size: int
    head: bytes
    digest: bytes


class XdfFile:
    """A new file, held open, that only its user may read; it has its name from `appear` on.

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
        self.path = path
        self.size = 0
        self._sync = sync
        self._head = MAGIC
        self._digest = b""
        self._safe = _SyncedState(0, MAGIC, b"")  # what the disk has for sure
        self._part: Path | None = None if sys.platform == "win32" else path.with_name(f".{uuid4().hex}.xdf")
        try:
            private_folder(path.parent)
        except OSError as error:
            raise RecordingError(f"{path.parent} cannot be made: {error.strerror}", "choose another folder") from error
        try:
            if path.exists() or path.is_symlink():
                raise _exists_error(path)
            self._file = new_file(self._part or path, flags=os.O_RDWR | os.O_APPEND)
        except FileExistsError as error:
            raise _exists_error(path) from error
        except OSError as error:
            raise _not_made_error(path, error) from error
        try_lock(self._file, alone=True)

    def appear(self) -> None:
        """Take the name, with all that was written by now: a kill never leaves a file without headers.

        Raises
        ------
        RecordingError
            Another file has it, or the disk does not take it.
        """
        if self._part is not None:
            try:
                _rename(self._part, self.path)
            except FileExistsError as error:
                raise _exists_error(self.path) from error
            except OSError as error:
                raise _not_made_error(self.path, error) from error
            self._part = None
        sync_folder(self.path.parent)

    def append(self, data: bytes) -> None:
        """Write whole chunks and their digest at once.

        Raises
        ------
        OSError
            The disk did not take all of it; it can be tried again.
        """
        data = self._head + data
        digest = hashlib.sha256(self._digest + data).digest()
        data += chunk(DIGEST_TAG, digest)
        if os.fstat(self._file).st_size > self.size:  # an earlier cut failed
            os.ftruncate(self._file, self.size)
        try:
            write_all(self._file, data)
        except OSError:
            self._trim()
            raise
        self._head, self._digest = b"", digest
        self.size += len(data)

    def sync(self) -> None:
        """Wait until all of it is on the disk.

        Raises
        ------
        OSError
            It is not. What was appended since the last time is taken off again, as it is unknown how much of it is
            there: a system forgets what a disk did not take.
        """
        try:
            self._sync(self._file)
        except OSError:
            self.size, self._head, self._digest = self._safe
            self._trim()
            raise
        self._safe = _SyncedState(self.size, self._head, self._digest)

    def damage(self) -> str:
        """External damage to the file, in words; empty if there is none."""
        there = os.fstat(self._file).st_size
        if there < self.size:
            return f"cut from {self.size} to {there} bytes"
        return "removed or renamed" if self._removed() else ""

    def copy_to(self, path: Path) -> tuple[XdfFile, IntactPart | None]:
        """Write what is left of it to another new file, which can go on from there.

        Returns
        -------
        XdfFile
            Without its name yet.
        Left or None
            What that is, if it is not all of it.

        Raises
        ------
        RecordingError
            The other file cannot be made.
        OSError
            The disk does not take it.
        """
        there = os.fstat(self._file).st_size
        found = find_intact_part(self._read, there) if there < self.size else None
        other = XdfFile(path, self._sync)
        try:
            end = self.size if found is None else found.end
            for at in range(0, end, _COPY_BYTES):
                write_all(other._file, self._read(at, min(_COPY_BYTES, end - at)))
            other.size = end
            if end:
                other._head, other._digest = b"", self._digest if found is None else found.digest
            other.sync()
        except OSError:
            other.discard()
            raise
        return other, found

    def close(self) -> None:
        """Close the file; more than once is allowed."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def discard(self) -> None:
        """Close and remove a file that has no name yet."""
        self.close()
        with contextlib.suppress(OSError):
            (self._part or self.path).unlink()

    def _read(self, at: int, size: int) -> bytes:
        os.lseek(self._file, at, os.SEEK_SET)  # os.pread is missing on Windows; appends go to the end all the same
        return os.read(self._file, size)

    def _trim(self) -> None:
        """Cut off a half-written append; `append` tries again if that fails."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self.size)

    def _removed(self) -> bool:
        """Whether the file was removed or renamed; Windows prevents that while it is open."""
        if sys.platform == "win32":
            return False
        try:
            there = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:  # no permission, or a server does not answer: the file itself may be fine
            return False
        own = os.fstat(self._file)
        return (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)


def _rename(part: Path, path: Path) -> None:
    """Give a file its name.

    Raises
    ------
    OSError
        If another file has the name, or the disk does not take it.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: take the name first
        os.close(new_file(path))
        part.replace(path)
    else:
        part.unlink()


def _exists_error(path: Path) -> RecordingError:
    return RecordingError(f"{path} is there already; a recording is never written over", OTHER_NAME_REMEDY)


def _not_made_error(path: Path, error: OSError) -> RecordingError:
    too_long = error.errno == errno.ENAMETOOLONG
    remedy = "choose a shorter name, participant or session" if too_long else "choose another folder"
    return RecordingError(f"{path} cannot be made: {error.strerror}", remedy)


def being_written(path: Path) -> bool:
    """Whether a session on this machine is seen to be writing a file."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not try_lock(file, alone=False)
    finally:
        os.close(file)


def free_bytes(path: Path) -> int | None:
    """Free bytes on the disk of a file; None if unknown."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def rescue_path(path: Path) -> Path:
    """NAME_rescued.xdf, with a number appended if it exists."""
    return unused_path(path.with_name(f"{path.stem}_rescued{path.suffix}"), 1)[0]


def part_path(path: Path, part: int) -> Path:
    """NAME.xdf, then NAME_2.xdf, NAME_3.xdf."""
    return path if part == 1 else path.with_name(f"{path.stem}_{part}{path.suffix}")


def unused_path(path: Path, part: int) -> tuple[Path, int]:
    """Path and number of the first part from ``part`` on that does not exist."""
    while part_path(path, part).exists():
        part += 1
    return part_path(path, part), part
