"""How many samples a second come, against what a stream says; stamps and arrivals are made up."""

from __future__ import annotations

import numpy as np
import pytest

from devices.lsl.rate_check import MeasuredRate, RateCheck
from ecg_live.events import F64


def judged(says: float, arrivals: F64, stamps: F64, counts: F64) -> MeasuredRate | None:
    check = RateCheck(says)
    for count, stamp, arrived in zip(counts.tolist(), stamps.tolist(), arrivals.tolist(), strict=True):
        if found := check.push(count, stamp, arrived, behind=False):
            return found
    return None


def stream(rate: float, every: float, seconds: float = 25.0, jitter: float = 0.02) -> tuple[F64, F64, F64]:
    """Arrivals, stamps and counts of packets; the first one is a second late."""
    times = 700 + np.arange(0, seconds, every)
    late = np.random.default_rng(1).exponential(jitter, len(times))
    late[0] += 1.0
    counts = np.diff(np.round((times - 700) * rate), prepend=-round(every * rate))
    return np.maximum.accumulate(times + late), times, counts


@pytest.mark.parametrize("every", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("says", [200.0, 250.0])
def test_more_than_it_says(says: float, every: float) -> None:
    found = judged(says, *stream(500, every))
    assert found is not None
    assert found.measured == pytest.approx(500, rel=0.02)
    assert found.certain is True


@pytest.mark.parametrize("every", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("jitter", [0.001, 0.05])
def test_what_it_says_and_a_little_beside_is_no_news(every: float, jitter: float) -> None:
    for rate in (250.0, 251.5, 248.5):
        assert judged(250.0, *stream(rate, every, jitter=jitter)) is None


def test_a_rate_that_is_a_little_off_is_reported_once_it_is_sure() -> None:
    found = judged(250.0, *stream(256.0, 0.02))
    assert found is not None
    assert found.measured == pytest.approx(256.0, rel=0.005)
    assert found.certain is False


@pytest.mark.parametrize(("rate", "says"), [(500.0, 250.0), (250.0, 500.0)])
def test_stamps_that_are_counted_by_the_rate_it_says(rate: float, says: float) -> None:
    arrivals, _, counts = stream(rate, 0.02)
    found = judged(says, arrivals, 700 + np.cumsum(counts) / says, counts)
    assert found is not None
    assert found.measured == pytest.approx(rate, rel=0.03)
    assert found.certain is True


def test_fewer_may_be_lost_ones() -> None:
    found = judged(500.0, *stream(250.0, 0.02))
    assert found is not None
    assert found.measured == pytest.approx(250.0, rel=0.02)
    assert found.certain is False
    arrivals, stamps, counts = stream(250.0, 0.02)
    there = (stamps < 701.5) | (stamps > 703)  # an outage as it begins
    assert judged(250.0, arrivals[there], stamps[there], counts[there]) is None


def test_a_reader_that_is_behind_reports_nothing() -> None:
    check = RateCheck(250.0)
    assert check.push(10, 700.0, 700.0, behind=False) is None
    for k in range(20):  # nothing was read for 6 s, and all of it then
        assert check.push(75, 700.3 + k * 0.3, 706.0 + k / 1000, behind=k < 19) is None
    assert check.passed


def test_stamps_that_are_no_times_leave_it_to_arrivals() -> None:
    arrivals, stamps, counts = stream(500.0, 0.02)
    found = judged(250.0, arrivals, np.full_like(stamps, np.nan), counts)
    assert found is not None
    assert found.measured == pytest.approx(500, rel=0.03)
    assert found.certain is True
    assert judged(500.0, arrivals, np.full_like(stamps, np.nan), counts) is None
