"""Replay a recording as if it came from a device: paced by the clock, or as fast as possible."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Self

from devices.files import OpenRecording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, Clock, Gap, Marker, State, StreamEvent, StreamInfo

_MIN_SPEED = 1e-3  # times real time
_MAX_WAIT_S = 3600.0  # a lock waits 292 years at most, and a gap may last longer at a low speed
_UNPACED_CHUNK_S = 32.0  # of signal in a chunk, at infinite speed: windows are then made many at once
Wait = Callable[[float], bool]  # waits that many seconds; returns True at once when the source is closed


class Replay:
    """A recording as a source.

    Parameters
    ----------
    recording : Recording
        Recording to play; closed with the source.
    options : ReadOptions
        ``speed`` as a multiple of real time, ``inf`` for no waiting; ``chunk`` in seconds.
    clock : callable
        Session clock in s.
    wait : callable, optional
        Waits that many seconds and returns whether the source was closed meanwhile.

    Raises
    ------
    ConfigError
        The speed is below 0.001, or the chunk length is not positive.

    Notes
    -----
    Sample k is due at ``t0 + k / rate / speed``, with t0 the clock when the iteration begins: waiting adds no drift.
    A chunk is yielded when its last sample is due, which is its ``arrived``: a slow consumer shows as latency.
    """

    def __init__(
        self, recording: OpenRecording, options: ReadOptions, clock: Clock = time.monotonic, wait: Wait | None = None
    ) -> None:
        self._speed = options.speed
        if not self._speed >= _MIN_SPEED:
            wanted = "more than 0" if not self._speed > 0 else f"at least {_MIN_SPEED:g}"
            raise ConfigError(f"the speed is {self._speed:g}, expected {wanted}", "--speed 1 is real time")
        if not (math.isfinite(options.chunk) and options.chunk > 0):
            raise ConfigError(f"the chunk length is {options.chunk:g} s, expected more than 0", "0.02 is usual")
        self._recording = recording
        self._clock = clock
        seconds = options.chunk if math.isfinite(self._speed) else _UNPACED_CHUNK_S
        self._size = max(1, round(seconds * recording.info.rate))
        self._begin_s = 0.0  # of signal, that are due at once
        self._closed = Event()
        self._wait: Wait = wait or self._closed.wait

    @property
    def info(self) -> StreamInfo:
        """Stream description of the recording, with the replay's speed."""
        return replace(self._recording.info, speed=self._speed, replay=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._recording.close()

    def close(self) -> None:
        """End the iteration from any thread; a waiting one wakes at once."""
        self._closed.set()

    def begin_at(self, seconds: float) -> None:
        """Play so many seconds of signal at once, as if it had begun that much earlier; before the iteration."""
        self._begin_s = seconds

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        origin = self._clock() - self._begin_s / self._speed
        for item in self._recording.chunks(self._size):
            due = origin + self._due_offset(item)
            if self._closed.is_set() or not self._wait_until(due):
                return
            yield self._on_session_clock(item, origin, due)

    def _due_offset(self, item: Chunk | Gap | State | Marker) -> float:
        """Seconds from the replay's start until an item is due."""
        if isinstance(item, Chunk | Gap):
            return item.stop / self.info.rate / self._speed
        return 0.0  # markers and states come with the chunk beside them

    def _wait_until(self, due: float) -> bool:
        """Wait until the clock reads ``due``; False if the source was closed."""
        while math.isfinite(self._speed) and (left := due - self._clock()) > 0:
            if self._wait(min(left, _MAX_WAIT_S)):
                return False
        return True

    def _on_session_clock(self, item: Chunk | Gap | State | Marker, origin: float, due: float) -> Chunk | StreamEvent:
        """Move an item from the file's time to the session clock."""
        start = origin + (item.time or 0.0) / self._speed
        if isinstance(item, Chunk):
            return replace(item, time=start, arrived=due if math.isfinite(self._speed) else None)
        if isinstance(item, Marker):
            return replace(item, time=start, raw=item.time)
        return replace(item, time=start)
