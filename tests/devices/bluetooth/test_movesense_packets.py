"""Packets of a Movesense: captured bytes, both widths, parts, stamps and losses."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.bluetooth.frame_timeline import FrameTimeline
from devices.bluetooth.gsp import GspMessage, MessageKind
from devices.bluetooth.movesense_packets import MV_PER_COUNT, PacketDecoder, PacketJoiner
from ecg_live.errors import ProtocolError
from ecg_live.events import Chunk, Gap, State, StreamEvent

# Captured from a Movesense Flash (docs/pages/protocols.md): /Meas/ECG/200/mV, 132803 ms.
CAPTURED_PACKET = bytes.fromhex(
    "c3060200 baff c5ff c9ff c5ff c1ff c2ff c2ff c2ff c1ff c1ff c1ff c6ff cbff d0ff cfff caff"
)


def packet(first: int, width: int = 2, ms: int | None = None, rate: int = 256) -> bytes:
    stamp = first * 1000 // rate if ms is None else ms
    return (stamp % 2**32).to_bytes(4, "little") + np.arange(first, first + 16).astype(f"<i{width}").tobytes()


def joined(parts: Iterable[tuple[int, bytes]]) -> list[bytes]:
    joiner = PacketJoiner()
    messages = [GspMessage(MessageKind(kind), 1, data) for kind, data in parts]
    return [data for k, message in enumerate(messages) for data, _ in joiner.push(message, float(k))]


def cut(packets: Iterable[bytes], size: int) -> list[tuple[int, bytes]]:
    return [(3 if at else 2, one[at : at + size]) for one in packets for at in range(0, len(one), size)]


def placed(packets: Iterable[tuple[bytes, float]], rate: int = 256) -> list[Chunk | StreamEvent]:
    decoder, timeline = PacketDecoder(rate), FrameTimeline(rate, "sensor", equal_frames=True)
    return [item for data, arrived in packets for item in timeline.push(decoder.decode(data), arrived)]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(MessageKind)[1:]),
            st.one_of(st.binary(max_size=80), st.binary(min_size=36, max_size=36), st.binary(min_size=68, max_size=68)),
        )
    )
)
def test_whatever_arrives_samples_are_in_order_and_whole(messages: list[tuple[MessageKind, bytes]]) -> None:
    joiner, decoder = PacketJoiner(), PacketDecoder(256)
    timeline, stop = FrameTimeline(256, "sensor", equal_frames=True), 0
    for k, (kind, data) in enumerate(messages):
        for one, arrived in joiner.push(GspMessage(kind, 1, data), k / 16):
            with suppress(ProtocolError):
                for item in timeline.push(decoder.decode(one), arrived):
                    if isinstance(item, Chunk | Gap):
                        assert item.start == stop
                        stop = item.stop
                    if isinstance(item, Chunk):
                        assert np.isfinite(item.samples).all()
                        assert item.samples.shape == (16, 1)


def test_captured_packet() -> None:
    frame = PacketDecoder(200).decode(CAPTURED_PACKET)
    microvolt = [-70, -59, -55, -59, -63, -62, -62, -62, -63, -63, -63, -58, -53, -48, -49, -54]
    assert np.rint(frame.samples * 1000).astype(int).tolist() == microvolt
    assert frame.stamp == 132_803_000_000 + 15 * 5_000_000  # ns, of the last sample


def test_captured_counts_are_the_captured_microvolt() -> None:
    counts = np.array([20835, 20488, 20147] + 13 * [0], "<i4")
    frame = PacketDecoder(200).decode(bytes(4) + counts.tobytes())
    assert np.rint(frame.samples[:3] * 1000).astype(int).tolist() == [7948, 7816, 7685]
    assert pytest.approx(0.38147e-3, rel=1e-5) == MV_PER_COUNT


@pytest.mark.parametrize("size", [0, 4, 20, 35, 37, 52, 69])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ProtocolError, match=f"packet of {size} bytes, expected 36 or 68") as error:
        PacketDecoder(256).decode(bytes(size))
    assert error.value.remedy


@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("size", [1, 18, 30, 36, 40, 68, 200])
def test_packets_do_not_depend_on_how_they_are_cut(width: int, size: int) -> None:
    packets = [packet(16 * k, width) for k in range(6)]
    got = joined(cut(packets, size))
    assert got == packets[: len(got)]
    assert len(got) == 6


def test_the_first_packet_waits_for_the_second_and_later_ones_do_not() -> None:
    joiner = PacketJoiner()
    counts = [
        [arrived for _, arrived in joiner.push(GspMessage(MessageKind.DATA, 1, packet(16 * k)), float(k))]
        for k in range(3)
    ]
    assert counts == [[], [0.0, 1.0], [2.0]]


def test_a_lost_part_costs_one_packet() -> None:
    packets = [packet(16 * k, 4) for k in range(8)]
    for lost in range(5, 4 * 8):  # 4 parts a packet; the size is learned from the first one
        parts = cut(packets, 18)
        del parts[lost : lost + 2 - lost % 2]  # two parts less leave 32 bytes or 36
        assert joined(parts) == [one for k, one in enumerate(packets) if k != lost // 4], lost


def test_a_size_that_was_taken_from_a_cut_packet_is_corrected() -> None:
    packets = [packet(16 * k, 4) for k in range(8)]
    parts = cut(packets, 18)
    del parts[2:4]  # 36 bytes are left of the first packet: as many as a whole one of int16
    got = joined(parts)
    assert len(got[0]) == len(got[1]) == 36
    assert got[2:] == packets[2:]


def test_lost_packets_are_counted_from_the_stamps_in_spite_of_jitter() -> None:
    lost, jitter = {7, 20, 21, 22}, [0, 9, -9, 4, 0, -7, 3]  # ms
    packets = [
        (packet(16 * k, ms=16 * k * 1000 // 256 + jitter[k % 7]), 10 + 16 * k / 256) for k in range(40) if k not in lost
    ]
    gaps = [item for item in placed(packets) if isinstance(item, Gap)]
    assert [(gap.start, gap.lost, gap.cause) for gap in gaps] == [
        (7 * 16, 16, "lost frames"),
        (20 * 16, 48, "lost frames"),
    ]


def test_a_packet_that_comes_twice_is_dropped_and_reported() -> None:
    items = placed([(packet(0), 1.0), (packet(16), 1.1), (packet(16), 1.1), (packet(32), 1.2)])
    assert [item.start for item in items if isinstance(item, Chunk)] == [0, 16, 32]
    assert [item.detail for item in items if isinstance(item, State)] == ["16 samples came twice and were dropped"]


def test_stamps_wrap_after_49_days() -> None:
    items = placed((packet(16 * k, ms=2**32 - 500 + 16 * k * 1000 // 256), 16 * k / 256) for k in range(20) if k != 12)
    assert [(item.start, item.lost) for item in items if isinstance(item, Gap)] == [(12 * 16, 16)]


@pytest.mark.parametrize("restarted", [0, 10**9])
def test_a_clock_that_restarted_is_a_gap_by_the_computers_clock(restarted: int) -> None:
    packets = [(packet(16 * k, ms=10**6 + 16 * k * 1000 // 256), 16 * k / 256) for k in range(10)]
    packets += [(packet(16 * k, ms=restarted + 16 * k * 1000 // 256), 30 + 16 * k / 256) for k in range(10)]
    (gap,) = [item for item in placed(packets) if isinstance(item, Gap)]
    assert gap.lost == pytest.approx((30 - 10 * 16 / 256) * 256, abs=2)
    assert "the sensor's clock was set" in gap.cause


@pytest.mark.parametrize("rate", [125, 200, 256, 512])
def test_an_outage_is_exact_although_stamps_are_whole_milliseconds(rate: int) -> None:
    for begin, back in product(range(64), range(1084, 1092)):
        decoder, timeline = PacketDecoder(rate), FrameTimeline(rate, "sensor", equal_frames=True)
        found: list[Chunk | StreamEvent] = []
        for first in (*range(begin, begin + 128, 16), back):
            if first == back:
                timeline.connect()
            found += timeline.push(decoder.decode(packet(first, rate=rate)), first / rate)
        (gap,) = [item for item in found if isinstance(item, Gap)]
        assert gap.lost == back - begin - 128, (begin, back)
