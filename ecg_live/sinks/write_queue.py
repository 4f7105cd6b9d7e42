"""Queue of items for a recording, with the age of the oldest."""

from __future__ import annotations

from threading import Condition

import numpy as np

from ecg_live.events import AuxiliarySamples, Chunk, Clock
from ecg_live.results import Item

SMALL_ITEM_BYTES = 2048  # estimate for an item other than samples


def item_bytes(item: Item) -> int:
    """Bytes that an item needs, about."""
    if isinstance(item, Chunk):
        return SMALL_ITEM_BYTES + item.samples.nbytes
    if isinstance(item, AuxiliarySamples):
        values = item.values
        return SMALL_ITEM_BYTES + (
            values.nbytes if isinstance(values, np.ndarray) else sum(len(text) for row in values for text in row)
        )
    return SMALL_ITEM_BYTES + len(getattr(item, "text", ""))


class WriteQueue:
    """Lossless queue between a session and the thread that writes its items.

    A device cannot wait: the queue is full at ``limit`` bytes. A replay at full speed can: `put` waits for room.

    Parameters
    ----------
    clock : Clock
        Session clock.
    limit : int
        Bytes.
    patience : float
        Seconds that `put` waits for room.
    """

    def __init__(self, clock: Clock, limit: int, patience: float) -> None:
        self._clock = clock
        self._limit = limit
        self._patience = patience
        self._room = Condition()
        self._items: list[Item] = []
        self._size = 0  # bytes that wait
        self._oldest: float | None = None  # session clock when the oldest item that waits came
        self._writing: float | None = None  # and of those that are being written
        self._over = False

    @property
    def late(self) -> float:
        """Age (s) of the oldest item that is not on disk."""
        with self._room:
            oldest = self._oldest if self._writing is None else self._writing
        return 0.0 if oldest is None else max(0.0, self._clock() - oldest)

    @property
    def share(self) -> float:
        """Used share of the room; above 1 while a replay waits."""
        with self._room:
            return self._size / self._limit

    def put(self, item: Item) -> int:
        """Add an item; return the waiting bytes if they exceed the limit, else 0."""
        with self._room:
            self._oldest = self._clock() if self._oldest is None else self._oldest
            self._size += item_bytes(item)
            self._items.append(item)
            if self._patience and self._size > self._limit:
                self._room.wait_for(lambda: self._over or self._size <= self._limit, self._patience)
            return self._size if self._size > self._limit and not self._over else 0

    def take(self) -> list[Item]:
        """Take all that waits, to write it; `done` when it is on the disk."""
        with self._room:
            items, self._items, self._size = self._items, [], 0
            if self._writing is None:  # else something older is still not on the disk
                self._writing = self._oldest
            self._oldest = None
            self._room.notify_all()
        return items

    def done(self) -> None:
        """Note that the taken items are on disk."""
        with self._room:
            self._writing = None

    def give_up(self) -> None:
        """Note that nothing more will be written; a waiting `put` returns."""
        with self._room:
            self._over, self._writing, self._oldest = True, None, None
            self._room.notify_all()
