from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.shimmer.framer import Ack, DataPacket, Message, Nack, Reply, ShimmerFramer, ShimmerSkippedBytes
from devices.shimmer.protocol import PacketLayout, checksum

LAYOUT = PacketLayout((0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22))
DIV = 64


def framer(crc: int = 2, *, hardware: int = 10, expect: int | None = None, streams: bool = False) -> ShimmerFramer:
    made = ShimmerFramer()
    made.crc, made.hardware, made.expect = crc, hardware, expect
    if streams:
        made.layout, made.divider = LAYOUT, DIV
    return made


def packet(k: int, crc: int = 2, status: int = 0x80) -> bytes:
    """Sample k, with its index in the first lead."""
    body = b"\x00" + (k * DIV & 0xFFFFFF).to_bytes(3, "little") + bytes([status]) + k.to_bytes(3, "big") + bytes(3)
    body += bytes([0x80]) + bytes(6)
    return body + checksum(body, crc)


def with_crc(message: str, crc: int = 2) -> bytes:
    data = bytes.fromhex(message)
    return data + checksum(data, crc)


def indices(messages: list[Message]) -> list[int]:
    return [LAYOUT.samples(one.packet)[0] for one in messages if isinstance(one, DataPacket)]


def cut(data: bytes, cuts: list[int], made: ShimmerFramer) -> list[Message]:
    edges = sorted({min(at, len(data)) for at in cuts} | {0, len(data)})
    return [one for start, stop in pairwise(edges) for one in made.push(data[start:stop])]


def test_ack_of_the_crc_mode_carries_its_crc() -> None:
    assert framer().push(bytes.fromhex("FF F4 65")) == [Ack()]
    assert framer(crc=1).push(bytes.fromhex("FF F4")) == [Ack()]
    assert framer(crc=0).push(bytes.fromhex("FF")) == [Ack()]


@pytest.mark.parametrize("crc", [0, 1, 2])
def test_ack_and_reply_share_one_crc(crc: int) -> None:
    expected = [Ack(), Reply(0x25, b"\x0a")]
    assert framer(crc, expect=0x25).push(with_crc("FF 25 0A", crc)) == expected
    assert framer(crc).push(with_crc("FE", crc)) == [Nack()]


@pytest.mark.parametrize(("hardware", "config"), [(3, 4), (10, 7)])
@pytest.mark.parametrize("crc", [0, 1, 2])
def test_inquiry_of_both_kinds(hardware: int, config: int, crc: int) -> None:
    payload = "40 00" + "AB" * config + "06 01 1D 1E 1F 20 21 22"
    made = framer(crc, hardware=hardware, expect=0x02)
    assert made.push(with_crc("FF 02" + payload, crc)) == [Ack(), Reply(0x02, bytes.fromhex(payload))]
    assert made.pending == b""


@pytest.mark.parametrize(("hardware", "status"), [(3, "21"), (10, "21 00")])
@pytest.mark.parametrize("prefix", ["", "FF"])
def test_status_between_samples_accepts_nothing(hardware: int, status: str, prefix: str) -> None:
    made = framer(hardware=hardware, streams=True)
    messages = made.push(packet(1) + with_crc(f"{prefix} 8A 71 {status}") + packet(2))
    assert messages[1:2] == [Reply(0x8A, bytes.fromhex(f"71 {status}"))]
    assert len(messages) == 3
    assert indices(messages) == [1, 2]


def test_registers() -> None:
    made = framer(expect=0x62)
    assert made.push(with_crc("FF 62 02 A0 10")) == [Ack(), Reply(0x62, bytes.fromhex("02 A0 10"))]


def test_answer_that_no_one_asked_for_is_none() -> None:
    assert framer(expect=0x62).push(with_crc("FF 25 0A")) == []


def test_wrong_crc_is_no_message_and_the_next_one_is() -> None:
    bad = bytearray(packet(2))
    bad[7] ^= 0x10
    messages = framer(streams=True).push(packet(1) + bytes(bad) + packet(3))
    assert indices(messages) == [1, 3]
    assert ShimmerSkippedBytes(len(bad)) in messages


@pytest.mark.parametrize("crc", [0, 1, 2])
@pytest.mark.parametrize("garbage", ["00", "FF", "FE", "8A", "00" * 40, "FF 8A 71", "00 80 01 00", "55 AA 00 00 00"])
def test_finds_back_after_garbage(crc: int, garbage: str) -> None:
    stream = b"".join(packet(k, crc) for k in range(1000, 1010))
    more = b"".join(packet(k, crc) for k in range(1010, 1030))
    found = indices(framer(crc, streams=True).push(stream + bytes.fromhex(garbage) + more))
    assert set(found) <= set(range(1000, 1030))
    assert found == sorted(set(found))
    assert len(found) >= 26 if crc < 2 else len(found) == 30


@pytest.mark.parametrize("crc", [0, 1])
def test_flat_lines_do_not_sync_falsely_without_a_crc(crc: int) -> None:
    body = bytes([0x80]) + bytes(6) + bytes([0x80]) + bytes(6)
    packets = [b"\x00" + (k * DIV).to_bytes(3, "little") + body for k in range(200)]
    packets = [one + checksum(one, crc) for one in packets]
    stream = b"".join(packets[:50]) + packets[50][5:] + b"".join(packets[51:])
    found = [LAYOUT.ticks(one.packet) for one in framer(crc, streams=True).push(stream) if isinstance(one, DataPacket)]
    assert set(found) <= {k * DIV for k in range(200)}
    assert len(found) > 190


def test_garbage_is_reported_once_however_much() -> None:
    messages = framer(streams=True).push(b"\x55" * 1000 + packet(5))
    assert messages[0] == ShimmerSkippedBytes(1000)


def test_clear_forgets_half_a_message() -> None:
    made = framer(expect=0x25)
    assert made.push(bytes.fromhex("FF 25")) == []
    assert made.pending == bytes.fromhex("FF 25")
    made.clear()
    assert made.push(with_crc("FF 25 03")) == [Ack(), Reply(0x25, b"\x03")]


@st.composite
def streams(draw: st.DrawFn) -> tuple[int, bytes]:
    crc = draw(st.sampled_from([0, 1, 2]))
    pieces = []
    for k in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["data", "data", "stale", "status", "ack", "nack", "garbage", "broken"]))
        match kind:
            case "data":
                pieces.append(packet(k, crc))
            case "stale":
                pieces.append(packet(k, crc, status=0))
            case "status":
                pieces.append(with_crc("8A 71 21 00", crc))
            case "ack":
                pieces.append(with_crc("FF 25 0A", crc))
            case "nack":
                pieces.append(with_crc("FE", crc))
            case "broken":
                pieces.append(packet(k, crc)[: draw(st.integers(1, 19))])
            case _:
                pieces.append(draw(st.binary(max_size=30)))
    return crc, b"".join(pieces)


@given(streams(), st.lists(st.integers(0, 300), max_size=20))
def test_however_it_is_cut_the_messages_are_the_same(stream: tuple[int, bytes], cuts: list[int]) -> None:
    crc, data = stream
    whole = framer(crc, expect=0x25, streams=True).push(data)
    assert cut(data, cuts, framer(crc, expect=0x25, streams=True)) == whole
    assert cut(data, list(range(len(data))), framer(crc, expect=0x25, streams=True)) == whole


def test_a_thousand_faults_pass_no_sample_that_was_not_sent() -> None:
    rng = random.Random(1)  # noqa: S311 - no secret
    sent = b""
    for k in range(2000):
        one = bytearray(packet(k))
        if rng.random() < 0.5:
            one[rng.randrange(len(one))] ^= 1 << rng.randrange(8)
        sent += rng.randbytes(rng.choice([0, 0, 0, 9])) + bytes(one)
    found = indices(framer(streams=True).push(sent))
    assert found == sorted(set(found))
    assert 900 < len(found) < 1100
