"""What waits to be written to a recording, and since when."""

from __future__ import annotations

from threading import Condition

import numpy as np

from ecg_live.events import AuxiliarySamples, Chunk, Clock
from ecg_live.results import Item

SMALL_ITEM_BYTES = 2048  # bytes that an item other than samples is taken to need


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
    """Items between a session and the thread that writes them; nothing is left out.

    A device cannot be made to wait, so there is no room once ``limit`` bytes wait. A replay at full speed can: it is
    held up until there is room.

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
        """How long (s) the oldest item waits to be on disk."""
        with self._room:
            oldest = self._oldest if self._writing is None else self._writing
        return 0.0 if oldest is None else max(0.0, self._clock() - oldest)

    @property
    def share(self) -> float:
        """How much of the room is taken; more than 1 where somebody is held up."""
        with self._room:
            return self._size / self._limit

    def put(self, item: Item) -> int:
        """Add an item; give how many bytes wait if that is more than there is room for, or else 0."""
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
        """What was taken is on the disk."""
        with self._room:
            self._writing = None

    def give_up(self) -> None:
        """Nothing more will be written; nobody waits any more."""
        with self._room:
            self._over, self._writing, self._oldest = True, None, None
            self._room.notify_all()
