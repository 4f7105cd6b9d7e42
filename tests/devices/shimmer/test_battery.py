"""A Shimmer's battery: read at the start of each connection, and now and then while it streams."""

from __future__ import annotations

import asyncio

import pytest

from devices.shimmer.battery import charge_of, reading_of
from devices.shimmer.protocol import LOG_AND_STREAM, Command, ShimmerFirmware
from devices.shimmer.settings import ShimmerSettings
from devices.simulate.emulator import Packet
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.events import Battery, State
from tests.support.shimmer_rig import Rig, counting

SLOW = ShimmerSettings(128)


@pytest.mark.parametrize(
    ("volt", "charge"), [(4.3, 1.0), (4.167, 1.0), (3.8, 0.51), (3.75, 0.38), (3.62, 0.0), (3.4, 0.0), (3.1, 0.0)]
)
def test_charge_of_a_voltage(volt: float, charge: float) -> None:
    assert charge_of(reading_of(volt)) == pytest.approx(charge, abs=0.01)


def test_while_the_charger_checks_the_battery_nothing_is_known() -> None:
    assert charge_of(reading_of(4.7)) is None


def test_bytes_of_a_reading() -> None:
    assert charge_of(bytes.fromhex("A8 0A 00")) == pytest.approx(0.815, abs=0.001)  # 2728 counts: 3.973 V


@pytest.mark.parametrize("hardware", [3, 10])
def test_it_is_reported_at_the_start_and_when_it_has_changed(hardware: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.shimmer.driver._BATTERY_INTERVAL_S", 1.0)
    emulator = SimulatedShimmer(counting(SLOW), hardware)
    rig = Rig(emulator, SLOW)

    async def main() -> None:
        await rig.start()
        await asyncio.sleep(2.5)
        emulator.battery_volt = 3.7
        await asyncio.sleep(2)
        await rig.hang_up()

    rig.run(main())
    assert [round(battery.level, 2) for battery in rig.of(Battery)] == [0.72, 0.25]
    assert rig.exact() == emulator.played
    assert not rig.of(State)


class Unknowing(SimulatedShimmer):
    """Its firmware does not know the command."""

    asked = 0

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        if data[0] == Command.BATTERY:
            self.asked += 1
            return []
        return super().write(uuid, data, now)


def test_firmware_that_does_not_report_it_streams_and_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.shimmer.driver._BATTERY_INTERVAL_S", 1.0)
    emulator = Unknowing(counting())
    rig = Rig(emulator)
    rig.run(rig.stream(3))
    assert not rig.of(Battery)
    assert emulator.asked == 1
    assert rig.exact() == emulator.played > 0


def test_firmware_without_crc_is_not_asked() -> None:
    rig = Rig(SimulatedShimmer(counting(), firmware=ShimmerFirmware(LOG_AND_STREAM, 0, 5, 3), crc=False))
    rig.run(rig.stream(2.0))
    assert not rig.of(Battery)
    assert rig.exact() > 0
