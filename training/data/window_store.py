"""Windows on disk: two files that only grow, and a log with one line for each complete session.

A build that was killed continues after the log's last line; the files are truncated to what the log covers.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecg_live.atomic_write import write_whole
from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.errors import DatasetError
from ecg_live.events import F32
from ecg_live.signal import beats, qrs, quality, raw_quality
from ecg_live.signal.pipeline import PREPROCESSING

LOG_FIELDS = {"total", "unusable", "dropped", "seconds", "remarks"}  # of a session's line
LOG_NAME = "sittings.jsonl"
SIGNAL_PATH_NAME = "path.json"
WINDOW_DTYPE = np.dtype(
    [
        ("session", np.int32),
        ("part", np.int32),
        ("start", np.float64),  # s from the part's first sample, raw time
        ("grade", np.int8),  # 0 good, 1 poor
        ("annotation", np.int32),  # of the session; -1 where no label applies
        ("rest", np.float64),  # s of the session's rest up to the window's end; inf outside rest
        ("hrv", np.float64, (3,)),  # NaN with too few plausible beats
    ]
)
WindowRows = npt.NDArray[np.void]
WINDOW_BYTES = WINDOW_SAMPLES * 4  # float32
DISK_FULL_REMEDY = "free some space; what is there is kept, and the same command goes on from it"


def signal_path() -> dict[str, Any]:
    """What windows depend on besides recordings and settings: preprocessing, and every constant of the quality gate."""
    gate = {
        f"{module.__name__}.{name}": value
        for module in (quality, beats, qrs, raw_quality)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float | tuple)
    }
    return {**PREPROCESSING, "gate": gate}


def check_signal_path(folder: Path) -> None:
    """Write the signal path into a new store's folder; that of an old one must be the same.

    Raises
    ------
    DatasetError
        If it differs.
    """
    ours = json.dumps(signal_path(), sort_keys=True).encode()
    if not (folder / LOG_NAME).exists():
        write_whole(folder / SIGNAL_PATH_NAME, ours)
    elif not (folder / SIGNAL_PATH_NAME).exists() or (folder / SIGNAL_PATH_NAME).read_bytes() != ours:
        raise DatasetError(f"{folder} holds windows of another signal path", "remove it, or give another --work")


class WindowStore:
    """Windows (n, 2560) float32 and their rows (n,), in a folder of their own. One process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._windows = folder / "windows.f32"
        self._rows = folder / "rows.bin"
        self._log = folder / LOG_NAME
        self.sessions: list[dict[str, Any]] = list(_complete_lines(self._log))
        self._cut()

    def __len__(self) -> int:
        """Number of windows."""
        return int(self.sessions[-1]["total"]) if self.sessions else 0

    def append(self, part: Path, about: dict[str, Any]) -> None:
        """Move a session's windows (``part``.f32) and rows (``part``.bin) into the store, with the log line ``about``.

        Raises
        ------
        DatasetError
            If they cannot be written; what is in the store stays.
        """
        windows, rows = part.with_suffix(".f32"), part.with_suffix(".bin")
        line = about | {"total": len(self) + rows.stat().st_size // WINDOW_DTYPE.itemsize}
        try:
            for source, target in ((windows, self._windows), (rows, self._rows)):
                with source.open("rb") as new, target.open("ab") as file:
                    shutil.copyfileobj(new, file)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise DatasetError(f"{self._windows}: {error.strerror}", DISK_FULL_REMEDY) from error
        self.sessions.append(line)
        windows.unlink()
        rows.unlink()

    def sync(self) -> None:
        """Flush all files to disk."""
        for path in (self._windows, self._rows, self._log):
            with path.open("ab") as file:
                os.fsync(file.fileno())

    def windows(self) -> F32:
        """All windows, memory-mapped."""
        if not len(self):
            return np.empty((0, WINDOW_SAMPLES), np.float32)
        return np.memmap(self._windows, np.float32, "r", shape=(len(self), WINDOW_SAMPLES))

    def rows(self) -> WindowRows:
        """All rows."""
        return np.fromfile(self._rows, WINDOW_DTYPE, len(self))

    def _cut(self) -> None:
        """Truncate all files to the complete sessions."""
        have = min(_size(self._windows) // WINDOW_BYTES, _size(self._rows) // WINDOW_DTYPE.itemsize)
        while self.sessions and self.sessions[-1]["total"] > have:
            self.sessions.pop()
        log = "".join(json.dumps(line) + "\n" for line in self.sessions).encode()
        if not self._log.exists() or self._log.read_bytes() != log:
            write_whole(self._log, log)  # atomically: without the log all windows would be lost
        for path, size in ((self._windows, WINDOW_BYTES), (self._rows, WINDOW_DTYPE.itemsize)):
            with path.open("ab") as file:
                file.truncate(len(self) * size)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _complete_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Lines up to the first that is incomplete."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(found, dict) or not found.keys() >= LOG_FIELDS or not isinstance(found["total"], int):
            return
        yield found
