"""Acceleration beside a Polar's ECG: frames, losses, and a strap that refuses it or falls silent."""

from __future__ import annotations

import asyncio
import struct

import numpy as np
import pytest

from devices.bluetooth.pmd import (
    PMD_CONTROL_UUID,
    START_ECG_REQUEST,
    Measurement,
    start_request,
    stop_request,
)
from devices.bluetooth.polar import PolarDriver
from devices.bluetooth.polar_acceleration import Acceleration
from devices.bluetooth.polar_frames import POLAR_RATE_HZ, parse_acceleration
from devices.simulate.player import Player
from devices.simulate.polar import SET_STAMP_NS, SimulatedPolar
from ecg_live.errors import ProtocolError
from ecg_live.events import F64, AuxiliarySamples, Gap, State
from tests.support.driver_streaming import Streamed, stream
from tests.support.hand_timed_loop import HandTime

COUNT = Player(np.arange(8000) / 1000, POLAR_RATE_HZ)


def counted(index: int, _rate: int) -> tuple[int, int, int]:
    return index, -index, 1000


def strap() -> SimulatedPolar:
    return SimulatedPolar(COUNT, acceleration=counted)


def driver(time: HandTime, rate: int = 50) -> PolarDriver:
    return PolarDriver("", time, rate)


def rows(got: Streamed) -> tuple[F64, F64]:
    """Values and times of all samples; each is its own index, so that a hole is as long as the indices say."""
    samples = got.of(AuxiliarySamples)
    values = np.concatenate([np.asarray(each.values) for each in samples])
    assert np.array_equal(values[:, 1], -values[:, 0])
    assert set(values[:, 2]) == {1000.0}
    return values[:, 0], np.concatenate([each.times for each in samples])


def frame(first: int, count: int = 36, type_: int = 1) -> bytes:
    stamp = SET_STAMP_NS + (first + count - 1) * 20_000_000  # at 50 Hz
    values = b"".join(struct.pack("<hhh", k, -k, 1000) for k in range(first, first + count))
    return struct.pack("<BQB", 2, stamp, type_) + values


def test_bytes_of_the_requests() -> None:
    assert start_request(Measurement.ACCELERATION, 200, 16, 8).hex() == "02020001c8000101100002010800"
    assert START_ECG_REQUEST.hex() == "02000001820001010e00"
    assert stop_request(Measurement.ACCELERATION).hex() == "0302"


def test_bytes_of_a_frame() -> None:
    got = parse_acceleration(bytes.fromhex("02 EA 54 A2 42 8B 45 52 08 01 FF FF 00 80 FF 7F 00 00 01 00 E8 03"))
    assert got.stamp == 0x0852458B42A254EA
    assert got.samples.tolist() == [[-1, -32768, 32767], [0, 1, 1000]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            frame(0, 4, type_=0x81),
            "frame of compressed acceleration, type 1; this version reads acceleration",
        ),
        (frame(0, 4, type_=0), "frame of acceleration, type 0; this version reads acceleration of type 1 only"),
        (frame(0, 4)[:-1], "33 bytes is cut short"),
        (b"\x02", "1 bytes is cut short"),
    ],
)
def test_other_frames_are_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        parse_acceleration(data)


@pytest.mark.parametrize("rate", [25, 50, 100, 200])
@pytest.mark.parametrize("mtu", [64, 232])
def test_both_streams_lose_nothing(rate: int, mtu: int) -> None:
    time = HandTime()
    got = stream(driver(time, rate), strap(), time, lambda _: asyncio.sleep(20), mtu)
    index, times = rows(got)
    assert np.array_equal(np.diff(index), np.ones(len(index) - 1))
    assert len(index) == pytest.approx(19.4 * rate, abs=36 + 0.3 * rate)  # it begins after the first frame of ECG
    assert np.diff(times) == pytest.approx(1 / rate, abs=0.02)
    assert len(got.samples) == pytest.approx(20 * POLAR_RATE_HZ, abs=100)
    assert not got.of(Gap)
    assert not got.details("warning")
    written = [data for uuid, data in got.wire.links[got.name].written if uuid == PMD_CONTROL_UUID]
    assert [data.hex() for data in written[-2:]] == ["0300", "0302"]  # both are stopped


def test_what_is_lost_with_the_connection_is_reported_for_each_stream() -> None:
    time = HandTime()

    async def script(got: Streamed) -> None:
        await asyncio.sleep(5)
        got.lose()
        await asyncio.sleep(10)
        got.back()
        await asyncio.sleep(5)

    got = stream(driver(time), strap(), time, script)
    index, times = rows(got)
    (hole,) = np.flatnonzero(np.diff(index) > 1)
    lost = int(index[hole + 1] - index[hole]) - 1
    assert got.details("warning") == [f"Polar H10 acceleration: {lost} samples were lost (connection lost)"]
    assert times[hole + 1] - times[hole] == pytest.approx((lost + 1) / 50, abs=0.05)
    assert len(got.of(Gap)) == 1


def test_lost_and_repeated_frames_are_reported_as_those_of_the_stream() -> None:
    acceleration = Acceleration(50, "Polar H10 1", "1")
    acceleration.connect()
    items = [
        item for at, first in enumerate([0, 36, 36, 108]) for item in acceleration.push(frame(first), 10 + at * 0.72)
    ]
    samples = [item for item in items if isinstance(item, AuxiliarySamples)]
    assert [int(np.asarray(each.values)[0, 0]) for each in samples] == [0, 36, 108]
    assert [item.detail for item in items if isinstance(item, State)] == [
        "Polar H10 1 acceleration: 36 samples came twice and were dropped",
        "Polar H10 1 acceleration: 36 samples were lost (lost frames)",
    ]


def test_compressed_frames_are_refused_by_name_while_the_ecg_goes_on() -> None:
    acceleration = Acceleration(50, "Polar H10 1", "1")
    (warning,) = acceleration.push(frame(0, type_=0x81), 10.0)
    assert isinstance(warning, State)
    assert "frame of compressed acceleration, type 1" in warning.detail
    assert not list(acceleration.push(frame(36, type_=0x81), 11.0))  # reported once


class Refusing(SimulatedPolar):
    """Has no acceleration, or sends none."""

    error = 0x03

    def _execute(self, data: bytes) -> int:
        return self.error if data[:2] == b"\x02\x02" else super()._execute(data)


def test_a_strap_that_refuses_acceleration_gives_its_ecg() -> None:
    time = HandTime()
    got = stream(driver(time), Refusing(COUNT), time, lambda _: asyncio.sleep(10))
    assert got.details("warning") == ["Polar H10 acceleration: the strap refuses it: not supported; the ECG goes on"]
    assert len(got.samples) > 8 * POLAR_RATE_HZ
    assert not got.of(AuxiliarySamples)


def test_acceleration_that_stays_away_is_reported_once() -> None:
    time = HandTime()
    emulator = Refusing(COUNT)
    emulator.error = 0
    got = stream(driver(time), emulator, time, lambda _: asyncio.sleep(30))
    assert got.details("warning") == ["Polar H10 acceleration: no samples for 5 s; the ECG goes on"]
    assert len(got.samples) > 28 * POLAR_RATE_HZ


def left_streaming(time: HandTime) -> SimulatedPolar:
    """A strap that a killed program left streaming both."""
    emulator = strap()
    emulator.connect(time(), 232)
    for request in (START_ECG_REQUEST, start_request(Measurement.ACCELERATION, 200, 16, 8)):
        emulator.write(PMD_CONTROL_UUID, request, time())
    emulator.disconnect(time())
    return emulator


def test_a_strap_that_a_killed_program_left_streaming_both() -> None:
    time = HandTime()
    got = stream(driver(time), left_streaming(time), time, lambda _: asyncio.sleep(10))
    index, _ = rows(got)
    assert np.array_equal(np.diff(index), np.ones(len(index) - 1))
    assert len(index) == pytest.approx(10 * 50, abs=40)
    assert len(got.samples) > 8 * POLAR_RATE_HZ


def test_acceleration_that_is_not_wanted_disturbs_nothing_and_is_stopped() -> None:
    time = HandTime()
    emulator = left_streaming(time)
    got = stream(PolarDriver("", time), emulator, time, lambda _: asyncio.sleep(10))
    assert len(got.samples) > 8 * POLAR_RATE_HZ
    assert not got.of(AuxiliarySamples)
    assert not got.details("warning")
    assert not emulator.acceleration.streaming
