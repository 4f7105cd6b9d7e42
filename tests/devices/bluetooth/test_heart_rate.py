"""Heart-rate straps: the measurement's bytes, and the driver against a simulated strap."""

from __future__ import annotations

import asyncio

import pytest

from devices.bluetooth.heart_rate import (
    HEART_RATE_MEASUREMENT_UUID,
    HeartRateDriver,
    HeartRateMeasurement,
    parse_heart_rate,
)
from devices.link import FoundDevice
from ecg_live.errors import DeviceNotFound, ProtocolError
from ecg_live.events import Battery, Beats, LeadOff
from tests.emulators.strap import SimulatedStrap
from tests.support.driver_streaming import Streamed, stream
from tests.support.hand_timed_loop import HandTime


@pytest.mark.parametrize(
    ("data", "measurement"),
    [
        ("00 48", HeartRateMeasurement(72)),
        ("01 48 01", HeartRateMeasurement(328)),
        ("04 48", HeartRateMeasurement(72, (), contact=False)),
        ("06 48", HeartRateMeasurement(72, (), contact=True)),
        ("02 48", HeartRateMeasurement(72)),  # a bit that says nothing without its other
        ("10 48 00 04 00 02", HeartRateMeasurement(72, (1.0, 0.5))),
        ("10 48", HeartRateMeasurement(72)),
        ("18 48 FF FF 00 04", HeartRateMeasurement(72, (1.0,))),
        ("1F 48 00 34 12 66 03", HeartRateMeasurement(72, (870 / 1024,), contact=True)),
    ],
)
def test_bytes_of_a_measurement(data: str, measurement: HeartRateMeasurement) -> None:
    assert parse_heart_rate(bytes.fromhex(data)) == measurement


@pytest.mark.parametrize("data", ["", "00", "01 48", "10 48 00", "18 48 FF", "08 48 01"])
def test_what_is_cut_short_is_refused(data: str) -> None:
    with pytest.raises(ProtocolError, match="is cut short"):
        parse_heart_rate(bytes.fromhex(data))


def test_driver_gives_beats_and_battery() -> None:
    time = HandTime()
    strap = SimulatedStrap([0.75, 0.8, 0.85])
    got = stream(HeartRateDriver("", time), strap, time, lambda _: asyncio.sleep(60))
    rr = [each for beats in got.of(Beats) for each in beats.rr]
    assert rr[:6] == pytest.approx([0.75, 0.8, 0.85] * 2, abs=1 / 1024)
    assert sum(rr) == pytest.approx(60, abs=2)
    assert strap.played == pytest.approx(len(rr), abs=2)
    assert {beats.heart_rate for beats in got.of(Beats)[2:]} <= {71.0, 75.0, 80.0}
    assert [battery.level for battery in got.of(Battery)] == [0.9]
    assert not got.of(LeadOff)
    assert HeartRateDriver("").info.channels == ()


def test_off_the_skin_and_on_again_is_reported_once() -> None:
    time = HandTime()
    strap = SimulatedStrap([0.8])

    async def script(_: Streamed) -> None:
        for contact in (True, False, True):
            strap.heart.contact = contact
            await asyncio.sleep(5)

    got = stream(HeartRateDriver("", time), strap, time, script)
    assert [lead.off for lead in got.of(LeadOff)] == [True, False]
    assert {beats.heart_rate for beats in got.of(Beats)} == {75.0, 0.0}


def test_link_loss_and_return() -> None:
    time = HandTime()

    async def script(got: Streamed) -> None:
        await asyncio.sleep(5)
        got.lose()
        await asyncio.sleep(20)
        got.back()
        await asyncio.sleep(5)

    got = stream(HeartRateDriver("0001", time), SimulatedStrap([0.8]), time, script)
    assert "lost" in {state.state for state in got.items if hasattr(state, "state")}
    assert len(got.of(Beats)) == pytest.approx(10, abs=2)


def test_a_measurement_that_is_cut_short_is_a_warning() -> None:
    time = HandTime()
    strap = SimulatedStrap([0.8])

    async def script(got: Streamed) -> None:
        await asyncio.sleep(2)
        got.wire.links[strap.name]._takes[HEART_RATE_MEASUREMENT_UUID](b"\x10")
        await asyncio.sleep(2)

    got = stream(HeartRateDriver("", time), strap, time, script)
    assert got.details("warning") == ["heart-rate measurement 10 is cut short (renew the battery)"]


def test_what_is_no_strap_is_reported() -> None:
    time = HandTime()
    strap = SimulatedStrap([0.8], name="Scale 1")
    strap.services = strap.services[1:]
    with pytest.raises(ProtocolError, match=r"no heart-rate service \(180D\); it offers nothing of the kind"):
        stream(HeartRateDriver("scale", time), strap, time, lambda _: asyncio.sleep(9))
    with pytest.raises(DeviceNotFound, match="no heart-rate strap band in reach"):
        stream(HeartRateDriver("band", time), strap, time, lambda _: asyncio.sleep(90))


def test_choice_by_service_without_a_name() -> None:
    service = "0000180d-0000-1000-8000-00805f9b34fb"
    assert HeartRateDriver("").matches(FoundDevice("X", "1", (service,)))
    assert not HeartRateDriver("").matches(FoundDevice("X", "1"))
    assert HeartRateDriver("x").matches(FoundDevice("X 7", "1"))
