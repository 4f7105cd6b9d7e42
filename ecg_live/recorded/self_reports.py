"""Read the self-reports of a session's recording: answers as a tidy table, and continuous ratings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ecg_live.events import AFFECT_DIMENSIONS, F64
from ecg_live.recorded.auxiliary_samples import read_auxiliary
from ecg_live.recorded.session_file import SessionContents, read_contents
from ecg_live.xdf.decode import StreamHeader
from ecg_live.xdf.self_reports import SelfReportRow, parse_self_report_rows, scale_text

RATINGS_KEY = "affect_ratings"
NO_TIMES = np.empty(0)


class AffectRatings(NamedTuple):
    """A continuous rating: ``times`` (n,) in s from the first ECG sample, ``values`` (n, 2) of valence and arousal.

    ``stamps`` (n,) are the same times on the session clock; a session without ECG may have no other: ``times`` are NaN.
    """

    times: F64
    values: F64
    stamps: F64 = NO_TIMES


def read_self_reports(contents: SessionContents) -> tuple[SelfReportRow, ...]:
    """All answers of a file, a row for each item, in order of time; none of a file that is older than self-reports.

    What cannot be read as an answer is left out.
    """
    stream = contents.text_streams.get("self_reports")
    if stream is None:
        return ()
    labels = contents.streams["self_reports"].labels
    return parse_self_report_rows(labels, stream.values, stream.stamps, contents.start_s, contents.first_timestamp)


def read_affect_ratings(contents: SessionContents) -> AffectRatings:
    """All samples of continuous ratings in a file, in order of time; values that are no numbers are left out."""
    header = contents.streams.get(RATINGS_KEY)
    if header is None or len(header.labels) != len(AFFECT_DIMENSIONS):
        return AffectRatings(NO_TIMES, np.empty((0, len(AFFECT_DIMENSIONS))))
    found = _ratings_beside(contents, header) if "ecg" in contents.streams else _ratings_alone(contents)
    order = np.argsort(found.stamps, kind="stable")
    order = order[np.isfinite(found.values[order]).all(axis=1) & np.isfinite(found.stamps[order])]
    return AffectRatings(found.times[order], found.values[order], found.stamps[order])


def _ratings_beside(contents: SessionContents, header: StreamHeader) -> AffectRatings:
    """Ratings of a file with ECG."""
    times, stamps, values = [NO_TIMES], [NO_TIMES], [np.empty((0, len(AFFECT_DIMENSIONS)))]
    for block in read_auxiliary(contents, [header]):
        times.append(block.times)
        stamps.append(block.stamps)
        values.append(np.array(block.rows, dtype=np.float64).reshape(-1, len(AFFECT_DIMENSIONS)))
    return AffectRatings(np.concatenate(times), np.concatenate(values), np.concatenate(stamps))


def _ratings_alone(contents: SessionContents) -> AffectRatings:
    """Ratings of a strap's file, from the moment at which its times begin, where that is known."""
    again = read_contents(contents.path, (RATINGS_KEY,))
    if again is None:
        return AffectRatings(NO_TIMES, np.empty((0, len(AFFECT_DIMENSIONS))))
    found = again.numeric_streams[RATINGS_KEY]
    return AffectRatings(found.stamps - contents.first_timestamp, found.values, found.stamps)


def describe_value(row: SelfReportRow) -> str:
    """An answer in words: its value and scale, its text, or why there is none."""
    if row.text:
        return row.text
    if row.value is None:
        return f"no answer: {row.missing or 'unknown'}"
    scale = "" if row.scale is None else f" ({scale_text(row.scale)})"
    return f"{row.value:g}{scale}"


def distinct_askings(rows: tuple[SelfReportRow, ...]) -> Iterator[tuple[SelfReportRow, ...]]:
    """Rows of one asking after the other: those of one report that were answered at once."""
    askings: dict[tuple[str, int, float], list[SelfReportRow]] = {}
    for row in rows:
        askings.setdefault((row.report, row.asking, row.stamp), []).append(row)
    return (tuple(each) for each in askings.values())
