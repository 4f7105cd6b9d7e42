"""The whole program, which also notes in a file in memory what its session took, and when: ``JOURNAL ARGUMENTS``."""

from __future__ import annotations

import mmap
import struct
import sys
import time
from itertools import count
from pathlib import Path

from ecg_live.cli import main
from ecg_live.events import Chunk, StreamEvent
from ecg_live.results import Prediction, Window
from ecg_live.session import Session
from tests.support.journalled_recorder import ENTRIES, SIZE


def note(journal: Path) -> None:
    """From now on, sessions note each chunk when they take it from their source, and each prediction that is made."""
    take, predict, entry, predicted = Session._process, Session._predict, count(), count(1)
    with journal.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), ENTRIES * SIZE)  # outlives a kill -9

    def noted(number: int) -> None:
        struct.pack_into("<dq", memory, next(entry) * SIZE, time.monotonic(), number)

    def taken(self: Session, item: Chunk | StreamEvent) -> None:
        if isinstance(item, Chunk):
            noted(item.stop)
        take(self, item)

    def made(self: Session, window: Window) -> Prediction:
        prediction = predict(self, window)
        noted(-next(predicted))
        return prediction

    Session._process, Session._predict = taken, made  # type: ignore[method-assign]


if __name__ == "__main__":
    note(Path(sys.argv.pop(1)))
    main()
