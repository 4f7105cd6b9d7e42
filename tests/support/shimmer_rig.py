"""A driver and a simulated Shimmer on a wire in memory; samples that are their own index, so that loss shows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import astuple
from typing import Any, TypeVar

import numpy as np

from devices.link import Link
from devices.shimmer import ShimmerDriver
from devices.shimmer.settings import ShimmerSettings
from devices.simulate.emulator import Emulator
from ecg_live.events import F64, Chunk, Gap, StreamEvent
from tests.emulators.wire_in_memory import PERIOD, Wire
from tests.support.hand_timed_loop import HandTime, run

T = TypeVar("T")
LENGTH = 30_000  # counts, at 16 bits as at 24


def counting(settings: ShimmerSettings | None = None) -> F64:
    """Samples whose counts are their index in every lead, that of the lead added: k, k + 1, k + 2."""
    counts: F64 = np.arange(LENGTH)[:, None] + np.arange(3.0)
    return counts * (settings or ShimmerSettings()).mv_per_count


class Rig:
    """What a test has at hand while time leaps."""

    def __init__(
        self, emulator: Emulator, settings: ShimmerSettings | None = None, name: str = "", mtu: int = 247
    ) -> None:
        self.time = HandTime()
        self.wire = Wire(self.time, emulator, mtu=mtu)
        self.emulator = emulator
        self.settings = settings or ShimmerSettings()
        rate, gain, lead, bits = astuple(self.settings)
        self.driver = ShimmerDriver(name, rate, gain, lead, bits, clock=self.time)
        self.items: list[Chunk | StreamEvent] = []

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return run(self.time, what)

    async def connect(self) -> Link:
        found = await self.wire.find(self.driver.matches, 1.0)
        assert found is not None
        return await self.wire.connect(found, 1.0)

    async def start(self) -> Link:
        link = await self.connect()
        await self.driver.start(link, self.items.append)
        return link

    async def stream(self, seconds: float) -> None:
        """Start, stream for a while, and lose the link with all that was sent taken."""
        await self.start()
        await asyncio.sleep(seconds)
        await self.hang_up()

    async def hang_up(self) -> None:
        self.wire.pump()
        await asyncio.sleep(0)
        self.wire.lose(self.emulator.name)
        await asyncio.sleep(PERIOD)

    def of(self, kind: type[T]) -> list[T]:
        return [item for item in self.items if isinstance(item, kind)]

    def exact(self) -> int:
        """Check that each sample is its index, and each jump of the counter a gap; give where the counter stands."""
        return exact(self.items, self.settings)


def exact(items: Sequence[object], settings: ShimmerSettings) -> int:
    at = 0
    for item in items:
        if isinstance(item, Gap):
            assert item.start == at
            assert item.lost > 0
            at = item.stop
        if isinstance(item, Chunk):
            assert item.start == at
            counts = np.arange(item.start, item.stop)[:, None] % LENGTH + np.arange(3)
            np.testing.assert_array_equal(np.rint(item.samples / settings.mv_per_count), counts)
            at = item.stop
    return at
