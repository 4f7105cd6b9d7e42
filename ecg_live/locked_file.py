"""Files that several programs may want to write: each is held by one program at a time."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ecg_live.atomic_write import PRIVATE_FILE, new_file, sync_folder, write_all
from ecg_live.file_lock import try_lock

if sys.platform != "win32":
    import fcntl

_READ_BYTES = 1 << 20  # at once
_LOCKED_BYTE = 1 << 40  # on Windows, where a locked byte cannot be read: one that no file has


@contextlib.contextmanager
def locked_file(path: Path) -> Iterator[int]:
    """Open a file for this program alone, and make it if it is missing; one that stays empty is removed.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), PRIVATE_FILE)
        try:
            with _lock(file):
                if not has_name(file, path):  # another program removed or replaced it meanwhile
                    continue
                try:
                    yield file
                finally:
                    if not os.fstat(file).st_size:
                        with contextlib.suppress(OSError):
                            path.unlink()
                return
        finally:
            os.close(file)


@contextlib.contextmanager
def new_locked_file(path: Path) -> Iterator[None]:
    """Make an empty file for this program alone; one that a killed program left is replaced.

    It is removed at the end, unless it has another name by then.

    Raises
    ------
    BlockingIOError
        Another program has it now.
    OSError
        It cannot be made.
    """
    while True:
        try:
            file = new_file(path)
        except FileExistsError:
            _remove_left(path)
            continue
        if try_lock(file, alone=True) and has_name(file, path):
            break
        os.close(file)
    if sys.platform == "win32":
        os.close(file)  # which could not be renamed there while it is open
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if sys.platform == "win32" or has_name(file, path):
                path.unlink()
        if sys.platform != "win32":
            os.close(file)


def _remove_left(path: Path) -> None:
    """Remove a file that no program holds."""
    flags = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        file = os.open(path, flags)  # not for reading alone: NFS then locks it for nobody alone
    except PermissionError as error:  # its owner may be writing it
        raise PermissionError(error.errno, f"{path.name} there belongs to another user") from error
    except OSError:  # a link
        path.unlink(missing_ok=True)
        return
    try:
        if not try_lock(file, alone=True):
            raise BlockingIOError(errno.EAGAIN, "another program writes it")
        if sys.platform != "win32" and has_name(file, path):  # else another program has removed it, and made its own
            path.unlink()
    finally:
        os.close(file)
    if sys.platform == "win32":  # which removes no open file
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _lock(file: int) -> Iterator[None]:
    """Wait until no other program holds a file; where the file system has no locks, do not wait."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows alone has it

        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
        return
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
    yield


def has_name(file: int, path: Path) -> bool:
    """Whether a path leads to an open file: another program may have removed or replaced it."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file), there)


def read_all(file: int) -> bytes:
    """Content of an open file."""
    os.lseek(file, 0, os.SEEK_SET)
    parts = []
    while part := os.read(file, _READ_BYTES):
        parts.append(part)
    return b"".join(parts)


def append_whole(path: Path, file: int, end: int, data: bytes) -> None:
    """Write at byte ``end`` in place of what is there, and wait for the disk.

    Raises
    ------
    OSError
        The disk does not take it: the file then ends at ``end``.
    """
    try:
        os.ftruncate(file, end)
        os.lseek(file, end, os.SEEK_SET)
        write_all(file, data)
        os.fsync(file)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file, end)
        raise
    if not end:
        sync_folder(path.parent)
