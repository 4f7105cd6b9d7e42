"""Self-reports in a session's report: a row for each time that one was asked, and the means of continuous ratings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE
from ecg_live.html.markup import NO_VALUE_DASH, number, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.paper import overview_table
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.session_ratings import WHOLE_SESSION, rated_within, session_ratings
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.self_reports import distinct_askings, read_self_reports
from ecg_live.study.marker_texts import spans
from ecg_live.xdf.self_reports import SelfReportRow, scale_text

CONTINUOUS_REPORT = "continuous rating"
MAX_PRINTED_ANSWERS = 10
SELF_REPORT_COLUMNS = ("block", "self-report", "answered at", "after (s)", "answer")


@dataclass(frozen=True, slots=True)
class ReportedAnswer:
    """One asking of a self-report, or a block's continuous rating, in words; ``time`` and ``seconds`` in s.

    ``time`` is when it was answered on the report's axis, ``seconds`` how long that took; NaN if unknown.
    """

    block: str
    report: str
    time: float
    seconds: float
    answer: str


def reported_answers(session: RecordedSession) -> tuple[ReportedAnswer, ...]:
    """All answers of a session in order of time; those of a continuous rating as means by block."""
    axis = TimeAxis(session.files)
    found = [
        ReportedAnswer(
            asking[0].block,
            asking[0].report,
            float(axis.of_stamps([asking[0].stamp])[0]),
            asking[0].time - asking[0].shown,
            _in_words(asking),
        )
        for file in session.files
        for asking in distinct_askings(read_self_reports(file.contents))
    ]
    found += _continuous(session)
    return tuple(sorted(found, key=lambda each: each.time))


def self_report_section(session: RecordedSession) -> Markup:
    """Make the section of self-reports; empty without any."""
    answers = reported_answers(session)
    if not answers:
        return Markup("")
    rows = [
        [
            each.block or NO_VALUE_DASH,
            each.report,
            clock_text(each.time) if each.time >= 0 else "before",
            number(each.seconds, 1),
            each.answer,
        ]
        for each in answers
    ]
    content = overview_table("Answers", SELF_REPORT_COLUMNS, rows, MAX_PRINTED_ANSWERS, "text-last")
    return tag("section", tag("h2", "Self-reports"), content)


def _in_words(asking: Sequence[SelfReportRow]) -> str:
    """The values with their scale, the text, and what is missing."""
    values = ", ".join(f"{row.item} {row.value:g}" for row in asking if row.value is not None)
    scales = dict.fromkeys(scale_text(row.scale) for row in asking if row.scale is not None)
    parts = [f"{values} ({', '.join(scales)})" if values and scales else values]
    parts += [row.text for row in asking if row.text]
    missing = [row for row in asking if row.value is None and not row.text]
    for reason in dict.fromkeys(row.missing or "no answer" for row in missing):
        items = ", ".join(row.item for row in missing if (row.missing or "no answer") == reason)
        parts.append(f"{items}: {reason}" if values else reason)
    return "; ".join(part for part in parts if part)


def _continuous(session: RecordedSession) -> Iterator[ReportedAnswer]:
    """Means of the continuous rating in each block, or over all of it where there is no block."""
    ratings = session_ratings(session)
    if not len(ratings.times):
        return
    runs = [span for span in spans((each.time, each.text) for each in session.markers) if span.kind == "block"]
    stretches = [(run.name, (run.start, session.duration if run.stop is None else run.stop)) for run in runs]
    for block, stretch in stretches or [("", WHOLE_SESSION)]:
        inside = rated_within(ratings, stretch, session.annotations.excluded)
        if inside.any():
            means = ratings.values[inside].mean(axis=0)
            named = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(AFFECT_DIMENSIONS, means, strict=True))
            answer = f"{named} ({scale_text(AFFECT_SCALE)}; mean of {int(inside.sum()):,} samples)"
            at = float(ratings.times[inside][-1])
            yield ReportedAnswer(block, CONTINUOUS_REPORT, at if isfinite(at) else 0.0, float("nan"), answer)
