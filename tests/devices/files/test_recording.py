"""Cutting runs into chunks: nothing is lost, whatever the sizes."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.files.recording import FileRecording, SampleRun
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import Chunk, Gap, Marker, State, StreamInfo

INFO = StreamInfo(100.0, ("ECG",))


def recording(items: list[SampleRun | State | Marker], error: bool = False) -> FileRecording:
    def runs() -> Iterator[SampleRun | State | Marker]:
        yield from items
        if error:
            raise FormatError("line 7: found 'x'")

    return FileRecording(INFO, runs)


def run(start: int, count: int) -> SampleRun:
    return SampleRun(start, np.arange(start, start + count, dtype=np.float64), "lost")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, 0, 0, 1, 7])), max_size=12),
    st.integers(1, 50),
)
def test_any_size_gives_the_same_samples_and_gaps(pieces: list[tuple[int, int]], size: int) -> None:
    items: list[SampleRun | State | Marker] = []
    at = 0
    for count, lost in pieces:
        items.append(run(at + lost, count))
        at += count + lost if count else 0
    expected: list[float] = []
    gaps: list[tuple[int, int]] = []
    stop = 0
    for item in recording(items).chunks(size):
        if isinstance(item, Gap):
            assert item.start == stop
            gaps.append((item.start, item.lost))
            stop = item.stop
        elif isinstance(item, Chunk):
            assert item.start == stop
            assert item.time == item.start / 100
            expected += item.samples[:, 0].tolist()
            np.testing.assert_array_equal(item.samples[:, 0], np.arange(item.start, item.stop))
            stop = item.stop
    runs = [r for r in items if isinstance(r, SampleRun) and len(r.samples)]
    assert expected == [float(v) for r in runs for v in r.samples]
    assert gaps == [
        (a, b - a)
        for a, b in zip([0, *(r.start + len(r.samples) for r in runs)], (r.start for r in runs), strict=False)
        if b > a
    ]


def test_chunks_are_whole_save_before_a_gap_and_at_the_end() -> None:
    sizes = [len(c.samples) for c in recording([run(0, 25), run(30, 12)]).chunks(10) if isinstance(c, Chunk)]
    assert sizes == [10, 10, 5, 10, 2]


def test_all_before_an_error_is_given_first() -> None:
    chunks = recording([run(0, 25)], error=True).chunks(10)
    assert [len(chunk.samples) for chunk in islice(chunks, 3) if isinstance(chunk, Chunk)] == [10, 10, 5]
    with pytest.raises(FormatError, match="line 7"):
        next(chunks)


def test_a_disk_that_fails_is_our_error_behind_what_was_good() -> None:
    def runs() -> Iterator[SampleRun | State | Marker]:
        yield run(0, 5)
        raise OSError(5, "Input/output error")

    chunks = FileRecording(INFO, runs).chunks(10)
    first = next(chunks)
    assert isinstance(first, Chunk)
    assert len(first.samples) == 5
    with pytest.raises(RecordingError, match="Input/output error"):
        next(chunks)


@pytest.mark.parametrize(
    "error", [KeyError("raw"), ZeroDivisionError(), struct.error("short"), RecursionError("a\nb"), MemoryError()]
)
def test_what_a_decoder_trips_over_is_a_format_error_behind_what_was_good(error: Exception) -> None:
    def runs() -> Iterator[SampleRun | State | Marker]:
        yield run(0, 5)
        raise error

    chunks = FileRecording(replace(INFO, name="a.h5"), runs).chunks(10)
    first = next(chunks)
    assert isinstance(first, Chunk)
    assert len(first.samples) == 5
    with pytest.raises(FormatError, match=rf"a\.h5: cannot be decoded: {type(error).__name__}") as caught:
        next(chunks)
    assert caught.value.__cause__ is error
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_remark_comes_behind_the_samples_before_it() -> None:
    items = list(recording([run(0, 25), State("warning", "cut")]).chunks(10))
    assert isinstance(items[-1], State)
    assert items[-1].time == 0.25
    items = list(recording([run(0, 5), Marker(0.05, "go"), run(5, 20)]).chunks(10))
    assert [type(item) for item in items] == [Chunk, Marker, Chunk, Chunk]


def test_what_is_no_number_becomes_nan_and_two_passes_agree() -> None:
    opened = recording([SampleRun(0, np.array([1.0, np.inf, -np.inf, np.nan]))])
    for _ in range(2):
        (chunk,) = opened.chunks(10)
        assert isinstance(chunk, Chunk)
        np.testing.assert_array_equal(chunk.samples[:, 0], [1, np.nan, np.nan, np.nan])
    opened.close()
