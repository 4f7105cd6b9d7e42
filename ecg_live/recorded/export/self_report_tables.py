"""Self-reports in exports: CSV tables, and events with an onset and a duration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import NamedTuple

from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE
from ecg_live.formulas import escape_formula
from ecg_live.recorded.export.csv_cells import TIME_DECIMALS
from ecg_live.recorded.self_reports import describe_value, read_affect_ratings, read_self_reports
from ecg_live.recorded.session_file import SessionContents
from ecg_live.xdf.self_reports import SelfReportRow


class SelfReportSpan(NamedTuple):
    """An answer from when its question was shown: ``onset`` and ``duration`` in s."""

    onset: float
    duration: float
    row: SelfReportRow

    @property
    def name(self) -> str:
        """Report and item."""
        return f"self-report/{self.row.report}/{self.row.item}"

    @property
    def text(self) -> str:
        """The answer in words."""
        return f"{self.name}: {describe_value(self.row)}"


def self_report_table(contents: SessionContents) -> Iterator[Sequence[object]]:
    """A header, then a row for each item that was asked for."""
    times = "time [s]", "shown [s]"
    yield *times, "block", "report", "asking", "kind", "item", "value", "low", "high", "text", "missing"
    for row in read_self_reports(contents):
        low, high = row.scale or (None, None)
        texts = (escape_formula(text) for text in (row.block, row.report))
        value = [_digits(each) for each in (row.value, low, high)]
        yield (
            *(_seconds(row.time), _seconds(row.shown)),
            *(*texts, row.asking, escape_formula(row.kind), escape_formula(row.item)),
            *(*value, escape_formula(row.text), escape_formula(row.missing)),
        )


def affect_rating_table(contents: SessionContents) -> Iterator[Sequence[object]]:
    """A header, then a row for each sample of a continuous rating."""
    low, high = AFFECT_SCALE
    yield "time [s]", *(f"{name} [{low:g} to {high:g}]" for name in AFFECT_DIMENSIONS)
    ratings = read_affect_ratings(contents)
    for time, values in zip(ratings.times.tolist(), ratings.values.tolist(), strict=True):
        yield _seconds(time), *map(repr, values)


def self_report_spans(contents: SessionContents | None) -> Iterator[SelfReportSpan]:
    """Answers whose times are known, in order."""
    for row in () if contents is None else read_self_reports(contents):
        if isfinite(row.time):
            onset = row.shown if isfinite(row.shown) else row.time
            yield SelfReportSpan(onset, max(0.0, row.time - onset), row)


def _seconds(time: float) -> str:
    return f"{time:.{TIME_DECIMALS}f}" if isfinite(time) else ""


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
