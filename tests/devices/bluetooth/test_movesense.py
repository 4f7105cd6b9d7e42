"""Movesense: the driver against a simulated sensor, and each way in which it can be the wrong one."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from devices.bluetooth.gsp import GSP_COMMAND_UUID, GSP_NOTIFY_UUID, GspCommand
from devices.bluetooth.movesense import MOVESENSE_RATES_HZ, MovesenseDriver
from devices.link import FoundDevice
from devices.simulate.emulator import Packet
from devices.simulate.heart_rate import SimulatedHeart, battery_service
from devices.simulate.movesense import SimulatedMovesense
from devices.simulate.player import Player
from devices.supervisor import DeviceTimeouts
from ecg_live.errors import ConfigError, DeviceLost, ProtocolError
from ecg_live.events import Battery, Beats, Gap
from tests.support.driver_streaming import Streamed, stream
from tests.support.hand_timed_loop import HandTime


def count_at(rate: float) -> Player:
    """Each sample is its own index, in microvolt."""
    return Player(np.arange(8000) / 1000, rate)


COUNT = count_at(256)


def indices(samples: np.ndarray) -> np.ndarray:
    """Check that samples that came are a run of indices with holes of the right length."""
    at = np.flatnonzero(np.isfinite(samples))
    values = np.round(samples[at] * 1000).astype(int)
    assert ((values - at - values[0] + at[0]) % 8000 == 0).all()
    return at


def commands(got: Streamed) -> list[tuple[int, bytes]]:
    return [(data[0], data[2:]) for _, data in got.wire.links[got.name].written]


@pytest.mark.parametrize("mtu", [23, 64, 247])
@pytest.mark.parametrize("has_mv_path", [True, False])
def test_driver_gives_what_the_sensor_plays(mtu: int, has_mv_path: bool) -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT, ppm=80, heart=SimulatedHeart([0.8, 0.9]), has_mv_path=has_mv_path)
    got = stream(MovesenseDriver("", clock=time), sensor, time, lambda _: asyncio.sleep(70), mtu)
    assert len(indices(got.samples)) == pytest.approx(70 * 256, abs=100)
    assert not got.of(Gap)
    assert [battery.level for battery in got.of(Battery)] == [0.75]
    assert {beats.heart_rate for beats in got.of(Beats)} == {75.0, 67.0}
    last = got.chunks[-1]
    assert last.arrived is not None
    assert last.time == pytest.approx(last.arrived - len(last.samples) / 256, abs=0.02)
    assert got.details("clock")[0].startswith("device clock +")
    assert got.details("streaming") == ["Movesense streams"]
    assert " 174430000123" in got.details("connecting")[-1]
    assert commands(got)[-1] == (GspCommand.UNSUBSCRIBE, b"")


@pytest.mark.parametrize("rate", MOVESENSE_RATES_HZ)
def test_every_rate(rate: int) -> None:
    time = HandTime()
    driver = MovesenseDriver("", rate, time)
    got = stream(driver, SimulatedMovesense(count_at(rate)), time, lambda _: asyncio.sleep(5))
    assert len(indices(got.samples)) == pytest.approx(5 * rate, abs=0.4 * rate)
    assert repr(driver.info.rate) == f"{rate}.0"  # as other drivers write it to headers


def test_the_path_of_old_firmware_is_taken_when_the_other_is_refused() -> None:
    time = HandTime()
    got = stream(
        MovesenseDriver("", clock=time), SimulatedMovesense(COUNT, has_mv_path=False), time, lambda _: asyncio.sleep(3)
    )
    subscribed = [payload for command, payload in commands(got) if command == GspCommand.SUBSCRIBE]
    assert subscribed == [b"/Meas/ECG/256/mV\0", b"/Meas/ECG/256\0"]
    assert got.chunks


def test_lost_packets_are_gaps_to_the_sample() -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT)
    sensor.lost_packets = {20, 21, 40}
    got = stream(MovesenseDriver("", clock=time), sensor, time, lambda _: asyncio.sleep(6))
    indices(got.samples)
    assert [(gap.lost, gap.cause) for gap in got.of(Gap)] == [(32, "lost frames"), (16, "lost frames")]


def test_link_losses_are_gaps_to_the_sample() -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT, ppm=-30, stamp=2**32 - 20_000)

    async def script(got: Streamed) -> None:
        for away in (0.3, 4.0, 40.0):
            await asyncio.sleep(5)
            got.lose()
            await asyncio.sleep(away)
            got.back()
        await asyncio.sleep(5)

    got = stream(MovesenseDriver("174430000123", clock=time), sensor, time, script)
    samples = got.samples
    assert len(indices(samples)) < len(samples)
    assert round(float(samples[0]) * 1000) + len(samples) == pytest.approx(sensor.played, abs=32)
    assert [gap.cause for gap in got.of(Gap)] == ["connection lost"] * 3


@pytest.mark.parametrize("faults", [12, pytest.param(200, marks=pytest.mark.soak)])
def test_random_faults_leave_nothing_unaccounted(faults: int) -> None:
    time, rng = HandTime(), random.Random(faults)  # noqa: S311
    sensor = SimulatedMovesense(COUNT, ppm=60)

    async def script(got: Streamed) -> None:
        await asyncio.sleep(2)
        for _ in range(faults):
            await asyncio.sleep(rng.uniform(0.05, 8))
            match rng.choice(("lose", "drop", "stall")):
                case "stall":
                    got.wire.stalled.add(sensor.name)
                    await asyncio.sleep(rng.uniform(0.1, 9))
                    got.wire.stalled.clear()
                case "drop":
                    got.wire.drop(sensor.name)
                case _:
                    got.lose()
                    await asyncio.sleep(rng.uniform(0.0, 40))
                    got.back()
        await asyncio.sleep(6)
        assert len(asyncio.all_tasks()) < 12

    got = stream(MovesenseDriver("", clock=time), sensor, time, script)
    samples = got.samples
    indices(samples)
    assert round(float(samples[0]) * 1000) + len(samples) == pytest.approx(sensor.played, abs=48)
    assert len(got.of(Gap)) >= faults // 3


def test_429_is_cured_by_a_reboot_which_is_reported() -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT)
    sensor.slots_used_up = True
    got = stream(MovesenseDriver("", clock=time), sensor, time, lambda _: asyncio.sleep(15))
    assert got.details("warning") == [
        "the sensor answers 429: its request slots are used up; it is rebooted, which takes some seconds"
    ]
    assert len(indices(got.samples)) > 7 * 256


def test_429_amid_a_session_is_a_gap_by_the_computers_clock() -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT, stamp=10**6)

    async def script(got: Streamed) -> None:
        await asyncio.sleep(5)
        sensor.slots_used_up = True
        got.wire.drop(sensor.name)
        await asyncio.sleep(20)

    got = stream(MovesenseDriver("", clock=time), sensor, time, script)
    (gap,) = got.of(Gap)
    assert "the sensor's clock was set" in gap.cause
    assert 4 <= gap.lost / 256 <= 9
    assert len(got.samples) / 256 == pytest.approx(25, abs=1)


class UsedUpForGood(SimulatedMovesense):
    """A reboot does not free its request slots."""

    reboots = 0

    def _reboot(self, now: float) -> None:
        super()._reboot(now)
        self.reboots += 1
        self.slots_used_up = True


def test_a_reboot_that_does_not_help_is_not_repeated() -> None:
    time = HandTime()
    sensor = UsedUpForGood(COUNT)
    sensor.slots_used_up = True
    with pytest.raises(DeviceLost, match="in reach but does not stream: it answers 429") as error:
        stream(MovesenseDriver("", clock=time), sensor, time, lambda _: asyncio.sleep(60))
    assert "battery" in error.value.remedy
    assert sensor.reboots == 1


def refused(sensor: SimulatedMovesense, rate: float = 256, name: str = "") -> ProtocolError:
    time = HandTime()
    with pytest.raises(ProtocolError) as error:
        stream(MovesenseDriver(name, rate, time), sensor, time, lambda _: asyncio.sleep(60))
    assert "\n" not in str(error.value)
    return error.value


def test_a_sensor_without_the_service_is_reported_and_offered_hr() -> None:
    sensor = SimulatedMovesense(COUNT)
    sensor.services = sensor.services[1:]
    error = refused(sensor)
    assert error.message == "Movesense has no ECG service: its app is without GSP; it offers heart rate"
    assert error.remedy.startswith("its heart rate alone: hr:Movesense;")
    assert refused(sensor, name="0123").remedy.startswith("its heart rate alone: hr:0123;")


def test_firmware_without_ecg() -> None:
    class WithoutEcg(SimulatedMovesense):
        def _get(self, _payload: bytes) -> bytes:
            return bytes.fromhex("94 01")

    error = refused(WithoutEcg(COUNT))
    assert "has no ECG: its firmware has none" in error.message
    assert "Movesense Simulated 174430000123" in error.message
    assert "hr:" in error.remedy


def test_a_rate_that_the_sensor_lacks() -> None:
    error = refused(SimulatedMovesense(COUNT), 512)
    assert (error.message, error.remedy) == ("Movesense has ECG at 256 Hz, not at 512 Hz", "set rate=256")


class Replying(SimulatedMovesense):
    """Answers a command with bytes that a test chose."""

    replies: dict[int, bytes]

    def _execute(self, command: int, reference: int, payload: bytes, now: float) -> bytes:
        reply = super()._execute(command, reference, payload, now)
        return self.replies.get(command, reply)


def replying(**replies: str) -> Replying:
    sensor = Replying(COUNT)
    sensor.replies = {int(GspCommand[name]): bytes.fromhex(text) for name, text in replies.items()}
    return sensor


def test_packets_of_another_number_of_samples() -> None:
    error = refused(replying(GET="C8 00 01 00 01 08 00"))
    assert "sends 8 samples a packet; this version reads 16" in error.message


def test_a_refused_subscription() -> None:
    assert "refuses to send ECG at 256 Hz: 404 not found" in refused(replying(SUBSCRIBE="94 01")).message


def test_a_busy_sensor_is_waited_for_until_the_time_is_up() -> None:
    time = HandTime()
    with pytest.raises(DeviceLost, match="it refuses to send ECG at 256 Hz: 409 conflict") as error:
        stream(MovesenseDriver("", clock=time), replying(SUBSCRIBE="99 01"), time, lambda _: asyncio.sleep(60))
    assert error.value.remedy


class Garbling(SimulatedMovesense):
    """Sends what a test chose, in place of packets."""

    data = b""

    def due(self, now: float) -> list[Packet]:
        return [Packet(GSP_NOTIFY_UUID, self.data)] if super().due(now) else []


def test_packets_of_another_layout_end_it() -> None:
    sensor = Garbling(COUNT)
    sensor.data = bytes([2, 3]) + bytes(50)
    assert "packet of 50 bytes, expected 36 or 68" in refused(sensor).message


def test_a_device_that_says_garbage_is_reported() -> None:
    class Babbling(SimulatedMovesense):
        def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
            return [Packet(GSP_NOTIFY_UUID, b"garbage")]

    time = HandTime()
    with pytest.raises(DeviceLost, match="does not stream: no answer to HELLO within 3 s") as error:
        stream(
            MovesenseDriver("", clock=time),
            Babbling(COUNT),
            time,
            lambda _: asyncio.sleep(60),
            timeouts=DeviceTimeouts(find=5),
        )
    assert error.value.remedy


def test_garbage_amid_the_stream_is_a_gap_and_reported_once() -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT)

    async def script(got: Streamed) -> None:
        await asyncio.sleep(3)
        for _ in range(3):
            got.wire.links[sensor.name]._takes[GSP_NOTIFY_UUID](b"\x07garbage")
        await asyncio.sleep(3)

    got = stream(MovesenseDriver("", clock=time), sensor, time, script)
    (warning,) = got.details("warning")
    assert "message 07 67 61 72 62 61 67 65 is none of its protocol's" in warning
    assert len(indices(got.samples)) > 1300
    assert not got.of(Gap)


def test_battery_of_the_standard_service_comes_before_gsps() -> None:
    time = HandTime()
    sensor = SimulatedMovesense(COUNT)
    sensor.services = (*sensor.services, battery_service(0.5))
    got = stream(MovesenseDriver("", clock=time), sensor, time, lambda _: asyncio.sleep(3))
    assert [battery.level for battery in got.of(Battery)] == [0.5]
    assert b"/System/Energy/Level\0" not in [payload for _, payload in commands(got)]


def test_no_command_is_written_before_the_last_is_answered_and_none_is_repeated() -> None:
    time = HandTime()
    got = stream(MovesenseDriver("", clock=time), SimulatedMovesense(COUNT), time, lambda _: asyncio.sleep(3))
    written = got.wire.links[got.name].written
    assert {uuid for uuid, _ in written} == {GSP_COMMAND_UUID}
    references = [data[1] for _, data in written[:-1]]
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("rate", [130, 0, 1000, float("nan")])
def test_rates_that_no_movesense_has(rate: float) -> None:
    with pytest.raises(ConfigError, match="a Movesense has 125, 128, 200, 250, 256, 500, 512 Hz") as error:
        MovesenseDriver("", rate)
    assert error.value.remedy == "256 is usual"


def test_choice_by_name() -> None:
    for name, wanted in [("", "Movesense 174430000123"), ("0123", "Movesense 174430000123"), ("00:0a", "x")]:
        assert MovesenseDriver(name).matches(FoundDevice(wanted, "00:0A"))
    assert not MovesenseDriver("").matches(FoundDevice("Polar H10 1", "00:0A"))
    assert not MovesenseDriver("99").matches(FoundDevice("Movesense 174430000123", "00:0A"))
    assert MovesenseDriver("0123").description == "Movesense 0123"
