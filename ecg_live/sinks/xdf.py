"""The recorder: a session into XDF files, by a thread of its own, so that the worker never waits for the disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf, isfinite
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from uuid import uuid4

from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.sinks import xdf_chunks
from ecg_live.sinks.backlog import Backlog
from ecg_live.sinks.streams import StreamSpec
from ecg_live.sinks.xdf_file import XdfFile, free, rescue_path, unused
from ecg_live.sinks.xdf_headers import file_header
from ecg_live.sinks.xdf_pack import Packer
from ecg_live.types import Clock, HeadInfo, Item, RecordingStatus, StreamInfo, Trace

INTERVAL = 0.15  # s from one write to the next: leaves a busy machine time within the 0.5 s of the design
LIMIT = 256 << 20  # bytes that may wait for the disk
PIECE = 1 << 20  # bytes written and sealed at once
PATIENCE = 60.0  # s that closing waits for the disk, and a replay at full speed
KEPT = "what was written before is in the file; ecg-live verify tells"


@dataclass(frozen=True, slots=True)
class Roll:
    """When to go on in a new file: after ``seconds``, or ``size`` bytes."""

    seconds: float = inf
    size: float = inf


ONE_FILE = Roll()


class XdfRecorder:
    """Write all streams of a session but the filtered trace, which can be made again.

    Parameters
    ----------
    path : Path
        The first file; further ones are NAME_2.xdf and so on.
    streams : sequence of StreamSpec
    info : StreamInfo
    heads : sequence of HeadInfo
    texts : mapping
        What stream headers say besides: participant, session, configuration, model.
    clock : Clock
        Session clock.
    roll : Roll
    limit : int
        Bytes that may wait for the disk; beyond, the recording fails, save that a replay at full speed waits.
    interval : float
        Seconds from the begin of one write to that of the next.
    sync : callable
        Makes the disk take what was written.

    Raises
    ------
    RecordingError
        The file is there already, or cannot be made.
    """

    name = "recorder"

    def __init__(
        self,
        path: Path,
        streams: Sequence[StreamSpec],
        info: StreamInfo,
        heads: Sequence[HeadInfo],
        texts: Mapping[str, str],
        clock: Clock,
        *,
        roll: Roll = ONE_FILE,
        limit: int = LIMIT,
        interval: float = INTERVAL,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._path, self._clock, self._roll, self._interval, self._sync = path, clock, roll, interval, sync
        self._packer = Packer([spec for spec in streams if spec.key != "filtered"], info, heads, texts, clock)
        self._id, self._part = str(uuid4()), 1
        self._backlog = Backlog(clock, limit, 0.0 if isfinite(info.speed) else PATIENCE)
        self._size = 0  # of files that are full
        self._failed: str | None = None
        self._note = ""
        self._free: int | None = None
        self._ending = Flag()
        self._file = self._open(path)
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def status(self) -> RecordingStatus:
        """How it does, from any thread."""
        return RecordingStatus(
            path=str(self._file.path),
            seconds=self._packer.seconds,
            size=self._size + self._file.size,
            free=self._free,
            late=0.0 if self._failed else self._backlog.late,
            failed=self._failed,
            note=self._note,
        )

    def write(self, item: Item) -> None:
        """Take one item; waits for nothing, save in a replay at full speed while the disk is far behind.

        Raises
        ------
        RecordingError
            The recording failed.
        """
        if self._failed is not None:
            raise RecordingError(self._failed, KEPT)
        if isinstance(item, Trace):
            return
        if waiting := self._backlog.put(item):
            self._failed = f"{self._file.path} failed: {waiting >> 20} MB wait for a disk that is too slow"
            raise RecordingError(self._failed, "record to a faster disk")

    def close(self) -> None:
        """End the file and wait for the disk; one that failed is not waited for.

        Raises
        ------
        RecordingError
            The recording failed, or the disk does not answer.
        """
        self._ending.set()
        if self._failed is None:
            self._thread.join(PATIENCE)
        if self._failed is not None:
            raise RecordingError(self._failed, KEPT)
        if self._thread.is_alive():
            raise RecordingError(f"{self._file.path}: the disk has not answered for {PATIENCE:g} s", KEPT)

    def _open(self, path: Path) -> XdfFile:
        file = XdfFile(path, self._sync)
        try:
            head = file_header(datetime.now().astimezone(), self._part, self._id)
            file.append(xdf_chunks.chunk(xdf_chunks.FILE, head) + self._packer.begin())
            file.sync()
        except OSError as error:
            file.close()
            raise RecordingError(f"{path} cannot be written: {error.strerror}", "free space on the disk") from error
        self._began = self._clock()
        self._free = free(path)
        return file

    def _run(self) -> None:
        try:
            last, pause = False, self._interval
            while not last:
                last = self._ending.wait(pause)
                began = self._clock()
                self._pass()
                pause = max(self._interval / 10, self._interval - (self._clock() - began))
            self._file.append(self._packer.end())
            self._file.sync()
        except OSError as error:
            self._fail(f"{error.strerror or error}")
        except EcgLiveError as error:
            self._fail(error.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the recording has failed and must say so
            self._fail(f"unexpected {type(error).__name__}: {error}")
        finally:
            self._file.close()

    def _pass(self) -> None:
        """Bring all that waits to the disk."""
        items = self._backlog.take()
        if items and (self._clock() - self._began >= self._roll.seconds or self._file.size >= self._roll.size):
            self._next()
        piece = bytearray()
        for data in self._packer.pack(items):
            piece += data
            if len(piece) >= PIECE:
                self._file.append(bytes(piece))
                piece.clear()
        piece += self._packer.tick()
        if piece:
            self._file.append(bytes(piece))
        self._file.sync()
        self._backlog.done()
        self._free = free(self._file.path)
        if self._file.removed():
            self._rescue()

    def _rescue(self) -> None:
        """Somebody took the file away: what it holds is still there as long as it is open."""
        gone = self._file
        self._file = gone.rescue(rescue_path(gone.path))
        gone.close()
        self._note = f"{gone.path} was removed or renamed while it was written; all of it is in {self._file.path}"

    def _next(self) -> None:
        """Go on in a new file."""
        self._file.append(self._packer.end())
        self._file.sync()
        self._file.close()
        self._size += self._file.size
        path, self._part = unused(self._path, self._part + 1)
        self._file = self._open(path)

    def _fail(self, why: str) -> None:
        self._failed = f"{self._file.path} failed after {self._packer.seconds:.1f} s: {why}"
        self._backlog.give_up()
        with contextlib.suppress(OSError):
            self._file.sync()
