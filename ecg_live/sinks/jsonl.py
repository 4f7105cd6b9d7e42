"""One JSON object a line, flushed line by line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from ecg_live.events import Battery, Beats, Gap, LeadOff, Marker, SelfReportAnswer, SetChange, State
from ecg_live.results import HeadResult, HrvResult, Item, Prediction, RrInterval, Summary, Synchrony
from ecg_live.study.marker_texts import parse_span_marker

DECIMAL_PLACES = 6


class LineStream(Protocol):
    """Protocol of a text stream."""

    def write(self, text: str, /) -> object:
        """Take a line."""
        ...

    def flush(self) -> object:
        """Pass it on."""
        ...


class JsonLines:
    """Write predictions, RR intervals, HRV, gaps, markers, self-reports, states and the summary to a text stream.

    Parameters
    ----------
    stream : Lines
        Not closed by this sink.
    rate : float
        Raw rate in Hz, to give gaps in seconds.
    ended : callable
        Called at the end of the output.
    wearer : str, optional
        Whose lines these are; each then says so.
    """

    name = "JSON lines"

    def __init__(
        self,
        stream: LineStream,
        rate: float,
        ended: Callable[[], object] = lambda: None,
        wearer: str | None = None,
    ) -> None:
        self._own: dict[str, Any] = {} if wearer is None else {"wearer": wearer}
        self._stream = stream
        self._rate = rate
        self._ended = ended

    def write(self, item: Item) -> None:
        """Write one line, of a study's marker a second one; none for raw chunks and trace."""
        for line in filter(None, (line_fields(item, self._rate), _span_fields(item))):
            self._stream.write(json.dumps(round_floats(line | self._own), allow_nan=False) + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Leave the stream open: it belongs to the caller."""
        self._ended()


def line_fields(item: Item, rate: float) -> dict[str, Any] | None:
    """Fields of one line, in their documented order; None for items without a line."""
    match item:
        case Prediction():
            return _prediction(item)
        case Gap():
            start, stop = item.start / rate, item.stop / rate
            return {"type": "gap", "start": start, "stop": stop, "lost": item.lost} | {
                "bridged": item.bridged,
                "cause": item.cause,
            }
        case Marker():
            return {"type": "marker", "time": item.raw, "text": item.text}
        case State():
            return {"type": "state", "state": item.state, "detail": item.detail}
        case Summary():
            counts = {name: getattr(item, name) for name in Summary.__slots__ if name != "paused" or item.paused}
            return {"type": "summary"} | counts
        case Beats():
            return {"type": "beats", "time": item.time, "heart_rate": item.heart_rate, "rr": list(item.rr)}
        case LeadOff():
            return {
                "type": "lead_off",
                "start": item.start / rate if rate else None,
                "off": item.off,
                "electrodes": list(item.electrodes),
            }
        case SetChange():
            return {"type": "set", "time": item.raw, "head": item.head, "before": item.before, "set": item.set}
        case SelfReportAnswer():
            return _self_report(item)
        case RrInterval():
            return {"type": "rr", "time": item.raw, "rr": item.rr, "flag": item.flag, "source": item.source}
        case HrvResult():
            start, fields = item.raw - item.hrv.seconds, asdict(item.hrv)
            del fields["seconds"]
            return {"type": "hrv", "start": start, "stop": item.raw} | fields
        case Battery():
            return {"type": "battery", "time": item.time, "level": item.level}
        case _:
            return None


def _span_fields(item: Item) -> dict[str, Any] | None:
    """Fields of the line beside a marker that notes something of a block or an interval; None for any other item."""
    marker = parse_span_marker(item.text) if isinstance(item, Marker) else None
    if marker is None or not isinstance(item, Marker):
        return None
    return {"type": marker.kind, "name": marker.name, "event": marker.note, "time": item.raw}


def _prediction(item: Prediction) -> dict[str, Any]:
    heads = {
        name: {
            "probs": dict(head.probs) if head.probs else None,
            "label": head.label,
            "abstain": head.abstain,
            "set": head.set,
            **({} if head.seconds_left is None else {"seconds_left": head.seconds_left}),
            **_rating(head),
        }
        for name, head in item.heads.items()
    }
    return {
        "type": "prediction",
        "start": item.start,
        "stop": item.stop,
        "heads": heads,
        "heart_rate": item.heart_rate,
        "rmssd": item.rmssd,
        "quality": item.quality.grade,
        "reasons": list(item.quality.reasons),
        "latency": item.latency,
    }


def _self_report(item: SelfReportAnswer) -> dict[str, Any]:
    return {
        "type": "self_report",
        "time": item.raw,
        "shown": item.raw_shown,
        "report": item.report,
        "kind": item.kind,
        "values": dict(item.values),
        "text": item.text,
        "scale": None if item.scale is None else list(item.scale),
        "missing": item.missing or None,
        "block": item.block,
        "asking": item.asking,
    }


def _rating(head: HeadResult) -> dict[str, Any]:
    """Fields of a head that gives a number; none of another."""
    if head.scale is None:
        return {}
    return {
        "value": head.value,
        "interval": None if head.interval is None else list(head.interval),
        "scale": list(head.scale),
    }


def synchrony_fields(value: Synchrony) -> dict[str, Any]:
    """Fields of the line about a pair of wearers."""
    return {
        "type": "synchrony",
        "time": value.time,
        "wearers": list(value.wearers),
        "measure": value.measure,
        "r": value.r,
        "limit": value.limit,
        "overlap": value.overlap,
        "seconds": value.seconds,
    }


def round_floats(value: Any) -> Any:
    """Round floats to 6 places, at any depth; NaN and infinities become null."""
    if isinstance(value, float):
        return round(value, DECIMAL_PLACES) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, dict | Mapping):  # `dict` first: `Mapping` is slow to ask
        return {key: round_floats(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [round_floats(entry) for entry in value]
    return value
