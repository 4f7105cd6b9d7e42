"""Read the self-reports of a session's recording: answers as a tidy table, and continuous ratings."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

import numpy as np

from ecg_live.events import AFFECT_DIMENSIONS, F64
from ecg_live.recorded.auxiliary_samples import read_auxiliary
from ecg_live.recorded.session_file import SessionContents
from ecg_live.xdf.self_reports import SelfReportRow, parse_self_report_rows, scale_text


class AffectRatings(NamedTuple):
    """A continuous rating: ``times`` (n,) in s from the first ECG sample, ``values`` (n, 2) of valence and arousal."""

    times: F64
    values: F64


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
    header = contents.streams.get("affect_ratings")
    times, values = [np.empty(0)], [np.empty((0, len(AFFECT_DIMENSIONS)))]
    if header is not None and len(header.labels) == len(AFFECT_DIMENSIONS) and isfinite(contents.first_timestamp):
        for block in read_auxiliary(contents, [header]):
            times.append(block.times)
            values.append(np.array(block.rows, dtype=np.float64).reshape(-1, len(AFFECT_DIMENSIONS)))
    at, found = np.concatenate(times), np.concatenate(values)
    order = np.argsort(at, kind="stable")
    order = order[np.isfinite(found[order]).all(axis=1) & np.isfinite(at[order])]
    return AffectRatings(at[order], found[order])


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
