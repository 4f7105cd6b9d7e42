"""Files that are there whole or not at all, whatever happens while they are written; some for their user alone."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from uuid import uuid4

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700  # modes of what holds health data
SHARED_FILE = 0o666  # less what the user's umask takes


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file so that a crash, a power cut or a full disk leaves what was there before.

    ``private``: nobody but its user may read it, nor look into folders that are made for it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    part = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")  # two programs may write the same
    if private:
        private_folder(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(new_file(part, PRIVATE_FILE if private else SHARED_FILE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    sync_folder(path.parent)


def new_file(path: Path, mode: int = PRIVATE_FILE, flags: int = os.O_WRONLY) -> int:
    """Open a file that was not there, with this mode from the first moment on. Raises `OSError`."""
    always = os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.open(path, flags | always, mode)


def private_folder(path: Path) -> None:
    """Make a folder, and those above it, that are missing, for their user alone; what is there stays as it is.

    Raises
    ------
    OSError
        If they cannot be made.
    """
    if path.is_dir():
        return
    private_folder(path.parent)
    path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def write_all(file: int, data: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part, and says so only when it is asked again."""
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def sync_folder(folder: Path) -> None:
    """Bring a new name to the disk, where the system has a way to: else a power cut may take the whole file."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
