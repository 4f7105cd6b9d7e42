"""The queue between a radio's loop and the session's thread: bounded, and what does not fit is a counted gap."""

from __future__ import annotations

from collections import deque
from threading import Condition

from ecg_live.events import Chunk, Gap, StreamEvent

_MAX_QUEUED_EVENTS = 1000  # that fit at least, and beyond the samples' limit: nobody sends as many while one is read


class SampleQueue:
    """A queue for two threads.

    Parameters
    ----------
    samples : int
        How many fit. Those that do not are told as one `Gap` as soon as there is room.
    """

    def __init__(self, samples: int) -> None:
        self._room = Condition()
        self._items: deque[Chunk | StreamEvent] = deque()
        self._limit, self._held = samples, 0
        self._dropped: Gap | None = None
        self._ended = self._closed = False

    def put(self, item: Chunk | StreamEvent) -> None:
        """Add an item; never blocks."""
        with self._room:
            if not isinstance(item, Chunk | Gap):
                if len(self._items) < _MAX_QUEUED_EVENTS + self._limit:
                    self._append(item)
            elif self._full():
                self._drop(item)
            else:
                self._tell_dropped()
                self._append(item)
            self._room.notify()

    def get(self) -> Chunk | StreamEvent | None:
        """Wait for the next item; None once no more will come."""
        with self._room:
            self._room.wait_for(lambda: self._items or self._ended or self._closed)
            if self._closed or not self._items:
                return None
            item = self._items.popleft()
            self._held -= len(item.samples) if isinstance(item, Chunk) else 0
            return item

    def end(self) -> None:
        """No more will be put; what is inside is still given."""
        with self._room:
            self._tell_dropped()
            self._ended = True
            self._room.notify_all()

    def close(self) -> None:
        """Nobody wants any more; whoever waits in `get` wakes."""
        with self._room:
            self._closed = True
            self._room.notify_all()

    def _full(self) -> bool:
        """Whether there is no room; once there was none, until half is free: one long gap is better than many."""
        return self._held >= (self._limit if self._dropped is None else self._limit / 2)

    def _append(self, item: Chunk | StreamEvent) -> None:
        self._items.append(item)
        self._held += len(item.samples) if isinstance(item, Chunk) else 0

    def _drop(self, item: Chunk | Gap) -> None:
        if self._dropped is None:
            self._dropped = Gap(item.start, 0, "the computer was too slow: its queue was full", time=item.time)
        first = self._dropped
        self._dropped = Gap(first.start, item.stop - first.start, first.cause, time=first.time)

    def _tell_dropped(self) -> None:
        if self._dropped is not None:
            self._append(self._dropped)
            self._dropped = None
