"""The items of a recorded session as it gave them, each with the time at which it came; nothing is computed again."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, NamedTuple, get_args

import numpy as np

from ecg_live.events import (
    STATES,
    Battery,
    Beats,
    Gap,
    LeadOff,
    Marker,
    SelfReportAnswer,
    SetChange,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.recorded.playback.rhythm_items import rhythm_lines
from ecg_live.recorded.report.session import RecordedSession, finite_number
from ecg_live.recorded.report.statistics import count_losses
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.report.windows import HeadPredictions, RecordedWindows
from ecg_live.results import Grade, HeadInfo, HeadResult, HrvResult, Prediction, Quality, RrInterval, Summary

REASON_SEPARATOR = "; "  # as the recorder joins the reasons of a window
_SECONDS_LEFT = re.compile(r"(\d+(?:\.\d+)?) s to go|in (\d+(?:\.\d+)?) s$")
_GRADES: tuple[Grade, ...] = get_args(Grade)


EventLine = tuple[int, float, Mapping[str, Any]]  # place, time (s) and fields of an event
_FILE_PLACES = 1 << 50  # bytes, more than a file has: places of a recording's next file are larger


class TimedItem(NamedTuple):
    """An item, and when it came: s from the recording's first sample."""

    at: float
    item: Prediction | RrInterval | HrvResult | StreamEvent


class _Placed(NamedTuple):
    """An item, and its place in the recording: items of one time are in the order of their places."""

    place: int
    timed: TimedItem


@dataclass(frozen=True, slots=True)
class RecordedItems:
    """A session's stream and heads, its items in order, and its summary; times on their axis count from 0."""

    info: StreamInfo
    heads: tuple[HeadInfo, ...]
    items: tuple[TimedItem, ...]
    summary: Summary


def recorded_items(session: RecordedSession) -> RecordedItems:
    """Everything that a session gave, from its recording."""
    info, times = _stream_info(session), TimeAxis(session.files)
    lines = list(_event_lines(session, times))
    predictions = _placed_predictions(session)
    items = [
        *predictions,
        *_placed_markers(session, lines),
        *_events(lines, predictions, times.zero, info.rate, paced=session.header_texts.get("speed", "1.0") == "1.0"),
        *_rhythm(session, predictions, times.zero),
    ]
    items.sort(key=lambda each: (each.timed.at, each.place))
    heads = tuple(HeadInfo(head.name, head.classes, head.scale) for head in session.windows.heads)
    return RecordedItems(info, heads, tuple(each.timed for each in items), _summary(session, lines))


def _placed_predictions(session: RecordedSession) -> list[_Placed]:
    """Predictions with their places; those that the recording cannot place come in the order of their windows."""
    places = [
        place + number * _FILE_PLACES
        for number, file in enumerate(session.files)
        if (stream := file.contents.numeric_streams.get("predictions")) is not None
        for place in stream.places.tolist()
    ]
    windows = session.windows
    known = places if len(places) == len(windows) else [0] * len(windows)
    return [_Placed(k, TimedItem(each.stop, each)) for k, each in zip(known, _predictions(windows), strict=True)]


def _placed_markers(session: RecordedSession, lines: Sequence[EventLine]) -> Iterator[_Placed]:
    """Markers, each where its event stands; one that was edited, at the end of those of its time."""
    places = {(finite_number(fields, "time"), fields.get("text")): place for place, _, fields in lines}
    for each in session.markers:
        place = places.get((each.time, each.text), len(session.files) * _FILE_PLACES)
        yield _Placed(place, TimedItem(each.time, Marker(each.time, each.text, each.time)))


def _stream_info(session: RecordedSession) -> StreamInfo:
    ecg = session.files[0].contents.streams.get("ecg")
    source = str(session.configuration.get("source") or "")
    if ecg is None:
        return StreamInfo(0.0, (), name=source, duration=session.duration, replay=True)
    named = ecg.own.get("ecg", "")
    column = ecg.labels.index(named) if ecg.labels.count(named) == 1 else 0
    return StreamInfo(
        ecg.rate, ecg.labels, name=ecg.name, source_id=ecg.source_id, duration=session.duration, ecg=column, replay=True
    )


def _predictions(windows: RecordedWindows) -> Iterator[Prediction]:
    """The predictions, each on the axis of the recording."""
    for k in range(len(windows)):
        grade: Grade = next((each for each in _GRADES if each == windows.grade[k]), "unusable")
        reasons = tuple(each for each in str(windows.reasons[k]).split(REASON_SEPARATOR) if each)
        yield Prediction(
            start=float(windows.start[k]),
            stop=float(windows.stop[k]),
            time=float(windows.start[k]),
            heads={head.name: _head_result(head, k) for head in windows.heads},
            heart_rate=_known(windows.heart_rate[k]),
            rmssd=_known(windows.rmssd[k]),
            quality=Quality(grade, reasons),
            latency=_known(windows.latency[k]) or 0.0,
        )


def _head_result(head: HeadPredictions, k: int) -> HeadResult:
    which, why = str(head.set[k]), str(head.abstain[k]) or None
    values = head.probs[k].tolist()
    if head.scale is not None:
        number, low, high = (_known(each) for each in values)
        interval = None if low is None or high is None else (low, high)
        return HeadResult(None, None, why, which, value=number, interval=interval, scale=head.scale)
    if not head.answered[k]:
        return HeadResult(None, None, why or "no answer was recorded", which)
    return HeadResult(dict(zip(head.classes, values, strict=True)), str(head.label[k]), why, which)


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _event_lines(session: RecordedSession, times: TimeAxis) -> Iterator[EventLine]:
    """Events as they were written, with their places, and their times on the axis."""
    for number, file in enumerate(session.files):
        events = list(file.contents.placed_events())
        at = times.of_stamps([stamp for _, stamp, _ in events]).tolist()
        for (place, _, fields), moment in zip(events, at, strict=True):
            yield place + number * _FILE_PLACES, moment, fields


def _events(
    lines: Sequence[EventLine], predictions: Sequence[_Placed], zero: float, rate: float, *, paced: bool
) -> Iterator[_Placed]:
    """Events other than markers, which the session has already, and its summary."""
    places = [each.place for each in predictions]
    for place, at, fields in lines:
        if isfinite(at) and (event := _event(at, fields, zero, rate)) is not None:
            yield _Placed(place, TimedItem(_between(predictions, bisect_left(places, place), at, paced=paced), event))


def _rhythm(session: RecordedSession, predictions: Sequence[_Placed], zero: float) -> Iterator[_Placed]:
    """RR intervals and heart rate variability, each with the prediction after which it was written."""
    places = [each.place for each in predictions]
    for number, file in enumerate(session.files):
        for place, at, item in rhythm_lines(file.contents, zero):
            index = bisect_left(places, place + number * _FILE_PLACES)
            found_at = predictions[index - 1].timed.at if index else at
            yield _Placed(place + number * _FILE_PLACES, TimedItem(found_at, item))


def _between(predictions: Sequence[_Placed], following: int, at: float, *, paced: bool) -> float:
    """The time ``at`` (s) of what was written before the prediction ``following``, and after the one before that.

    A replay that was not ``paced`` in real time stamps many events alike: each then has the time of the one before.
    """
    least = predictions[following - 1].timed.at if following else 0.0
    most = predictions[following].timed.at if following < len(predictions) else inf
    return max(least, min(at, most)) if paced else least


def _event(at: float, fields: Mapping[str, Any], zero: float, rate: float) -> StreamEvent | None:
    """An event from the fields of its line; None for what is no event, or cannot be read."""
    seconds = {name: finite_number(fields, name) for name in ("start", "stop", "time", "shown", "level", "heart_rate")}
    start, moment = seconds["start"], seconds["time"]
    match fields.get("type"):
        case "gap" if start is not None and (lost := finite_number(fields, "lost")) is not None:
            bridged, cause = fields.get("bridged") is True, str(fields.get("cause", ""))
            return Gap(round((start - zero) * rate), int(lost), cause, bridged, at)
        case "state":
            return _state(at, str(fields.get("state")), str(fields.get("detail") or ""))
        case "set" if moment is not None:
            head, before, which = (str(fields.get(name, "")) for name in ("head", "before", "set"))
            return SetChange(at, moment - zero, head, before, which)
        case "lead_off":
            electrodes = fields.get("electrodes")
            names = tuple(map(str, electrodes)) if isinstance(electrodes, list) else ()
            return LeadOff(round(((start or 0.0) - zero) * rate), fields.get("off") is True, names)
        case "beats" if seconds["heart_rate"] is not None:
            rr = fields.get("rr")
            numbers = tuple(float(each) for each in rr if isinstance(each, int | float)) if isinstance(rr, list) else ()
            return Beats(at, seconds["heart_rate"], numbers)
        case "battery" if seconds["level"] is not None:
            return Battery(at, seconds["level"])
        case "self_report":
            return _self_report(at, fields, zero)
    return None


def _state(at: float, name: str, detail: str) -> State | None:
    for known in STATES:
        if known == name:
            found = _SECONDS_LEFT.search(detail)
            return State(known, detail, at, float(found[1] or found[2]) if found else None)
    return None


def _self_report(at: float, fields: Mapping[str, Any], zero: float) -> SelfReportAnswer:
    shown, moment = finite_number(fields, "shown"), finite_number(fields, "time")
    values, scale = fields.get("values"), fields.get("scale")
    ends = tuple(each for each in scale if isinstance(each, int | float)) if isinstance(scale, list) else ()
    return SelfReportAnswer(
        report=str(fields.get("report", "")),
        kind=str(fields.get("kind", "")),
        shown=at if shown is None else shown - zero,
        time=at,
        values=tuple((str(name), finite_number(values, name)) for name in values) if isinstance(values, dict) else (),
        text=str(fields.get("text") or ""),
        scale=(float(ends[0]), float(ends[1])) if len(ends) == 2 else None,
        missing=str(fields.get("missing") or ""),
        block=str(fields.get("block") or ""),
        asking=int(finite_number(fields, "asking") or 1),
        raw_shown=None if shown is None else shown - zero,
        raw=None if moment is None else moment - zero,
    )


def _summary(session: RecordedSession, lines: Sequence[EventLine]) -> Summary:
    """The session's own summary, or what the recording holds of one that was cut."""
    fields = next((each for _, _, each in reversed(lines) if each.get("type") == "summary"), {})
    own = {name: finite_number(fields, name) for name in Summary.__slots__}
    losses, windows = count_losses(session), session.windows
    answered = np.zeros(len(windows), dtype=np.bool_)
    for head in windows.heads:
        answered |= head.answered
    counted = {
        "samples": losses.samples - losses.invalid,
        "lost": losses.lost,
        "windows": len(windows),
        "predictions": len(windows),
        "abstained": int((~answered).sum()),
        "paused": 0,
    }
    counts = {name: int(counted[name] if own[name] is None else own[name] or 0) for name in counted}
    wall = session.duration if own["wall"] is None else own["wall"]
    return Summary(**counts, wall=wall, speed=1.0 if own["speed"] is None else own["speed"])


def replace_markers(items: Sequence[TimedItem], markers: Sequence[tuple[float, str]]) -> tuple[TimedItem, ...]:
    """Items with other markers in place of theirs."""
    kept = [each for each in items if not isinstance(each.item, Marker)]
    added = [TimedItem(time, Marker(time, text, time)) for time, text in markers]
    return tuple(sorted([*kept, *added], key=lambda each: each.at))
