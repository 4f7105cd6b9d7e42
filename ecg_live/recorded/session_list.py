"""The recorded sessions of a folder, read one after the other by a thread; nothing is written into the folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple

import numpy as np

from ecg_live.errors import EcgLiveError
from ecg_live.presentation.session_list import SessionEntry
from ecg_live.recorded.annotated import annotations_path, read_annotations
from ecg_live.recorded.recording_files import part_number
from ecg_live.recorded.session_file import SessionContents, read_contents, read_file_header

LISTED_STREAMS = ("predictions", "quality", "gaps")  # all that an entry needs of a file
RECORDING_PATTERN = "*.xdf"
NOT_OURS = "of another program: it holds no predictions"

FileStamp = tuple[Path, int, int]  # a file, its size (bytes) and time of change (ns)


class ScanProgress(NamedTuple):
    """What a scan has found since the last call, and how many of how many sessions it has read."""

    entries: tuple[SessionEntry, ...]
    done: int
    total: int
    over: bool


@dataclass(slots=True)
class _Reading:
    """One reading of a folder, by a thread of its own: what it found, how far it is, and whether it shall end."""

    found: SimpleQueue[SessionEntry] = field(default_factory=SimpleQueue)
    stopped: Event = field(default_factory=Event)
    progress: tuple[int, int] = (0, 0)


class SessionScan:
    """Reads the sessions of a folder and of the folders within, the newest first.

    What was read is kept in memory, so that a second scan reads only what has changed.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[tuple[FileStamp, ...], SessionEntry] = {}
        self._reading = _Reading()
        self._thread = Thread(target=self._run, args=(self._reading,), name="session list", daemon=True)

    def start(self) -> None:
        """Begin to read, again if it was read before; a reading that runs ends after the file that it is at."""
        self.stop()
        self._reading = _Reading()
        self._thread = Thread(target=self._run, args=(self._reading,), name="session list", daemon=True)
        self._thread.start()

    def poll(self) -> ScanProgress:
        """Return what is new; never waits."""
        over = not self._thread.is_alive()  # before the queue is emptied
        entries: list[SessionEntry] = []
        with contextlib.suppress(Empty):
            while True:
                entries.append(self._reading.found.get_nowait())
        return ScanProgress(tuple(entries), *self._reading.progress, over)

    def wait(self) -> None:
        """Wait until all is read."""
        self._thread.join()

    def stop(self) -> None:
        """End the reading; returns at once, though a file on a slow disk may take a while."""
        self._reading.stopped.set()

    def _run(self, reading: _Reading) -> None:
        recordings = session_files(self.folder)
        for done, paths in enumerate(recordings):
            reading.progress = (done, len(recordings))
            if reading.stopped.is_set():
                return
            reading.found.put(self._entry(paths))
        reading.progress = (len(recordings), len(recordings))

    def _entry(self, paths: Sequence[Path]) -> SessionEntry:
        stamps = tuple(_stamp(path) for path in (*paths, annotations_path(paths[0])))
        if stamps not in self._known:
            self._known[stamps] = read_entry(paths)
        return self._known[stamps]


def session_files(folder: Path) -> list[tuple[Path, ...]]:
    """The files of each recording below a folder, the newest recording first; copies, and files without ID, alone."""
    groups: dict[str, dict[int, Path]] = {}
    for path in _files_below(folder):
        header = read_file_header(path)
        key = f"{path.parent} {header['recording']}" if header.get("recording") else str(path)
        part = part_number(header.get("part", ""))
        if part in groups.get(key, {}):
            key = str(path)
        groups.setdefault(key, {})[part] = path
    found = [tuple(parts[number] for number in sorted(parts)) for parts in groups.values()]
    return sorted(found, key=lambda paths: (-_stamp(paths[0])[2], paths))


def _files_below(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.rglob(RECORDING_PATTERN) if path.is_file())
    except OSError:
        return


def _stamp(path: Path) -> FileStamp:
    try:
        found = path.stat()
    except OSError:
        return path, 0, 0
    return path, found.st_size, found.st_mtime_ns


def read_entry(paths: Sequence[Path]) -> SessionEntry:
    """Read what the list shows of a session; a file that cannot be read gives an entry that says why."""
    try:
        parts = [contents for path in paths if (contents := read_contents(path, LISTED_STREAMS)) is not None]
    except EcgLiveError as error:
        return SessionEntry(paths[0], files=len(paths), problem=error.message)
    if not parts:
        return SessionEntry(paths[0], files=len(paths), problem=NOT_OURS)
    texts = parts[0].header_texts
    grades = [row[0] for part in parts if "quality" in part.text_streams for row in part.text_streams["quality"].values]
    annotations, problem = _annotations(paths[0])
    damage = next((part.damage.message for part in parts if part.damage), "")
    return SessionEntry(
        path=paths[0],
        participant=texts.get("participant", ""),
        session=texts.get("session", ""),
        study=texts.get("study", ""),
        began=_began(parts[0]),
        duration=_duration(parts),
        windows=len(grades),
        usable=float(np.mean([grade != "unusable" for grade in grades])) if grades else math.nan,
        lost=sum(_lost(part) for part in parts),
        annotations=annotations,
        files=len(paths),
        problem=damage or problem,
    )


def _began(contents: SessionContents) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(contents.file_header.get("datetime", ""))
    except ValueError:
        return None


def _duration(parts: Sequence[SessionContents]) -> float:
    """Seconds from the first sample to the last; of a strap, to the end of its last window."""
    ecg = parts[0].streams.get("ecg")
    if ecg is not None and ecg.rate > 0:
        stop = max(part.stop_index for part in parts)
        return max(0, stop - parts[0].first_sample_index) / ecg.rate
    stops = [
        part.numeric_streams["predictions"].values[:, 1] for part in parts if "predictions" in part.numeric_streams
    ]
    known = np.concatenate([np.empty(0), *stops])
    return float(known.max()) if len(known) else math.nan


def _lost(contents: SessionContents) -> int:
    gaps = contents.numeric_streams.get("gaps")
    if gaps is None or gaps.values.shape[1] < 2:
        return 0
    return int(np.nansum(gaps.values[:, 1]))


def _annotations(path: Path) -> tuple[int, str]:
    """Number of annotations and edited markers of a recording, and what is wrong with their file."""
    try:
        found = read_annotations(path)
    except EcgLiveError as error:
        return 0, error.message
    return len(found.standing()) + len(found.markers), ""
