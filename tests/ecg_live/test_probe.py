"""A preview of a source: its states, its trace and its verdict; it lets go when it is asked to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from threading import Event

import pytest

from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.cancelling import check_cancelled
from ecg_live.errors import DeviceNotFound
from ecg_live.events import Battery, Beats, Chunk, State, StreamEvent, StreamInfo
from ecg_live.probe import SourceProbe
from ecg_live.protocols import Source
from ecg_live.resources import recordings_folder
from ecg_live.results import Poll
from tests.support.check_signals import LIVE, chunks, clean_ecg
from tests.support.scripted_source import Script

PATIENCE_S = 20.0


def probe(source: Source) -> SourceProbe:
    return SourceProbe(lambda: source, "looking for it", lambda: 100.0)


def test_a_recording_is_shown_with_its_trace_and_judged() -> None:
    path = str(recordings_folder() / "supine_1min.txt")
    seen = SourceProbe(lambda: open_source(path, ReadOptions(speed=math.inf)), "opening", lambda: 100.0)
    assert seen.wait(PATIENCE_S)
    status = seen.status
    assert status.ended
    assert not status.error
    assert status.info is not None
    assert status.info.rate == 1000
    assert status.verdict.go
    polled = seen.poll(Poll())
    assert polled is not None
    assert len(polled[0].trace) == 30 * 256  # what a screen keeps


def test_a_search_ends_with_its_preview() -> None:
    searching, never = Event(), Event()

    def search() -> Source:
        searching.set()
        while not never.wait(0.01):
            check_cancelled()
        raise DeviceNotFound("it was not cancelled")

    seen = SourceProbe(search, "looking for it", lambda: 100.0)
    assert searching.wait(PATIENCE_S)
    seen.close()
    assert seen.wait(PATIENCE_S)
    assert (seen.status.ended, seen.status.error) == (True, "")


def test_states_battery_and_release() -> None:
    reached, go = Event(), Event()

    def items() -> Iterator[Chunk | StreamEvent]:
        yield State("connecting", "connecting to H10")
        yield Battery(1.0, 0.7)
        reached.set()
        go.wait(PATIENCE_S)
        yield from chunks(clean_ecg(12))

    source = Script(LIVE, items())
    seen = probe(source)
    assert reached.wait(PATIENCE_S)
    assert (seen.status.state, seen.status.battery) == ("connecting to H10", 0.7)
    go.set()
    assert seen.wait(PATIENCE_S)
    assert seen.status.state == ""
    assert seen.status.verdict.go
    assert (source.entered, source.left) == (1, 1)


def test_a_source_that_is_not_there_is_an_error_with_a_remedy() -> None:
    def open_nothing() -> Source:
        raise DeviceNotFound("no LSL stream with name 'Lab'", "start the outlet")

    seen = SourceProbe(open_nothing, "looking for lsl:Lab", lambda: 100.0)
    assert seen.wait(PATIENCE_S)
    assert (seen.status.error, seen.status.remedy) == ("no LSL stream with name 'Lab'", "start the outlet")
    assert seen.poll(Poll()) is None


@pytest.mark.parametrize("error", [RuntimeError("a driver's"), DeviceNotFound("it went", "switch it on")])
def test_a_source_that_breaks_in_the_middle_is_released_and_says_so(error: Exception) -> None:
    source = Script(LIVE, [*chunks(clean_ecg(3)), error])
    seen = probe(source)
    assert seen.wait(PATIENCE_S)
    assert str(error.args[0]) in seen.status.error
    assert source.left == 1


def test_closing_wakes_a_silent_source() -> None:
    source = Script(LIVE, [*chunks(clean_ecg(1)), Script.SILENCE])
    seen = probe(source)
    assert source.silent.wait(PATIENCE_S)
    assert not seen.wait(0)
    seen.close()
    assert seen.wait(PATIENCE_S)
    assert not seen.status.error


def test_closing_while_it_is_opened_never_enters_it() -> None:
    asked, go, source = Event(), Event(), Script(LIVE, chunks(clean_ecg(1)))

    def open_slowly() -> Source:
        asked.set()
        go.wait(PATIENCE_S)
        return source

    seen = SourceProbe(open_slowly, "looking", lambda: 100.0)
    assert asked.wait(PATIENCE_S)
    seen.close()
    go.set()
    assert seen.wait(PATIENCE_S)
    assert (source.entered, source.closed.is_set()) == (0, True)


def test_a_strap_that_gives_beats_alone_is_good_after_ten_seconds() -> None:
    strap = StreamInfo(0.0, (), name="TICKR")
    seen = probe(Script(strap, [Beats(100.0 + second, 60.0, (1.0,)) for second in range(12)]))
    assert seen.wait(PATIENCE_S)
    assert seen.status.verdict.go
    assert seen.status.verdict.heart_rate == 60
