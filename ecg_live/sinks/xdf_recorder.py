"""The recorder: writes a session to XDF files on an own thread, so that the worker never waits for the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from threading import Event, Thread

from ecg_live.errors import RecordingError
from ecg_live.events import Clock, StreamInfo
from ecg_live.results import HeadInfo, Item, RecordingStatus, Trace
from ecg_live.sinks.write_queue import WriteQueue
from ecg_live.sinks.xdf_encoder import XdfEncoder
from ecg_live.sinks.xdf_file import free_bytes
from ecg_live.sinks.xdf_parts import ONE_FILE, RollLimits, XdfParts
from ecg_live.xdf.stream_spec import StreamSpec

WRITE_INTERVAL_S = 0.15  # leaves a busy machine time within the 0.5 s of the design
MAX_QUEUE_BYTES = 256 << 20
DISK_PATIENCE_S = 60.0  # of closing, of a replay at full speed, and before another place is tried
CROWDED_SHARE = 0.5  # of the queue; above it another place is tried at once
KEPT_REMEDY = "what was written before is in the file; check it with ecg-live verify"
NO_FOOTERS_REMEDY = "free space; ecg-live export FILE --to xdf closes it"


class XdfRecorder:
    """Write all streams of a session but the filtered trace, which can be made again.

    A disk that fails is tried again for as long as there is room for what waits; then, and where a file has reached its
    largest size, the recording goes on in another file, or another folder.

    Parameters
    ----------
    path : Path
        The first file; further ones are NAME_2.xdf and so on.
    streams : sequence of StreamSpec
    info : StreamInfo
    heads : sequence of HeadInfo
    texts : mapping
        Further fields of the stream headers: participant, session, configuration, model.
    clock : Clock
        Session clock.
    roll : Roll
    limit : int
        Bytes that may wait for the disk; beyond, the recording fails, but a replay at full speed waits.
    interval : float
        Seconds from the begin of one write to that of the next.
    patience : float
        Seconds that a replay at full speed waits for room.
    sync : callable
        Makes the disk take what was written.
    elsewhere : sequence of Path
        Folders to go on in.
    moved : callable
        Called with the path of a file that was begun in one of them.

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
        roll: RollLimits = ONE_FILE,
        limit: int = MAX_QUEUE_BYTES,
        interval: float = WRITE_INTERVAL_S,
        patience: float = DISK_PATIENCE_S,
        sync: Callable[[int], None] = os.fsync,
        elsewhere: Sequence[Path] = (),
        moved: Callable[[Path], object] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._interval = interval
        self._elsewhere = tuple(elsewhere)
        self._moved = moved
        self._encoder = XdfEncoder([spec for spec in streams if spec.key != "filtered"], info, heads, texts, clock)
        self._backlog = WriteQueue(clock, limit, 0.0 if isfinite(info.speed) else patience)
        self._remedy, self._whole = KEPT_REMEDY, False  # set before
        self._failed: str | None = None  # which is set once, by the thread that notices first
        self._note = ""  # last event of the file
        self._trouble = ""  # why the file cannot be written now
        self._since = 0.0  # session clock when the trouble began, or when another place failed
        self._ending = Event()
        self._parts = XdfParts(path, self._encoder, clock, roll, sync)
        self._published = self._current_status()  # by the recorder's thread, as a whole
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def status(self) -> RecordingStatus:
        """Status of the recording; callable from any thread."""
        late = self._backlog.late  # first: what is not late any more has been published
        failed, published = self._failed, self._published
        return replace(published, late=0.0 if failed else late, failed=failed, whole=self._whole)

    def write(self, item: Item) -> None:
        """Take one item; never waits, except in a replay at full speed while the disk is far behind.

        Raises
        ------
        RecordingError
            The recording failed.
        """
        if (failed := self._failed) is not None:
            raise RecordingError(failed, self._remedy)
        if isinstance(item, Trace):
            return
        if waiting := self._backlog.put(item):
            why = f"fails: {self._trouble}" if self._trouble else "is too slow"
            self._failed = f"{self._published.path} failed: {waiting >> 20} MB wait for a disk that {why}"
            raise RecordingError(self._failed, "record to a faster disk, or free space")

    def close(self) -> None:
        """End the file and wait for the disk; one that failed is not waited for.

        Raises
        ------
        RecordingError
            The recording failed, or the disk does not answer.
        """
        self._ending.set()
        if self._failed is None:
            self._thread.join(DISK_PATIENCE_S)
        if (failed := self._failed) is not None:
            raise RecordingError(failed, self._remedy)
        if self._thread.is_alive():
            raise RecordingError(
                f"{self._published.path}: the disk has not answered for {DISK_PATIENCE_S:g} s", KEPT_REMEDY
            )

    def _run(self) -> None:
        try:
            last, pause = False, self._interval
            while not last:
                last = self._ending.wait(pause)
                began = self._clock()
                self._write_pending(last=last)
                pause = max(self._interval / 10, self._interval - (self._clock() - began))
        except Exception as error:  # noqa: BLE001 - whatever it is, the recording has failed and must report it
            self._fail(f"unexpected {type(error).__name__}: {error}")
        finally:
            self._parts.close()

    def _write_pending(self, *, last: bool) -> None:
        """Write all that waits to the disk, or keep it."""
        try:
            self._write_waiting(last=last)
        except (OSError, RecordingError) as error:
            self._keep_for_retry(error, last=last)
        self._published = self._current_status()
        if not self._trouble:
            self._backlog.done()

    def _write_waiting(self, *, last: bool) -> None:
        self._note = self._parts.copy_to() or self._note
        self._parts.flush()  # what was kept
        self._parts.add(self._backlog.take())
        self._parts.flush()
        if last:
            self._parts.end()
        if self._trouble:
            self._note = f"{self._parts.path} can be written again; nothing is lost"
        self._trouble = ""

    def _keep_for_retry(self, error: OSError | RecordingError, *, last: bool) -> None:
        """Keep what could not be written; try another place if waiting does not help."""
        now, path = self._clock(), self._parts.path
        if not self._trouble:
            self._since = now
        self._trouble = why = error.message if isinstance(error, RecordingError) else error.strerror or str(error)
        self._note = f"{path} cannot be written: {why}; what comes is kept, and it is tried again"
        crowded, vain = self._backlog.share > CROWDED_SHARE, now - self._since >= DISK_PATIENCE_S
        too_large = isinstance(error, OSError) and error.errno == errno.EFBIG
        if not (last or crowded or vain or too_large):
            return
        self._since = now
        if not self._move(last=last, why=f"{path} cannot be written: {why}") and last:
            self._fail(why, whole=not self._parts.waits)

    def _move(self, *, last: bool, why: str) -> bool:
        """Go on in another place; False if there is none, or only footers are missing."""
        if last:
            self._parts.add(self._backlog.take())
        here = self._parts.path.parent
        for folder in dict.fromkeys((here, *self._elsewhere)) if self._parts.waits else ():
            try:
                moved = self._parts.copy_to(folder)
                if not moved:
                    self._parts.move(folder)
                self._trouble = ""
                self._write_waiting(last=last)
            except (OSError, RecordingError):
                continue
            self._note = moved or f"{why}; the recording goes on in {self._parts.path}"
            if folder != here:
                self._moved(self._parts.path)
            return True
        return False

    def _current_status(self) -> RecordingStatus:
        """Status now."""
        path = self._parts.path
        return RecordingStatus(str(path), self._encoder.seconds, self._parts.size, free_bytes(path), note=self._note)

    def _fail(self, why: str, *, whole: bool = False) -> None:
        """Note a failure; ``whole``: all that was to be recorded is in the file, which lacks its footers only."""
        path, seconds = self._parts.path, self._encoder.seconds
        if self._failed is None and whole:
            self._remedy, self._whole = NO_FOOTERS_REMEDY, True
            self._failed = f"{path} has all {seconds:.1f} s, but no footers: {why}"
        elif self._failed is None:
            self._failed = f"{path} failed after {seconds:.1f} s: {why}"
        self._backlog.give_up()
