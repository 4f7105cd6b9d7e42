"""A radio or serial device as a source: a thread with its own asyncio loop, a supervisor, a queue to the session."""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Condition, Thread
from types import TracebackType
from typing import Self

from devices.link import DeviceTransport, Driver, LinkLost
from devices.supervisor import DeviceTimeouts, Supervisor
from ecg_live.event_loop import call_on_loop
from ecg_live.events import Chunk, Clock, Gap, StreamEvent, StreamInfo

QUEUE_LENGTH_S = 60.0  # samples that wait for a busy session; beyond that they are lost
_EXIT_TIMEOUT_S = 5.0  # that `__exit__` waits for the device to stop and disconnect
_MAX_QUEUED_EVENTS = 1000  # beyond the samples' limit; no device sends as many while one is read


class LoopSource(ABC):
    """A source that runs a coroutine in an asyncio loop on a thread of its own; what it gives goes through a queue.

    Parameters
    ----------
    max_samples : int
        That wait for a busy session.
    name : str
        Of the thread.
    exit_timeout : float
        Seconds that `__exit__` waits for the coroutine to end.
    make_loop : callable, optional
        Creates the event loop.
    """

    def __init__(
        self,
        max_samples: int,
        name: str,
        exit_timeout: float,
        make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        self._queue = SampleQueue(max_samples)
        self._name = name
        self._exit_timeout = exit_timeout
        self._make_loop = make_loop
        self._thread: Thread | None = None
        self._stop: Callable[[], object] | None = None
        self._closed = False
        self._stopping = False
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._thread is not None:
            self._thread.join(self._exit_timeout)

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        """Yield chunks and events until the stream ends, or the source is closed.

        Raises
        ------
        DeviceError
            What ended the coroutine, after all items that came before.
        """
        while (item := self._queue.get()) is not None:
            yield item
        if self._error is not None and not self._closed:
            raise self._error

    def close(self) -> None:
        """End the iteration from any thread; a blocked iterator wakes at once, while the coroutine is being stopped."""
        self._closed = True
        self._queue.close()
        if self._stop is not None:
            self._stop()

    @abstractmethod
    async def _follow(self) -> None:
        """Put what comes into the queue, to the end; it is cancelled once if the source is closed before."""

    async def _follow_until_closed(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one

        def stop() -> None:
            if not self._stopping:  # a second cancellation would cut the disconnect short
                self._stopping = True
                task.cancel()

        self._stop = lambda: call_on_loop(loop, stop)
        if not self._closed:
            await self._follow()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._make_loop) as runner:
                runner.run(self._follow_until_closed())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - every error reaches the session
            self._error = error
        finally:
            self._queue.end()


class DeviceSource(LoopSource):
    """A device on a radio or serial link.

    Parameters
    ----------
    driver : Driver
        The kind of device.
    transport : DeviceTransport
        Carries its bytes.
    clock : Clock
        Session clock in s, on the same base as the loop's time.
    timeouts : DeviceTimeouts
        How long each step may take.
    rng : Random, optional
        Spreads the back-off.
    make_loop : callable
        Creates the event loop.
    """

    def __init__(
        self,
        driver: Driver,
        transport: DeviceTransport,
        clock: Clock = time.monotonic,
        timeouts: DeviceTimeouts | None = None,
        rng: random.Random | None = None,
        make_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        samples = round(QUEUE_LENGTH_S * driver.info.rate)
        super().__init__(samples, f"radio {driver.description}", _EXIT_TIMEOUT_S, make_loop)
        self._driver = driver
        self._transport = transport
        self._supervisor = Supervisor(
            driver,
            transport,
            self._queue.put,
            clock,
            timeouts or DeviceTimeouts(),
            rng or random.Random(),  # noqa: S311 - no secret
        )

    @property
    def info(self) -> StreamInfo:
        """Stream description of the driver."""
        return self._driver.info

    def check(self) -> None:
        """Check that the adapter or port exists and may be used, before anything starts; does not connect.

        Raises
        ------
        DeviceError
            There is no adapter or port, or this process may not use it.
        """
        with suppress(LinkLost):  # it is busy: the supervisor tries again
            asyncio.run(self._transport.find(lambda _: False, 0.0))

    async def _follow(self) -> None:
        await self._supervisor.run()


class SampleQueue:
    """Bounded queue between the loop's thread and the session's; samples that do not fit become one counted gap.

    Parameters
    ----------
    max_samples : int
        Samples that fit. Those that do not are reported as one `Gap` as soon as there is room.
    """

    def __init__(self, max_samples: int) -> None:
        self._changed = Condition()
        self._items: deque[Chunk | StreamEvent] = deque()
        self._max_samples = max_samples
        self._queued_samples = 0
        self._dropped: Gap | None = None
        self._ended = False
        self._closed = False

    @property
    def samples(self) -> int:
        """Samples that wait."""
        with self._changed:
            return self._queued_samples

    def put(self, item: Chunk | StreamEvent) -> None:
        """Add an item; never blocks."""
        with self._changed:
            if not isinstance(item, Chunk | Gap):
                if len(self._items) < _MAX_QUEUED_EVENTS + self._max_samples:
                    self._append(item)
            elif self._is_full():
                self._drop(item)
            else:
                self._append_dropped()
                self._append(item)
            self._changed.notify()

    def get(self) -> Chunk | StreamEvent | None:
        """Wait for the next item; None after the last one, or once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended or self._closed)
            if self._closed or not self._items:
                return None
            item = self._items.popleft()
            self._queued_samples -= len(item.samples) if isinstance(item, Chunk) else 0
            return item

    def end(self) -> None:
        """Announce that no item follows; queued items can still be read."""
        with self._changed:
            self._append_dropped()
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Discard what is queued; a thread that waits in `get` wakes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_full(self) -> bool:
        """Full at the limit; after a drop, until half is free, since one long gap is better than many short ones."""
        return self._queued_samples >= (self._max_samples if self._dropped is None else self._max_samples / 2)

    def _append(self, item: Chunk | StreamEvent) -> None:
        self._items.append(item)
        self._queued_samples += len(item.samples) if isinstance(item, Chunk) else 0

    def _drop(self, item: Chunk | Gap) -> None:
        if self._dropped is None:
            self._dropped = Gap(item.start, 0, "the computer was too slow: its queue was full", time=item.time)
        first = self._dropped
        self._dropped = Gap(first.start, item.stop - first.start, first.cause, time=first.time)

    def _append_dropped(self) -> None:
        if self._dropped is not None:
            self._append(self._dropped)
            self._dropped = None
