"""What only shows in the long run: windows as of the file, hours of ticks, hundreds of faults."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from devices.link import LinkLost
from devices.shimmer.settings import ShimmerSettings
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.events import Gap
from ecg_live.signal.pipeline import SignalPath, windows
from tests.emulators.faulty_device import Faulty
from tests.support.chunk_cutting import cut
from tests.support.shimmer_rig import Rig, counting
from tests.support.synthetic_signals import ecg, info

SLOW = ShimmerSettings(128)


def test_windows_are_those_of_the_file() -> None:
    signal = ecg(13, 256)
    rig = Rig(SimulatedShimmer(signal, loop=False), ShimmerSettings(256))
    rig.run(rig.stream(14.0))
    shimmer = list(windows(iter(rig.items), SignalPath(rig.driver.info, hop=1.0)))
    file = list(windows(cut(signal, 256, [256] * 13), SignalPath(info(256, rig.driver.info.full_scale), hop=1.0)))
    assert len(shimmer) == len(file) == 4
    for one, other in zip(shimmer, file, strict=True):
        assert (one.start, one.quality) == (other.start, other.quality)
        np.testing.assert_allclose(one.data, other.data, atol=3e-3)  # a count is 7e-5 mV, the signal's sd some 0.1 mV


async def faults(rig: Rig, emulator: Faulty, inner: SimulatedShimmer, count: int, seed: int) -> None:
    """So many faults at random, each followed by a while of peace."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    await rig.start()
    await asyncio.sleep(1)
    for _ in range(count):
        fault = rng.choice(["lose", "drop", "stall", "spoilt", "status", "deaf", "refused", "away"])
        emulator.lost = emulator.corrupt = emulator.garbage = 0.2 if fault == "spoilt" else 0.0
        emulator.status = 0.2 if fault == "status" else 0.0
        emulator.deaf, emulator.refusals = (rng.randint(0, 2) * (fault == name) for name in ("deaf", "refused"))
        if fault == "drop":
            rig.wire.drop(emulator.name)
        elif fault in ("lose", "away", "deaf", "refused"):
            rig.wire.lose(emulator.name)
            await asyncio.sleep(rng.uniform(0, 700) if fault == "away" else rng.uniform(0, 1))
        emulator.stalled = fault == "stall"
        await asyncio.sleep(rng.uniform(0.1, 1.5))
        emulator.stalled = False
        while not inner.streaming:
            try:
                await rig.start()
            except LinkLost:
                rig.wire.lose(emulator.name)
        await asyncio.sleep(rng.uniform(0.1, 1.5))
    emulator.lost = emulator.corrupt = emulator.garbage = 0.0
    await asyncio.sleep(0.5)
    await rig.hang_up()


def survives(count: int, seed: int, hardware: int) -> None:
    inner = SimulatedShimmer(counting(SLOW), hardware, notify=None, ppm=40, initial_ticks=2**24 - 10_000)
    emulator = Faulty(inner, seed)
    rig = Rig(emulator, SLOW)
    rig.run(faults(rig, emulator, inner, count, seed))
    assert rig.exact() == emulator.played
    assert rig.of(Gap)


@pytest.mark.parametrize("hardware", [3, 10])
def test_faults_at_random_are_accounted_for_to_the_sample(hardware: int) -> None:
    survives(15, hardware, hardware)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_200_faults(seed: int) -> None:
    survives(200, seed, 10 if seed % 2 else 3)


@pytest.mark.soak
def test_three_hours_of_streaming() -> None:
    rig = Rig(SimulatedShimmer(counting(SLOW), initial_ticks=2**24 - 10_000, ppm=-60), SLOW)
    rig.run(rig.stream(3 * 3600.0))
    assert rig.exact() == rig.emulator.played
    assert rig.of(Gap) == []
