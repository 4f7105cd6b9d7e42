from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.shimmer.protocol import Inquiry, PacketLayout, ShimmerFirmware, checksum
from ecg_live.errors import ProtocolError

ECG = (0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22)
ECG_16 = (0x1D, 0x23, 0x24, 0x20, 0x25, 0x26)


@pytest.mark.parametrize(("last", "crc"), [(8, "AA 48"), (9, "5D 2A"), (10, "17 8B"), (11, "4E 79")])
def test_crc_is_the_firmwares(last: int, crc: str) -> None:
    data = bytes(range(1, last + 1))
    assert checksum(data) == bytes.fromhex(crc)
    assert checksum(data, 1) == bytes.fromhex(crc)[:1]
    assert checksum(data, 0) == b""


def test_crc_of_an_ack() -> None:
    assert checksum(b"\xff") == bytes.fromhex("F4 65")


@given(st.binary(max_size=40))
def test_crc_is_the_steps_that_the_firmware_takes(data: bytes) -> None:
    crc = 0xB0CA
    for byte in data + bytes(len(data) % 2):
        crc = (crc << 8 | crc >> 8) & 0xFFFF
        crc ^= byte
        crc ^= (crc & 0xFF) >> 4
        crc ^= crc << 12 & 0xFFFF
        crc ^= (crc & 0xFF) << 5
    assert checksum(data) == crc.to_bytes(2, "little")


def test_firmware_and_its_ticks() -> None:
    firmware = ShimmerFirmware.parse(bytes.fromhex("03 00 01 00 02 09"))
    assert str(firmware) == "LogAndStream 1.2.9"
    assert firmware.tick_bits == 24
    assert ShimmerFirmware(3, 0, 5, 3).tick_bits == 16
    assert ShimmerFirmware(3, 0, 5, 4).tick_bits == 24


@pytest.mark.parametrize("config", [4, 7])
def test_inquiry_at_both_lengths(config: int) -> None:
    payload = bytes.fromhex("40 00") + bytes(range(10, 10 + config)) + bytes([6, 1, *ECG])
    assert Inquiry.parse(payload, config) == (64, ECG)


def test_samples_of_24_bits_are_big_endian_between_little_endian_ticks() -> None:
    packet = bytes.fromhex("00 010203 80 000102 FFFFFE 9F 111111 7FFFFF")
    layout = PacketLayout(ECG)
    assert layout.size == len(packet)
    assert layout.ticks(packet) == 0x030201
    assert layout.status(packet) == (0x80, 0x9F)
    assert layout.samples(packet) == (258, -2, 0x7FFFFF)


def test_samples_of_16_bits_behind_ticks_of_16_bits() -> None:
    packet = bytes.fromhex("00 0102 80 0102 FFFE 80 1111 8000")
    layout = PacketLayout(ECG_16, bits=16, tick_bits=16)
    assert layout.size == len(packet)
    assert layout.ticks(packet) == 0x0201
    assert layout.samples(packet) == (258, -2, -32768)


def test_channels_may_come_in_any_order() -> None:
    packet = bytes.fromhex("00 000000 90 111111 000003 81 000001 000002")
    layout = PacketLayout((0x20, 0x21, 0x22, 0x1D, 0x1E, 0x1F))
    assert layout.samples(packet) == (1, 2, 3)
    assert layout.status(packet) == (0x81, 0x90)


def test_unknown_channel_is_named() -> None:
    with pytest.raises(ProtocolError, match="channel 0x07, which is not part"):
        PacketLayout((0x07, *ECG))


@pytest.mark.parametrize("channels", [(), ECG_16, ECG[:3], ECG[1:]])
def test_missing_ecg_is_said(channels: tuple[int, ...]) -> None:
    with pytest.raises(ProtocolError, match=r"no ECG.*ECG board"):
        PacketLayout(channels)
