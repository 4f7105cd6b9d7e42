"""A recorded session on a screen: what is shown depends on the place alone, however it was reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ecg_live.events import Marker
from ecg_live.recorded.playback.opened import OpenedSession, open_session
from ecg_live.recorded.playback.trace import RecordedTrace
from ecg_live.recorded.playback.view import MAX_SPEED, RecordedView
from ecg_live.results import Poll, Snapshot
from tests.support.recorded_sessions import SECOND, story
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import record


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("view") / "s.xdf"
    record(made, story())
    return made


@pytest.fixture
def opened(path: Path) -> OpenedSession:
    return open_session(path, "lee")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def view(opened: OpenedSession, clock: HandClock) -> Iterator[RecordedView]:
    trace = RecordedTrace(opened.session.files, opened.session.duration)
    trace.start()
    trace.wait()
    made = RecordedView(opened.recorded, trace, clock, opened.editor)
    yield made
    made.stop()


def shown(view: RecordedView) -> Snapshot:
    return view.poll(Poll())[0]


def test_items_come_when_the_session_gave_them(view: RecordedView, clock: HandClock) -> None:
    first, cursor = view.poll(Poll())
    assert (first.predictions, first.now, first.ended) == ((), 0.0, False)
    clock.wait(12.0)
    at_12, cursor = view.poll(cursor)
    assert [each.stop for each in at_12.predictions] == [10, 11, 12]
    assert (at_12.now, at_12.samples, at_12.lost, len(at_12.trace)) == (12.0, 12 * SECOND, 0, 12 * 256)
    clock.wait(9.0)
    at_21, _ = view.poll(cursor)
    assert at_21.predictions[-1].stop == 20
    assert (at_21.samples, at_21.lost) == (20 * SECOND, SECOND)
    assert [event.text for event in at_21.events if isinstance(event, Marker)] == ["rest"]


def test_a_place_looks_the_same_however_it_is_reached(view: RecordedView, clock: HandClock) -> None:
    clock.wait(45.0)
    played = shown(view)
    clock.wait(10.0)
    view.play(False)
    view.seek(3.0)
    assert (shown(view).predictions, shown(view).now) == ((), 3.0)
    before = view.revision
    view.seek(45.0)
    assert view.revision > before
    jumped = shown(view)
    assert jumped.predictions == played.predictions
    assert jumped.events == played.events
    assert (jumped.state, jumped.now, jumped.samples, jumped.lost) == (
        played.state, played.now, played.samples, played.lost
    )  # fmt: skip
    np.testing.assert_array_equal(jumped.trace, played.trace)


def test_speed_pause_and_end(view: RecordedView, clock: HandClock) -> None:
    view.set_speed(4.0)
    clock.wait(5.0)
    assert view.position == 20.0
    view.play(False)
    clock.wait(100.0)
    assert (view.position, view.playing) == (20.0, False)
    view.play(True)
    view.set_speed(1e9)
    assert view.speed == MAX_SPEED
    clock.wait(100.0)
    assert (view.position, view.playing) == (60.0, False)
    end = shown(view)
    assert (end.ended, end.state.state, end.predictions[-1].stop) == (True, "ended", 60)
    view.play(True)
    assert (view.position, view.playing) == (0.0, True)
    view.seek(-5.0)
    assert view.position == 0.0
    view.seek(1e9)
    assert view.position == 60.0


def test_a_marker_is_noted_at_the_place_of_its_key(view: RecordedView, clock: HandClock, opened: OpenedSession) -> None:
    view.set_speed(2.0)
    clock.wait(10.0)
    pressed = clock()
    clock.wait(3.0)  # while its text was written
    view.mark("spoke", pressed)
    clock.wait(0.0)
    assert ("spoke", 20.0) in [(event.text, event.raw) for event in shown(view).events if isinstance(event, Marker)]
    assert opened.editor is not None
    (note,) = [each for each in opened.editor.read().standing() if each.text == "spoke"]
    assert (note.kind, note.onset) == ("marker", 20.0)
