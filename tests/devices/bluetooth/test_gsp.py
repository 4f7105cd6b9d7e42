"""GSP: messages, replies, and commands of which two are in flight."""

from __future__ import annotations

import asyncio

import pytest

from devices.bluetooth.gsp import (
    EcgInfo,
    GspCommand,
    GspMessage,
    GspReply,
    Hello,
    MessageKind,
    describe_status,
    parse_message,
    path_payload,
)
from devices.bluetooth.gsp_client import GspClient, SlotsUsedUp
from devices.link import LinkLost
from ecg_live.errors import ProtocolError
from tests.support.hand_timed_loop import HandTime, run

# Captured from a Movesense Flash (docs/pages/protocols.md).
CAPTURED_ECG_INFO = bytes.fromhex("07 7d00 8000 c800 fa00 0001 f401 0002 1000 03 2800 6400 9600 01 0000003f")


def test_captured_ecg_info() -> None:
    assert EcgInfo.parse(CAPTURED_ECG_INFO) == EcgInfo((125, 128, 200, 250, 256, 500, 512), 16)


@pytest.mark.parametrize("size", [0, 1, 8, 16])
def test_info_that_is_cut_short_is_unknown(size: int) -> None:
    assert EcgInfo.parse(CAPTURED_ECG_INFO[:size]) is None


def test_hello() -> None:
    hello = Hello.parse(b"\x01174430000123\0Movesense Flash\0AA:BB\0GATT Sensor Data\x001.2.0\0")
    assert str(hello) == "Movesense Flash 174430000123, app GATT Sensor Data 1.2.0"
    assert str(Hello.parse(b"\x01174430")) == "174430"
    assert str(Hello.parse(b"")) == "a sensor without a name"


def test_messages() -> None:
    assert parse_message(bytes.fromhex("02 07 AA BB")) == GspMessage(MessageKind.DATA, 7, b"\xaa\xbb")
    assert GspReply.parse(bytes.fromhex("94 01 05")) == (404, b"\x05")
    assert (describe_status(404), describe_status(418)) == ("404 not found", "status 418")
    assert path_payload("/Meas/ECG/256/mV") == b"/Meas/ECG/256/mV\0"


@pytest.mark.parametrize("data", ["", "02", "00 01 02", "04 01", "7A 7A 7A"])
def test_what_is_no_message_is_reported(data: str) -> None:
    with pytest.raises(ProtocolError, match="none of its protocol's") as error:
        parse_message(bytes.fromhex(data))
    assert error.value.remedy


class Sensor:
    """Answers what a test tells it to, in any order."""

    def __init__(self) -> None:
        self.client = GspClient(self.write)
        self.written: list[bytes] = []

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    def reply(self, reference: int, payload: str) -> None:
        self.client.feed(GspMessage(MessageKind.REPLY, reference, bytes.fromhex(payload)))


def test_two_commands_are_in_flight_and_replies_go_by_reference() -> None:
    async def script() -> None:
        sensor = Sensor()
        asked = [asyncio.ensure_future(sensor.client.request(GspCommand.GET, bytes([k]))) for k in range(3)]
        await asyncio.sleep(0.1)
        assert sensor.written == [bytes([4, 1, 0]), bytes([4, 2, 1])]
        sensor.reply(2, "C8 00 22")
        sensor.reply(2, "C8 00 33")  # a second one to the same command
        sensor.reply(9, "C8 00 44")  # to none
        await asyncio.sleep(0.1)
        assert sensor.written[2:] == [bytes([4, 3, 2])]
        sensor.reply(3, "94 01")
        sensor.reply(1, "C8 00 11")
        assert await asyncio.gather(*asked) == [(200, b"\x11"), (200, b"\x22"), (404, b"")]

    run(HandTime(), script())


@pytest.mark.parametrize("command", [GspCommand.HELLO, GspCommand.GET])
def test_429_is_an_error_of_its_own(command: GspCommand) -> None:
    async def script() -> None:
        sensor = Sensor()
        asking = sensor.client.hello() if command == GspCommand.HELLO else sensor.client.request(command)
        asked = asyncio.ensure_future(asking)
        await asyncio.sleep(0)
        sensor.reply(1, "AD 01")
        with pytest.raises(SlotsUsedUp, match="answers 429") as error:
            await asked
        assert "battery" in error.value.remedy

    run(HandTime(), script())


def test_silence_and_a_reply_that_is_cut_short() -> None:
    async def script() -> None:
        sensor = Sensor()
        with pytest.raises(LinkLost, match="no answer to GET within 3 s"):
            await sensor.client.request(GspCommand.GET)
        asked = asyncio.ensure_future(sensor.client.request(GspCommand.GET))
        await asyncio.sleep(0)
        sensor.reply(2, "C8")
        with pytest.raises(ProtocolError, match="reply c8 is cut short"):
            await asked

    run(HandTime(), script())
