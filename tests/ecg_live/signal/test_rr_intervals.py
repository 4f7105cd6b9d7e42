"""RR intervals: each beat once, at its own time, the same however the stream is cut, and none across a gap."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.events import F64, Beats, LeadOff
from ecg_live.results import RrInterval
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import LATE_MARGIN_S, NotifiedIntervals, WindowIntervals, intervals_of
from tests.support.chunk_cutting import BEGAN, sizes
from tests.support.synthetic_signals import Tape, info

BEAT_WIDTH_S = 0.012  # of an R wave, as the standard deviation of a bell


def beats_of(seconds: float, seed: int = 0) -> F64:
    """Times (s) of a heart's beats, which breathing moves."""
    draws, now, found = np.random.default_rng(seed), 0.4, []
    while now < seconds - 0.3:
        found.append(now)
        now += 0.85 + 0.05 * np.sin(2 * np.pi * 0.25 * now) + draws.normal(0, 0.01)
    return np.array(found)


def ecg_with(beats: F64, seconds: float, rate: float, noise: float = 0.005) -> F64:
    """Samples (n, 1) in mV with an R wave at each beat, and the T wave after it."""
    t = np.arange(round(seconds * rate)) / rate
    x = np.random.default_rng(1).normal(size=len(t)) * noise
    for beat in beats:
        x += np.exp(-(((t - beat) / BEAT_WIDTH_S) ** 2) / 2) + 0.15 * np.exp(-(((t - beat - 0.25) / 0.05) ** 2) / 2)
    return x[:, None]


def found_in(tape: Tape, into: list[int] | None = None, hop: float = 1.0, speed: float = 1.0) -> list[RrInterval]:
    path, tracker = SignalPath(replace(info(tape.rate), speed=speed), hop), WindowIntervals(speed=speed)
    made: list[RrInterval] = []
    for item in tape.items(into if into is not None else [round(tape.rate)] * 1000):
        made += intervals_of(path.push(item), tracker)
    made += intervals_of(path.flush(), tracker)
    return [*made, *tracker.end_segment()]


def without_times(found: list[RrInterval]) -> list[RrInterval]:
    """Session clocks are read off other chunks, hence their last bit."""
    return [replace(each, time=0.0) for each in found]


@pytest.mark.parametrize("rate", [130.0, 250.0, 256.0, 512.0, 1000.0])
@pytest.mark.parametrize("hop", [1.0, 10.0, 0.5])
def test_each_beat_comes_once_at_its_time_of_the_raw_signal(rate: float, hop: float) -> None:
    """To 2 ms where its samples are 1 to 8 ms apart: delays are corrected, and places lie between samples."""
    beats = beats_of(40)
    found = found_in(Tape(ecg_with(beats, 40, rate), rate), hop=hop)
    raw = np.array([each.raw for each in found], dtype=np.float64)
    expected = beats[1:]
    assert len(found) == len(expected)
    assert np.abs(raw - expected).max() < 0.004
    assert abs(np.mean(raw - expected)) < 0.002
    rr = np.array([each.rr for each in found])
    assert np.std(rr - np.diff(beats)) < 0.0012  # 1/256 s alone would give 0.0016
    assert [each.time - BEGAN for each in found] == pytest.approx(raw.tolist(), abs=1e-6)
    assert {each.flag for each in found} == {"normal"}


def eventful(rate: float) -> Tape:
    """A minute with a bridged gap, one of 3 s, 4 s of noise, and an early beat."""
    beats = beats_of(60)
    early = np.searchsorted(beats, 50)
    beats[early] -= 0.3
    x = ecg_with(beats, 60, rate)
    noisy = slice(round(30 * rate), round(34 * rate))
    x[noisy] += np.random.default_rng(2).normal(size=x[noisy].shape) * 1.5
    return Tape(x, rate, ((round(5 * rate), max(1, round(0.02 * rate))), (round(18 * rate), round(3 * rate))))


@lru_cache(8)
def whole(rate: float, hop: float) -> list[RrInterval]:
    return found_in(eventful(rate), [], hop)


@pytest.mark.parametrize("rate", [130.0, 500.0])
@settings(max_examples=8, deadline=None)
@given(into=sizes(longest=20_000, most=12), hop=st.sampled_from((1.0, 2.0, 10.0, 0.5)))
def test_any_cutting_gives_the_same_bits(rate: float, into: list[int], hop: float) -> None:
    cut, one = found_in(eventful(rate), into, hop), whole(rate, hop)
    assert without_times(cut) == without_times(one)
    assert [each.time for each in cut] == pytest.approx([each.time for each in one], abs=1e-9)
    assert len(one) > 20


def test_none_across_a_gap_and_an_early_beat_is_seen() -> None:
    found = whole(500.0, 1.0)
    for each in found:
        assert each.raw is not None
        assert not each.raw - each.rr < 19 < each.raw  # within the gap of 18 to 21 s
    assert sum(each.flag == "ectopic" for each in found) == 2
    assert [each.raw for each in found] == sorted(each.raw or 0 for each in found)


def test_causal_and_late_by_two_beats_and_a_margin() -> None:
    rate, beats = 250.0, beats_of(40)
    x = ecg_with(beats, 40, rate)
    known = found_in(Tape(x[: round(25 * rate)], rate))
    path, tracker, seen = SignalPath(info(rate)), WindowIntervals(), list[RrInterval]()
    for item in Tape(x[: round(25.1 * rate)], rate).items([round(rate)] * 100):
        seen += intervals_of(path.push(item), tracker)
    every = found_in(Tape(x, rate))
    assert without_times(seen) == without_times(every[: len(seen)])
    assert (seen[-1].raw or 0) > 25 - 1 - LATE_MARGIN_S - 2 * 0.95
    assert len(known) >= len(seen)


def test_a_replay_at_any_speed_has_the_same_raw_times() -> None:
    tape = Tape(ecg_with(beats_of(20), 20, 250.0), 250.0)
    plain, fast, most = (found_in(tape, [], speed=speed) for speed in (1.0, 4.0, inf))
    assert without_times(plain) == without_times(fast) == without_times(most)


def test_a_strap_has_its_beats_where_the_one_before_ended() -> None:
    """Notifications come with jitter, some with two intervals, some with none."""
    strap, found = NotifiedIntervals(), list[RrInterval]()
    rr = [0.8 + 0.05 * np.sin(k) for k in range(60)]
    groups = [rr[0:1], rr[1:3], [], *([each] for each in rr[3:])]
    now = 50.0
    for k, group in enumerate(groups):
        now += sum(group)
        found += strap.push(Beats(now + 0.2 * (k % 3), 75.0, tuple(group)), 50.0)
    found += strap.end_run()
    assert [each.rr for each in found] == rr
    stops = np.array([each.raw for each in found], dtype=np.float64)
    assert np.diff(stops) == pytest.approx(rr[1:], abs=1e-9)
    assert {(each.flag, each.source) for each in found} == {("normal", "device")}


@pytest.mark.parametrize("away", [LeadOff(0, off=True), 6.0, 4.0])
def test_a_strap_begins_again_after_a_silence_a_loss_or_bare_skin(away: LeadOff | float) -> None:
    """4 s within notifications: intervals were lost, though no silence shows it."""
    strap, found = NotifiedIntervals(), list[RrInterval]()
    for second in range(10):
        found += strap.push(Beats(100.0 + second, 60.0, (1.0,)), 100.0)
    if isinstance(away, LeadOff):
        found += strap.push(away, 100.0)
        away = 0.0
    elif away < 5:
        found += strap.push(Beats(100.0 + 9 + away / 2, 60.0, ()), 100.0)
    for second in range(10):
        found += strap.push(Beats(110.0 + away + second, 60.0, (1.0,)), 100.0)
    found += strap.end_run()
    assert len(found) == 20
    steps = np.diff([each.raw or 0.0 for each in found])
    assert steps[9] == pytest.approx(1.0 + away)
    assert np.delete(steps, 9) == pytest.approx(1.0)
