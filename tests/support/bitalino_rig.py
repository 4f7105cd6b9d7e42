"""A driver and a simulated BITalino on a wire in memory; samples that are their own index, so that loss shows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np

from devices.bitalino import BitalinoDriver
from devices.bitalino.settings import BitalinoSettings
from devices.link import Link
from devices.simulate.bitalino import SimulatedBitalino
from devices.simulate.emulator import Emulator
from ecg_live.events import F64, AuxiliarySamples, Chunk, Gap, StreamEvent
from tests.emulators.wire_in_memory import PERIOD, Wire
from tests.support.hand_timed_loop import HandTime, run

T = TypeVar("T")
BOTH = BitalinoSettings(1000.0, ("A1", "A2"), "A2")
CYCLE = 1 << 16


def counting() -> F64:
    """Samples (n, 2) whose counts are an index: A2 has its lower ten bits, A1 the rest."""
    index = np.arange(CYCLE)
    settings = BitalinoSettings()
    counts: F64 = np.stack([index >> 10, index & 1023], axis=1) - float(settings.zero_count)
    return counts * settings.mv_per_count


class Rig:
    """What a test has at hand while time leaps."""

    def __init__(
        self, emulator: Emulator | None = None, settings: BitalinoSettings = BOTH, period: float | None = PERIOD
    ) -> None:
        self.time = HandTime()
        self.emulator = emulator or SimulatedBitalino(counting())
        self.wire = Wire(self.time, self.emulator, period=period)
        self.settings = settings
        self.driver = BitalinoDriver(self.emulator.name, settings, self.time)
        self.items: list[Chunk | StreamEvent] = []

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return run(self.time, what)

    async def start(self) -> Link:
        found = await self.wire.find(self.driver.matches, 1.0)
        assert found is not None
        link = await self.wire.connect(found, 1.0)
        await self.driver.start(link, self.items.append)
        return link

    async def stream(self, seconds: float) -> None:
        """Start, stream for a while, and lose the link with all that was sent taken."""
        await self.start()
        await asyncio.sleep(seconds)
        await self.hang_up()

    async def stall(self, seconds: float) -> None:
        """The link carries nothing for a while."""
        self.wire.stalled.add(self.emulator.name)
        await asyncio.sleep(seconds)
        self.wire.stalled.discard(self.emulator.name)

    async def hang_up(self) -> None:
        await asyncio.sleep(1.0)  # held samples are given by then
        self.wire.pump()
        await asyncio.sleep(0)
        self.wire.lose(self.emulator.name)
        await asyncio.sleep(PERIOD)

    def of(self, kind: type[T]) -> list[T]:
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def gaps(self) -> list[Gap]:
        return self.of(Gap)

    def indices(self) -> F64:
        """What index each sample carries, by the counts of both ports."""
        ecg = np.concatenate([item.samples[:, 0] for item in self.of(Chunk)])
        other = np.concatenate([np.asarray(item.values)[:, 0] for item in self.of(AuxiliarySamples)])
        high = np.rint(other / self.settings.other_mv_per_count[0])
        low = np.rint(ecg / self.settings.mv_per_count) + self.settings.zero_count
        indices: F64 = high * 1024 + low
        return indices

    def exact(self) -> int:
        """Check that each sample is its index, and each jump of the counter a gap; give where the counter stands."""
        assert follow(self.items) == len(self.indices()) + sum(gap.lost for gap in self.gaps)
        starts = np.concatenate([np.arange(item.start, item.stop) for item in self.of(Chunk)])
        np.testing.assert_array_equal(self.indices(), starts % CYCLE)
        return follow(self.items)


def follow(items: Sequence[object]) -> int:
    """Check that each chunk and gap follows the last one; give where the counter stands."""
    at = 0
    for item in items:
        if isinstance(item, Chunk | Gap):
            assert item.start == at
            assert item.stop > at
            at = item.stop
    return at
