import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.presentation.trace_history import TraceHistory


def index_trace(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.arange(start, stop, dtype=np.float32)


@settings(deadline=None)
@given(st.lists(st.integers(0, 70), max_size=20), st.integers(0, 1000))
def test_keeps_the_newest_samples_however_they_are_cut(lengths: list[int], start: int) -> None:
    history, at = TraceHistory(100), start
    for length in lengths:
        history.append(at, index_trace(at, at + length))
        at += length
    assert history.stop == (at if at > start else history.stop)
    assert history.stop - history.start == min(100, at - start)
    kept = history.read(history.start, history.stop)
    np.testing.assert_array_equal(kept, index_trace(history.start, history.stop))


def test_a_jump_is_nan_and_an_overlap_is_not_written_twice() -> None:
    history = TraceHistory(100)
    history.append(0, index_trace(0, 10))
    history.append(15, index_trace(15, 20))
    history.append(5, -index_trace(5, 21))
    expected = np.concatenate([index_trace(0, 10), np.full(5, np.nan), index_trace(15, 20), [-20]])
    np.testing.assert_array_equal(history.read(0, 21), expected)


def test_a_jump_longer_than_the_ring_leaves_only_what_is_new() -> None:
    history = TraceHistory(100)
    history.append(0, index_trace(0, 100))
    history.append(10_000, index_trace(0, 3))
    assert np.isnan(history.read(9_900, 10_000)).all()
    np.testing.assert_array_equal(history.read(10_000, 10_003), [0, 1, 2])


def test_more_than_the_ring_holds_at_once_keeps_the_end() -> None:
    history = TraceHistory(100)
    history.append(0, index_trace(0, 1234))
    np.testing.assert_array_equal(history.read(1134, 1234), index_trace(1134, 1234))


def test_outside_of_what_is_kept_there_is_nothing() -> None:
    history = TraceHistory(100)
    history.append(50, index_trace(50, 60))
    read = history.read(45, 65)
    assert np.isnan(read[:5]).all()
    assert np.isnan(read[15:]).all()
    np.testing.assert_array_equal(read[5:15], index_trace(50, 60))
