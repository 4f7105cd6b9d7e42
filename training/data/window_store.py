"""Windows on disk: two files that only grow, and a line for every sitting that is whole.

A build that was killed goes on behind the last line; what lies beyond it in the files is cut off.
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

LOG_FIELDS = {"total", "unusable", "dropped", "seconds", "remarks"}  # what a line of the log tells of a sitting
LOG_NAME, SIGNAL_PATH_NAME = "sittings.jsonl", "path.json"  # of whole sittings; the signal path that they went through
WINDOW_DTYPE = np.dtype(
    [
        ("sitting", np.int32),
        ("part", np.int32),
        ("start", np.float64),  # s from the part's first sample, raw time
        ("grade", np.int8),  # 0 good, 1 poor
        ("span", np.int32),  # of the sitting; -1 where no label applies
        ("rest", np.float64),  # s of rest that have passed at the window's end; inf outside rest
        ("hrv", np.float64, (3,)),  # NaN where beats do not bear them out
    ]
)
WindowRows = npt.NDArray[np.void]
WINDOW_BYTES = WINDOW_SAMPLES * 4  # of a window
DISK_FULL_REMEDY = "free some space; what is there is kept, and the same command goes on from it"


def signal_path() -> dict[str, Any]:
    """What windows depend on beside recordings and settings: the path, and every number of its quality gate."""
    gate = {
        f"{module.__name__}.{name}": value
        for module in (quality, beats, qrs, raw_quality)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float | tuple)
    }
    return {**PREPROCESSING, "gate": gate}


def check_signal_path(folder: Path) -> None:
    """Note the signal path in a new store's folder; an old one must be of the same.

    Raises
    ------
    DatasetError
        If it is of another.
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
        self._windows, self._rows, self._log = (folder / name for name in ("windows.f32", "rows.bin", LOG_NAME))
        self.sessions: list[dict[str, Any]] = list(_complete_lines(self._log))
        self._cut()

    def __len__(self) -> int:
        """How many windows are in it."""
        return int(self.sessions[-1]["total"]) if self.sessions else 0

    def append(self, part: Path, about: dict[str, Any]) -> None:
        """Take a sitting's windows from ``part``.f32 and rows from ``part``.bin, which are then removed.

        Raises
        ------
        DatasetError
            If the disk does not take them; what is in the store stays.
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
        """Make sure that all of it is on the disk."""
        for path in (self._windows, self._rows, self._log):
            with path.open("ab") as file:
                os.fsync(file.fileno())

    def windows(self) -> F32:
        """All windows, read from disk as they are asked for."""
        if not len(self):
            return np.empty((0, WINDOW_SAMPLES), np.float32)
        return np.memmap(self._windows, np.float32, "r", shape=(len(self), WINDOW_SAMPLES))

    def rows(self) -> WindowRows:
        """All rows."""
        return np.fromfile(self._rows, WINDOW_DTYPE, len(self))

    def _cut(self) -> None:
        """Leave whole sittings only: as many as all three files have."""
        have = min(_size(self._windows) // WINDOW_BYTES, _size(self._rows) // WINDOW_DTYPE.itemsize)
        while self.sessions and self.sessions[-1]["total"] > have:
            self.sessions.pop()
        log = "".join(json.dumps(line) + "\n" for line in self.sessions).encode()
        if not self._log.exists() or self._log.read_bytes() != log:
            write_whole(self._log, log)  # never emptied in between: without it all windows would be lost
        for path, size in ((self._windows, WINDOW_BYTES), (self._rows, WINDOW_DTYPE.itemsize)):
            with path.open("ab") as file:
                file.truncate(len(self) * size)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _complete_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Lines up to the first that is no whole one."""
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
