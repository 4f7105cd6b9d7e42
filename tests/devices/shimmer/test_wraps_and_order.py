"""A tick wrap inside a loss, and packets that come again or in another order: every sample is accounted for."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices.shimmer.protocol import LOG_AND_STREAM, ShimmerFirmware
from devices.simulate.emulator import Packet
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.events import Chunk, Gap, State
from tests.support.shimmer_rig import Rig, counting

OLD = ShimmerFirmware(LOG_AND_STREAM, 0, 5, 3)  # ticks of 16 bits
NEW = ShimmerFirmware(LOG_AND_STREAM, 1, 0, 9)  # of 24
TICKS_PER_SAMPLE = 64


class Shuffled(SimulatedShimmer):
    """Its packets arrive as ``order`` says: positions within each group of packets."""

    order: tuple[int, ...] = (0, 1, 2, 3)
    beginning = 500  # packets that come as they should
    _held: tuple[Packet, ...] = ()

    def due(self, now: float) -> list[Packet]:
        held = [*self._held, *super().due(now)]
        first, held = held[: self.beginning], held[self.beginning :]
        self.beginning -= len(first)
        size = max(self.order) + 1
        whole = len(held) // size * size
        groups = [held[at : at + size] for at in range(0, whole, size)]
        self._held = tuple(held[whole:])
        return [*first, *(group[place] for group in groups for place in self.order)]


class Wrapping(SimulatedShimmer):
    """Loses the packets around a wrap of its ticks."""

    around = 0  # ticks on both sides

    def due(self, now: float) -> list[Packet]:
        wrap = 1 << self._firmware.tick_bits
        size = self._firmware.tick_bits // 8

        def is_near(packet: Packet) -> bool:
            ticks = int.from_bytes(packet.data[1 : 1 + size], "little")
            return packet.data[:1] == b"\x00" and (ticks + self.around) % wrap < 2 * self.around

        return [packet for packet in super().due(now) if not is_near(packet)]


@pytest.mark.parametrize("firmware", [OLD, NEW])
@pytest.mark.parametrize("around", [TICKS_PER_SAMPLE, 100 * TICKS_PER_SAMPLE, 12_800])
def test_a_wrap_inside_a_loss(firmware: ShimmerFirmware, around: int) -> None:
    wrap = 1 << firmware.tick_bits
    emulator = Wrapping(counting(), firmware=firmware, notify=None, initial_ticks=wrap - 40_000)
    emulator.around = around
    rig = Rig(emulator)
    rig.run(rig.stream(2.5))
    gaps = rig.of(Gap)
    assert gaps
    assert {gap.cause for gap in gaps} == {"the device dropped packets"}
    assert all(gap.lost == pytest.approx(2 * around / TICKS_PER_SAMPLE, abs=1) for gap in gaps)
    assert rig.exact() == emulator.played


@pytest.mark.parametrize("firmware", [OLD, NEW])
def test_a_wrap_while_the_connection_is_lost(firmware: ShimmerFirmware) -> None:
    wrap = 1 << firmware.tick_bits
    emulator = SimulatedShimmer(counting(), firmware=firmware, notify=None, initial_ticks=wrap - 40_000)
    rig = Rig(emulator)

    async def main() -> None:
        await rig.stream(0.5)
        await asyncio.sleep(1.0)  # the wrap is 1.2 s after the start
        await rig.stream(0.5)

    rig.run(main())
    assert [gap.cause for gap in rig.of(Gap)] == ["the connection was lost"]
    assert rig.exact() == emulator.played


def test_packets_that_come_again_later_are_dropped_and_lose_nothing() -> None:
    emulator = Shuffled(counting(), notify=None)
    emulator.order = (0, 1, 2, 3, 1, 2)
    rig = Rig(emulator)
    rig.run(rig.stream(3.0))
    assert not rig.of(Gap)
    delivered = sum(len(chunk.samples) for chunk in rig.of(Chunk))
    assert rig.exact() == delivered == pytest.approx(emulator.played, abs=4)
    assert any("twice or out of place" in state.detail for state in rig.of(State))


@pytest.mark.parametrize(("order", "lost"), [((1, 0, 2, 3), 1), ((3, 0, 1, 2), 3), ((0, 3, 2, 1), 2)])
def test_packets_out_of_order_are_counted_as_lost_and_move_no_other(order: tuple[int, ...], lost: int) -> None:
    emulator = Shuffled(counting(), notify=None)
    emulator.order = order
    rig = Rig(emulator)
    rig.run(rig.stream(3.0))
    gaps = rig.of(Gap)
    assert {gap.lost for gap in gaps} == {lost}
    assert rig.exact() == pytest.approx(emulator.played, abs=4)
    assert any("twice or out of place" in state.detail for state in rig.of(State))
    delivered = sum(len(chunk.samples) for chunk in rig.of(Chunk))
    assert delivered + sum(gap.lost for gap in gaps) == rig.exact()


def test_all_leads_are_recorded_and_one_is_judged() -> None:
    rig = Rig(SimulatedShimmer(counting()))
    rig.run(rig.stream(1.0))
    info = rig.driver.info
    assert info.channels == ("LL-RA", "LA-RA", "Vx-RL")
    assert info.channels[info.ecg] == "LL-RA"
    samples = np.concatenate([chunk.samples for chunk in rig.of(Chunk)])
    counts = np.rint(samples / rig.settings.mv_per_count).astype(int)
    assert np.array_equal(counts - counts[:, :1], np.broadcast_to([0, 1, 2], counts.shape))  # each lead has its own
