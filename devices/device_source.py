"""A radio device as a source: a thread with an asyncio loop of its own, a supervisor on it, a queue to the session."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

from devices.bounded_queue import SampleQueue
from devices.link import DeviceTransport, Driver, LinkLost
from devices.supervisor import DeviceTimeouts, Supervisor
from ecg_live.event_loop import call_on_loop
from ecg_live.events import Chunk, Clock, StreamEvent, StreamInfo

QUEUE_LENGTH_S = 60.0  # s of samples that wait for a session that is busy, before they are lost
_EXIT_TIMEOUT_S = 5.0  # s that leaving waits for the device to be stopped and disconnected


class DeviceSource:
    """A device behind a radio or serial line.

    Parameters
    ----------
    driver : Driver
        The kind of device.
    transport : Transport
        What carries it.
    clock : Clock
        Session clock in s; on the base of the loop's time.
    patience : Patience
        How long to wait for what.
    rng : Random, optional
        Spreads the back-off.
    loop : callable
        Makes the loop.
    """

    def __init__(
        self,
        driver: Driver,
        transport: DeviceTransport,
        clock: Clock = time.monotonic,
        patience: DeviceTimeouts | None = None,
        rng: random.Random | None = None,
        loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self._driver, self._transport = driver, transport
        self._outbox = SampleQueue(round(QUEUE_LENGTH_S * driver.info.rate))
        self._supervisor = Supervisor(
            driver,
            transport,
            self._outbox.put,
            clock,
            patience or DeviceTimeouts(),
            rng or random.Random(),  # noqa: S311 - no secret
        )
        self._make_loop = loop
        self._thread: Thread | None = None
        self._stop: Callable[[], object] | None = None
        self._closed = self._stopping = False
        self._error: Exception | None = None

    @property
    def info(self) -> StreamInfo:
        """The driver's."""
        return self._driver.info

    def check(self) -> None:
        """Look whether there is what carries it, before anything else is begun; nothing is connected.

        Raises
        ------
        DeviceError
            There is no adapter or port, or this process may not use it.
        """
        with suppress(LinkLost):  # it is busy: the supervisor tries again
            asyncio.run(self._transport.find(lambda _: False, 0.0))

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._work, name=f"radio {self._driver.description}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._thread is not None:
            self._thread.join(_EXIT_TIMEOUT_S)

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        """Give what comes until the source is closed.

        Raises
        ------
        DeviceError
            As `Supervisor.run` does; what came before is given first.
        """
        while (item := self._outbox.get()) is not None:
            yield item
        if self._error is not None and not self._closed:
            raise self._error

    def close(self) -> None:
        """End the iteration from any thread; one that waits wakes at once. The device is stopped meanwhile."""
        self._closed = True
        self._outbox.close()
        if self._stop is not None:
            self._stop()

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._make_loop) as runner:
                runner.run(self._main())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - it reaches the session, whatever it is
            self._error = error
        finally:
            self._outbox.end()

    async def _main(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one

        def stop() -> None:
            if not self._stopping:  # a second cancellation would cut the goodbye short
                self._stopping = True
                task.cancel()

        self._stop = lambda: call_on_loop(loop, stop)
        if not self._closed:
            await self._supervisor.run()
