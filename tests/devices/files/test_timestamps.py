"""From stamps to counters: what is lost, what was only late, and clocks that were set."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files.recording import SampleRun
from devices.files.timestamps import TimestampCounter, fit_interval
from ecg_live.events import F64, Marker, State

RATE = 250.0
DAY = 86400.0


def count(
    times: F64, *, cuts: tuple[int, ...] = (), arrival: bool = True, notes: tuple[float, ...] = (), second: float = 1.0
) -> tuple[list[tuple[int, int]], list[str], list[float], list[float]]:
    """Gaps (row, samples), warnings, marker times in s, and the values in order."""
    counter = TimestampCounter(second / RATE, second, "a.xdf", arrival=arrival, rate=RATE)
    items: list[SampleRun | State | Marker] = []
    for note in notes:
        counter.add_marker(note, "x")
    for low, high in pairwise([0, *cuts, len(times)]):
        items += counter.push(times[low:high], np.arange(low, high, dtype=np.float64))
    items += counter.flush()
    gaps, stop, rows = [], 0, 0
    values: list[float] = []
    for item in items:
        if isinstance(item, SampleRun):
            gaps += [(rows, item.start - stop)] if item.start != stop else []
            stop, rows = item.start + len(item.samples), rows + len(item.samples)
            values += item.samples.tolist()
    said = [item.detail for item in items if isinstance(item, State)]
    return gaps, said, [item.time for item in items if isinstance(item, Marker)], values


def clock(seconds: float = 120.0) -> F64:
    return np.asarray(1000 + np.arange(round(seconds * RATE)) / RATE, dtype=np.float64)


@pytest.mark.parametrize("arrival", [False, True])
@pytest.mark.parametrize("late", [0.5, 3.0, 20.0])
def test_stamps_that_are_late_and_come_back_lose_nothing(late: float, arrival: bool) -> None:
    times = clock()
    stall = slice(round(40 * RATE), round((40 + late) * RATE))
    times[stall] = times[stall.stop]  # what waited comes all at once
    assert count(times, arrival=arrival)[:2] == ([], [])


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.1, 0.3, 0.8, 5.0, -0.05, -0.4]), min_size=100, max_size=400), st.booleans()
)
def test_clumps_that_lose_nothing_have_no_more_samples_than_time(delays: list[float], arrival: bool) -> None:
    each, late = 50, [0.0] * 3 + delays
    times = 1000 + np.arange(each * len(late)) / RATE + np.repeat(late, each)
    gaps, _, _, values = count(times, arrival=arrival)
    assert values == list(range(len(times)))
    lost = sum(lost for _, lost in gaps)
    assert not lost or len(times) + lost <= (times.max() - times.min()) * RATE + 2.5


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(st.integers(300, 20000), st.sampled_from([30, 75, 500, 40000])), max_size=4),
    st.floats(0, 0.02), st.lists(st.integers(1, 30000), max_size=6), st.booleans(),
)  # fmt: skip
def test_real_losses_are_found_however_the_rows_are_cut(
    losses: list[tuple[int, int]], jitter: float, cuts: list[int], arrival: bool
) -> None:
    place = np.arange(30000) + sum((np.arange(30000) >= row) * lost for row, lost in losses)
    late = np.random.default_rng(1).uniform(0, jitter if arrival else 0.0, 30000)
    times = place / RATE + late
    whole = count(times, arrival=arrival)
    rows = sorted({row for row, _ in losses})
    expected = [(row, sum(lost for each, lost in losses if each == row)) for row in rows]
    if all(high - low > RATE for low, high in pairwise([0, *rows])):
        assert [row for row, _ in whole[0]] == rows
        for (_, found), (_, lost) in zip(whole[0], expected, strict=True):
            assert found == pytest.approx(lost, abs=0 if not arrival else 3)
    inside = tuple(sorted({cut for cut in cuts if cut < len(times)}))
    assert count(times, arrival=arrival, cuts=inside) == whole


@pytest.mark.parametrize("second", [1.0, 1000.0])
def test_stamps_of_zero_first_are_a_clock_that_was_set(second: float) -> None:
    times = clock(40) * second + 1.7e9 * second
    times[:6] = 0
    gaps, said, marks, values = count(times, arrival=False, notes=(float(times[2500]),), second=second)
    assert (gaps, len(values)) == ([], 10000)
    assert [round(mark, 6) for mark in marks] == [10.0]
    (warning,) = said
    assert "jump by 19676 days: the clock was set" in warning


def test_a_pause_of_hours_is_a_gap_and_one_of_days_a_clock_that_was_set() -> None:
    times = clock(80)
    times[10000:] += 8 * 3600
    assert count(times)[:2] == ([(10000, 8 * 3600 * 250)], [])
    times[10000:] += 2 * DAY
    gaps, said, _, _ = count(times)
    assert gaps == []
    assert "2 days" in said[0]


def test_a_clock_that_steps_back_and_returns_lost_nothing_but_a_pause_behind_it_did() -> None:
    times = clock(300)
    times[20000:40000] -= 60
    gaps, said, _, _ = count(times)
    assert gaps == []
    assert [text.split(": ")[1] for text in said] == ["the time stamps go back by 60.000 s; counting goes on"]
    times = clock(300)
    times[20000:] -= 3600
    times[50000:] += 10
    assert count(times)[0] == [(50000, 2500)]


def test_one_wild_stamp_hides_no_loss() -> None:
    times = clock()
    times[10000:] += 2
    times[10100] = 0
    assert count(times)[0] == [(10000, 500)]


def test_a_late_last_packet_is_no_loss() -> None:
    packets = np.arange(7800) // 73
    times = 1000 + (packets + 1) * 73 / RATE
    times[-20:] += 0.3
    assert count(times)[0] == []


def test_markers_lie_among_the_samples_of_their_time_though_the_rate_is_off() -> None:
    real = RATE * 1.002
    times = 1000 + np.arange(90000) / real  # a real rate that is off by 7 s an hour
    times[45000:] += 20
    notes = (999.0, 1000 + 30000 / real, 1000 + 45000 / real + 5, 1020 + 60000 / real)
    counter = TimestampCounter(1 / real, 1.0, "a.xdf", rate=RATE)
    for note in notes:
        counter.add_marker(note, "x")
    found = [item.time for item in [*counter.push(times, times), *counter.flush()] if isinstance(item, Marker)]
    lost = round(20 * real)
    assert found == pytest.approx([-real / RATE, 120, 180 + 5 * real / RATE, (60000 + lost) / RATE], abs=2e-3)


def test_markers_on_another_clock_lie_where_they_stand_and_are_reported() -> None:
    counter = TimestampCounter(1 / RATE, 1.0, "a.xdf", rate=RATE)
    times = clock(80)
    items = [*counter.push(times[:5000], times[:5000])]
    for wrong in (1.7e9, float("nan"), 1e300):
        counter.add_marker(wrong, "go")
    items += [*counter.push(times[5000:], times[5000:]), *counter.flush()]
    assert [item.time for item in items if isinstance(item, Marker)] == [20.0] * 3
    (said,) = [item.detail for item in items if isinstance(item, State)]
    assert "'go' is 1.7e+09" in said


def test_the_interval_of_packets_whose_samples_share_nearly_one_stamp() -> None:
    rng = np.random.default_rng(4)
    packets = np.arange(1702) // 73
    times = (packets + 1) * 73 / 130 + rng.uniform(0, 0.02, packets.max() + 1)[packets] + np.arange(1702) % 73 * 1e-5
    interval = fit_interval(times)
    assert interval is not None
    assert 1 / interval == pytest.approx(130, rel=0.004)
