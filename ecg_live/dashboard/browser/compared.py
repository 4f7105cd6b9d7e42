"""A recorded session that is compared with another: its items, and the times at which they can be aligned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.events import Marker, SelfReportAnswer, SetChange, StreamEvent
from ecg_live.presentation.formatting import clock_text, number_text, title_text
from ecg_live.results import HeadInfo, HeadResult, HrvResult, Prediction, RrInterval
from ecg_live.study.marker_texts import spans

RecordedItem = Prediction | RrInterval | HrvResult | StreamEvent
START = "Start"  # name of the alignment of the first samples


@dataclass(frozen=True, slots=True, eq=False)
class ComparedSession:
    """A session: who and when, its heads, and its items with their times (s from the first sample)."""

    title: str
    heads: tuple[HeadInfo, ...]
    items: Sequence[tuple[float, RecordedItem]]
    duration: float

    def anchors(self) -> dict[str, float]:
        """Times (s) at which it can be aligned, by name: its start, and the first run of each block."""
        noted = [(at, item.text) for at, item in self.items if isinstance(item, Marker)]
        blocks = {span.name: span.start for span in reversed(spans(noted)) if span.kind == "block"}
        return {START: 0.0, **dict(sorted(blocks.items(), key=lambda block: block[1]))}

    def timeline(self, shift: float, length: float) -> SessionTimeline:
        """What its charts show, ``shift`` s later, on an axis of ``length`` s."""
        made = SessionTimeline(self.heads)
        made.add_items((at + shift, shifted(item, shift)) for at, item in self.items)
        made.now = length
        return made

    def values_at(self, at: float) -> str:
        """Heart rate and answers of the last window that ended by a time (s), in words."""
        if not 0 <= at <= self.duration:
            return "outside of the session"
        found = next(
            (item for _, item in reversed(self.items) if isinstance(item, Prediction) and item.stop <= at), None
        )
        if found is None:
            return f"{clock_text(at)}   no window yet"
        answers = [f"{title_text(name)} {_answer_text(result)}" for name, result in found.heads.items()]
        rate = f"{number_text(found.heart_rate)} bpm"
        return "   \N{MIDDLE DOT}   ".join([clock_text(at), rate, *answers, found.quality.grade])


def _answer_text(result: HeadResult) -> str:
    if result.abstain is not None:
        return "no estimate"
    if result.probs is not None and result.label is not None:
        return f"{title_text(result.label)} {number_text(result.probs[result.label], factor=100)} %"
    return number_text(result.value, 2)


def shifted(item: RecordedItem, by: float) -> RecordedItem:
    """An item whose stream times are ``by`` s later."""
    match item:
        case Prediction():
            return replace(item, start=item.start + by, stop=item.stop + by)
        case Marker(raw=raw) | SelfReportAnswer(raw=raw) if raw is not None:
            return replace(item, raw=raw + by)
        case SetChange():
            return replace(item, raw=item.raw + by)
    return item


def common_anchors(sessions: Sequence[ComparedSession]) -> list[str]:
    """Names of the times that all sessions have, in the order of the first."""
    all_anchors = [session.anchors() for session in sessions]
    return [name for name in all_anchors[0] if all(name in anchors for anchors in all_anchors)]
