"""A path in a batch gives what it gives alone, to the bit, whoever else is there and whatever happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.errors import ProtocolError
from ecg_live.events import F64, Chunk, Gap, StreamEvent, StreamInfo
from ecg_live.results import Window
from ecg_live.signal.batch import stages
from ecg_live.signal.batch.feed import PathFeed, advance, finish
from ecg_live.signal.highpass import HighPass
from ecg_live.signal.pipeline import PathOutput, SignalPath
from tests.support.chunk_cutting import BEGAN, ODD_RATE, RATES, sizes
from tests.support.synthetic_signals import Played, Tape, assert_same, ecg, eventful, info, play, sort_outputs

Items = list[Chunk | StreamEvent]


def feed_of(rate: float, hop: float = 1.0, about: StreamInfo | None = None) -> PathFeed:
    about = about or info(rate)
    return PathFeed(SignalPath(about, hop, batched=True), about)


def play_together(feeds: list[PathFeed], tapes: list[Items], together: int = 1) -> list[Played]:
    """Play tapes side by side, so many items of each between two advances; one that is over is finished."""
    out = [Played() for _ in feeds]
    longest = max(map(len, tapes))
    for at in range(0, longest, together):
        for feed, tape in zip(feeds, tapes, strict=True):
            for item in tape[at : at + together]:
                feed.add(item)
        for played, outputs in zip(out, advance(feeds), strict=True):
            sort_outputs(played, outputs)
        for feed, tape, played in zip(feeds, tapes, out, strict=True):
            if at < len(tape) <= at + together:
                sort_outputs(played, finish(feed))
    return out


@lru_cache(32)
def alone(rate: float, hop: float) -> Played:
    return play(SignalPath(info(rate), hop), eventful(rate).items())


@settings(max_examples=4, deadline=None)
@given(
    rates=st.lists(st.sampled_from((*RATES[:9], ODD_RATE, 204.8)), min_size=2, max_size=4),
    into=st.lists(sizes(longest=5000, most=12), min_size=6, max_size=6),
    hop=st.sampled_from((1.0, 2.0, 10.0, 0.5)),
    together=st.sampled_from((1, 3, 50)),
)
def test_whoever_else_is_there(rates: list[float], into: list[list[int]], hop: float, together: int) -> None:
    tapes = [list(eventful(rate).items(cut)) for rate, cut in zip(rates, into, strict=False)]
    for rate, played in zip(rates, play_together([feed_of(rate, hop) for rate in rates], tapes, together), strict=True):
        assert_same(played, alone(rate, hop))


def seconds_of(tape: Tape) -> Items:
    return list(tape.items([round(tape.rate)] * 100))


@pytest.mark.parametrize("rate", [250.0, 204.8])
def test_wearers_who_join_and_leave_change_nothing_for_the_others(rate: float) -> None:
    staying = seconds_of(eventful(rate))
    tapes = [staying, seconds_of(eventful(rate))[20:], staying[:17], [*staying[:1] * 0, *staying]]
    feeds = [feed_of(rate) for _ in tapes]
    late, out = 7, [Played() for _ in tapes]
    for at in range(len(staying) + late):
        for k, (feed, tape) in enumerate(zip(feeds, tapes, strict=True)):
            if 0 <= (place := at - late * (k == 3)) < len(tape):
                feed.add(tape[place])
        for played, outputs in zip(out, advance(feeds), strict=True):
            sort_outputs(played, outputs)
    for feed, tape, played in zip(feeds, tapes, out, strict=True):
        sort_outputs(played, finish(feed))
        assert_same(played, play(SignalPath(info(rate)), tape))


@pytest.mark.parametrize("rate", [100.0, 130.0, 204.8, 250.0, 256.0, 512.0, 700.0, 1000.0])
def test_seconds_of_many_wearers_are_one_batch(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes_seen: list[int] = []
    filtered = stages.highpass_filter

    def counted(parts: Sequence[HighPass], x: F64) -> F64:
        sizes_seen.append(len(parts))
        return filtered(parts, x)

    monkeypatch.setattr("ecg_live.signal.batch.stages.highpass_filter", counted)
    x = ecg(16, rate)
    feeds = [feed_of(rate) for _ in range(5)]
    tapes = [list(Tape(x * (1 + k / 7), rate).items([round(rate)] * 16)) for k in range(5)]
    made = play_together(feeds, tapes)
    assert sizes_seen.count(5) >= 13
    for tape, played in zip(tapes, made, strict=True):
        assert_same(played, play(SignalPath(info(rate)), tape))
        assert len(played.windows) >= 5


def test_faults_of_one_wearer_leave_the_others_alone() -> None:
    rate, x = 250.0, ecg(40, 250)
    limits = (-3.0, 3.0)
    faulty = {name: x.copy() for name in ("fine", "flat", "railed", "not a number", "step", "noise", "huge")}
    at = slice(15 * 250 + 100, 22 * 250)
    faulty["flat"][at] = 0.25
    faulty["railed"][at] = limits[1]
    faulty["not a number"][at] = np.nan
    faulty["step"][15 * 250 :] += 30
    faulty["noise"][at] += np.random.default_rng(0).normal(size=(7 * 250 - 100, 1)) * 3
    faulty["huge"][at] = 1e12
    about = info(rate, limits)
    tapes = [seconds_of(Tape(each, rate)) for each in faulty.values()]
    made = play_together([feed_of(rate, about=about) for _ in tapes], tapes)
    for tape, played in zip(tapes, made, strict=True):
        assert_same(played, play(SignalPath(about), tape))
    grades = {name: {w.quality.grade for w in p.windows} for name, p in zip(faulty, made, strict=True)}
    assert grades["fine"] == {"good"}
    assert all("unusable" in grades[name] for name in ("flat", "railed", "step", "noise"))


def test_lost_samples_that_the_device_reports() -> None:
    rate = 256.0
    tape = [*Tape(ecg(20, rate), rate, lost=((3000, 600),)).items([100] * 200)]
    at = next(k for k, item in enumerate(tape) if isinstance(item, Chunk) and item.start >= 3600)
    tape.insert(at, Gap(3000, 600, "out of reach"))
    (played,) = play_together([feed_of(rate)], [tape])
    assert_same(played, play(SignalPath(info(rate)), tape))
    assert played.gaps[0].cause == "out of reach"


def test_a_jump_of_the_counter_is_reported_when_it_comes() -> None:
    rate, feed = 250.0, feed_of(250.0)
    chunks = [
        item for item in Tape(ecg(9, rate), rate, lost=((1500, 500),)).items([50] * 99) if isinstance(item, Chunk)
    ]
    for chunk in chunks:
        feed.add(chunk)
        outputs = outputs_of([feed])
        assert any(isinstance(output, Gap) for output in outputs) == (chunk.start == 2000)


def test_a_stream_in_an_unknown_unit_is_checked_as_alone() -> None:
    about = StreamInfo(200.0, ("ECG",), unit_assumed=True)
    tape = list(Tape(ecg(15, 200) * 1000, 200.0).items([200] * 15))
    (played,) = play_together([feed_of(200.0, about=about)], [tape])
    expected = play(SignalPath(about), tape)
    assert [w.data.tobytes() for w in played.windows] == [w.data.tobytes() for w in expected.windows]
    assert {state.detail for state in played.states} == {state.detail for state in expected.states}  # order is by chunk
    assert any(state.state == "warning" for state in played.states)


def test_times_are_those_of_the_chunks_however_they_are_cut_into_seconds() -> None:
    rate = 250.0
    chunks = [
        Chunk(c.samples, c.start, BEGAN + c.start / rate * 1.01)
        for c in Tape(ecg(20, rate), rate).items([70] * 99)
        if isinstance(c, Chunk)
    ]
    (played,) = play_together([feed_of(rate)], [list(chunks)])
    expected = play(SignalPath(info(rate)), chunks)
    assert [w.time for w in played.windows] == [w.time for w in expected.windows]


def test_a_counter_that_goes_back_is_refused() -> None:
    feed, other = feed_of(250.0), feed_of(250.0)
    for each in (feed, other):
        each.add(Chunk(ecg(2, 250), 0, 0.0))
    advance([feed, other])
    feed.add(Chunk(ecg(2, 250), 100, 0.0))
    other.add(Chunk(ecg(20, 250)[500:], 500, 2.0))
    made = advance([feed, other])
    assert isinstance(feed.error, ProtocolError)
    assert "counter went back" in str(feed.error)
    assert not feed.due
    assert other.error is None
    assert sum(isinstance(output, Window) for output in made[1]) == 10
    assert not any(isinstance(output, Window) for output in finish(feed))


def outputs_of(feeds: Iterable[PathFeed]) -> list[PathOutput]:
    return [output for outputs in advance(list(feeds)) for output in outputs]


def test_memory_stays_flat_however_long_it_runs() -> None:
    feed, x, seen = feed_of(256.0), ecg(60, 256), []
    for minute in range(2):
        for at in range(0, len(x), 256):
            feed.add(Chunk(x[at : at + 256], minute * len(x) + at, BEGAN + minute * 60 + at / 256))
            outputs_of([feed])
        parts = feed.path.stages
        assert feed.path.segment is not None
        rings = [ring._x.nbytes for ring in parts.rings]
        seen.append((len(feed.path.segment.chunk_times), len(parts.blocks._blocks), *rings))
    assert seen[0] == seen[-1]
    assert sum(seen[-1][2:]) <= 60_000  # bytes: 12 s after the high-pass, 10 s before it and of the normalised signal
