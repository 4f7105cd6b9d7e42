"""Output whose reader pauses, leaves, or never reads."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest

from ecg_live.errors import EcgLiveError
from ecg_live.sinks.stdout_writer import StdoutWriter

LINE = "x" * 99 + "\n"
FILLS = 2000  # lines that no pipe of a system holds


@pytest.fixture
def ends() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """Reading end of a pipe, and the other one as standard output is."""
    reading, writing = os.pipe()
    with open(writing, "w", closefd=False) as stream:
        yield reading, stream
    os.close(reading)  # whoever waits in a write is let go
    os.close(writing)


def read(reading: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += os.read(reading, 1 << 16)
    return found


def fill(pipe: StdoutWriter) -> None:
    for _ in range(FILLS):
        pipe.write(LINE)


def test_all_is_read_in_order(ends: tuple[int, io.TextIOWrapper]) -> None:
    pipe = StdoutWriter(ends[1], lambda: False)
    lines = [f"{k}\n" for k in range(1000)]
    for line in lines:
        pipe.write(line)
    assert read(ends[0], sum(map(len, lines))).decode() == "".join(lines)
    pipe.drain()


def test_a_reader_that_pauses_holds_no_one_up_and_gets_all_later(ends: tuple[int, io.TextIOWrapper]) -> None:
    pipe = StdoutWriter(ends[1], lambda: False)
    fill(pipe)  # would wait for ever without a thread
    assert len(read(ends[0], FILLS * len(LINE))) == FILLS * len(LINE)
    pipe.drain()


def test_a_reader_that_leaves_does_not_wait_for_a_reader_that_does_nothing(ends: tuple[int, io.TextIOWrapper]) -> None:
    pipe = StdoutWriter(ends[1], lambda: True, patience=0.0)
    fill(pipe)
    with pytest.raises(EcgLiveError, match=r"the last \d+ bytes were not read"):
        pipe.drain()


def test_a_live_session_fails_the_output_once_too_much_waits(ends: tuple[int, io.TextIOWrapper]) -> None:
    pipe = StdoutWriter(ends[1], lambda: False, limit=10 * len(LINE))
    with pytest.raises(EcgLiveError, match="wait for a reader"):
        fill(pipe)
    pipe.drain()  # which was told, and nobody waits for it


def test_a_replay_waits_for_its_reader_until_the_user_leaves(ends: tuple[int, io.TextIOWrapper]) -> None:
    asked = iter([False] * 3)
    pipe = StdoutWriter(ends[1], lambda: next(asked, True), waits=True, limit=10 * len(LINE))
    with pytest.raises(EcgLiveError, match="wait for a reader"):
        fill(pipe)
    assert next(asked, None) is None


def test_a_reader_that_left_is_reported_at_the_next_line_and_is_no_error_at_the_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        pipe = StdoutWriter(stream, lambda: False)
        pipe.write(LINE)
        pipe.drain()
        with pytest.raises(BrokenPipeError):
            pipe.write(LINE)


def test_what_a_disk_does_not_take_is_raised_once() -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    pipe = StdoutWriter(Full(), lambda: False)
    pipe.write(LINE)
    with pytest.raises(OSError, match="No space left"):
        pipe.drain()
    with pytest.raises(OSError, match="No space left"):
        pipe.write(LINE)
    pipe.drain()


def test_a_stream_of_this_process_is_written_to() -> None:
    stream = io.StringIO()
    pipe = StdoutWriter(stream, lambda: False)
    pipe.write(LINE)
    pipe.drain()
    assert stream.getvalue() == LINE
