"""Arrivals of chunks, and from them to the paint of each sample."""

from __future__ import annotations

import numpy as np

from ecg_live.events import Chunk, State
from ecg_live.sinks.arrival_log import ArrivalLog, sample_to_pixel_delays

RATE = 500.0


def test_chunks_and_one_channel_are_noted() -> None:
    log = ArrivalLog(RATE, lambda: 77.0, channel=1)
    log.write(Chunk(np.array([[1.0, 10], [2, 20]]), 0, 5.0, arrived=5.01))
    log.write(State("streaming"))
    log.write(Chunk(np.empty((0, 2)), 2, 5.004))
    log.write(Chunk(np.array([[3.0, 30]]), 2, 5.004))
    arrivals = log.arrivals()
    assert arrivals.stop.tolist() == [2, 3]
    assert arrivals.arrived.tolist() == [5.01, 77.0]
    np.testing.assert_allclose(arrivals.newest, [5.002, 5.004])
    times, values = log.channel()
    np.testing.assert_allclose(times, [5, 5.002, 5.004])
    assert values.tolist() == [10, 20, 30]


def test_nothing_yet() -> None:
    log = ArrivalLog(RATE, lambda: 0.0)
    assert len(log.arrivals().stop) == len(log.channel()[0]) == 0
    assert len(sample_to_pixel_delays(log.arrivals(), np.empty(0), np.empty(0), RATE, 256.0)) == 0


def test_each_sample_from_its_chunk_to_the_first_paint_that_shows_it() -> None:
    """Chunks of 50 samples at 500 Hz come every 0.1 s; a display sample in three paints."""
    log = ArrivalLog(RATE, lambda: 0.0)
    for number in range(4):
        log.write(Chunk(np.zeros((50, 1)), 50 * number, number / 10, arrived=(number + 1) / 10))
    painted, drawn = np.array([0.05, 0.12, 0.15, 0.21, 0.5]), np.array([0, 20, 20, 30, 60])
    delays = sample_to_pixel_delays(log.arrivals(), painted, drawn, RATE, 256.0)
    samples = np.arange(60)
    arrived = 0.1 * (1 + samples * RATE / 256 // 50)
    shown = np.where(samples < 20, 0.12, np.where(samples < 30, 0.21, 0.5))
    np.testing.assert_allclose(delays, shown - arrived)


def test_samples_that_no_chunk_of_the_log_holds_do_not_count() -> None:
    log = ArrivalLog(256.0, lambda: 0.0)
    log.write(Chunk(np.zeros((10, 1)), 0, 0.0, arrived=0.1))
    delays = sample_to_pixel_delays(log.arrivals(), np.array([0.0, 0.2]), np.array([0.0, 20.0]), 256.0, 256.0)
    np.testing.assert_allclose(delays, [0.1] * 10)
