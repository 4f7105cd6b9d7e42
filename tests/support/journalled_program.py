"""The whole program, which also notes in a file in memory what its session took, and when: ``JOURNAL ARGUMENTS``."""

from __future__ import annotations

import mmap
import struct
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from ecg_live.cli import main
from ecg_live.events import F32, Chunk, StreamEvent
from ecg_live.results import Item, Window
from ecg_live.session import Session
from ecg_live.session_results import SessionResults
from tests.support.journalled_recorder import ENTRIES, SIZE


def note(journal: Path) -> None:
    """From now on, sessions note each chunk when they take it from their source, and each prediction that is made."""
    take, predict, entry, predicted = Session.take, SessionResults.of_window, count(), count(1)
    with journal.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), ENTRIES * SIZE)  # outlives a kill -9

    def noted(number: int) -> None:
        struct.pack_into("<dq", memory, next(entry) * SIZE, time.monotonic(), number)

    def taken(self: Session, item: Chunk | StreamEvent) -> bool:
        if isinstance(item, Chunk):
            noted(item.stop)
        return take(self, item)

    def made(self: SessionResults, window: Window, embedding: F32 | None = None) -> Iterator[Item]:
        items = list(predict(self, window, embedding))
        noted(-next(predicted))
        return iter(items)

    Session.take, SessionResults.of_window = taken, made  # type: ignore[method-assign]


if __name__ == "__main__":
    note(Path(sys.argv.pop(1)))
    main()
