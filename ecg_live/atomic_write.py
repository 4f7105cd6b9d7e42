"""Write files atomically, and private files readable by their user only."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from uuid import uuid4

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700  # modes of what holds health data
SHARED_FILE = 0o666  # before the user's umask


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file so that a crash, a power cut or a full disk leaves the earlier file.

    ``private``: only its user may read it, and enter folders that are made for it.

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
    """Create and open a file, with its mode set from the start.

    Raises
    ------
    OSError
        If it exists, or cannot be created.
    """
    always = os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.open(path, flags | always, mode)


def private_folder(path: Path) -> None:
    """Make a folder and its missing parents, for their user only; existing folders stay as they are.

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
    """Write all of ``data``: a nearly full disk takes a part, and raises at the next call only."""
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def sync_folder(folder: Path) -> None:
    """Sync a folder, where the system can: without it a power cut may lose a new file."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
