"""The clock fit: drift, bursts, losses, steps."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.clock import MAX_BINS, DeviceClock
from ecg_live.events import State

DRIFT = 50e-6
START = 7e8  # s since 2000: a Polar's clock
HOST = 5000.0


def true_host(device: float, drift: float = DRIFT) -> float:
    """Session time of a device time when the device runs fast by ``drift``."""
    return HOST + (device - START) / (1 + drift)


def stream(seconds: float, seed: int = 0, lost: float = 0.0, bursts: bool = False) -> Iterator[tuple[float, float]]:
    """Device and arrival time, ten packets a second: late by 5 ms and some (exponential, 15 ms)."""
    rng = np.random.default_rng(seed)
    free = 0.0  # host time at which the queue moves again
    for k in range(round(seconds * 10)):
        device = START + k / 10
        arrived = true_host(device) + 0.005 + rng.exponential(0.015)
        if bursts and rng.random() < 0.01:
            free = arrived + rng.uniform(0.2, 4.0)
        arrived = free = max(arrived, free)
        if rng.random() >= lost:
            yield device, arrived


@pytest.mark.parametrize(("lost", "bursts"), [(0.0, False), (0.3, False), (0.0, True), (0.3, True)])
def test_drift_is_found_through_jitter_bursts_and_losses(lost: float, bursts: bool) -> None:
    clock, worst = DeviceClock(), 0.0
    for device, arrived in stream(900, lost=lost, bursts=bursts):
        clock.push(device, arrived)
        if device > START + 60:
            worst = max(worst, abs(clock.host_time(device) - true_host(device) - 0.005))
    assert clock.ppm == pytest.approx(DRIFT * 1e6, abs=8)
    assert worst < 0.015


def test_times_hold_in_the_first_minute_and_no_drift_is_reported_yet() -> None:
    clock = DeviceClock()
    assert math.isnan(clock.host_time(START))
    for device, arrived in stream(30):
        clock.push(device, arrived)
        assert abs(clock.host_time(device) - true_host(device)) < 0.08
    assert math.isnan(clock.ppm)


def test_slow_device_has_a_negative_drift() -> None:
    clock = DeviceClock()
    for k in range(200):
        clock.push(k, true_host(START + k, -40e-6))
    assert clock.ppm == pytest.approx(-40, abs=1e-3)


@pytest.mark.parametrize("step", [-3600.0, -2.0, 2.0, 1e6])
def test_a_step_of_the_device_clock_begins_a_new_fit(step: float) -> None:
    clock = DeviceClock()
    for device, arrived in stream(60):
        clock.push(device, arrived)
    for device, arrived in stream(90):
        if device > START + 60:
            clock.push(device + step, arrived)
    device = START + 90
    assert abs(clock.host_time(device + step) - true_host(device)) < 0.03


def test_a_burst_of_late_packets_is_no_step() -> None:
    clock = DeviceClock()
    arrivals = list(stream(120))
    for device, arrived in arrivals:
        stalled = START + 90 <= device < START + 98
        clock.push(device, true_host(START + 98) if stalled else arrived)
    assert clock.ppm == pytest.approx(DRIFT * 1e6, abs=80)


def test_after_a_reset_the_old_segment_is_forgotten_but_time_does_not_go_back() -> None:
    clock = DeviceClock()
    for device, arrived in stream(120):
        clock.push(device, arrived)
    last = clock.host_time(START + 120)
    clock.reset()
    clock.push(0.0, last - 1.0)
    assert clock.host_time(0.0) == last
    assert clock.host_time(1.5) == pytest.approx(last + 0.5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 3, allow_nan=False), st.floats(0, 20, allow_nan=False)), min_size=1))
def test_answers_never_go_back(steps: list[tuple[float, float]]) -> None:
    clock, device, now, before = DeviceClock(), 0.0, 100.0, -math.inf
    for forward, delay in steps:
        device += forward
        now = max(now, 100 + device + delay)
        clock.push(device, now)
        answer = clock.host_time(device)
        assert before <= answer <= now + 1e-9
        before = answer


def test_drift_is_reported_once_a_minute() -> None:
    clock, told = DeviceClock(), list[State]()
    for k in range(250):
        clock.push(k, true_host(START + k, 12e-6))
        told += [news] if (news := clock.drift_report(1000.0 + k)) else []
    assert [round((news.time or 0) - 1000) for news in told] == [61, 121, 181, 241]
    assert {news.detail for news in told} == {"device clock +12 ppm"}


def test_memory_is_bounded() -> None:
    clock = DeviceClock()
    for k in range(10 * MAX_BINS):
        clock.push(k, k)
    assert len(clock._bins) == MAX_BINS
