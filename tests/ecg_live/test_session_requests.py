"""What a session is asked from outside while it runs: markers, recordings, a baseline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from ecg_live.errors import RecordingError
from ecg_live.events import AffectRating, Marker, SelfReportAnswer, SetChange, State
from ecg_live.model.predictor import Predictor
from ecg_live.protocols import Recorder
from ecg_live.results import Item, Poll, Prediction, RecordingStatus
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import RATE, HandClock, Keep, Make, Script, Steps, paced
from tests.support.synthetic_signals import info

PATIENCE = 20.0  # s; a test that waits so long has failed


class Tape(Keep):
    """A recorder in memory."""

    @property
    def status(self) -> RecordingStatus:
        return RecordingStatus("tape.xdf")


class Awaited(Keep):
    """A sink that tells when an item came."""

    def __init__(self, wanted: Callable[[Item], bool]) -> None:
        super().__init__()
        self.came = threading.Event()
        self._wanted = wanted

    def write(self, item: Item) -> None:
        super().write(item)
        if self._wanted(item):
            self.came.set()


def ask(session: Session, text: str, time: float | None = None) -> Marker:
    """Note a marker and wait until the session says where it put it."""
    told: list[Marker] = []
    done = threading.Event()

    def tell(marker: Marker) -> None:
        told.append(marker)
        done.set()

    session.mark(text, time, tell)
    assert done.wait(PATIENCE)
    return told[0]


def state(name: str) -> Callable[[Item], bool]:
    return lambda item: isinstance(item, State) and item.state == name


def test_markers_while_the_source_is_silent(make: Make, clock: HandClock) -> None:
    """`paced` reckons time from 100 s on its chunks' clock; the hand clock stands at 1003 s."""
    sink = Keep()
    session, source = make([*paced(clock, 3), Script.SILENCE], sink)
    session.start()
    assert source.silent.wait(PATIENCE)
    assert ask(session, "then", 101.25) == Marker(101.25, "then", 1.25)
    assert ask(session, "now") == Marker(clock.now, "now", clock.now - 100.0)
    assert [item.text for item in sink.items if isinstance(item, Marker)] == ["then", "now"]
    session.stop()
    assert session.wait(PATIENCE)


def test_markers_before_the_first_sample_and_before_the_start(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, source = make([Script.SILENCE], sink)
    session.mark("before the start")
    session.start()
    assert source.silent.wait(PATIENCE)
    assert ask(session, "x").raw is None
    session.stop()
    assert session.wait(PATIENCE)
    assert [(item.text, item.raw) for item in sink.items if isinstance(item, Marker)] == [
        ("before the start", None),
        ("x", None),
    ]


def test_a_marker_that_was_asked_for_before_the_end_is_noted(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session: Session
    session, _ = make([*paced(clock, 2), lambda: session.mark("last")], sink)
    session.run()
    assert [item.text for item in sink.items if isinstance(item, Marker)] == ["last"]


def test_answers_and_ratings_get_their_stream_time_and_come_in_order(make: Make, clock: HandClock) -> None:
    sink = Awaited(lambda item: isinstance(item, AffectRating))
    session, source = make([*paced(clock, 3), Script.SILENCE], sink)
    session.start()
    assert source.silent.wait(PATIENCE)
    asked = SelfReportAnswer("mood", "sam", 101.0, 102.5, (("valence", 7.0), ("arousal", None)), missing="skipped")
    session.self_report(asked)
    session.self_report(AffectRating(102.75, 0.5, -1.0))
    assert sink.came.wait(PATIENCE)
    found = [item for item in sink.items if isinstance(item, SelfReportAnswer | AffectRating)]
    assert found == [replace(asked, raw_shown=1.0, raw=2.5), AffectRating(102.75, 0.5, -1.0, 2.75)]
    assert [event for event in session.poll(Poll())[0].events if not isinstance(event, State)] == found[:1]
    session.stop()
    assert session.wait(PATIENCE)


def test_a_request_that_fails_does_not_stop_the_next(clock: HandClock) -> None:
    def broken(_: Path | None) -> Recorder:
        raise OSError("no such device")

    sink = Awaited(state("warning"))
    session, source = recording(clock, broken, sink)
    session.start()
    assert source.silent.wait(PATIENCE)
    session.record(on=True)
    assert sink.came.wait(PATIENCE)
    assert ask(session, "still served").raw is not None
    session.stop()
    assert session.wait(PATIENCE)
    assert [item.detail for item in sink.items if isinstance(item, State) and item.state == "warning"] == [
        "unexpected OSError: no such device"
    ]
    assert session.error is None


def test_a_recording_while_the_source_is_silent(clock: HandClock) -> None:
    tape, sink = Tape("recorder"), Awaited(state("recorded"))
    session, source = recording(clock, lambda _: tape, sink)
    session.start()
    assert source.silent.wait(PATIENCE)
    session.record(on=True)
    ask(session, "inside")
    session.record(on=False)
    assert sink.came.wait(PATIENCE)
    ask(session, "outside")
    session.stop()
    assert session.wait(PATIENCE)
    assert [item.text if isinstance(item, Marker) else cast("State", item).state for item in tape.items] == [
        "recording",
        "inside",
        "recorded",
    ]
    assert tape.closed == 1


def test_a_recording_that_cannot_begin_is_loud(clock: HandClock) -> None:
    def full(_: Path | None) -> Recorder:
        raise RecordingError("disk full", "make room")

    sink = Awaited(state("recording_failed"))
    session, source = recording(clock, full, sink)
    session.start()
    assert source.silent.wait(PATIENCE)
    session.record(on=True)
    assert sink.came.wait(PATIENCE)
    session.stop()
    assert session.wait(PATIENCE)
    assert session.error is None


def test_a_baseline_in_mid_session(clock: HandClock) -> None:
    """It begins with the first window of what comes after, and its heads answer relative to it once it is whole."""
    sink = Keep()
    model = random_bundle(personal={"mental_load": "hrv"})
    session: Session
    clock.now = 100.0  # where `paced` begins

    def steps() -> Steps:
        for second, chunk in enumerate(paced(clock, 60)):
            if second == 20:
                session.begin_baseline()
                ask(session, "asked")  # requests are served in order
            yield chunk

    source = Script(info(RATE), steps())
    session = Session(source, SignalPath(source.info), Predictor(model), model.head_infos, [sink], clock, rest=30.0)
    session.run()
    told = [item for item in sink.items if isinstance(item, State) and item.state == "baseline"]
    assert told[-1].seconds_left is None
    assert all(item.seconds_left for item in told[:-1])
    given = [item for item in sink.items if isinstance(item, Prediction | SetChange)]
    sets = [item.heads["mental_load"].set for item in given if isinstance(item, Prediction)]
    assert sets == sorted(sets, reverse=True)  # population first, then personal
    (change,) = [k for k, item in enumerate(given) if isinstance(item, SetChange)]
    first = given[change + 1]
    assert isinstance(first, Prediction)
    assert given[change] == SetChange(first.time + 10, first.stop, "mental_load", "population", "personal")
    assert first.stop == 52.0  # asked at 21 s: windows from 21, 31 and 41 s on are rest, none from before
    assert sets.index("personal") == change
    assert session.error is None


def test_a_baseline_holds_no_window_from_before_it_was_asked_for(clock: HandClock) -> None:
    """Asked for between two samples, while the requests are late: the moment of the key counts."""
    model = random_bundle(personal={"mental_load": "hrv"})
    session: Session
    clock.now = 100.0

    def steps() -> Steps:
        for second, chunk in enumerate(paced(clock, 60)):
            if second == 20:
                clock.wait(0.3)
                session.begin_baseline()
                ask(session, "asked")
                clock.wait(-0.3)
            yield chunk

    source, predictor = Script(info(RATE), steps()), Predictor(model)
    session = Session(source, SignalPath(source.info), predictor, model.head_infos, [], clock, rest=10.0)
    session.run()
    sink = [event for event in session.poll(Poll())[0].events if isinstance(event, SetChange)]
    assert [change.raw for change in sink] == [53.0]  # [22, 32), [32, 42), [42, 52)


def test_a_baseline_that_begins_again_gives_the_line_back_to_the_population(clock: HandClock) -> None:
    sink = Keep()
    model = random_bundle(personal={"mental_load": "hrv"})
    session: Session
    clock.now = 100.0

    def steps() -> Steps:
        for second, chunk in enumerate(paced(clock, 60)):
            if second == 45:
                session.begin_baseline()
                ask(session, "again")
            yield chunk

    source, predictor = Script(info(RATE), steps()), Predictor(model, baseline=30.0)
    session = Session(source, SignalPath(source.info), predictor, model.head_infos, [sink], clock, rest=30.0)
    session.run()
    changes = [(item.raw, item.before, item.set) for item in sink.items if isinstance(item, SetChange)]
    assert changes == [(31.0, "population", "personal"), (46.0, "personal", "population")]


def test_a_baseline_that_changes_nothing_says_so(make: Make, clock: HandClock) -> None:
    sink = Awaited(state("warning"))
    session, source = make([*paced(clock, 3), Script.SILENCE], sink)
    session.start()
    assert source.silent.wait(PATIENCE)
    session.begin_baseline()
    assert sink.came.wait(PATIENCE)
    session.stop()
    assert session.wait(PATIENCE)
    details = [item.detail for item in sink.items if isinstance(item, State) and item.state == "warning"]
    assert all("has no personal set" in detail for detail in details)


def recording(clock: HandClock, recordings: Callable[[Path | None], Recorder], sink: Keep) -> tuple[Session, Script]:
    """A session of three seconds, then silence, that may record."""
    model = random_bundle()
    source = Script(info(RATE), [*paced(clock, 3), Script.SILENCE])
    path = SignalPath(source.info)
    return Session(source, path, Predictor(model), model.head_infos, [sink], clock, recordings=recordings), source
