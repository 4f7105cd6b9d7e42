"""What a screen reads of a session: all of it once, the newest of it always, and no more than ten minutes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import Chunk, Gap, Marker, State
from ecg_live.results import HeadResult, Poll, Prediction, Quality, Summary, Trace
from ecg_live.signal.pipeline import SignalPath
from ecg_live.sinks.display_buffer import KEPT_EVENTS, KEPT_S, PREDICTIONS_PER_S, DisplayBuffer
from tests.support.scripted_source import HandClock
from tests.support.synthetic_signals import Tape, ecg, info

KEPT_SAMPLES, KEPT_PREDICTIONS = round(KEPT_S * MODEL_RATE_HZ), round(KEPT_S * PREDICTIONS_PER_S)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def screen(clock: HandClock) -> DisplayBuffer:
    return DisplayBuffer(500.0, clock)


def trace(first: int, stop: int, segment: int = 0) -> Trace:
    """Samples that are their own display index."""
    return Trace(np.arange(first, stop, dtype=np.float32), first / MODEL_RATE_HZ, segment)


def prediction(k: int, latency: float = 0.01) -> Prediction:
    return Prediction(k, k + 10.0, 100.0 + k, {"a": HeadResult(None, None, "no")}, None, None, Quality("good"), latency)


@settings(max_examples=30, deadline=None)
@given(
    pieces=st.lists(st.tuples(st.integers(0, 700), st.booleans(), st.integers(0, 900)), max_size=25),
    stride=st.integers(1, 5),
)
def test_every_sample_is_seen_once_at_its_place(pieces: list[tuple[int, bool, int]], stride: int) -> None:
    screen, at, segment, cursor = DisplayBuffer(500.0, HandClock()), 0, 0, Poll()
    seen, expected = np.empty(0, np.float32), np.empty(0, np.float32)
    for k, (size, gap, hole) in enumerate(pieces):
        if gap and size:
            expected = np.append(expected, np.full(hole, np.nan, np.float32))
            at, segment = at + hole, segment + 1
        screen.write(trace(at, at + size, segment))
        expected = np.append(expected, np.arange(at, at + size, dtype=np.float32))
        at += size
        if k % stride == 0:
            shot, cursor = screen.poll(cursor)
            assert shot.trace_start == len(seen)
            seen = np.append(seen, shot.trace)
    seen = np.append(seen, screen.poll(cursor)[0].trace)
    assert np.array_equal(seen, expected, equal_nan=True)


@pytest.mark.parametrize("rate", [512.0, 1000.0, 129.87])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_segment_that_starts_between_display_samples_has_no_seam(rate: float, size: int) -> None:
    screen = DisplayBuffer(rate, HandClock())
    path, start = SignalPath(info(rate)), round(2 * rate) | 1
    lost = round(0.1 * rate)
    for item in Tape(ecg(5, rate), rate, ((start - lost, lost),)).items([size] * round(5 * rate)):
        for output in path.push(item):
            screen.write(output)  # type: ignore[arg-type]  # no window in 5 s
    shot, _ = screen.poll(Poll())
    blank = np.flatnonzero(np.isnan(shot.trace))
    assert len(blank) == pytest.approx(0.1 * MODEL_RATE_HZ, abs=2)
    assert np.all(np.diff(blank) == 1)
    assert blank[-1] + 1 == pytest.approx(start / rate * MODEL_RATE_HZ, abs=1)


def test_two_screens_read_on_their_own(screen: DisplayBuffer) -> None:
    screen.write(trace(0, 100))
    _, first = screen.poll(Poll())
    screen.write(trace(100, 150))
    one, _ = screen.poll(first)
    other, _ = screen.poll(Poll())
    assert (one.trace_start, len(one.trace)) == (100, 50)
    assert (other.trace_start, len(other.trace)) == (0, 150)
    again, _ = screen.poll(first)
    assert np.array_equal(again.trace, one.trace)


def test_a_late_screen_gets_the_newest_ten_minutes(screen: DisplayBuffer) -> None:
    for at in range(0, KEPT_SAMPLES + 5000, 1000):
        screen.write(trace(at, at + 1000))
    shot, cursor = screen.poll(Poll())
    assert KEPT_SAMPLES == 600 * MODEL_RATE_HZ
    assert (shot.trace_start, len(shot.trace)) == (cursor.trace - KEPT_SAMPLES, KEPT_SAMPLES)
    assert np.array_equal(shot.trace, np.arange(shot.trace_start, cursor.trace, dtype=np.float32))


@pytest.mark.parametrize("hole", [KEPT_SAMPLES - 100, KEPT_SAMPLES, 10 * KEPT_SAMPLES, 10**12])
def test_a_gap_longer_than_memory_leaves_nothing_old(screen: DisplayBuffer, hole: int) -> None:
    screen.write(trace(0, 5000))
    screen.write(Trace(np.ones(100, np.float32), (5000 + hole) / MODEL_RATE_HZ, 1))
    shot, cursor = screen.poll(Poll())
    assert cursor.trace == 5000 + hole + 100
    assert np.isnan(shot.trace[:-100]).all()
    assert np.array_equal(shot.trace[-100:], np.ones(100))


def test_a_trace_longer_than_memory(screen: DisplayBuffer) -> None:
    screen.write(Trace(np.arange(KEPT_SAMPLES + 321, dtype=np.float32), 0.0, 0))
    shot, _ = screen.poll(Poll())
    assert shot.trace_start == 321
    assert np.array_equal(shot.trace, np.arange(321, KEPT_SAMPLES + 321, dtype=np.float32))


def test_a_snapshot_does_not_change_afterwards(screen: DisplayBuffer) -> None:
    screen.write(trace(0, 1000))
    shot, _ = screen.poll(Poll())
    kept = shot.trace.copy()
    for at in range(1000, KEPT_SAMPLES + 3000, 1000):
        screen.write(trace(at, at + 1000))
    assert np.array_equal(shot.trace, kept)


def test_predictions_and_events_come_once_and_in_order(screen: DisplayBuffer) -> None:
    screen.write(prediction(0))
    screen.write(Marker(1.0, "a"))
    screen.write(Gap(5, 10, "lost"))
    shot, cursor = screen.poll(Poll())
    assert [p.start for p in shot.predictions] == [0]
    assert shot.events == (Marker(1.0, "a"), Gap(5, 10, "lost"))
    screen.write(prediction(1))
    screen.write(prediction(2))
    shot, cursor = screen.poll(cursor)
    assert [p.start for p in shot.predictions] == [1, 2]
    assert shot.events == ()
    assert screen.poll(cursor)[0].predictions == ()


def test_memory_is_bounded(screen: DisplayBuffer) -> None:
    for k in range(KEPT_PREDICTIONS + 500):
        screen.write(prediction(k))
    for k in range(KEPT_EVENTS + 500):
        screen.write(Marker(float(k), "x"))
    shot, _ = screen.poll(Poll())
    assert (len(shot.predictions), shot.predictions[-1].start) == (KEPT_PREDICTIONS, KEPT_PREDICTIONS + 499)
    assert (len(shot.events), shot.events[0]) == (KEPT_EVENTS, Marker(500.0, "x"))
    before = sys.getsizeof(screen._trace)
    for at in range(0, 3 * KEPT_SAMPLES, 10_000):
        screen.write(trace(at, at + 10_000))
    assert sys.getsizeof(screen._trace) == before == pytest.approx(KEPT_SAMPLES * 4, rel=0.01)


def test_the_state_is_the_last_that_matters(screen: DisplayBuffer) -> None:
    assert screen.poll(Poll())[0].state.state == "connecting"
    for item, state in (
        (State("warming_up", "9 s", seconds_left=9.0), "warming_up"),
        (Marker(1.0, "x"), "warming_up"),
        (prediction(0), "streaming"),
        (State("warning", "a sink stopped"), "streaming"),
        (State("baseline", "42 s", seconds_left=42.0), "baseline"),
        (prediction(1), "baseline"),
        (State("baseline", "complete"), "baseline"),
        (prediction(2), "streaming"),
        (State("baseline", "42 s", seconds_left=42.0), "baseline"),
        (State("gap", "signal is back"), "gap"),
        (prediction(3), "streaming"),
        (State("error", "it broke"), "error"),
    ):
        screen.write(item)
        assert screen.poll(Poll())[0].state.state == state
    assert screen.poll(Poll())[0].error == "it broke"
    assert not screen.poll(Poll())[0].ended
    screen.write(Summary(100, 3, 1, 1, 0, 1.0, 1.0))
    shot, _ = screen.poll(Poll())
    assert (shot.ended, shot.samples, shot.lost, shot.state.state) == (True, 100, 3, "error")


def test_it_knows_how_old_its_newest_sample_is(screen: DisplayBuffer, clock: HandClock) -> None:
    clock.wait(3.0)
    assert screen.poll(Poll())[0].age == 3.0
    screen.write(Chunk(np.zeros((250, 1)), 1000, 0.0))
    clock.wait(0.5)
    shot, _ = screen.poll(Poll())
    assert (shot.age, shot.now) == (0.5, 2.5)
    screen.count(250, 1000)
    shot, _ = screen.poll(Poll())
    assert (shot.samples, shot.lost) == (250, 1000)


def test_latency_is_that_of_the_last_minute(screen: DisplayBuffer) -> None:
    assert screen.poll(Poll())[0].latency_p95 is None
    screen.write(prediction(0, 9.0))
    for k in range(100):
        screen.write(prediction(k, 0.001 * (k % 20)))
    assert screen.poll(Poll())[0].latency_p95 == pytest.approx(0.018, abs=1e-3)
