"""Ask a self-report: its items and scale, what the participant gave, and the answer that a session notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE, SelfReportAnswer
from ecg_live.study.plan import SAM_POINTS, SelfReport

SKIPPED = "skipped"  # why there is no answer: the participant left it out
TEXT_ITEM = "text"  # what is asked for by a free text
NOT_ASKED = "not asked"
DECLINED = "declined by the experimenter"
MAX_TEXT_CHARACTERS = 2000  # of an answer in free text
SCALE_ENDS: dict[str, tuple[str, str]] = {  # words at both ends of what is known by name
    "valence": ("unpleasant", "pleasant"),
    "arousal": ("calm", "excited"),
    "dominance": ("controlled", "in control"),
}


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a participant gave: the value of each item, None without one; a free text; why values are missing."""

    values: tuple[tuple[str, float | None], ...] = ()
    text: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A self-report that is asked from ``shown`` (session clock) on, for the ``number``-th time in its session."""

    report: SelfReport
    shown: float
    block: str = ""
    number: int = 1

    def answer(self, given: GivenAnswer, time: float) -> SelfReportAnswer:
        """The answer at ``time`` on the session clock."""
        return SelfReportAnswer(
            self.report.name,
            self.report.kind,
            self.shown,
            time,
            given.values,
            given.text,
            answer_scale(self.report),
            given.missing,
            self.block,
            self.number,
        )

    def without_answer(self, reason: str, time: float) -> SelfReportAnswer:
        """No answer to any item, for a reason."""
        return self.answer(no_answer(self.report, reason), time)


class AskingCounter:
    """Counts how often each self-report was asked in a session.

    Parameters
    ----------
    asked : mapping
        How often each was asked before, in a session that goes on.
    """

    def __init__(self, asked: Mapping[str, int] | None = None) -> None:
        self._counts: Counter[str] = Counter(asked or {})

    def ask(self, report: SelfReport, shown: float, block: str = "") -> Asking:
        """Ask a self-report from ``shown`` on the session clock on, after or during a block."""
        self._counts[report.name] += 1
        return Asking(report, shown, block, self._counts[report.name])


def asked_items(report: SelfReport) -> tuple[str, ...]:
    """Items of a self-report in their order; none of a free text."""
    if report.kind == "text":
        return ()
    if report.kind == "grid":
        return AFFECT_DIMENSIONS
    return report.items or AFFECT_DIMENSIONS


def answer_scale(report: SelfReport) -> tuple[float, float] | None:
    """The least and the largest value of each item; None for a free text."""
    if report.kind in {"slider", "grid"}:
        return AFFECT_SCALE
    if report.kind == "text":
        return None
    return 1.0, float(report.points if report.kind == "likert" else SAM_POINTS)


def scale_ends(report: SelfReport, item: str) -> tuple[str, str]:
    """Words at both ends of an item's scale: the report's own, or those of a dimension of affect."""
    return report.anchors if any(report.anchors) else SCALE_ENDS.get(item, ("", ""))


def no_answer(report: SelfReport, reason: str) -> GivenAnswer:
    """An answer in which every item is missing, for a reason."""
    return GivenAnswer(tuple((item, None) for item in asked_items(report)), "", reason)
