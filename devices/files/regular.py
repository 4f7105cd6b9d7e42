"""Files that are there, and can be read more than once."""

from __future__ import annotations

from pathlib import Path

from ecg_live.errors import RecordingError


def regular_file(path: Path) -> Path:
    """Give the path of a file; a pipe or a device may give no byte for ever, and gives each but once.

    Raises
    ------
    RecordingError
        There is none, or it is something else.
    """
    if path.is_dir():
        raise RecordingError(f"{path} is a folder", "name a file in it")
    if not path.exists():
        raise RecordingError(f"{path}: no such file", "check the path")
    if not path.is_file():
        raise RecordingError(f"{path} is no regular file", "save it to a file first, and open that")
    return path
