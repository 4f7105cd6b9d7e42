"""A source that a test writes, a clock that moves when a test says so, and sinks that keep or break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ecg_live.events import F64, Chunk, State, StreamEvent, StreamInfo
from ecg_live.results import Item, Summary
from tests.support.chunk_cutting import cut
from tests.support.synthetic_signals import ecg

if TYPE_CHECKING:  # fixtures of tests that run without PyTorch are made of this file
    from ecg_live.session import Session

RATE = 256.0
Steps = Iterable[Chunk | StreamEvent | Exception | Callable[[], object] | str]
Make = Callable[..., tuple["Session", "Script"]]  # of steps, sinks and seconds


class HandClock:
    """Session clock that stands still between calls of `wait`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Script:
    """Plays items; raises those that are exceptions, calls those that can be called, and blocks at `SILENCE`."""

    SILENCE = "silence"

    def __init__(self, info: StreamInfo, steps: Steps) -> None:
        self.info = info
        self._steps = steps
        self.closed, self.silent = Event(), Event()
        self.entered = self.left = 0
        self.missing: Exception | None = None  # raised on entering

    def __enter__(self) -> Self:
        if self.missing is not None:
            raise self.missing
        self.entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.left += 1

    def close(self) -> None:
        self.closed.set()

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        for step in self._steps:
            if self.closed.is_set():
                return
            if isinstance(step, Exception):
                raise step
            if isinstance(step, str):
                self.silent.set()
                self.closed.wait(timeout=30)
            elif callable(step):
                step()
            else:
                yield step


class Keep:
    """A sink that keeps everything, until it is told to break."""

    def __init__(self, name: str = "keep", breaks_at: int | None = None, *, breaks_closing: bool = False) -> None:
        self.name = name
        self.items: list[Item] = []
        self.closed = 0
        self._breaks_at, self._breaks_closing = breaks_at, breaks_closing

    def write(self, item: Item) -> None:
        if self._breaks_at is not None and len(self.items) >= self._breaks_at:
            raise OSError("disk full")
        self.items.append(item)

    def close(self) -> None:
        self.closed += 1
        if self._breaks_closing:
            raise OSError("cannot flush")


def paced(clock: HandClock, seconds: float, x: F64 | None = None) -> Steps:
    """Chunks of a second, each given when the clock has reached its end."""
    for chunk in cut(ecg(seconds, RATE) if x is None else x, RATE, [256] * round(seconds - 1)):
        clock.wait(len(chunk.samples) / RATE)
        yield chunk


def of(sink: Keep, kind: type[Item]) -> list[Item]:
    return [item for item in sink.items if isinstance(item, kind)]


def last_two(sink: Keep) -> tuple[State, Summary]:
    state, summary = sink.items[-2:]
    assert isinstance(state, State)
    assert isinstance(summary, Summary)
    return state, summary
