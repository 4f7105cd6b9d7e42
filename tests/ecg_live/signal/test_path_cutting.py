"""However a stream is cut, the path gives the same to the bit; and it never looks ahead."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.events import Chunk
from ecg_live.results import Window
from ecg_live.signal.pipeline import SignalPath, windows
from tests.support.chunk_cutting import BEGAN, ODD_RATE, RATES, sizes
from tests.support.synthetic_signals import Played, Tape, assert_same, ecg, eventful, info, play


@lru_cache(8)
def whole(rate: float, hop: float) -> Played:
    return play(SignalPath(info(rate), hop), eventful(rate).items())


EVERY_RATE = pytest.mark.parametrize("rate", [*RATES, ODD_RATE])


@EVERY_RATE
@settings(max_examples=5, deadline=None)
@given(into=sizes(longest=20_000, most=12), hop=st.sampled_from((1.0, 2.0, 10.0, 0.5, 1 / 256 * 300)))
def test_any_cutting_gives_the_same_bits(rate: float, into: list[int], hop: float) -> None:
    assert_same(play(SignalPath(info(rate), hop), eventful(rate).items(into)), whole(rate, hop))
    assert len(whole(rate, hop).windows) >= (3 if hop == 10 else 8)


@pytest.mark.parametrize("rate", [130.0, 256.0, 700.0])
@pytest.mark.parametrize("size", [1, 7])
def test_small_chunks_all_the_way_give_the_same_bits(rate: float, size: int) -> None:
    short = eventful(rate)
    short.samples, short.lost, short.leads = short.samples[: round(18 * rate)], short.lost[:1], ()
    at_once = play(SignalPath(info(rate)), short.items())
    assert_same(play(SignalPath(info(rate)), short.items([size] * len(short.samples))), at_once)


@EVERY_RATE
def test_causal(rate: float) -> None:
    x = ecg(16, rate)
    known = round(13.37 * rate)
    other = np.concatenate((x[:known], np.full_like(x[known:], 7.0)))
    made = [play(SignalPath(info(rate)), Tape(samples, rate).items()) for samples in (x, other)]
    path, seen = SignalPath(info(rate)), []
    for item in Tape(x[:known], rate).items():
        seen += [output for output in path.push(item) if isinstance(output, Window)]
    assert len(seen) == 4
    for whole in made:
        for a, b in zip(seen, whole.windows, strict=False):
            assert a.data.tobytes() == b.data.tobytes()
            assert (a.quality, a.beats, a.heart_rate, a.rmssd) == (b.quality, b.beats, b.heart_rate, b.rmssd)


def test_windows_for_training_are_those_of_the_live_path() -> None:
    live = play(SignalPath(info(500.0), 10.0), eventful(500).items([10] * 4000)).windows
    made = list(windows(eventful(500).items(), SignalPath(info(500.0), 10.0)))
    assert [window.data.tobytes() for window in made] == [window.data.tobytes() for window in live]


def test_memory_stays_flat_however_long_it_runs() -> None:
    path = SignalPath(info(256.0))
    x = ecg(60, 256)
    sizes_seen = []
    for minute in range(12):
        for at in range(0, len(x), 512):
            list(path.push(Chunk(x[at : at + 512], minute * len(x) + at, BEGAN + minute * 60 + at / 256)))
        assert path.segment is not None
        held = (
            len(path.segment.chunk_times),
            len(path.stages.blocks._blocks),
            sum(len(ring._x) for ring in path.stages.rings),
        )
        sizes_seen.append(held)
    assert sizes_seen[2] == sizes_seen[-1]
