from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.link import FoundDevice
from devices.shimmer import ShimmerDriver
from devices.shimmer.protocol import LOG_AND_STREAM, ShimmerFirmware
from devices.shimmer.settings import ShimmerSettings
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.events import Battery, Chunk, Gap, LeadOff, State
from tests.emulators.faulty_device import Faulty
from tests.emulators.wire_in_memory import WireLink
from tests.support.shimmer_rig import Rig, counting

SHIMMER3R = "65333333-a115-11e2-9e9a-0800200ca100"
START = (
    "20", "8B 02", "3F", "2E", "5E 01", "05 40 00", "08 18 00 00",
    "61 00 00 0A 03 E0 10 40 40 2D 07 00 02 03", "63 00 00 0A",
    "61 01 00 0A 03 E0 10 40 47 00 04 00 02 01", "63 01 00 0A",
    "01", "95", "A3 00", "07",
)  # fmt: skip


@pytest.mark.parametrize("hardware", [3, 10])
def test_every_connection_says_the_whole_sequence(hardware: int) -> None:
    rig = Rig(SimulatedShimmer(counting(), hardware))

    async def main() -> list[list[bytes]]:
        said = []
        for _ in range(2):
            link = await rig.start()
            assert isinstance(link, WireLink)
            said.append([data for _, data in link.written])
            await asyncio.sleep(0.2)
            await rig.hang_up()
        return said

    assert rig.run(main()) == [[bytes.fromhex(one) for one in START]] * 2
    assert rig.exact() == rig.emulator.played > 0


@pytest.mark.parametrize("hardware", [3, 10])
@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize(("rate", "gain", "lead"), [(128, 1, "LA-RA"), (1024, 12, "Vx-RL"), (512, 6, "LL-RA")])
def test_samples_are_exact_at_every_setting(hardware: int, bits: int, rate: float, gain: int, lead: str) -> None:
    chosen = ShimmerSettings(rate, gain, lead, bits)
    rig = Rig(SimulatedShimmer(counting(chosen), hardware), chosen)
    rig.run(rig.stream(2.0))
    assert rig.exact() == rig.emulator.played == pytest.approx(2.0 * rate, abs=0.1 * rate)
    info = rig.driver.info
    assert info.channels[info.ecg] == lead
    assert info.rate == rate
    assert info.full_scale == chosen.full_scale
    assert rig.of(Gap) == []


@pytest.mark.parametrize("outage", [0.3, 8, 700, 5000])
def test_outage_is_a_gap_of_the_right_length(outage: float) -> None:
    rig = Rig(SimulatedShimmer(counting(), initial_ticks=2**24 - 5000, ppm=50))

    async def main() -> None:
        for _ in range(3):
            await rig.stream(1.0)
            await asyncio.sleep(outage)
        await rig.stream(1.0)

    rig.run(main())
    assert rig.exact() == rig.emulator.played
    assert [gap.cause for gap in rig.of(Gap)] == ["the connection was lost"] * 3
    for gap in rig.of(Gap):
        assert gap.lost / 512 == pytest.approx(outage, abs=0.6)


def test_device_that_was_switched_off_and_on_counts_by_the_session_clock() -> None:
    rig = Rig(SimulatedShimmer(counting(), initial_ticks=9_000_000))

    async def main() -> None:
        await rig.stream(1.0)
        await asyncio.sleep(20)
        fresh = SimulatedShimmer(counting())
        rig.wire._emulators = dict.fromkeys(rig.wire._emulators, fresh)
        await rig.stream(1.0)

    rig.run(main())
    (gap,) = rig.of(Gap)
    assert gap.cause == "the device was switched off and on"
    assert gap.lost / 512 == pytest.approx(20.3, abs=0.2)


def test_times_are_when_samples_were_taken() -> None:
    rig = Rig(SimulatedShimmer(counting()))
    rig.run(rig.stream(5.0))
    chunks = rig.of(Chunk)
    late = [(chunk.arrived or 0) - (chunk.time + (len(chunk.samples) - 1) / 512) for chunk in chunks]
    assert 0 <= min(late) < 0.003
    assert max(late) < 0.02
    spans = [
        (after.time - before.time) - (after.start - before.start) / 512 for before, after in pairwise(chunks[200:])
    ]
    assert max(map(abs, spans)) < 1e-4


def test_drift_is_reported() -> None:
    rig = Rig(SimulatedShimmer(counting(), ppm=50), ShimmerSettings(128))
    rig.run(rig.stream(100.0))
    told = [state.detail for state in rig.of(State) if state.state == "clock"]
    assert told
    assert told[-1] in ("device clock +49 ppm", "device clock +50 ppm", "device clock +51 ppm")


@pytest.mark.parametrize("hardware", [3, 10])
def test_faults_lose_no_more_than_they_hit(hardware: int) -> None:
    inner = SimulatedShimmer(counting(), hardware, notify=None)
    emulator = Faulty(inner, 3, lost=0.02, corrupt=0.02, garbage=0.05, status=0.01)
    rig = Rig(emulator)
    rig.run(rig.stream(20.0))
    stop = rig.exact()
    lost = sum(gap.lost for gap in rig.of(Gap))
    assert stop <= emulator.played
    assert emulator.played - stop < 10
    assert emulator.hurt > 100
    assert lost <= emulator.hurt < lost + 10
    assert {gap.cause for gap in rig.of(Gap)} == {"the device dropped packets", "bytes were garbled on the way"}


@given(st.integers(0, 10_000), st.tuples(st.integers(1, 20), st.integers(0, 30)))
@settings(max_examples=10, deadline=None)
def test_events_do_not_depend_on_the_cutting(seed: int, sizes: tuple[int, int]) -> None:
    def events(slices: tuple[int, int]) -> list[object]:
        inner = SimulatedShimmer(counting(), notify=None)
        inner.exg.stale = {100: 1, 101: 2, 102: 3}
        emulator = Faulty(inner, seed, slices=None)
        rig = Rig(Faulty(emulator, slices=slices))

        async def main() -> None:
            await rig.start()
            await asyncio.sleep(0.1)
            emulator.lost = emulator.corrupt = emulator.garbage = 0.05
            await asyncio.sleep(0.5)
            await rig.hang_up()

        rig.run(main())
        rig.exact()
        return [replace(item, time=0.0) for item in rig.of(Gap)]

    assert events((sizes[0], sum(sizes))) == events((1, 1))


def test_stale_conversions_are_lost() -> None:
    emulator = SimulatedShimmer(counting())
    emulator.exg.stale = {100: 1, 101: 1, 300: 2, 400: 3}
    rig = Rig(emulator)
    rig.run(rig.stream(1.0))
    assert rig.exact() == emulator.played
    assert [(gap.start, gap.lost, gap.cause) for gap in rig.of(Gap)] == [
        (100, 2, "chip 1 had no fresh conversion"),
        (300, 1, "chip 2 had no fresh conversion"),
        (400, 1, "chip 1 had no fresh conversion"),
    ]


def test_counter_begins_with_the_first_fresh_sample() -> None:
    emulator = SimulatedShimmer(counting())
    emulator.exg.stale = {0: 1, 1: 1}
    rig = Rig(emulator)
    rig.run(rig.stream(0.5))
    first = next(item for item in rig.items if not isinstance(item, Battery))
    assert isinstance(first, Chunk)
    assert first.start == 0
    assert round(first.samples[0, 0] / ShimmerSettings().mv_per_count) == 2


def test_lead_off_comes_before_its_sample() -> None:
    emulator = SimulatedShimmer(counting())
    rig = Rig(emulator)

    async def main() -> None:
        await rig.start()
        for off in ({"RA"}, {"RA", "LL"}, {"LA", "Vx"}):
            await asyncio.sleep(1)
            emulator.exg.electrodes_off = frozenset(off)
        await asyncio.sleep(1)

    rig.run(main())
    leads = rig.of(LeadOff)
    assert [(lead.off, lead.electrodes) for lead in leads] == [
        (True, ("RA",)),
        (True, ("RA", "LL")),
        (False, ("RA", "LL")),
    ]
    for lead in leads:
        following = rig.items[rig.items.index(lead) + 1]
        assert isinstance(following, Chunk)
        assert following.start == lead.start
    rig.exact()


def test_dock_and_card_are_remarked_once() -> None:
    emulator = SimulatedShimmer(counting())
    rig = Rig(emulator)

    async def main() -> None:
        await rig.start()
        for flags in (0x01, 0x01, 0x41, 0x00):
            emulator.flags = flags
            emulator.send_status()
            await asyncio.sleep(0.5)

    rig.run(main())
    assert [state.detail for state in rig.of(State)] == [
        "the Shimmer stands in its dock",
        "the Shimmer reports an error of its SD card; the stream goes on",
    ]
    rig.exact()


def test_full_buffer_drops_whole_packets() -> None:
    emulator = SimulatedShimmer(counting(), buffer=1000)
    rig = Rig(emulator)

    async def main() -> None:
        await rig.start()
        await asyncio.sleep(1)
        rig.wire.stalled.add(emulator.name)
        await asyncio.sleep(1)
        rig.wire.stalled.clear()
        await asyncio.sleep(1)
        await rig.hang_up()

    rig.run(main())
    assert rig.exact() == emulator.played
    (gap,) = rig.of(Gap)
    assert gap.cause == "the device dropped packets"
    assert 400 < gap.lost < 512


@pytest.mark.parametrize(
    "firmware", [ShimmerFirmware(LOG_AND_STREAM, 0, 5, 3), ShimmerFirmware(LOG_AND_STREAM, 0, 5, 4)]
)
def test_firmware_without_crc(firmware: ShimmerFirmware) -> None:
    emulator = Faulty(SimulatedShimmer(counting(), 3, firmware=firmware, crc=False, notify=None), garbage=0.01)
    rig = Rig(emulator)

    async def main() -> None:
        await rig.stream(3.0)
        await asyncio.sleep(7)
        await rig.stream(3.0)

    rig.run(main())
    assert abs(rig.exact() - emulator.played) < 5
    assert sum("lost" in gap.cause for gap in rig.of(Gap)) == 1


def test_device_that_still_streams_for_somebody_else_starts_again() -> None:
    """A serial port that was closed without a word: the device goes on, CRC and all."""
    emulator = SimulatedShimmer(counting())
    rig = Rig(emulator)

    async def main() -> None:
        link = await rig.start()
        await asyncio.sleep(0.5)
        await rig.driver.start(link, rig.items.append)
        await asyncio.sleep(0.5)
        await rig.hang_up()

    rig.run(main())
    assert rig.exact() == emulator.played


def test_stop_ends_the_stream() -> None:
    emulator = SimulatedShimmer(counting())
    rig = Rig(emulator)

    async def main() -> None:
        link = await rig.start()
        assert emulator.streaming
        await rig.driver.stop(link)
        assert not emulator.streaming
        rig.wire.lose(emulator.name)
        await rig.driver.stop(link)

    rig.run(main())


@pytest.mark.parametrize(
    ("name", "found", "wanted"),
    [
        ("", FoundDevice("Fred", "1", (SHIMMER3R,)), True),
        ("", FoundDevice("Shimmer3-7A21", "1"), True),
        ("", FoundDevice("Polar H10", "1", ("0000180d-0000-1000-8000-00805f9b34fb",)), False),
        ("fred", FoundDevice("Fred", "1", ()), True),
        ("7a21", FoundDevice("Shimmer3R-7A21-BLE", "1"), True),
        ("aa:bb", FoundDevice("", "AA:BB"), True),
        ("Shimmer3-7A21", FoundDevice("Shimmer3-7A22", "1", (SHIMMER3R,)), False),
    ],
)
def test_wants(name: str, found: FoundDevice, wanted: bool) -> None:
    assert ShimmerDriver(name).matches(found) is wanted
