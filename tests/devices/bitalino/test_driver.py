"""A BITalino from its first byte to samples, over losses and connections."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices.bitalino import BitalinoDriver
from devices.bitalino.settings import BitalinoSettings
from devices.simulate.bitalino import SimulatedBitalino
from devices.simulate.emulator import Packet
from devices.supervisor import DeviceTimeouts
from ecg_live.events import AuxiliarySamples, Battery, Chunk, State
from tests.emulators.faulty_device import Faulty
from tests.support.bitalino_rig import BOTH, Rig, counting, follow
from tests.support.driver_streaming import Streamed, stream
from tests.support.hand_timed_loop import HandTime


def faulty(seed: int, *, lost: float = 0.0, corrupt: float = 0.0, garbage: float = 0.0) -> Faulty:
    """A device of which only frames are hurt."""
    return Faulty(
        SimulatedBitalino(counting()),
        seed,
        lambda packet: len(packet.data) == BOTH.layout.size,
        lost=lost,
        corrupt=corrupt,
        garbage=garbage,
    )


def test_every_sample_in_order_with_its_value() -> None:
    rig = Rig()
    rig.run(rig.stream(5.0))
    assert rig.exact() == rig.emulator.played - 1  # the last frame waits for the next one
    assert rig.emulator.played > 5_000
    assert rig.gaps == []


@pytest.mark.parametrize(("rate", "seconds"), [(10, 20.0), (100, 10.0), (1000, 2.0)])
def test_rate_and_unit(rate: float, seconds: float) -> None:
    ecg = np.array([-1.2, -0.3, 0.0, 0.9, 1.4])
    rig = Rig(SimulatedBitalino(ecg), BitalinoSettings(rate))
    rig.run(rig.stream(seconds))
    samples = np.concatenate([chunk.samples[:, 0] for chunk in rig.of(Chunk)])
    assert rig.driver.info.rate == rate
    assert len(samples) == pytest.approx((seconds + 1) * rate, abs=25)
    np.testing.assert_allclose(samples[:50], np.tile(ecg, 10), atol=0.002)
    assert rig.of(Chunk)[-1].time - rig.of(Chunk)[0].time == pytest.approx(rig.of(Chunk)[-1].start / rate, abs=0.02)


def test_other_ports_come_beside_it_in_millivolt_at_the_port() -> None:
    settings = BitalinoSettings(1000, ("A1", "A2", "A3", "A4", "A5", "A6"), "A2")
    rig = Rig(SimulatedBitalino(np.zeros((10, 6))), settings)
    rig.run(rig.stream(1.0))
    (other,) = rig.driver.info.auxiliary
    assert other.channels == tuple((port, "millivolts") for port in ("A1", "A3", "A4", "A5", "A6"))
    pieces = rig.of(AuxiliarySamples)
    assert {piece.stream for piece in pieces} == {other}
    for piece in pieces:
        np.testing.assert_allclose(np.asarray(piece.values), 1650.0)  # half the supply: 0 mV of ECG
    assert sum(len(piece.times) for piece in pieces) == sum(len(chunk.samples) for chunk in rig.of(Chunk))


def test_six_bits_are_told() -> None:
    settings = BitalinoSettings(1000, ("A1", "A2", "A3", "A4", "A5"), "A5")
    rig = Rig(SimulatedBitalino(np.zeros(10)), settings)
    rig.run(rig.stream(0.2))
    (warning,) = [state.detail for state in rig.of(State)]
    assert warning == "A5 is read in steps of 47 microvolt: choose four channels or fewer"


@pytest.mark.parametrize(
    ("version", "told"), [("BITalino_v5.2", [0.5]), ("BITalino_v5.1", [0.5]), ("BITalino_v3.0", [])]
)
def test_battery_where_the_firmware_tells_it(version: str, told: list[float]) -> None:
    rig = Rig(SimulatedBitalino(counting(), version=version, battery=3.8))
    rig.run(rig.stream(0.5))
    assert [round(battery.level, 2) for battery in rig.of(Battery)] == told
    assert rig.exact() > 0


def test_a_stream_for_an_earlier_program_is_ended_first() -> None:
    emulator = SimulatedBitalino(counting())
    rig = Rig(emulator)
    emulator.write("", bytes([0xC3, 0xFD]), rig.time())
    assert emulator.streaming
    rig.run(rig.stream(2.0))
    assert [chunk.samples.shape[1] for chunk in rig.of(Chunk)][:1] == [1]
    assert rig.gaps == []


@pytest.mark.parametrize("stalled", [0.05, 0.3, 0.9, 1.3])
def test_what_a_full_buffer_loses_is_counted(stalled: float) -> None:
    rig = Rig()

    async def main() -> None:
        await rig.start()
        await asyncio.sleep(1.5)
        await rig.stall(stalled)
        await asyncio.sleep(1.5)
        await rig.hang_up()

    rig.run(main())
    assert rig.exact() == rig.emulator.played - 1
    assert bool(rig.gaps) == (stalled > 0.375)  # 1500 bytes are 375 frames
    assert all(gap.cause == "the device dropped frames" for gap in rig.gaps)


@pytest.mark.parametrize("seed", range(3))
def test_hurt_bytes_are_gaps(seed: int) -> None:
    emulator = faulty(seed, lost=0.002, corrupt=0.002, garbage=0.002)
    rig = Rig(emulator)
    rig.run(rig.stream(5.0))
    indices, starts = rig.indices(), np.concatenate([np.arange(c.start, c.stop) for c in rig.of(Chunk)])
    assert emulator.hurt > 10
    assert np.mean(indices != starts) < 0.001  # a CRC of 4 bits lets 1 in 16 garbled frames pass
    assert follow(rig.items) == emulator.played - 1
    assert emulator.hurt <= sum(gap.lost for gap in rig.gaps) + 5
    assert {gap.cause for gap in rig.gaps} <= {"bytes were garbled on the way", "the device dropped frames"}


def test_reconnects_and_tells_what_was_lost() -> None:
    time = HandTime()
    emulator = SimulatedBitalino(counting())

    async def script(streamed: Streamed) -> None:
        await asyncio.sleep(4.0)
        streamed.lose()
        await asyncio.sleep(4.0)
        streamed.back()
        await asyncio.sleep(2.0)

    streamed = stream(BitalinoDriver(emulator.name, clock=time), emulator, time, script)
    samples = streamed.samples
    assert len(samples) == pytest.approx(emulator.played, abs=40)
    low = np.rint(samples / BOTH.mv_per_count) + 512
    off = (low[-500:] - np.arange(len(samples))[-500:]) % 1024
    assert len(set(off)) == 1
    assert min(off[0], 1024 - off[0]) <= 40  # ms of delays
    assert streamed.details("lost") != []


def test_a_silent_device_is_started_again() -> None:
    time = HandTime()
    emulator = Faulty(SimulatedBitalino(counting()), is_data=lambda _: False)

    async def script(streamed: Streamed) -> None:
        await asyncio.sleep(4.0)
        emulator.stalled = True
        await asyncio.sleep(4.0)
        emulator.stalled = False
        await asyncio.sleep(4.0)

    streamed = stream(BitalinoDriver(emulator.name, clock=time), emulator, time, script, timeouts=DeviceTimeouts())
    assert any("no data for 2.0 s" in detail for detail in streamed.details("lost"))
    assert len(streamed.samples) == pytest.approx(emulator.played, abs=40)


def test_samples_that_are_held_are_given_when_the_device_falls_silent() -> None:
    rig = Rig()

    async def main() -> None:
        await rig.start()
        await asyncio.sleep(2.0)
        await rig.stall(0.6)
        rig.wire.pump()  # 0.375 s of it, so that they are held
        await asyncio.sleep(0)
        rig.wire.stalled.add(rig.emulator.name)
        before = rig.exact()
        await asyncio.sleep(0.6)
        assert rig.exact() == before + 374

    rig.run(main())


class Slices(SimulatedBitalino):
    """Sends bytes in pieces of one length."""

    size = 1

    def due(self, now: float) -> list[Packet]:
        data = b"".join(packet.data for packet in super().due(now))
        return [Packet("", data[at : at + self.size]) for at in range(0, len(data), self.size)]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_pieces_do_not_matter(size: int) -> None:
    emulator = Slices(counting())
    emulator.size = size
    rig = Rig(emulator)
    rig.run(rig.stream(2.0))
    assert rig.exact() == emulator.played - 1
