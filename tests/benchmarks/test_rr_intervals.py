"""What RR intervals and heart rate variability cost beside the path that finds the beats, live, in one run.

No time is asserted, only printed; run with ``pytest --benchmark-enable tests/benchmarks/test_rr_intervals.py -s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ecg_live.results import HrvResult, RrInterval
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import WindowIntervals, intervals_of
from ecg_live.signal.sliding_hrv import MAX_SPAN_S, SlidingHrv
from tests.support.synthetic_signals import Tape, ecg, info, play

SECONDS, RATE = 600, 250.0


def cpu_ms(task: Callable[[], object]) -> float:
    """Milliseconds of processor time per second of signal, the best of three."""
    took = []
    for _ in range(3):
        start = time.process_time()
        task()
        took.append(time.process_time() - start)
    return min(took) / SECONDS * 1000


@pytest.mark.benchmark(group="RR intervals")
def test_beside_the_path(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str]) -> None:
    x = ecg(SECONDS, RATE)

    def path() -> list[object]:
        return list(play(SignalPath(info(RATE)), Tape(x, RATE).items([round(RATE)] * SECONDS)).windows)

    windows = play(SignalPath(info(RATE)), Tape(x, RATE).items([round(RATE)] * SECONDS)).windows

    def intervals() -> list[RrInterval]:
        return list(intervals_of(windows, WindowIntervals()))

    found = intervals()

    def variability(span: float) -> list[HrvResult]:
        sliding = SlidingHrv(span)
        return [result for each in found for result in sliding.push(each)]

    costs = {
        "signal path with beats and quality": cpu_ms(path),
        "RR intervals and flags": cpu_ms(intervals),
        "HRV over 120 s, every 5 s": cpu_ms(lambda: variability(120.0)),
        "HRV over 300 s, every 5 s": cpu_ms(lambda: variability(MAX_SPAN_S)),
    }
    whole = costs["signal path with beats and quality"]
    with capsys.disabled():
        print()
        for name, cost in costs.items():
            print(f"{name:38} {cost:7.3f} ms of CPU a second of signal, {cost / whole:6.1%} of the path")
    benchmark(intervals)
    assert len(found) > SECONDS
