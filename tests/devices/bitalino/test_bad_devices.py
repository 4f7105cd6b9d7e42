"""What is not a BITalino, or answers badly: one line with a remedy, or another try."""

from __future__ import annotations

import pytest

from devices.bitalino import BitalinoDriver
from devices.device_source import DeviceSource
from devices.link import LinkLost
from devices.serial_link import SerialTransport
from devices.simulate.bitalino import SimulatedBitalino
from devices.simulate.emulator import Emulator, Packet
from ecg_live.errors import DeviceError, DeviceNotFound, ProtocolError
from ecg_live.events import Battery
from tests.emulators.faulty_device import Faulty
from tests.support.bitalino_rig import Rig, counting


class Other(SimulatedBitalino):
    """Answers every command with the same bytes."""

    answer = b""

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        return [Packet("", self.answer)] if self.answer else []


class Chatty(SimulatedBitalino):
    """A device of another kind that sends text without end."""

    def due(self, now: float) -> list[Packet]:
        return [Packet("", b"t=21.5\r\n")]


def fails(emulator: Emulator) -> DeviceError:
    rig = Rig(emulator)
    with pytest.raises(DeviceError) as caught:
        rig.run(rig.start())
    assert rig.items == []
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def test_no_answer() -> None:
    error = fails(Other(counting()))
    assert isinstance(error, LinkLost)
    assert error.message == "BITalino BITalino-12-34 does not answer"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"\xff\x25\x03", "ff 25 03"), (b"ERROR\r\n", "'ERROR\\r\\n'"), (b"BITalino", "'BITalino'")],
)
def test_another_device(answer: bytes, said: str) -> None:
    emulator = Other(counting())
    emulator.answer = answer
    error = fails(emulator)
    assert isinstance(error, ProtocolError)
    assert error.message == f"BITalino BITalino-12-34 is not a BITalino: it says {said}"


def test_another_device_that_does_not_fall_silent() -> None:
    emulator = Chatty(counting(), version="nothing")
    error = fails(emulator)
    assert isinstance(error, ProtocolError)
    assert "is not a BITalino: it says" in error.message
    assert "t=21.5" in error.message


@pytest.mark.parametrize("deaf", range(3))
def test_a_command_that_was_not_heard_is_said_again(deaf: int) -> None:
    emulator = Faulty(SimulatedBitalino(counting()), is_data=lambda _: False)
    emulator.deaf = deaf
    rig = Rig(emulator)
    rig.run(rig.stream(1.0))
    assert rig.exact() > 500


class GarbledState(SimulatedBitalino):
    """Its state has a wrong CRC."""

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        packets = super().write(uuid, data, now)
        return [Packet(one.uuid, one.data[:-1] + b"\x05") if len(one.data) == 16 else one for one in packets]


def test_a_garbled_state_costs_the_battery_alone() -> None:
    rig = Rig(GarbledState(counting()))
    rig.run(rig.stream(1.0))
    assert rig.of(Battery) == []
    assert rig.exact() > 500


def test_a_port_that_is_not_there() -> None:
    port = "/dev/rfcomm-none"
    with pytest.raises(DeviceNotFound, match="there is no serial port /dev/rfcomm-none") as caught:
        DeviceSource(BitalinoDriver(port), SerialTransport(port)).check()
    assert "rfcomm bind" in caught.value.remedy
