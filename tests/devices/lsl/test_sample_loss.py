"""Stamps in, losses out: samples are their own index on the device."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices.lsl.sample_loss import MAX_FUTURE_STAMP_S, ContiguousRun, LossFinder
from ecg_live.events import F64

RATE = 256.0


def run(
    stamps: F64, taken: F64, cuts: list[int] | None = None, rate: float = RATE, arrived: F64 | None = None
) -> list[ContiguousRun]:
    """Samples arrive when they are stamped, unless told otherwise."""
    finder = LossFinder(rate, 1)
    found: list[ContiguousRun] = []
    arrived = stamps if arrived is None else arrived
    for piece in np.split(np.arange(len(stamps)), cuts or []):
        found += finder.push(stamps[piece], arrived[piece], taken[piece, None])
    return found + finder.flush()


def losses(found: list[ContiguousRun]) -> list[tuple[int, int]]:
    return [(stretch.start - stretch.lost, stretch.lost) for stretch in found if stretch.lost]


def counted(found: list[ContiguousRun]) -> F64:
    """Where each sample was placed, less where the device had it."""
    return np.concatenate([s.start + np.arange(len(s.samples)) - s.samples[:, 0] for s in found])


def without(seconds: float, *gone: tuple[int, int], rate: float = RATE) -> tuple[F64, F64]:
    """Exact stamps and indices of what is left when (start, count) never come."""
    taken = np.arange(round(seconds * rate), dtype=np.float64)
    for start, count in gone:
        taken = taken[(taken < start) | (taken >= start + count)]
    return 1000 + taken / rate, taken


@pytest.mark.parametrize("rate", [130.0, 250.0, 1000.0])
@pytest.mark.parametrize("lost", [2, 3, 50, 512, 100_000])
def test_lost_samples_are_counted_to_the_sample(rate: float, lost: int) -> None:
    stamps, taken = without(20 + lost / rate, (round(4 * rate), lost), (round(9 * rate) + lost, 7), rate=rate)
    found = run(stamps, taken, rate=rate)
    assert losses(found) == [(round(4 * rate), lost), (round(9 * rate) + lost, 7)]
    assert not counted(found).any()
    for stretch in found:
        assert stretch.time == pytest.approx(1000 + stretch.start / rate, abs=1e-6)


def test_late_samples_come_back_and_are_not_lost() -> None:
    stamps, taken = without(30)
    for at, delay in (
        (1500, 2.0),
        (3000, 0.3),
        (4000, 10.0),
        (6000, 0.02),
    ):  # s that nothing was sent, then all at once
        stuck = (stamps >= stamps[at]) & (stamps < stamps[at] + delay)
        stamps[stuck] = stamps[at] + delay
    found = run(stamps, taken)
    assert losses(found) == []
    assert not counted(found).any()


def test_lost_while_others_are_late() -> None:
    stamps, taken = without(20, (2000, 300))
    stuck = (taken >= 2300) & (taken < 2350)
    stamps[stuck] = stamps[taken == 2350]
    assert losses(run(stamps, taken)) == [(2000, 300)]


@pytest.mark.parametrize("jitter", [0.0001, 0.001, 0.005])
@pytest.mark.parametrize("real", [256.0, 254.5, 256.0128])
def test_jitter_and_a_rate_that_is_off_lose_nothing(jitter: float, real: float) -> None:
    taken = np.arange(120 * 256, dtype=np.float64)
    stamps = taken / real + np.abs(np.random.default_rng(1).normal(0, jitter, len(taken)))
    kept = (taken < 20_000) | (taken >= 20_300)
    found = run(stamps[kept], taken[kept])
    [(start, lost)] = losses(found)
    assert abs(start - 20_000) <= 1
    assert abs(lost - 300) <= jitter * RATE


def test_one_burst_a_second_with_one_stamp() -> None:
    """What some apps do: a second's samples at once, all stamped when they were sent."""
    taken = np.arange(60 * 256, dtype=np.float64)
    assert losses(run(np.ceil((taken + 1) / 256), taken)) == []


def steps(found: list[ContiguousRun]) -> list[tuple[float, float]]:
    """Where (s) a clock was set, to a block, and by how much."""
    return [(stretch.start / RATE, round(stretch.stepped, 2)) for stretch in found if stretch.stepped]


@pytest.mark.parametrize("step", [-3600.0, -15.0, -0.5, 0.5, 15.0, 1e10])
@pytest.mark.parametrize(("at", "jitter"), [(1, 0.0), (20, 0.0), (2000, 0.0), (2000, 0.03)])
def test_a_clock_that_is_set_loses_nothing_and_times_go_on(at: int, step: float, jitter: float) -> None:
    """Samples keep arriving, whatever their stamps say; what is lost elsewhere is still told to the sample."""
    stamps, taken = without(30, (3000, 100))
    arrived = np.maximum.accumulate(stamps + np.random.default_rng(1).exponential(jitter or 1e-9, len(stamps)))
    stamps[taken >= at] += step
    found = run(stamps, taken, arrived=arrived)
    assert losses(found) == [(3000, 100)]
    assert found[-1].time == pytest.approx(1000 + found[-1].start / RATE, abs=0.1 + jitter)
    if abs(step) > 1 or at > 1000:
        [(where, by)] = steps(found)
        assert where == pytest.approx(at / RATE, abs=0.75)
        assert by == pytest.approx(step, abs=0.1 + 2 * jitter)


@pytest.mark.parametrize("step", [-15.0, -1.5, 0.5, 20.0])
def test_a_clock_that_is_set_and_set_back(step: float) -> None:
    stamps, taken = without(30)
    arrived = stamps + 0.02
    stamps[(taken >= 2000) & (taken < 5000)] += step
    found = run(stamps, taken, arrived=arrived)
    assert losses(found) == []
    assert [by for _, by in steps(found)] == pytest.approx([step, -step], abs=0.01)
    assert found[-1].time == pytest.approx(1000 + found[-1].start / RATE, abs=1e-3)


def test_what_is_lost_while_the_clock_is_set_is_what_time_allows() -> None:
    stamps, taken = without(30, (3000, 512))  # 2 s
    arrived = stamps + 0.02
    stamps[taken >= 3512] += 15.0
    found = run(stamps, taken, arrived=arrived)
    [(start, lost)] = losses(found)
    assert start == 3000
    assert lost == pytest.approx(512, abs=2)


def test_a_stream_on_a_clock_of_its_own_goes_by_the_first_arrival() -> None:
    stamps, taken = without(20, (2560, 100))
    found = run(stamps, taken, arrived=stamps - 1e6)
    assert losses(found) == [(2560, 100)]
    assert steps(found) == [(0.0, 1e6)]
    assert found[0].time == pytest.approx(1000 - 1e6)


def test_another_connection_may_be_slower_or_on_a_clock_that_began_again() -> None:
    stamps, taken = without(20, (2560, 512))
    for moved in (0.0, -1000.0):
        finder = LossFinder(RATE, 1)
        before = taken < 2560
        finder.push(stamps[before], stamps[before] + 3.0, taken[before, None])
        finder.resume()
        later = np.where(before, stamps, stamps + moved)
        found = finder.push(later[~before], stamps[~before] + (1.0 if moved == 0 else 3.0), taken[~before, None])
        [(start, lost)] = losses(found)
        assert start == 2560
        assert lost == pytest.approx(512, abs=1)
        assert sum(stretch.stepped for stretch in found) == pytest.approx(moved, abs=0.01)


@settings(deadline=None, max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.lists(st.tuples(st.integers(0, 600), st.floats(-1000, 1000)), max_size=4),
    st.lists(st.tuples(st.integers(50, 4000), st.integers(1, 900)), max_size=2),
    st.integers(0, 2**20),
)
def test_samples_and_losses_are_never_more_than_time_allows(
    sets: list[tuple[int, float]], gone: list[tuple[int, int]], seed: int
) -> None:
    stamps, taken = without(20, *gone)
    arrived = np.maximum.accumulate(stamps + np.random.default_rng(seed).exponential(0.01, len(stamps)))
    for k, (at, step) in enumerate(sets):  # 1.5 s apart at least
        stamps[taken >= 1000 * k + at] += step
    found = run(stamps, taken, arrived=arrived)
    assert found[-1].start + len(found[-1].samples) <= taken[-1] + 1 + MAX_FUTURE_STAMP_S * RATE


def test_stamps_that_are_no_times() -> None:
    stamps, taken = without(20, (2560, 100))
    arrived = stamps.copy()
    stamps[np.arange(300, 2000, 7)] = 1e300
    stamps[2570:2575] = np.inf, -np.inf, 1e12, -1e300, np.nan
    assert losses(run(stamps, taken, arrived=arrived)) == [(2560, 100)]


def test_stamps_that_are_no_numbers() -> None:
    stamps, taken = without(5)
    arrived = stamps.copy()
    stamps[[0, 1, 300, 301]] = np.nan
    stamps[500] = np.inf
    assert losses(run(stamps, taken, arrived=arrived)) == []
    assert losses(run(np.full(2000, np.nan), np.arange(2000.0), arrived=np.arange(2000.0) / RATE)) == []


def test_two_losses_within_the_time_that_a_jump_must_stay() -> None:
    stamps, taken = without(10, (1000, 300), (1350, 1000))
    found = run(stamps, taken)
    assert losses(found) == [(1000, 300), (1350, 1000)]


def test_many_losses_within_that_time_stay_apart() -> None:
    gone = [(1000, 60), (1061, 2), (1070, 30), (1110, 5), (1160, 300)]
    stamps, taken = without(10, *gone)
    found = run(stamps, taken)
    assert losses(found) == gone
    assert not counted(found).any()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(150, 2500), st.integers(1, 900)), max_size=4),  # after the half second of learning
    st.lists(st.integers(0, 3000), max_size=30),
    st.sampled_from([0.0, 0.002]),
    st.integers(0, 2**20),
)
def test_nothing_depends_on_how_the_stream_is_cut(
    gone: list[tuple[int, int]], cuts: list[int], jitter: float, seed: int
) -> None:
    stamps, taken = without(12, *gone)
    stamps += np.random.default_rng(seed).exponential(jitter, len(stamps)) if jitter else 0
    whole, cut = run(stamps, taken), run(stamps, taken, sorted(cuts))
    assert losses(whole) == losses(cut)
    assert (counted(whole) == counted(cut)).all()
    starts = {stretch.start: stretch.time for stretch in cut}
    assert all(starts[stretch.start] == stretch.time for stretch in whole)
    if not jitter and all(count > 1 for _, count in gone):  # a jump of one sample is within what jitter may be
        assert not counted(whole).any()
