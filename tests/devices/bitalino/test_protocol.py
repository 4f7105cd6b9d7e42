"""Bytes of a BITalino, against the words of its documents."""

from __future__ import annotations

import random

import pytest

from devices.bitalino.protocol import (
    BitalinoFirmware,
    FrameLayout,
    battery_level,
    has_valid_crc,
    rate_command,
    start_command,
    state_reply,
    with_crc,
)


def crc_bit_by_bit(message: bytes) -> int:
    """All bits, high first, the last nibble taken as 0."""
    bits = "".join(f"{byte:08b}" for byte in message)[:-4] + "0000"
    crc = 0
    for bit in bits:
        crc <<= 1
        if crc & 16:
            crc ^= 0b10011
        crc ^= int(bit)
    return crc & 15


def test_crc_is_the_one_of_the_documents() -> None:
    rng = random.Random(1)  # noqa: S311
    for size in (3, 4, 6, 7, 8, 16, 17):
        message = rng.randbytes(size)
        whole = with_crc(message)
        assert whole[:-1] == message[:-1]
        assert whole[-1] == message[-1] & 0xF0 | crc_bit_by_bit(message)
        assert has_valid_crc(whole)
        for bit in range(8 * size):
            turned = bytearray(whole)
            turned[bit // 8] ^= 1 << bit % 8
            assert not has_valid_crc(bytes(turned))


@pytest.mark.parametrize(("count", "size"), [(1, 3), (2, 4), (3, 6), (4, 7), (5, 8), (6, 8)])
def test_length_of_a_frame(count: int, size: int) -> None:
    assert FrameLayout(count).size == size


def test_fields_of_a_frame_from_its_end() -> None:
    frame = with_crc(bytes.fromhex("a5 c3 7e 19 b4 6d 52 90"))
    by_the_documents = (
        (frame[-2] & 15) << 6 | frame[-3] >> 2,
        (frame[-3] & 3) << 8 | frame[-4],
        frame[-5] << 2 | frame[-6] >> 6,
        (frame[-6] & 63) << 4 | frame[-7] >> 4,
        (frame[-7] & 15) << 2 | frame[-8] >> 6,
        frame[-8] & 63,
    )
    assert FrameLayout(6).counts(frame) == by_the_documents
    for count in range(1, 7):
        layout = FrameLayout(count)
        assert layout.counts(frame[-layout.size :]) == by_the_documents[:count]


@pytest.mark.parametrize("count", range(1, 7))
def test_a_frame_gives_back_what_was_put_in(count: int) -> None:
    layout = FrameLayout(count)
    counts = tuple((1 << bits) - 1 - place for place, bits in enumerate(layout.bits))
    frame = layout.frame(13, counts)
    assert (layout.counts(frame), frame[-1] >> 4, has_valid_crc(frame)) == (counts, 13, True)


def test_commands() -> None:
    assert [rate_command(rate).hex() for rate in (10, 100, 1000)] == ["43", "83", "c3"]
    assert start_command([0]).hex() == "05"
    assert start_command(range(6)).hex() == "fd"


@pytest.mark.parametrize(
    ("reply", "version", "state_bytes"),
    [
        (b"BITalino_v5.1\n", (5, 1), 16),
        (b"\x12\xffBITalino_v5.2\n", (5, 2), 17),
        (b"BITalino_v4.2\n", (4, 2), 16),
        (b"BITalino V3.0\n", (3, 0), 0),
    ],
)
def test_versions(reply: bytes, version: tuple[int, int], state_bytes: int) -> None:
    firmware = BitalinoFirmware.parse(reply)
    assert firmware == version
    assert firmware is not None
    assert firmware.state_bytes == state_bytes


@pytest.mark.parametrize("reply", [b"", b"BITalino_v5.1", b"BITalino\n", b"Shimmer 5.1\n"])
def test_no_version(reply: bytes) -> None:
    assert BitalinoFirmware.parse(reply) is None


@pytest.mark.parametrize("size", [16, 17])
def test_battery(size: int) -> None:
    levels = [battery_level(state_reply(volts, size)) for volts in (3.0, 3.8, 4.2, 4.4)]
    assert levels == pytest.approx([0.0, 0.5, 1.0, 1.0], abs=0.01)
    assert int.from_bytes(state_reply(3.4, size)[12:14], "little") == 527  # the firmware's own figure
