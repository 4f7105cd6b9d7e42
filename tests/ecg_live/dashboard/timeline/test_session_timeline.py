"""What the timeline keeps of a session: spans of baselines and blocks, markers that count, answers with their state."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from ecg_live.dashboard.timeline.session_timeline import KEPT_MARKERS, SessionTimeline, TimelineSpan
from ecg_live.dashboard.trend import broken_line
from ecg_live.events import Marker, SetChange, State, StreamEvent
from ecg_live.results import HeadInfo, HeadResult, Poll
from ecg_live.study.marker_texts import Span, TimedText, spans
from tests.support.recorded_sessions import window
from tests.support.simulated_view import FOUR, LOAD, SimulatedView, abstained, answer

RATING = HeadInfo("stress", (), (1.0, 9.0))


class Session:
    """A simulated session that a timeline follows."""

    def __init__(self, *heads: HeadInfo) -> None:
        self.view = SimulatedView(heads or (LOAD,))
        self.timeline = SessionTimeline(self.view.heads)
        self._cursor = Poll()

    def tell(self, *events: StreamEvent) -> None:
        for event in events:
            self.view.send(event)
        snapshot, self._cursor = self.view.poll(self._cursor)
        self.timeline.update(snapshot, snapshot.now)

    def mark(self, at: float, text: str) -> None:
        self.tell(Marker(at, text, at))


def test_a_recorded_session_has_the_interval_of_its_own_predictions() -> None:
    timeline = SessionTimeline((LOAD,))
    timeline.add_items((stop, window(stop)) for stop in range(10, 70, 5))
    found = timeline.heart_rate.read(0.0, 70.0, 1000)
    heights = broken_line(np.asarray(found.at), np.asarray(found.mean), found, timeline.hop)[1]
    assert timeline.hop == 5.0
    assert np.isfinite(heights).all()  # one line, though the points are 5 s apart


def test_a_baseline_lasts_from_its_first_countdown_to_its_end() -> None:
    session = Session()
    for second in range(10, 80):
        session.view.feed_ecg(1 if second > 10 else 11)
        session.view.predict(answer(LOAD, 0, 0.9))
        session.tell(*([State("baseline", "rest", seconds_left=60.0 - second)] if 20 <= second < 60 else []))
        if second == 60:
            session.tell(State("baseline", "complete"))
    assert session.timeline.spans == (TimelineSpan("baseline", "baseline", 21.0, 61.0),)


def test_a_baseline_at_the_start_begins_with_its_first_window_and_one_begun_again_is_another() -> None:
    session = Session()
    session.view.feed_ecg(10)
    session.view.predict(answer(LOAD, 0, 0.9))
    session.tell(State("baseline", "rest", seconds_left=50.0))
    assert session.timeline.spans == (TimelineSpan("baseline", "baseline", 0.0),)
    session.view.feed_ecg(5)
    session.view.predict(answer(LOAD, 0, 0.9))
    session.tell(State("baseline", "rest", seconds_left=60.0))
    assert [(span.start, span.stop) for span in session.timeline.spans] == [(0.0, 15.0), (15.0, None)]


def test_blocks_are_spans_and_what_was_taken_back_is_nothing() -> None:
    session = Session()
    for at, text in (
        (1.0, "block/rest/start"),
        (5.0, "tone"),
        (6.0, "slip"),
        (8.0, "block/rest/stop"),
        (9.0, "undo/slip"),
        (10.0, "interval/talking/start"),
        (12.0, "block/stress/start"),
    ):
        session.mark(at, text)
    assert session.timeline.spans == (
        TimelineSpan("block", "rest", 1.0, 8.0),
        TimelineSpan("interval", "talking", 10.0),
        TimelineSpan("block", "stress", 12.0),
    )
    assert [marker.text for marker in session.timeline.markers] == ["tone"]


def test_the_blocks_of_a_recording_are_found_once_for_all_its_markers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for each of them, a recording with 500 blocks kept its window from opening for a minute."""
    found: list[int] = []

    def counted(markers: Iterable[TimedText]) -> tuple[Span, ...]:
        found.append(len(ends := list(markers)))
        return spans(ends)

    monkeypatch.setattr("ecg_live.dashboard.timeline.session_timeline.spans", counted)
    timeline = SessionTimeline([])
    ends = [(k, Marker(k, f"block/b{k // 2}/{'stop' if k % 2 else 'start'}", k)) for k in range(1000)]
    timeline.add_items(ends)
    assert len(timeline.spans) == 500
    timeline.replace_markers(marker for _, marker in ends)
    assert found == [1000, 1000]


def test_markers_are_kept_up_to_a_number_and_reports_and_sets_beside_them() -> None:
    session = Session()
    before = session.timeline.revision
    session.tell(*[Marker(float(k), str(k), float(k)) for k in range(KEPT_MARKERS + 10)])
    assert len(session.timeline.markers) == KEPT_MARKERS
    assert session.timeline.markers[-1].text == str(KEPT_MARKERS + 9)
    session.tell(SetChange(3.0, 3.0, "mental_load", "population", "personal"), Marker(5.0, "before the first sample"))
    session.timeline.add_report(4.0, "valence 3")
    assert [tuple(each) for each in session.timeline.reports] == [(4.0, "valence 3")]
    assert [tuple(each) for each in session.timeline.set_changes] == [(3.0, "personal")]
    assert session.timeline.revision > before


def test_answers_are_kept_with_their_state() -> None:
    session = Session(LOAD, FOUR)
    for load, emotion in (
        (answer(LOAD, 1, 0.8), answer(FOUR, 2, 0.7)),
        (answer(LOAD, 0, 0.55), abstained("flat line")),
    ):
        session.view.feed_ecg(1)
        session.view.predict(load, emotion, grade="poor")
        session.tell()
    first, second = session.timeline.heads
    (line,) = first.lines
    np.testing.assert_allclose(line.read(0, 9, 99).mean, [0.8, 0.45])
    np.testing.assert_array_equal(first.unsure.read(0, 9, 99).mean, [0.0, 1.0])
    assert len(second.lines) == 4
    np.testing.assert_array_equal(second.abstained.read(0, 9, 99).mean, [0.0, 1.0])
    assert np.isnan(second.lines[2].read(0, 9, 99).mean[1])
    np.testing.assert_array_equal(session.timeline.quality.read(0, 9, 99).mean, [1.0, 1.0])
    assert session.timeline.heart_rate.last == 72.0


@pytest.mark.parametrize(("value", "place"), [(1.0, 0.0), (5.0, 0.5), (9.0, 1.0)])
def test_a_number_is_kept_at_its_place_on_the_scale(value: float, place: float) -> None:
    session = Session(RATING)
    session.view.feed_ecg(1)
    session.view.predict(HeadResult(None, None, value=value, interval=(1.0, 9.0), scale=RATING.scale))
    session.tell()
    np.testing.assert_array_equal(session.timeline.heads[0].lines[0].read(0, 9, 99).mean, [place])
