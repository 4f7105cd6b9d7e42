"""A recording played back as if it came from a device: paced against a target clock, or as fast as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Self

from devices.files import Recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, Clock, Gap, Marker, State, StreamEvent, StreamInfo

_MIN_SPEED = 1e-3  # x real time
_MAX_WAIT_S = 3600.0  # s; a lock waits no longer than some 292 years, and a gap may be longer at a low speed
_UNPACED_CHUNK_S = 1.0  # s of signal in a chunk where nobody waits
Wait = Callable[[float], bool]  # waits so many seconds; true, at once, when the source is closed


class Replay:
    """A recording as a source.

    Parameters
    ----------
    recording : Recording
        What to play; closed with the source.
    opening : ReadOptions
        ``speed`` as a multiple of real time, ``inf`` never waits; ``chunk`` in seconds.
    clock : callable
        Session clock in s.
    wait : callable, optional
        Waits so many seconds and says whether the source was closed meanwhile.

    Raises
    ------
    ConfigError
        Speed is below 0.001, or chunk length is not positive.

    Notes
    -----
    Sample k is due at ``t0 + k / rate / speed``, with t0 the clock when the iteration begins: waiting adds no drift.
    A chunk is given when its last sample is due and says so in ``arrived``, so that a consumer that is late shows as
    latency.
    """

    def __init__(
        self, recording: Recording, opening: ReadOptions, clock: Clock = time.monotonic, wait: Wait | None = None
    ) -> None:
        self._speed = opening.speed
        if not self._speed >= _MIN_SPEED:
            wanted = "more than 0" if not self._speed > 0 else f"at least {_MIN_SPEED:g}"
            raise ConfigError(f"the speed is {self._speed:g}, expected {wanted}", "--speed 1 is real time")
        if not (math.isfinite(opening.chunk) and opening.chunk > 0):
            raise ConfigError(f"the chunk length is {opening.chunk:g} s, expected more than 0", "0.02 is usual")
        self._recording, self._clock = recording, clock
        seconds = opening.chunk if math.isfinite(self._speed) else _UNPACED_CHUNK_S
        self._size = max(1, round(seconds * recording.info.rate))
        self._closed = Event()
        self._wait: Wait = wait or self._closed.wait

    @property
    def info(self) -> StreamInfo:
        """The recording's, the speed, and that it is a replay."""
        return replace(self._recording.info, speed=self._speed, replay=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._recording.close()

    def close(self) -> None:
        """End the iteration from any thread; one that waits wakes at once."""
        self._closed.set()

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        origin = self._clock()
        for item in self._recording.chunks(self._size):
            due = origin + self._seconds(item)
            if self._closed.is_set() or not self._reach(due):
                return
            yield self._placed(item, origin, due)

    def _seconds(self, item: Chunk | Gap | State | Marker) -> float:
        """Session time from the start at which an item is there."""
        if isinstance(item, Chunk | Gap):
            return item.stop / self.info.rate / self._speed
        return 0.0  # a remark comes with what it stands beside

    def _reach(self, due: float) -> bool:
        """Wait until the clock says so; false when the source was closed."""
        while math.isfinite(self._speed) and (left := due - self._clock()) > 0:
            if self._wait(min(left, _MAX_WAIT_S)):
                return False
        return True

    def _placed(self, item: Chunk | Gap | State | Marker, origin: float, due: float) -> Chunk | StreamEvent:
        """From the file's time to the session's clock."""
        start = origin + (item.time or 0.0) / self._speed
        if isinstance(item, Chunk):
            return replace(item, time=start, arrived=due if math.isfinite(self._speed) else None)
        if isinstance(item, Marker):
            return replace(item, time=start, raw=item.time)
        return replace(item, time=start)
