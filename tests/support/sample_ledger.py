"""Books of a stream whose samples are their own index: what came, what was told as lost, what does not add up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Condition, Thread

import numpy as np

from ecg_live.events import F64, Chunk, Gap, State, StreamEvent
from ecg_live.protocols import Source

CYCLE = 1 << 16  # samples that are played before they begin again: a miscount by so many would pass


def ramp(unit: float) -> F64:
    """Samples to play: each is its index in units of ``unit`` mV, the converter's smallest step."""
    samples: F64 = np.multiply(np.arange(CYCLE), unit, dtype=np.float64)
    return samples


@dataclass
class Ledger:
    """Take all that a source gives; ``unit`` is the ``ramp``'s."""

    unit: float
    received: int = 0
    lost: int = 0
    gaps: int = 0
    wrong: list[str] = field(default_factory=list)
    first: int | None = None  # the index that the first sample carries
    stop: int = 0  # the index behind the last sample or gap
    _shift: int = 0  # from the source's counter to the index

    def take(self, item: Chunk | StreamEvent) -> None:
        if isinstance(item, Gap):
            self.gaps += 1
            self.lost += item.lost
            self._go_on(item.start, item.lost)
        elif isinstance(item, Chunk) and len(item.samples):
            indices = np.rint(item.samples[:, 0] / self.unit).astype(np.int64)
            if self.first is None:
                self.first = int(indices[0])
                self._shift, self.stop = self.first - item.start, self.first
            expected = (item.start + self._shift + np.arange(len(indices))) % CYCLE
            if not np.array_equal(indices, expected):
                self.wrong.append(f"sample {item.start} carries {indices[0]}, expected {expected[0]}")
            self.received += len(indices)
            self._go_on(item.start, len(indices))

    def _go_on(self, start: int, count: int) -> None:
        if start + self._shift != self.stop:
            self.wrong.append(f"{start + self._shift} comes behind {self.stop}")
        self.stop = start + self._shift + count


class Listener:
    """Reads a source on a thread of its own, as a session does."""

    def __init__(self, source: Source, ledger: Ledger) -> None:
        self.ledger, self.states = ledger, list[State]()
        self.error: Exception | None = None
        self._source, self._news = source, Condition()
        self._thread = Thread(target=self._listen, name="listener", daemon=True)
        self._thread.start()

    def hear(self, more: int, seconds: float) -> float:
        """Wait until so many more samples have come; how long that took (s), or infinity."""
        began, wanted = time.monotonic(), self.ledger.received + more
        with self._news:
            heard = self._news.wait_for(lambda: self.ledger.received >= wanted or self.error is not None, seconds)
        return time.monotonic() - began if heard and self.error is None else float("inf")

    def close(self) -> None:
        self._source.close()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        try:
            with self._source as source:
                for item in source:
                    with self._news:
                        if isinstance(item, State):
                            self.states.append(item)
                        self.ledger.take(item)
                        self._news.notify_all()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            with self._news:
                self.error = error
                self._news.notify_all()
