"""Stamps in, losses out: samples are their own index on the device."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.lsl.losses import LossFinder, Stretch
from ecg_live.types import F64

RATE = 256.0


def run(stamps: F64, taken: F64, cuts: list[int] | None = None, rate: float = RATE) -> list[Stretch]:
    finder = LossFinder(rate, 1)
    found: list[Stretch] = []
    for piece in np.split(np.arange(len(stamps)), cuts or []):
        found += finder.push(stamps[piece], taken[piece, None])
    return found + finder.flush()


def losses(found: list[Stretch]) -> list[tuple[int, int]]:
    return [(stretch.start - stretch.lost, stretch.lost) for stretch in found if stretch.lost]


def counted(found: list[Stretch]) -> F64:
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


def test_a_clock_that_steps_back_loses_nothing_and_is_followed() -> None:
    stamps, taken = without(30)
    stamps[taken >= 2000] -= 5.0
    stamps[taken >= 5000] += 5.0  # cannot be told from samples lost
    found = run(stamps, taken)
    assert losses(found) == [(5000, 1280)]
    assert found[-1].time == pytest.approx(1000 + 5000 / RATE, abs=1e-3)


@pytest.mark.parametrize("jump", [3600.0, 1.7e9, 1e10])
@pytest.mark.parametrize("at", [1, 2000])
def test_a_jump_that_no_loss_can_explain_loses_nothing_and_is_followed(at: int, jump: float) -> None:
    stamps, taken = without(30, (3000, 100))
    stamps[taken >= at] += jump  # an outlet that knows the time late begins at 0
    found = run(stamps, taken)
    assert losses(found) == [(3000, 100)]
    assert found[-1].time == pytest.approx(1000 + jump + 3100 / RATE, abs=1e-3)


def test_stamps_that_are_no_times() -> None:
    stamps, taken = without(20, (2560, 100))
    stamps[np.arange(300, 2000, 7)] = 1e300
    stamps[2570:2575] = np.inf, -np.inf, 1e12, -1e300, np.nan
    assert losses(run(stamps, taken)) == [(2560, 100)]


def test_stamps_that_are_no_numbers() -> None:
    stamps, taken = without(5)
    stamps[[0, 1, 300, 301]] = np.nan
    stamps[500] = np.inf
    assert losses(run(stamps, taken)) == []
    assert losses(run(np.full(2000, np.nan), np.arange(2000.0))) == []


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
    st.lists(st.tuples(st.integers(50, 2500), st.integers(1, 900)), max_size=4),
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
