"""What a session holds beside its windows, for the rows of a group table: RR intervals, self-reports, ratings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from math import inf, isfinite
from typing import Any

import numpy as np

from ecg_live.annotations.current import SessionAnnotation
from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.session_intervals import session_intervals
from ecg_live.recorded.report.session_ratings import WHOLE_SESSION, rated_within, session_ratings
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.recorded.self_reports import AffectRatings, read_self_reports
from ecg_live.recorded.table.columns import TableColumn, column_key
from ecg_live.recorded.table.row_spans import RowSpan
from ecg_live.results import Hrv
from ecg_live.signal.hrv import compute_hrv
from ecg_live.xdf.self_reports import SelfReportRow, scale_text

TEXT_SEPARATOR = "; "
HRV_COLUMNS = (
    TableColumn("n_rr", "integer", "normal RR intervals", source="RR intervals"),
    TableColumn("rr_coverage", "number", "share of the span that they cover", "1", "RR intervals"),
    TableColumn("n_ectopic", "integer", "RR intervals that are ectopic or artefacts; left out", source="RR intervals"),
    TableColumn("sdnn", "number", "SDNN of the span's normal intervals", "ms", "RR intervals"),
    TableColumn("rmssd", "number", "RMSSD of the span's normal intervals", "ms", "RR intervals"),
    TableColumn("pnn50", "number", "pNN50 of the span's normal intervals", "%", "RR intervals"),
    TableColumn("sd1", "number", "SD1 of the span's normal intervals", "ms", "RR intervals"),
    TableColumn("sd2", "number", "SD2 of the span's normal intervals", "ms", "RR intervals"),
    TableColumn("lf", "number", "power from 0.04 to 0.15 Hz", "ms^2", "RR intervals"),
    TableColumn("hf", "number", "power from 0.15 to 0.4 Hz", "ms^2", "RR intervals"),
    TableColumn("lf_hf", "number", "lf over hf", "1", "RR intervals"),
)
_FIELDS = {"n_rr": "intervals", "rr_coverage": "coverage", "n_ectopic": "ectopic"}  # of `Hrv`, where names differ
assert {_FIELDS.get(each.name, each.name) for each in HRV_COLUMNS} <= {each.name for each in fields(Hrv)}  # noqa: S101


@dataclass(frozen=True, slots=True, eq=False)
class SessionMeasures:
    """Times in s on the axis of the recording.

    ``intervals`` are RR intervals outside of excluded stretches, ``reports`` answers with their times, ``ratings`` a
    continuous rating.
    """

    intervals: RrSeries
    reports: tuple[tuple[float, SelfReportRow], ...]
    ratings: AffectRatings


def read_measures(session: RecordedSession) -> SessionMeasures:
    """Read what a session's files hold; a file without RR intervals is searched for beats."""
    axis = TimeAxis(session.files)
    reports: list[tuple[float, SelfReportRow]] = []
    for file in session.files:
        shift = file.contents.start_s - axis.zero
        reports += [(_answered(row, shift, axis), row) for row in read_self_reports(file.contents)]
    return SessionMeasures(session_intervals(session), tuple(reports), session_ratings(session))


def _answered(row: SelfReportRow, shift: float, axis: TimeAxis) -> float:
    """When a question was answered, s; a strap's stream has no samples to count it from, but the session a clock."""
    return row.time + shift if isfinite(row.time) else float(axis.of_stamps([row.stamp])[0])


def measure_columns(measures: SessionMeasures) -> Iterator[TableColumn]:
    """Columns of a session's self-reports and ratings."""
    for _, row in measures.reports:
        name, source = column_key("self_report", row.report, row.item), "Self-reports"
        scale = "" if row.scale is None else scale_text(row.scale)
        what = f"answer to {row.report}, {row.item}"
        if row.kind == "text":
            yield TableColumn(name, "text", f"{what}; several are joined", "", source)
        else:
            yield TableColumn(name, "number", f"{what}; mean of several", scale, source)
    if len(measures.ratings.times):
        for name in AFFECT_DIMENSIONS:
            meaning = f"mean of the continuous rating of {name}"
            yield TableColumn(
                column_key("rating", name, "mean"), "number", meaning, scale_text(AFFECT_SCALE), "Affect ratings"
            )


def measure_values(
    measures: SessionMeasures, span: RowSpan, until: float, excluded: Sequence[SessionAnnotation]
) -> dict[str, Any]:
    """Values of a row.

    Parameters
    ----------
    measures : SessionMeasures
    span : RowSpan
    until : float
        When the block's next run begins, s: what is asked after a block belongs to the run before.
    excluded : sequence of SessionAnnotation
        Stretches whose ratings are left out.
    """
    return {**_hrv(measures.intervals, span), **_reports(measures, span, until), **_ratings(measures, span, excluded)}


def _hrv(intervals: RrSeries, span: RowSpan) -> dict[str, Any]:
    if not len(intervals) or span.stop <= span.start:
        return {}
    found = compute_hrv(intervals.stop, intervals.rr, intervals.normal, (span.start, span.stop))
    return {each.name: getattr(found, _FIELDS.get(each.name, each.name)) for each in HRV_COLUMNS}


def _reports(measures: SessionMeasures, span: RowSpan, until: float) -> dict[str, Any]:
    """Answers that name the span's block, asked after it began and before its next run; others by their time alone.

    A whole session has all, also those given before its first sample.
    """
    own = [
        row
        for time, row in measures.reports
        if span.kind == "session"
        or (
            (row.block == span.name if row.block and span.kind == "block" else time <= span.stop)
            and span.start <= time < until
        )
    ]
    return answer_values(own)


def answer_values(rows: Iterable[SelfReportRow]) -> dict[str, Any]:
    """Values of a row's columns for answers: the mean of several numbers; several texts, or both, are joined."""
    answers: dict[str, list[Any]] = {}
    for row in rows:
        value = row.text if row.kind == "text" else row.value
        if value not in {None, ""}:
            answers.setdefault(column_key("self_report", row.report, row.item), []).append(value)
    return {
        name: TEXT_SEPARATOR.join(map(str, values))
        if any(isinstance(each, str) for each in values)
        else float(np.mean(values))
        for name, values in answers.items()
    }


def _ratings(measures: SessionMeasures, span: RowSpan, excluded: Sequence[SessionAnnotation]) -> dict[str, Any]:
    stretch = WHOLE_SESSION if span.kind == "session" else (span.start, span.stop)
    inside = rated_within(measures.ratings, stretch, excluded)
    if not inside.any():
        return {}
    means = measures.ratings.values[inside].mean(axis=0).tolist()
    return {column_key("rating", name, "mean"): mean for name, mean in zip(AFFECT_DIMENSIONS, means, strict=True)}


def next_run(spans: Sequence[RowSpan], index: int) -> float:
    """When the next span of the same name begins, s; infinity if there is none."""
    name = spans[index].name
    return next((each.start for each in spans[index + 1 :] if each.name == name), inf)
