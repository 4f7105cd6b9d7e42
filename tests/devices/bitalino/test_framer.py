"""Frames out of bytes: without a mark of their start, after garbage, in any pieces."""

from __future__ import annotations

import random

import pytest

from devices.bitalino.framer import BitalinoFramer, BitalinoSkippedBytes, DataFrame
from devices.bitalino.protocol import FrameLayout


def frames(layout: FrameLayout, count: int, first: int = 0) -> list[bytes]:
    """Frames whose counts hold their index."""
    return [layout.frame(k % 16, tuple(k % 64 for _ in layout.bits)) for k in range(first, first + count)]


LAST = 1  # waits for the next one


def unlike(layout: FrameLayout, count: int) -> list[bytes]:
    """Frames of random counts."""
    rng = random.Random(5)  # noqa: S311
    return [layout.frame(k % 16, [rng.randrange(1 << bits) for bits in layout.bits]) for k in range(count)]


def compare(
    layout: FrameLayout, messages: list[DataFrame | BitalinoSkippedBytes], sent: list[bytes]
) -> tuple[int, int]:
    """Count frames that were not sent, and frames that were and did not come."""
    genuine = {DataFrame(frame[-1] >> 4, layout.counts(frame)) for frame in sent}
    got = {one for one in messages if isinstance(one, DataFrame)}
    return len(got - genuine), len(genuine - got)


def indices(messages: list[DataFrame | BitalinoSkippedBytes]) -> list[int]:
    return [one.counts[0] for one in messages if isinstance(one, DataFrame)]


def skipped(messages: list[DataFrame | BitalinoSkippedBytes]) -> int:
    return sum(one.size for one in messages if isinstance(one, BitalinoSkippedBytes))


@pytest.mark.parametrize("count", range(1, 7))
def test_clean_stream_gives_every_frame(count: int) -> None:
    layout = FrameLayout(count)
    messages = BitalinoFramer(layout).push(b"".join(frames(layout, 40)))
    assert indices(messages) == list(range(40 - LAST))
    assert skipped(messages) == 0


def test_a_frame_in_sequence_waits_for_the_next_one_alone() -> None:
    layout = FrameLayout(1)
    framer = BitalinoFramer(layout)
    framer.push(b"".join(frames(layout, 4)))
    assert indices(framer.push(frames(layout, 1, 4)[0])) == [3]


@pytest.mark.parametrize("count", [1, 2, 6])
def test_garbage_of_any_length_costs_few_frames(count: int) -> None:
    layout = FrameLayout(count)
    sent = unlike(layout, 40)
    wrong = 0
    for seed in range(100):
        garbage = random.Random(seed).randbytes(1 + seed)  # noqa: S311
        messages = BitalinoFramer(layout).push(b"".join([*sent[:20], garbage, *sent[20:]]))
        false, missing = compare(layout, messages, sent)
        assert missing <= 3 + LAST
        wrong += false
        assert skipped(messages) == len(garbage) + layout.size * (missing - LAST - false)
    assert wrong <= 2  # a CRC of 4 bits lets something pass


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_turned_bit_costs_one_frame(count: int) -> None:
    layout = FrameLayout(count)
    for bit in range(8 * layout.size):
        stream = bytearray(b"".join(frames(layout, 30)))
        stream[10 * layout.size + bit // 8] ^= 1 << bit % 8
        messages = BitalinoFramer(layout).push(bytes(stream))
        assert indices(messages) == [k for k in range(30 - LAST) if k != 10]
        assert skipped(messages) == layout.size


@pytest.mark.parametrize("count", [1, 4, 6])
def test_lost_bytes_cost_their_frames_and_few_others(count: int) -> None:
    layout = FrameLayout(count)
    sent = unlike(layout, 40)
    whole = b"".join(sent)
    wrong = 0
    for lost in range(1, 3 * layout.size):
        for at in range(10 * layout.size, 11 * layout.size):
            messages = BitalinoFramer(layout).push(whole[:at] + whole[at + lost :])
            false, missing = compare(layout, messages, sent)
            touched = (at + lost - 1) // layout.size - 9
            assert touched <= missing - LAST <= touched + 3
            wrong += false
    assert wrong <= 3  # of up to 184: a CRC of 4 bits lets something pass


@pytest.mark.parametrize("lost", [1, 5, 15, 16, 17, 33])
def test_whole_frames_may_be_missing(lost: int) -> None:
    layout = FrameLayout(2)
    messages = BitalinoFramer(layout).push(b"".join(frames(layout, 10) + frames(layout, 10, 10 + lost)))
    assert indices(messages) == [*range(10), *(k % 64 for k in range(10 + lost, 20 + lost - LAST))]
    assert skipped(messages) == 0


def test_every_second_frame_missing() -> None:
    layout = FrameLayout(6)
    messages = BitalinoFramer(layout).push(b"".join(frames(layout, 10) + frames(layout, 50, 10)[::2]))
    assert indices(messages)[:20] == [*range(10), *range(10, 30, 2)]


@pytest.mark.parametrize("seed", range(20))
def test_pieces_do_not_matter(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    layout = FrameLayout(rng.randint(1, 6))
    parts: list[bytes] = []
    for k, frame in enumerate(frames(layout, 300)):
        fault = rng.random()
        parts.append(rng.randbytes(3) if fault < 0.02 else frame[:-1] if fault < 0.04 else frame if k % 50 else b"")
    whole = b"".join(parts)
    at_once = BitalinoFramer(layout).push(whole)
    framer, pieces = BitalinoFramer(layout), list[DataFrame | BitalinoSkippedBytes]()
    at = 0
    while at < len(whole):
        step = rng.randint(1, 30)
        pieces += framer.push(whole[at : at + step])
        at += step
    assert pieces == at_once
    assert len(at_once) > 200


def test_noise_alone_is_no_frame() -> None:
    assert BitalinoFramer(FrameLayout(1)).push(random.Random(3).randbytes(50_000)) == []  # noqa: S311
