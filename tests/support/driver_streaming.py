"""Run a driver under its supervisor over a wire in memory, and see that nothing is lost in silence."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import numpy as np

from devices.link import Driver
from devices.simulate.emulator import Emulator
from devices.supervisor import DeviceTimeouts, Supervisor
from ecg_live.events import F64, Chunk, Gap, State, StreamEvent
from tests.emulators.wire_in_memory import Wire
from tests.support.hand_timed_loop import HandTime, run

_T = TypeVar("_T", bound=StreamEvent)


class Streamed:
    """A wire to one emulator, and what its driver gave."""

    def __init__(self, emulator: Emulator, time: HandTime, mtu: int = 247) -> None:
        self.time, self.wire, self.name = time, Wire(time, emulator, mtu=mtu), emulator.name
        self.items: list[Chunk | StreamEvent] = []

    def lose(self) -> None:
        """The device is out of reach at once."""
        self.wire.away.add(self.name)
        self.wire.lose(self.name)

    def back(self) -> None:
        self.wire.away.discard(self.name)

    def of(self, kind: type[_T]) -> list[_T]:
        return [item for item in self.items if isinstance(item, kind)]

    def details(self, state: str) -> list[str]:
        return [item.detail for item in self.of(State) if item.state == state]

    @property
    def chunks(self) -> list[Chunk]:
        return [item for item in self.items if isinstance(item, Chunk)]

    @property
    def samples(self) -> F64:
        """All samples, NaN where a gap is; checks that each item follows the last, on the counter and on the clock."""
        parts, stop, time = [np.empty((0, 1))], 0, -np.inf
        for item in self.items:
            if isinstance(item, Chunk | Gap):
                assert item.start == stop
                assert item.time is not None
                assert item.time >= time
                parts.append(item.samples if isinstance(item, Chunk) else np.full((item.lost, 1), np.nan))
                stop, time = item.stop, item.time
        return np.concatenate(parts)[:, 0]


def stream(
    driver: Driver,
    emulator: Emulator,
    time: HandTime,
    script: Callable[[Streamed], Awaitable[object]],
    mtu: int = 247,
    timeouts: DeviceTimeouts | None = None,
) -> Streamed:
    """Supervise beside a script; the script's end is the end."""
    streamed = Streamed(emulator, time, mtu)

    async def beside() -> None:
        supervisor = Supervisor(
            driver,
            streamed.wire,
            streamed.items.append,
            time,
            timeouts or DeviceTimeouts(),
            random.Random(2),  # noqa: S311
        )
        supervising = asyncio.ensure_future(supervisor.run())
        playing = asyncio.ensure_future(script(streamed))
        await asyncio.wait({supervising, playing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (supervising, playing):
            task.cancel()
        ended, _ = await asyncio.gather(supervising, playing, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
        if not playing.cancelled():
            playing.result()

    run(time, beside())
    return streamed
