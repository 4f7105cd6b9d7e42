"""What is kept of a whole session for its charts, in memory that does not grow: numbers in bins, markers, spans."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ecg_live.annotations.current import SessionAnnotation
from ecg_live.events import Marker, SelfReportAnswer, SetChange, State, StreamEvent
from ecg_live.presentation.binned_series import BinnedSeries
from ecg_live.presentation.status import prediction_interval, result_state
from ecg_live.results import Grade, HeadInfo, HeadResult, HrvResult, Prediction, RrInterval, Snapshot
from ecg_live.study.marker_texts import parse_span_marker, spans, undone_text, without_undone

KEPT_MARKERS = 4096  # the newest; also of self-reports
KEPT_SET_CHANGES = 256
GRADES: tuple[Grade, ...] = ("good", "poor", "unusable")  # a grade's number in the lane of quality is its place

TimelineKind = Literal["baseline", "block", "interval", "excluded"]


class TimelineMarker(NamedTuple):
    """A marker, or a self-report, at stream time ``at`` (s)."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class TimelineSpan:
    """A baseline, a block or an interval between two stream times (s); ``stop`` is None while it runs."""

    kind: TimelineKind
    name: str
    start: float
    stop: float | None = None


class HeadSeries:
    """The answers of one head: a series for each line of its chart, and the shares that abstained or were unsure.

    The lines are those of `shown_lines`; of a head that gives a number it is its place on the scale, 0 to 1.
    """

    def __init__(self, head: HeadInfo) -> None:
        self.head = head
        self.lines = tuple(BinnedSeries() for _ in shown_lines(head))
        self.changes: deque[float] = deque(maxlen=KEPT_SET_CHANGES)  # times (s) before which another set answered
        self.abstained = BinnedSeries()
        self.unsure = BinnedSeries()

    def add(self, at: float, result: HeadResult) -> None:
        """Add the answer of the window that ends at stream time ``at`` (s)."""
        kind = result_state(result)
        self.abstained.add(at, float(kind == "abstain"))
        self.unsure.add(at, float(kind == "low"))
        for which, line in zip(shown_lines(self.head), self.lines, strict=True):
            line.add(at, None if kind == "abstain" else line_value(self.head, result, which))


def shown_lines(head: HeadInfo) -> range:
    """Places of the classes that have a line: of two only the second, which the first mirrors; one for a number."""
    if head.scale is not None:
        return range(1)
    return range(1, 2) if len(head.classes) == 2 else range(len(head.classes))


def line_value(head: HeadInfo, result: HeadResult, which: int) -> float:
    """The height of a line, 0 to 1: a class's probability, or the place of a number on its scale."""
    if head.scale is not None:
        low, high = head.scale
        return math.nan if result.value is None else (result.value - low) / (high - low)
    return (result.probs or {}).get(head.classes[which], math.nan)


def answer_text(answer: SelfReportAnswer) -> str:
    """Return a self-report in a few words: its name and values, or why there are none."""
    values = [f"{name} {value:g}" for name, value in answer.values if value is not None]
    return f"{answer.report}: {', '.join(values) or answer.text or answer.missing or 'answered'}"


class SessionTimeline:
    """Collects from every snapshot what the charts of the session show; times are seconds of stream time.

    ``revision`` grows with every marker, span or report, so that a chart knows when to draw again; new numbers come
    with a later ``now``.
    """

    def __init__(self, heads: Iterable[HeadInfo]) -> None:
        self.heads = tuple(HeadSeries(head) for head in heads)
        self.heart_rate, self.rmssd, self.quality = BinnedSeries(), BinnedSeries(), BinnedSeries()
        self.hop = 1.0
        self.now = 0.0
        self.cursor: float | None = None  # place (s) in a session that is played back
        self.revision = 0
        self.set_changes: deque[TimelineMarker] = deque(maxlen=KEPT_SET_CHANGES)
        self.reports: deque[TimelineMarker] = deque(maxlen=KEPT_MARKERS)
        self._noted: deque[TimelineMarker] = deque(maxlen=KEPT_MARKERS)  # all markers, as they were noted
        self._baselines: deque[TimelineSpan] = deque(maxlen=KEPT_SET_CHANGES)
        self._baseline_left = -math.inf
        self._last: Prediction | None = None
        self.markers: tuple[TimelineMarker, ...] = ()  # that count, and that are no ends of spans
        self._spans: tuple[TimelineSpan, ...] = ()
        self._spans_due = False
        self._annotated: tuple[TimelineSpan, ...] = ()

    @property
    def spans(self) -> tuple[TimelineSpan, ...]:
        """Baselines, blocks and intervals, and what was annotated of a recorded session."""
        return (*self._baselines, *self._spans, *self._annotated)

    def add_items(self, items: Iterable[tuple[float, Prediction | RrInterval | HrvResult | StreamEvent]]) -> None:
        """Add what a recorded session gave, each with its stream time (s); ``hop`` is that of its predictions."""
        predictions: list[Prediction] = []
        for at, item in items:
            self.now = max(self.now, at)
            if isinstance(item, Prediction):
                self._add_prediction(item)
                predictions.append(item)
            elif not isinstance(item, RrInterval | HrvResult):
                self._add_event(item)
        self._find_spans()
        if math.isfinite(hop := prediction_interval(predictions, math.inf)):
            self.hop = hop

    def replace_markers(self, markers: Iterable[Marker]) -> None:
        """Show other markers in place of all: they were edited."""
        self._noted.clear()
        self.markers, self._spans = (), ()
        for marker in markers:
            self._add_event(marker)
        self._find_spans()
        self.revision += 1

    def show_annotations(self, annotations: Iterable[SessionAnnotation]) -> None:
        """Show what was annotated: stretches as spans, notes among the markers."""
        spans: list[TimelineSpan] = []
        notes: list[TimelineMarker] = []
        for each in annotations:
            if each.kind == "note":
                notes.append(TimelineMarker(each.onset, each.text))
            else:
                kind: TimelineKind = "excluded" if each.kind == "excluded" else "interval"
                spans.append(TimelineSpan(kind, each.text, each.onset, each.stop))
        self._annotated = tuple(spans)
        self.markers = tuple(sorted([*self.markers, *notes]))
        self.revision += 1

    def update(self, snapshot: Snapshot, now: float, hop: float = 1.0) -> None:
        """Add what is new; ``now`` (s) is the stream time reached, ``hop`` (s) the interval of predictions."""
        self.now, self.hop = max(self.now, now), hop
        for prediction in snapshot.predictions:
            self._add_prediction(prediction)
        for event in snapshot.events:
            self._add_event(event)
        self._find_spans()

    def add_report(self, at: float, text: str) -> None:
        """Add a self-report at stream time ``at`` (s)."""
        self.reports.append(TimelineMarker(at, text))
        self.revision += 1

    def _add_prediction(self, prediction: Prediction) -> None:
        self._last = prediction
        at = prediction.stop
        for series in self.heads:
            if series.head.name in prediction.heads:
                series.add(at, prediction.heads[series.head.name])
        self.heart_rate.add(at, prediction.heart_rate)
        self.rmssd.add(at, prediction.rmssd)
        self.quality.add(at, float(GRADES.index(prediction.quality.grade)))

    def _add_event(self, event: StreamEvent) -> None:
        match event:
            case Marker(text=text, raw=raw) if raw is not None and math.isfinite(raw):
                self._add_marker(TimelineMarker(raw, text))
            case SelfReportAnswer(raw=raw) if raw is not None and math.isfinite(raw):
                self.add_report(raw, answer_text(event))
            case SetChange(raw=raw, set=which):
                self._change_set(event.head, TimelineMarker(raw, which))
            case State(state="baseline", seconds_left=left):
                self._add_baseline(left)

    def _change_set(self, head: str, change: TimelineMarker) -> None:
        self.set_changes.append(change)
        self.revision += 1
        for series in self.heads:
            if series.head.name == head:
                series.changes.append(change.at - self.hop / 2)

    def _add_marker(self, marker: TimelineMarker) -> None:
        self._noted.append(marker)
        self.revision += 1
        if undone_text(marker.text) is None and parse_span_marker(marker.text) is None:
            self.markers = (*self.markers, marker)[-KEPT_MARKERS:]
        else:
            self._spans_due = True

    def _find_spans(self) -> None:
        """Find the spans and the markers that count, once for all that were added."""
        if not self._spans_due:
            return
        self._spans_due = False
        counted = [TimelineMarker(*each) for each in without_undone(self._noted)]
        self.markers = tuple(each for each in counted if parse_span_marker(each.text) is None)
        found = spans(self._noted)
        self._spans = tuple(TimelineSpan(span.kind, span.name, span.start, span.stop) for span in found)

    def _add_baseline(self, left: float | None) -> None:
        """Begin, continue or end a baseline; a countdown that jumps up is another one."""
        at = self._last.stop if self._last else self.now
        running = self._baselines[-1] if self._baselines and self._baselines[-1].stop is None else None
        ends = running is not None and (left is None or left > self._baseline_left)
        if ends and running is not None:
            self._baselines[-1] = replace(running, stop=at)
        if left is not None and (running is None or ends):
            first = self._last is not None and not self._last.start
            self._baselines.append(TimelineSpan("baseline", "baseline", 0.0 if first else at))
        self._baseline_left = -math.inf if left is None else left
        self.revision += 1
