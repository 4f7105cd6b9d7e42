"""A device that is not a Shimmer, or answers badly: one line with a remedy, or another try."""

from __future__ import annotations

import pytest

from devices.link import LinkLost
from devices.shimmer.protocol import LOG_AND_STREAM, ShimmerFirmware
from devices.simulate.emulator import Characteristic, Packet, Service
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.errors import DeviceError, ProtocolError
from ecg_live.events import State
from tests.emulators.faulty_device import Faulty
from tests.support.shimmer_rig import Rig, counting

HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"


class Other(SimulatedShimmer):
    """Answers as a test says; whole answers by the command's first byte."""

    answers: dict[int, bytes] = {}  # noqa: RUF012 - each test makes a class of its own
    others: tuple[Service, ...] = ()

    @property
    def services(self) -> tuple[Service, ...]:
        return self.others or super().services

    def write(self, uuid: str, data: bytes, now: float) -> list[Packet]:
        if data[0] in self.answers:
            return [Packet(self._uart.notify, self.answers[data[0]])]
        return super().write(uuid, data, now)


def fails(emulator: SimulatedShimmer | Faulty, name: str = "") -> DeviceError:
    rig = Rig(emulator, name=name)
    with pytest.raises(DeviceError) as caught:
        rig.run(rig.start())
    assert rig.items == []
    assert "\n" not in str(caught.value)
    return caught.value


def other(answers: dict[int, str]) -> Other:
    emulator = Other(counting())
    emulator.answers = {command: bytes.fromhex(answer) for command, answer in answers.items()}
    return emulator


def test_something_else_under_the_right_name() -> None:
    emulator = Other(counting(), name="Shimmer3-7A21")
    beats = Characteristic("00002a37-0000-1000-8000-00805f9b34fb", frozenset({"notify"}))
    battery = Service("0000180f-0000-1000-8000-00805f9b34fb", ())
    emulator.others = (Service(HEART_RATE, (beats,)), battery)
    error = fails(emulator, "Shimmer3-7A21")
    assert isinstance(error, ProtocolError)
    assert error.message == "Shimmer3-7A21 is not a Shimmer: it offers heart rate"


class Twice(SimulatedShimmer):
    """Sends each packet a second time."""

    def due(self, now: float) -> list[Packet]:
        return [packet for packet in super().due(now) for _ in range(2)]


def test_packets_that_come_twice_are_reported_and_counted_in_a_few_words() -> None:
    rig = Rig(Twice(counting(), notify=None))
    rig.run(rig.stream(4.0))
    assert rig.exact() > 1000
    warnings = [state.detail for state in rig.of(State) if state.state == "warning"]
    assert [said.partition("dropped")[2] for said in warnings] == ["", *(f" ({10**k} times by now)" for k in (1, 2, 3))]


def test_other_hardware() -> None:
    error = fails(other({0x3F: "FF 25 02", 0x8B: ""}))
    assert isinstance(error, ProtocolError)
    assert "is hardware 2, neither a Shimmer3 (3) nor a Shimmer3R (10)" in error.message


def test_something_that_talks_but_is_no_shimmer() -> None:
    nmea = b"$GPGGA,123519,4807.038,N".hex()
    error = fails(other(dict.fromkeys((0x20, 0x8B, 0x3F), nmea)))
    assert isinstance(error, ProtocolError)
    assert error.message == "the device is not a Shimmer: it says '$GPGGA,123519,4807.038,N'"
    binary = fails(other(dict.fromkeys((0x20, 0x8B, 0x3F), "01 80 7F")))
    assert binary.message == "the device is not a Shimmer: it says 01 80 7f"


def test_silence_is_worth_another_try() -> None:
    emulator = Faulty(SimulatedShimmer(counting(), notify=None))
    emulator.dead = True
    assert isinstance(fails(emulator), LinkLost)


@pytest.mark.parametrize("crc", [True, False])
def test_logging_to_sd_refuses_everything(crc: bool) -> None:
    emulator = SimulatedShimmer(counting(), crc=crc)
    emulator.logging = True
    error = fails(emulator)
    assert isinstance(error, ProtocolError)
    assert "refuses command 3F" in error.message
    assert "SD" in error.remedy
    assert "Consensys" in error.remedy


@pytest.mark.parametrize("firmware", [ShimmerFirmware(LOG_AND_STREAM, 1, 0, 9), ShimmerFirmware(1, 0, 7, 0)])
def test_no_ecg_board(firmware: ShimmerFirmware) -> None:
    error = fails(SimulatedShimmer(counting(), 3, firmware=firmware, exg=False))
    assert isinstance(error, ProtocolError)
    assert f"has no ExG: its firmware, {firmware}, refuses its registers" in error.message
    assert "LogAndStream" in error.remedy


def test_unknown_channel() -> None:
    error = fails(other({0x01: "FF 02 40 00" + "00" * 7 + "01 01 12", 0x8B: ""}))
    assert isinstance(error, ProtocolError)
    assert "channel 0x12" in error.message


def test_channels_without_ecg() -> None:
    error = fails(other({0x01: "FF 02 40 00" + "00" * 7 + "03 01 1D 1E 1F", 0x8B: ""}))
    assert isinstance(error, ProtocolError)
    assert "no ECG" in error.message


@pytest.mark.parametrize("answer", ["FF 02", "FF 02 40 00 00", "FF 02 40 00" + "00" * 7 + "06 01 1D 1E"])
def test_inquiry_cut_short(answer: str) -> None:
    error = fails(other({0x01: answer, 0x8B: ""}))
    assert isinstance(error, ProtocolError)
    assert "cut short" in error.message


def test_registers_that_do_not_stay() -> None:
    error = fails(other({0x63: "FF 62 0A" + "00" * 10, 0x8B: ""}))
    assert isinstance(error, LinkLost)
    assert "reads back 00 00" in error.message


def test_rate_that_does_not_stay() -> None:
    error = fails(other({0x05: "FF", 0x8B: ""}))
    assert isinstance(error, LinkLost)
    assert "640 ticks, not 64" in error.message


@pytest.mark.parametrize("skipped", range(14))
def test_a_command_that_was_not_heard_is_said_again(skipped: int) -> None:
    emulator = Faulty(SimulatedShimmer(counting(), notify=None))
    rig = Rig(emulator)
    write = emulator.write
    count = 0

    def deaf(uuid: str, data: bytes, now: float) -> list[Packet]:
        nonlocal count
        count += 1
        emulator.deaf = count == skipped + 1
        return write(uuid, data, now)

    emulator.write = deaf  # type: ignore[method-assign]
    rig.run(rig.stream(1.0))
    assert rig.exact() == emulator.played > 0


@pytest.mark.parametrize("refused", range(1, 14))
def test_a_command_that_was_refused_once_is_said_again(refused: int) -> None:
    emulator = Faulty(SimulatedShimmer(counting(), notify=None))
    emulator.refusal = bytes.fromhex("FE") + b"\xc5\x56"
    rig = Rig(emulator)
    write = emulator.write
    count = 0

    def refuse(uuid: str, data: bytes, now: float) -> list[Packet]:
        nonlocal count
        count += 1
        emulator.refusals = count == refused + 1
        return write(uuid, data, now)

    emulator.write = refuse  # type: ignore[method-assign]
    rig.run(rig.stream(1.0))
    assert rig.exact() == emulator.played > 0


def test_link_that_breaks_during_the_start() -> None:
    emulator = SimulatedShimmer(counting())
    rig = Rig(emulator)

    async def main() -> None:
        link = await rig.connect()
        rig.wire.lose(emulator.name)
        with pytest.raises(LinkLost):
            await rig.driver.start(link, rig.items.append)

    rig.run(main())
