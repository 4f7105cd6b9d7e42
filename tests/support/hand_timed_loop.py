"""An asyncio loop whose time is moved by hand, so that minutes of back-off take no time and are the same each run."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from threading import Condition
from typing import Any, TypeVar

_T = TypeVar("_T")


class HandTime:
    """Seconds that pass in a `HandLoop` as fast as nothing is left to do, but never beyond ``until``."""

    def __init__(self, until: float = 1000.0) -> None:
        self.now = 1000.0
        self.until = until
        self.moved = Condition()
        self.idle = False
        self.loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> float:
        return self.now

    def make_loop(self) -> asyncio.AbstractEventLoop:
        self.loop = HandLoop(self)
        return self.loop

    def advance(self, seconds: float) -> None:
        """Let time pass on the loop's thread, and wait until it has."""
        with self.moved:
            self.until += seconds
            self.idle = self.loop is not None and self.loop.is_closed()
            if self.loop is not None and not self.idle:
                self.loop.call_soon_threadsafe(lambda: None)
            assert self.moved.wait_for(lambda: self.idle, timeout=60), "the loop is stuck"


class _Selector(selectors.SelectSelector):
    def __init__(self, time: HandTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        with self._time.moved:
            step = max(timeout or 0.0, 1e-6)  # a wait of less would not move the time at all
            if timeout is not None and self._time.now + step <= self._time.until:
                self._time.now += step
                return []
            self._time.now = max(self._time.now, min(self._time.until, 1e12))
            self._time.idle = True
            self._time.moved.notify_all()
        return super().select(30)


class HandLoop(asyncio.SelectorEventLoop):
    def __init__(self, time: HandTime) -> None:
        super().__init__(_Selector(time))
        self._hand = time

    def time(self) -> float:
        return self._hand.now

    def close(self) -> None:
        super().close()
        with self._hand.moved:
            self._hand.idle = True
            self._hand.moved.notify_all()


def run(time: HandTime, what: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end, on this thread, with time free to pass."""
    time.until = float("inf")
    with asyncio.Runner(loop_factory=time.make_loop) as runner:
        return runner.run(what)
