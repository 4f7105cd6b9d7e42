"""Self-reports as streams: their layout, the rows that an answer adds, and the answers that rows hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from typing import NamedTuple

from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE, SelfReportAnswer
from ecg_live.parse_number import parse_number
from ecg_live.xdf.stream_spec import SCALE_SEPARATOR, ChannelSpec, StreamSpec

# Channels of answers, all texts, with a row for each item; both times are seconds of stream time.
SELF_REPORT_FIELDS = ("report", "kind", "item", "value", "scale", "missing", "block", "asking", "shown", "time")
TEXT_ITEM = "text"  # item of a free text, whose value is the answer


class SelfReportRow(NamedTuple):
    """The answer to one item, or why there is none.

    Attributes
    ----------
    report, kind, item : str
        Name and kind of the self-report, and the item.
    value : float or None
        None without an answer, and of a free text.
    text : str
        The answer to a free text.
    scale : tuple of float, optional
        The least and the largest value that there can be.
    missing : str
        Why there is no answer; empty if there is one.
    block : str
        Block of the study; empty without one.
    asking : int
        How often the report was asked by then in its session, from 1.
    shown, time : float
        When the question was shown and answered, in s from the first ECG sample of the file; NaN if unknown.
    stamp : float
        Session clock of the answer (s).
    """

    report: str
    kind: str
    item: str
    value: float | None
    text: str
    scale: tuple[float, float] | None
    missing: str
    block: str
    asking: int
    shown: float
    time: float
    stamp: float


def self_report_specs() -> Iterator[StreamSpec]:
    """The stream of answers, and that of continuous ratings."""
    fields = tuple(map(ChannelSpec, SELF_REPORT_FIELDS))
    yield StreamSpec("self_reports", "Self-reports", "SelfReport", fields, "string")
    unit = scale_text(AFFECT_SCALE)
    dimensions = tuple(ChannelSpec(name, unit) for name in AFFECT_DIMENSIONS)
    yield StreamSpec("affect_ratings", "Affect ratings", "Rating", dimensions, "double64")


def self_report_rows(answer: SelfReportAnswer) -> Iterator[list[str]]:
    """A row for each item, as `SELF_REPORT_FIELDS` names the cells; what is not known is empty."""
    values: list[tuple[str, str]] = [(item, _number(value)) for item, value in answer.values]
    if answer.text or not values:
        values.append((TEXT_ITEM, answer.text))
    for item, value in values:
        yield [
            answer.report,
            answer.kind,
            item,
            value,
            "" if answer.scale is None else scale_text(answer.scale),
            "" if value else answer.missing,
            answer.block,
            str(answer.asking),
            _number(answer.raw_shown),
            _number(answer.raw),
        ]


def scale_text(scale: tuple[float, float]) -> str:
    """A scale as units have it, such as ``1 to 9``."""
    return f"{scale[0]:g}{SCALE_SEPARATOR}{scale[1]:g}"


def parse_self_report_rows(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    stamps: Sequence[float],
    start_s: float,
    first_timestamp: float,
) -> tuple[SelfReportRow, ...]:
    """Answers of a stream of self-reports, in order of time; what cannot be read as an answer is left out.

    Parameters
    ----------
    labels : sequence of str
        Channels of the stream.
    rows : sequence of sequence of str
        A text for each channel.
    stamps : sequence of float
        Session clock of each row.
    start_s, first_timestamp : float
        Stream time and session clock of the file's first ECG sample.
    """
    named = (dict(zip(labels, cells, strict=False)) for cells in rows)
    found = [
        _parse_row(row, stamp, start_s, first_timestamp)
        for row, stamp in zip(named, stamps, strict=True)
        if all(name in row for name in SELF_REPORT_FIELDS)
    ]
    return tuple(sorted(found, key=lambda row: row.stamp))


def _number(value: float | None) -> str:
    return "" if value is None else repr(round(value, 6))


def _parse_row(row: Mapping[str, str], stamp: float, start_s: float, first_timestamp: float) -> SelfReportRow:
    text = row["value"] if row["item"] == TEXT_ITEM and row["kind"] == "text" else ""
    time, shown = (_seconds(row[name], start_s) for name in ("time", "shown"))
    if not isfinite(time):  # answered before the first sample of the session
        time = stamp - first_timestamp
    return SelfReportRow(
        report=row["report"],
        kind=row["kind"],
        item=row["item"],
        value=None if text else _parsed(row["value"]),
        text=text,
        scale=_scale(row["scale"]),
        missing=row["missing"],
        block=row["block"],
        asking=int(_parsed(row["asking"]) or 0),
        shown=shown,
        time=time,
        stamp=stamp,
    )


def _parsed(text: str) -> float | None:
    try:
        value = parse_number(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _seconds(text: str, start_s: float) -> float:
    raw = _parsed(text)
    return nan if raw is None else raw - start_s


def _scale(text: str) -> tuple[float, float] | None:
    ends = [_parsed(part) for part in text.split(SCALE_SEPARATOR)]
    return (ends[0], ends[1]) if len(ends) == 2 and ends[0] is not None and ends[1] is not None else None
