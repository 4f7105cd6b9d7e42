"""A session's streams, for recorder and LSL: their layout, and the rows that each item adds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from time import monotonic
from typing import NamedTuple

import numpy as np

from ecg_live.constants import EMBEDDING_SIZE, MODEL_RATE_HZ
from ecg_live.events import (
    F32,
    F64,
    AffectRating,
    AuxiliarySamples,
    AuxiliaryStream,
    Beats,
    Chunk,
    Clock,
    Gap,
    Marker,
    SelfReportAnswer,
    SetChange,
    StreamInfo,
)
from ecg_live.results import (
    RR_FLAGS,
    RR_SOURCES,
    HeadInfo,
    HeadResult,
    HrvResult,
    Item,
    Prediction,
    RrInterval,
    Trace,
)
from ecg_live.sinks.jsonl import line_fields, round_floats
from ecg_live.xdf.self_reports import self_report_rows, self_report_specs
from ecg_live.xdf.stream_spec import (
    AUXILIARY_KEY_PREFIX,
    RATING_FIELDS,
    SCALE_SEPARATOR,
    ChannelSpec,
    StreamKey,
    StreamSpec,
)

RR_CHANNELS = (  # of the stream of RR intervals, in its order; a code's meaning is its unit
    ChannelSpec("RR", "seconds"),
    ChannelSpec("flag", ", ".join(f"{code} {name}" for code, name in enumerate(RR_FLAGS))),
    ChannelSpec("source", ", ".join(f"{code} {name}" for code, name in enumerate(RR_SOURCES))),
    ChannelSpec("beat", "seconds"),
)


HRV_FIELDS: Mapping[str, str] = {  # of the stream of heart rate variability, with their units
    "intervals": "",
    "coverage": "",
    "ectopic": "",
    "heart_rate": "bpm",
    "sdnn": "milliseconds",
    "rmssd": "milliseconds",
    "pnn50": "percent",
    "sd1": "milliseconds",
    "sd2": "milliseconds",
    "lf": "milliseconds squared",
    "hf": "milliseconds squared",
    "lf_hf": "",
}


class StreamRow(NamedTuple):
    """Samples for a stream: ``values`` (n, channels); ``stamp`` is the session clock of the first.

    ``stamps`` (n,) are those of all samples where they are not ``1 / rate`` apart.
    """

    key: StreamKey
    stamp: float
    values: F64 | F32 | Sequence[Sequence[str]]
    stamps: F64 | None = None


def auxiliary_key(stream: AuxiliaryStream) -> StreamKey:
    """Key of a stream that is only recorded; its name is unique in a session."""
    return AUXILIARY_KEY_PREFIX + stream.name


def stream_specs(
    info: StreamInfo, heads: Sequence[HeadInfo], embedding: int = EMBEDDING_SIZE
) -> tuple[StreamSpec, ...]:
    """All streams of a session; one without ECG has neither ``ecg`` nor ``filtered`` nor ``gaps``."""
    answers = tuple(channel for head in heads for channel in _answer_channels(head))
    decisions = [f"{head.name}/{field}" for head in heads for field in ("label", "abstain", "set")]
    raw = tuple(ChannelSpec(name, "millivolts", "ECG") for name in info.channels)
    times = (ChannelSpec("start", "seconds"), ChannelSpec("stop", "seconds"), ChannelSpec("latency", "seconds"))
    beats = ChannelSpec("heart rate", "bpm"), ChannelSpec("RMSSD", "milliseconds")
    features = tuple(ChannelSpec(f"feature {k}") for k in range(embedding))
    signal = (
        StreamSpec("ecg", info.name or "ECG", "ECG", raw, "double64", info.rate),
        StreamSpec(
            "filtered", "ECG filtered", "ECG", (ChannelSpec("ECG", "millivolts", "ECG"),), "float32", MODEL_RATE_HZ
        ),
        StreamSpec(
            "gaps", "Gaps", "Gaps", (ChannelSpec("start"), ChannelSpec("lost"), ChannelSpec("bridged")), "double64"
        ),
    )
    return (
        *(signal if info.channels else ()),
        StreamSpec("markers", "Markers", "Markers", (ChannelSpec("marker"),), "string"),
        StreamSpec("predictions", "Predictions", "Affect", (*times, *answers), "double64"),
        StreamSpec("decisions", "Decisions", "Affect", tuple(map(ChannelSpec, decisions)), "string"),
        StreamSpec("quality", "Signal quality", "Quality", (ChannelSpec("grade"), ChannelSpec("reasons")), "string"),
        StreamSpec("heart_rate", "Heart rate", "HR", beats, "double64"),
        StreamSpec("features", "Features", "Features", features, "float32"),
        StreamSpec("events", "Events", "Log", (ChannelSpec("JSON"),), "string"),  # EEGLAB makes events of type "Events"
        *self_report_specs(),
        StreamSpec("rr_intervals", "RR intervals", "RR", RR_CHANNELS, "double64"),
        StreamSpec("hrv", "HRV", "HRV", (*times[:2], *(ChannelSpec(*each) for each in HRV_FIELDS.items())), "double64"),
        *map(_auxiliary_spec, info.auxiliary),
    )


def _answer_channels(head: HeadInfo) -> Iterator[ChannelSpec]:
    """Probabilities by class, or the number and both ends of its interval, whose unit is the scale."""
    if head.scale is None:
        yield from (ChannelSpec(f"{head.name}/{name}", "probability") for name in head.classes)
    else:
        unit = f"{head.scale[0]:g}{SCALE_SEPARATOR}{head.scale[1]:g}"
        yield from (ChannelSpec(f"{head.name}/{field}", unit) for field in RATING_FIELDS)


def _auxiliary_spec(stream: AuxiliaryStream) -> StreamSpec:
    return StreamSpec(
        auxiliary_key(stream),
        stream.name,
        stream.kind,
        tuple(ChannelSpec(label, unit, stream.kind) for label, unit in stream.channels),
        "string" if stream.text else "double64",
        stream.rate,
        stream.source_id,
    )


class StreamRows:
    """Turn a session's items into rows.

    Timestamps are on the session clock, and always finite. A replay at another speed gets the timestamps of real time,
    from its first sample on; an empty chunk sets that start without adding samples. A prediction is stamped with
    the end of its window, an RR interval with the beat that ends it, HRV with
    the end of its stretch.

    Parameters
    ----------
    info : StreamInfo
    heads : sequence of HeadInfo
    clock : Clock
        Session clock, for items without a time before the first sample.
    """

    def __init__(self, info: StreamInfo, heads: Sequence[HeadInfo], clock: Clock = monotonic) -> None:
        self._info = info
        self._heads = tuple(heads)
        self._clock = clock
        self._anchor: tuple[float, float] | None = None  # raw time (s) of a sample, and its stamp
        self._newest: float | None = None  # timestamp after the newest sample

    def rows_for(self, item: Item) -> Iterator[StreamRow]:
        """Yield the rows of an item."""
        match item:
            case Chunk():
                raw = item.start / self._info.rate
                stamp = self._stamp(raw, item.time)
                if self._info.speed == 1.0 or self._anchor is None:
                    self._anchor = raw, stamp
                if len(item.samples):
                    self._newest = stamp + len(item.samples) / self._info.rate
                    yield StreamRow("ecg", stamp, item.samples)
            case AuxiliarySamples():
                yield from _auxiliary_rows(item)
            case Trace():
                yield StreamRow("filtered", self._stamp(item.start, item.time), item.samples[:, None])
            case Marker():
                if self._anchor is None and item.raw is not None and isfinite(item.time):
                    self._anchor = item.raw, item.time  # it came before the first sample of this recording
                yield StreamRow("markers", self._stamp(item.raw, item.time), [[item.text]])
            case Prediction():
                yield from self._prediction(item)
            case AffectRating():
                stamp = self._stamp(item.raw, item.time)
                yield StreamRow("affect_ratings", stamp, np.array([[item.valence, item.arousal]]))
            case HrvResult():
                yield StreamRow("hrv", self._stamp(item.raw, item.time), hrv_row(item))
            case RrInterval():
                yield StreamRow("rr_intervals", self._stamp(item.raw, item.time), rr_row(item))
            case _:
                yield from self._event(item)

    def _event(self, item: Item) -> Iterator[StreamRow]:
        if isinstance(item, Gap):
            values = np.array([[item.start, item.lost, item.bridged]], dtype=np.float64)
            yield StreamRow("gaps", self._stamp(item.start / self._info.rate, item.time), values)
        if isinstance(item, Beats) and not self._info.channels:  # no prediction has the heart rate
            yield StreamRow("heart_rate", self._now(item), np.array([[item.heart_rate, nan]]))
        if isinstance(item, SelfReportAnswer):
            stamp = self._stamp(item.raw, item.time)
            for row in self_report_rows(item):  # one at a time: items of one answer share its time
                yield StreamRow("self_reports", stamp, [row])
        if line := line_fields(item, self._info.rate):
            if isinstance(item, SetChange | SelfReportAnswer):
                stamp = self._stamp(item.raw, item.time)
            else:
                stamp = self._now(item)
            yield StreamRow("events", stamp, [[json.dumps(round_floats(line), allow_nan=False)]])

    def _prediction(self, item: Prediction) -> Iterator[StreamRow]:
        stamp = self._stamp(item.stop, item.time + (item.stop - item.start))
        probs, decisions = [], []
        for head in self._heads:
            result = item.heads[head.name]
            probs += _answer(head, result)
            decisions += [result.label or "", result.abstain or "", result.set]
        yield StreamRow("predictions", stamp, np.array([[item.start, item.stop, item.latency, *probs]]))
        yield StreamRow("decisions", stamp, [decisions])
        yield StreamRow("quality", stamp, [[item.quality.grade, "; ".join(item.quality.reasons)]])
        beats = [nan if value is None else value for value in (item.heart_rate, item.rmssd)]
        yield StreamRow("heart_rate", stamp, np.array([beats], dtype=np.float64))
        if item.features is not None:
            yield StreamRow("features", stamp, item.features[None])

    def _stamp(self, raw: float | None, time: float | None) -> float:
        """Session clock at a raw time (s) that the item has at ``time``."""
        if time is not None and isfinite(time) and (self._info.speed == 1.0 or raw is None or self._anchor is None):
            return time
        if self._anchor is None:
            return self._clock()
        known, stamp = self._anchor
        return stamp if raw is None else stamp + raw - known

    def _now(self, item: Item) -> float:
        """Timestamp of an item without a raw time."""
        time: float | None = getattr(item, "time", None)
        if time is not None and isfinite(time) and (self._info.speed == 1.0 or self._newest is None):
            return time
        return self._clock() if self._newest is None else self._newest


def _answer(head: HeadInfo, result: HeadResult) -> list[float]:
    """Values of a head's channels; NaN where it abstains."""
    if head.scale is None:
        return [result.probs[name] if result.probs else nan for name in head.classes]
    if result.value is None or result.interval is None:
        return [nan] * len(RATING_FIELDS)
    return [result.value, *result.interval]


def rr_row(item: RrInterval) -> F64:
    """Values (1, 4) of an RR interval, as `RR_CHANNELS`; its beat is NaN before the first sample."""
    beat = nan if item.raw is None else item.raw
    return np.array([[item.rr, RR_FLAGS.index(item.flag), RR_SOURCES.index(item.source), beat]])


def hrv_row(item: HrvResult) -> F64:
    """Values (1, 14) of a stretch: its start and stop, then `HRV_FIELDS`; NaN for a measure that it does not have."""
    values = [getattr(item.hrv, name) for name in HRV_FIELDS]
    known = [nan if value is None else float(value) for value in values]
    return np.array([[item.raw - item.hrv.seconds, item.raw, *known]])


def _auxiliary_rows(item: AuxiliarySamples) -> Iterator[StreamRow]:
    key = auxiliary_key(item.stream)
    if isinstance(item.values, np.ndarray):
        if len(item.values):
            yield StreamRow(key, float(item.times[0]), item.values, None if item.stream.rate else item.times)
        return
    for time, row in zip(item.times.tolist(), item.values, strict=True):
        yield StreamRow(key, time, [row])
