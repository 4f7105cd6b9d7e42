"""Edges of flashes and taps in a channel: where they are, which way they go, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.events import F64
from ecg_live.signal.edges import edge_delays

RATE = 500.0
MADE = np.array([2.0, 3.31, 4.777, 6.1])


def channel(delay: float, height: float = 1.0, noise: float = 0.01, rise: float = 0.0) -> tuple[F64, F64]:
    """A channel that is up for a quarter of a second, ``delay`` after each event."""
    times = np.arange(0, 8, 1 / RATE)
    values = np.random.default_rng(1).normal(0, noise, len(times)) if noise else np.zeros(len(times))
    for at in MADE + delay:
        ramp = np.clip((times - at) / rise + 0.5, 0, 1) if rise else (times >= at).astype(float)
        values += height * ramp * (times < at + 0.25)
    return times, values


@pytest.mark.parametrize("delay", [0.0331, 0.0872])
@pytest.mark.parametrize("height", [1.0, -40.0])
def test_a_flash_is_found_to_the_sample(delay: float, height: float) -> None:
    times, values = channel(delay, height)
    np.testing.assert_allclose(edge_delays(times, values, MADE, 0.0, 0.6), delay, atol=1.1 / RATE)


def test_a_slow_edge_counts_at_its_middle() -> None:
    times, values = channel(0.05, rise=0.02, noise=0)
    np.testing.assert_allclose(edge_delays(times, values, MADE, 0.0, 0.6), 0.05, atol=0.2 / RATE)


def test_a_tap_before_its_key() -> None:
    times, values = channel(-0.12)
    np.testing.assert_allclose(edge_delays(times, values, MADE, 0.5, 0.5), -0.12, atol=1.1 / RATE)


def test_no_edge_no_figure() -> None:
    times, values = channel(0.05, height=0)
    assert np.isnan(edge_delays(times, values, MADE, 0.0, 0.6)).all()
    assert np.isnan(edge_delays(times, np.zeros(len(times)), MADE, 0.0, 0.6)).all()
    assert np.isnan(edge_delays(np.empty(0), np.empty(0), MADE, 0.0, 0.6)).all()
    assert np.isnan(edge_delays(*channel(0.05), np.array([20.0]), 0.0, 0.6)).all()


def test_one_that_was_missed_does_not_spoil_the_others() -> None:
    times, values = channel(0.04)
    values[(times > MADE[1]) & (times < MADE[1] + 0.5)] = 0
    found = edge_delays(times, values, MADE, 0.0, 0.6)
    assert np.isnan(found).tolist() == [False, True, False, False]
