from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.shimmer.timeline import ShimmerTimeline

DIV, RATE = 64, 512.0


class Device:
    """Ticks of sample k, and the host's time at it."""

    def __init__(self, bits: int = 24, born: int = 0, ppm: float = 0.0) -> None:
        self.wrap, self.born, self.pace = 1 << bits, born, 1 + ppm * 1e-6

    def ticks(self, k: int) -> int:
        return (self.born + k * DIV) % self.wrap

    def host(self, k: int) -> float:
        return 1000 + k / RATE / self.pace


def start(device: Device, bits: int = 24) -> ShimmerTimeline:
    line = ShimmerTimeline(DIV)
    line.resume(bits)
    assert line.index_of(device.ticks(0), device.host(0)) == 0
    return line


@pytest.mark.parametrize("bits", [16, 24])
def test_24_hours_of_wraps(bits: int) -> None:
    device = Device(bits, born=(1 << bits) - 100, ppm=50)
    line = start(device, bits)
    step = 700 if bits == 16 else 200_000  # samples, fewer than a wrap, as if all others were lost
    for k in range(step, int(24 * 3600 * RATE), step):
        assert line.index_of(device.ticks(k), device.host(k)) == k
    assert line.seconds == pytest.approx((device.born + k * DIV) / 32768)


@pytest.mark.parametrize("outage", [0.5, 300, 512, 600, 5000, 86400])
def test_outage_longer_than_wraps_is_exact(outage: float) -> None:
    device = Device(ppm=50)
    line = start(device)
    k = round(outage * RATE)
    line.resume(24)
    assert line.index_of(device.ticks(k), device.host(k) + 0.3) == k
    assert line.index_of(device.ticks(k + 1), device.host(k + 1)) == k + 1


def test_outage_with_16_bits_is_exact_while_the_host_knows_it_to_a_second() -> None:
    device = Device(16)
    line = start(device, 16)
    for k in (1000, 70_000, 1_900_000):
        line.resume(16)
        assert line.index_of(device.ticks(k), device.host(k) + 0.4) == k


def test_sampling_that_starts_between_two_samples_goes_on_in_its_new_phase() -> None:
    line = start(Device())
    line.resume(24)
    assert line.index_of(10 * DIV + 20, 1000 + 10 / RATE) == 10
    for k in range(11, 500):
        assert line.index_of(k * DIV + 20, 1000 + k / RATE) == k


def test_ticks_that_jitter_do_not_add_up() -> None:
    line = start(Device())
    for k in range(1, 5000):
        assert line.index_of(k * DIV + (k * 7) % 21 - 10, 1000 + k / RATE) == k


def test_a_silence_within_a_connection_that_outlasts_a_wrap() -> None:
    device = Device()
    line = start(device)
    k = round(1100 * RATE)
    assert line.index_of(device.ticks(k), device.host(k)) == k


def test_a_burst_after_a_stall_is_no_gap() -> None:
    for bits in (16, 24):
        device = Device(bits)
        line = start(device, bits)
        for k in range(1, 600):
            assert line.index_of(device.ticks(k), device.host(600) + 0.5) == k


@pytest.mark.parametrize("ticks", [0, 5 * DIV, 10_000_000])
def test_clock_set_again_while_it_was_away_counts_by_the_host(ticks: int) -> None:
    line = start(Device(born=3_000_000))
    line.resume(24)
    assert line.index_of(ticks, 1020.0) == 20 * 512
    assert line.clock_was_reset
    assert line.index_of(ticks + DIV, 1020.002) == 20 * 512 + 1
    assert not line.clock_was_reset


def test_clock_that_leaps_within_a_connection_counts_by_the_host() -> None:
    line = start(Device())
    assert line.index_of(8_000_000, 1000.5) is None
    assert line.index_of(8_000_000 + DIV, 1000.5) == 256
    assert line.clock_was_reset
    assert line.index_of(8_000_000 + 2 * DIV, 1000.5) == 257


def test_garbage_that_bears_a_right_crc_moves_no_sample() -> None:
    device = Device()
    line = start(device)
    for k, garbage in ((1, 8_000_000), (2, 3_000_000), (3, 12_000_000)):
        assert line.index_of(garbage, device.host(k)) is None
        assert line.index_of(device.ticks(k), device.host(k)) == k
        assert not line.clock_was_reset


def test_last_sample_was_taken_before_it_came() -> None:
    line = start(Device(16), 16)
    line.resume(16, host=999.0)  # the clock's fit knows better than the arrival
    assert line.index_of(Device(16).ticks(1024), 1001.1) == 1024


def test_what_was_there_is_dropped() -> None:
    device = Device()
    line = start(device)
    for k in range(1, 20):
        line.index_of(device.ticks(k), device.host(k))
    assert line.index_of(device.ticks(19), device.host(20)) is None
    assert line.index_of(device.ticks(10), device.host(20)) is None
    assert line.index_of(device.ticks(20), device.host(20)) == 20
    assert line.next == 21


@given(st.lists(st.integers(1, 300_000), max_size=30), st.integers(0, 2**24 - 1))
def test_indices_are_exact_whatever_is_lost(steps: list[int], born: int) -> None:
    device = Device(born=born)
    line = start(device)
    k = 0
    for step in steps:
        k += step
        assert line.index_of(device.ticks(k), device.host(k)) == k
    assert line.device_time(k) * 32768 == line.seconds * 32768
