"""One item at a time to all sinks; recorders come, go and fail, and the others go on."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from ecg_live.errors import RecordingError
from ecg_live.events import AffectRating, Marker, SelfReportAnswer, State
from ecg_live.results import Item, Poll, RecordingStatus, Summary
from ecg_live.sinks.dispatcher import Dispatcher
from ecg_live.sinks.display_buffer import DisplayBuffer
from tests.support.scripted_source import HandClock, Keep
from tests.support.session_items import INFO, chunk

SUMMARY = Summary(1, 0, 0, 0, 0, 1.0, 1.0)


class Tape(Keep):
    """A recorder in memory, which may break; ``whole`` where only its end is missing then."""

    def __init__(self, breaks_at: int | None = None, *, breaks_closing: bool = False, whole: bool = False) -> None:
        super().__init__("recorder", breaks_at, breaks_closing=breaks_closing)

        self.late = 0.0
        self.whole = whole

    @property
    def status(self) -> RecordingStatus:
        return RecordingStatus("tape.xdf", seconds=float(len(self.items)), late=self.late, whole=self.whole)


class Hall:
    """A fan-out with a screen, and what it said."""

    def __init__(self, *sinks: Keep, tapes: tuple[Tape, ...] = (), speed: float = 1.0, watched: bool = False) -> None:
        self.clock, self.deserted = HandClock(), 0
        self.screen = DisplayBuffer(INFO.rate, self.clock)
        self._tapes = iter(tapes)
        recordings: Callable[[Path | None], Tape] | None = self._open if tapes else None
        info = replace(INFO, speed=speed)
        self.fanout = Dispatcher(info, self.screen, sinks, self.clock, self._leave, recordings, watched=watched)

    def _open(self, _: Path | None) -> Tape:
        tape = next(self._tapes, None)
        if tape is None:
            raise RecordingError("disk full", "make room")
        return tape

    def _leave(self) -> None:
        self.deserted += 1

    @property
    def told(self) -> list[str]:
        return [event.state for event in self.screen.poll(Poll())[0].events if isinstance(event, State)]

    @property
    def recording(self) -> RecordingStatus | None:
        return self.screen.poll(Poll())[0].recording


def kinds(sink: Keep) -> list[str]:
    return [item.state if isinstance(item, State) else type(item).__name__ for item in sink.items]


@pytest.mark.parametrize(
    ("speed", "time", "raw"),
    [
        (1.0, 1000.4, 0.6),  # the newest chunk begins at sample 100 (0.2 s) at 1000.0 s
        (1.0, 999.0, -0.8),
        (4.0, 1000.1, 0.6),
        (0.5, 1000.1, 0.25),
        (math.inf, 1000.1, 0.4),  # where the signal has come to
    ],
)
def test_markers_get_their_raw_time(speed: float, time: float, raw: float) -> None:
    sink = Keep()
    hall = Hall(sink, speed=speed)
    hall.fanout.send(Marker(999.0, "early"))
    for item in (chunk(0, 998.0), chunk(100, 1000.0), chunk(200, 5.0, 0), Marker(time, "x"), Marker(time, "y", 7.0)):
        hall.fanout.send(item)
    early, late, known = (item for item in sink.items if isinstance(item, Marker))
    assert early == Marker(999.0, "early")
    assert (late.time, late.text) == (time, "x")
    assert late.raw == pytest.approx(raw)
    assert known.raw == 7.0


def test_a_recording_begins_ends_and_begins_again() -> None:
    sink, first, second = Keep(), Tape(), Tape()
    hall = Hall(sink, tapes=(first, second))
    assert hall.fanout.can_record
    hall.fanout.end_recording()  # there is none
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.begin_recording()
    hall.fanout.begin_recording()  # there is one
    hall.fanout.send(chunk(100, 1000.2))
    assert hall.recording == first.status
    hall.fanout.end_recording()
    hall.fanout.send(chunk(200, 1000.4))
    assert hall.recording is None
    hall.fanout.begin_recording()
    hall.fanout.send(SUMMARY)
    hall.fanout.close()
    assert kinds(first) == ["recording", "Chunk", "recorded"]
    assert kinds(second) == ["recording", "Summary"]
    assert kinds(sink) == ["Chunk", "recording", "Chunk", "recorded", "Chunk", "recording", "Summary"]
    assert (first.closed, second.closed, sink.closed) == (1, 1, 1)
    assert hall.fanout.error is None


def test_what_cannot_be_opened_is_an_error_of_the_caller() -> None:
    hall = Hall(Keep(), tapes=(Tape(),))
    hall.fanout.begin_recording()
    hall.fanout.end_recording()
    with pytest.raises(RecordingError, match="disk full"):
        hall.fanout.begin_recording()
    assert hall.recording is None
    assert not Hall(Keep()).fanout.can_record


@pytest.mark.parametrize("breaks_at", [0, 1, 2])
def test_a_recording_that_fails_is_loud_and_the_others_go_on(breaks_at: int) -> None:
    """At its first item, at a chunk, and at its last."""
    sink, tape = Keep(), Tape(breaks_at)
    hall = Hall(sink, tapes=(tape, Tape()))
    hall.fanout.begin_recording()
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.end_recording()
    assert hall.told.count("recording_failed") == 1
    assert kinds(sink).count("recording_failed") == 1
    assert "warning" not in hall.told
    assert isinstance(hall.fanout.error, RecordingError)
    assert (hall.deserted, tape.closed) == (0, 1)
    assert hall.recording == tape.status  # it stays until the next begins
    hall.fanout.begin_recording()
    assert hall.told[-1] == "recording"


def test_a_recording_that_cannot_be_finished_is_loud() -> None:
    sink = Keep()
    hall = Hall(sink, tapes=(Tape(breaks_closing=True),))
    hall.fanout.begin_recording()
    hall.fanout.end_recording()
    assert kinds(sink) == ["recording", "recorded", "recording_failed"]
    assert "recorder did not close: cannot flush" in str(hall.fanout.error)
    assert hall.recording is not None


def test_a_recording_keeps_a_session_alive_when_its_readers_leave() -> None:
    tape = Tape()
    hall = Hall(Keep("pipe", 1), tapes=(tape,))
    hall.fanout.begin_recording()
    assert not hall.fanout.only_recorded
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.send(chunk(100, 1000.2))
    assert kinds(tape) == ["recording", "Chunk", "warning", "Chunk"]
    assert (hall.deserted, hall.fanout.only_recorded) == (0, True)
    hall.fanout.end_recording()
    assert (hall.deserted, hall.fanout.only_recorded) == (1, False)
    assert "pipe stopped: disk full" in str(hall.fanout.error)  # nobody has read that


def test_a_recording_that_fails_with_no_one_left_ends_the_session() -> None:
    hall = Hall(Keep("pipe", 1), tapes=(Tape(2),))
    hall.fanout.begin_recording()
    hall.fanout.send(chunk(0, 1000.0))
    assert hall.deserted
    assert isinstance(hall.fanout.error, RecordingError)


@pytest.mark.parametrize("recorded", [False, True])
def test_while_somebody_watches_the_screen_no_sink_ends_the_session(recorded: bool) -> None:
    hall = Hall(Keep("LSL output", 1), tapes=(Tape(3),), watched=True)
    if recorded:
        hall.fanout.begin_recording()
    for k in range(5):
        hall.fanout.send(chunk(100 * k, 1000.0))
    assert (hall.deserted, hall.fanout.only_recorded) == (0, False)
    assert hall.told.count("warning") == 1
    assert hall.told.count("recording_failed") == recorded
    assert isinstance(hall.fanout.error, RecordingError) == recorded


def test_a_sink_that_is_left_keeps_a_session_alive() -> None:
    one, other = Keep("pipe", 1), Keep("LSL output")
    hall = Hall(one, other)
    for k in range(3):
        hall.fanout.send(chunk(100 * k, 1000.0))
    assert (hall.deserted, hall.fanout.error) == (0, None)
    assert kinds(other) == ["Chunk", "Chunk", "warning", "Chunk"]


def test_all_sinks_see_one_order_whoever_sends() -> None:
    one, other = Keep(), Keep()
    hall = Hall(one, other)
    gate = threading.Barrier(4)

    def send(first: int) -> None:
        gate.wait(60)
        for k in range(50):
            item: Item = Marker(1000.0, f"{first + k}")
            hall.fanout.send(item)

    threads = [threading.Thread(target=send, args=(100 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(one.items) == 200
    assert one.items == other.items


def test_a_disk_that_is_slow_is_reported_to_all_and_recorded() -> None:
    tape, sink = Tape(), Keep()
    hall = Hall(sink, tapes=(tape,))
    hall.fanout.begin_recording()
    tape.late = 5.0
    for start in (0, 100):
        hall.fanout.send(chunk(start, 0.0))
    assert kinds(sink) == ["recording", "Chunk", "warning", "Chunk"]
    assert kinds(tape) == kinds(sink)


def test_markers_from_before_are_in_the_recording_and_in_one_only() -> None:
    """Also those that came while it was being closed; none is told a second time to the others."""
    sink, first, second = Keep(), Tape(), Tape()
    hall = Hall(sink, tapes=(first, second))
    hall.fanout.send(Marker(999.0, "before the first sample"))
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.send(Marker(1000.1, "early"))
    assert not hall.fanout.saved
    hall.fanout.begin_recording()
    assert hall.fanout.saved
    hall.fanout.send(Marker(1000.15, "inside"))
    hall.fanout.end_recording()
    assert hall.fanout.saved
    hall.fanout.send(Marker(1000.2, "between"))
    assert not hall.fanout.saved
    hall.fanout.begin_recording()
    assert marked(first) == [("before the first sample", -1.0), ("early", 0.1), ("inside", 0.15)]
    assert marked(second) == [("between", 0.2)]
    assert [text for text, _ in marked(sink)] == ["before the first sample", "early", "inside", "between"]
    told = [item.detail for item in sink.items if isinstance(item, State) and item.state == "recording"]
    assert told == [
        "recording to tape.xdf; earlier markers are in it: 2", "recording to tape.xdf; earlier markers are in it: 1"
    ]  # fmt: skip


@pytest.mark.parametrize("broken", [Tape(4), Tape(breaks_closing=True)])
def test_markers_of_a_recording_that_failed_are_in_the_next(broken: Tape) -> None:
    after = Tape()
    hall = Hall(Keep(), tapes=(broken, after))
    hall.fanout.send(Marker(999.0, "before"))
    hall.fanout.begin_recording()
    hall.fanout.send(Marker(1000.1, "inside"))
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.send(chunk(100, 1000.2))
    hall.fanout.end_recording()
    assert not hall.fanout.saved
    hall.fanout.begin_recording()
    assert [text for text, _ in marked(after)] == ["before", "inside"]


def test_markers_of_a_recording_that_lacks_its_footers_only_are_in_that_one() -> None:
    unsealed, after = Tape(breaks_closing=True, whole=True), Tape()
    hall = Hall(Keep(), tapes=(unsealed, after))
    hall.fanout.begin_recording()
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.send(Marker(1000.1, "inside"))
    assert hall.fanout.end_recording() is not None
    assert hall.fanout.saved
    hall.fanout.send(Marker(1000.2, "between"))
    hall.fanout.begin_recording()
    assert [marked(tape) for tape in (unsealed, after)] == [[("inside", 0.1)], [("between", 0.2)]]


def test_a_recorder_that_breaks_while_it_is_given_markers_has_failed() -> None:
    hall = Hall(Keep(), tapes=(Tape(1),))
    for text in ("one", "two", "three"):
        hall.fanout.send(Marker(999.0, text))
    hall.fanout.begin_recording()
    assert hall.told.count("recording_failed") == 1
    assert not hall.fanout.recording


def test_a_screen_that_raises_misses_an_item_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sink, tape = Keep(), Tape()
    hall = Hall(sink, tapes=(tape,), watched=True)
    hall.fanout.begin_recording()
    with monkeypatch.context() as broken:
        broken.setattr(hall.screen, "_add_event", mock.Mock(side_effect=ValueError("bad frame")))
        hall.fanout.send(Marker(1000.0, "x"))
        hall.fanout.send(Marker(1000.0, "y"))
    hall.fanout.send(Marker(1000.0, "z"))
    assert [text for text, _ in marked(tape)] == [text for text, _ in marked(sink)] == ["x", "y", "z"]
    (warning,) = [item.detail for item in sink.items if isinstance(item, State) and item.state == "warning"]
    assert warning == "the screen missed something: unexpected ValueError: bad frame"
    assert (hall.deserted, hall.fanout.error) == (0, None)


def test_once_no_one_looks_any_more_a_recording_keeps_the_session_until_it_ends() -> None:
    hall = Hall(tapes=(Tape(),), watched=True)
    hall.fanout.begin_recording()
    hall.fanout.screen_closed()
    assert (hall.deserted, hall.fanout.only_recorded) == (0, True)
    hall.fanout.end_recording()
    assert hall.deserted == 1
    bare = Hall(watched=True)
    bare.fanout.screen_closed()
    assert bare.deserted == 1


def marked(sink: Keep) -> list[tuple[str, float | None]]:
    """Texts and raw times of the markers that came."""
    return [
        (item.text, None if item.raw is None else round(item.raw, 6)) for item in sink.items if isinstance(item, Marker)
    ]


def test_answers_without_a_recording_are_carried_into_the_next() -> None:
    """Stream time is set when it is known; samples of a rating belong to the time in which nothing was recorded."""
    tape = Tape()
    hall = Hall(Keep(), tapes=(tape,))
    hall.fanout.send(SelfReportAnswer("mood", "text", 999.0, 999.5, text="fine"))
    hall.fanout.send(AffectRating(999.75, 0.0, 0.0))
    assert not hall.fanout.saved
    hall.fanout.send(chunk(0, 1000.0))
    hall.fanout.begin_recording()
    assert hall.fanout.saved
    assert [type(item).__name__ for item in tape.items] == ["Chunk", "SelfReportAnswer", "State"]
    assert tape.items[1] == SelfReportAnswer("mood", "text", 999.0, 999.5, text="fine", raw_shown=-1.0, raw=-0.5)
    assert isinstance(said := tape.items[2], State)
    assert "earlier markers and answers are in it: 1" in said.detail
