"""Payloads of frames: samples, events, descriptions of streams, predictions. What goes in comes out, bit for bit.

========== =====================================================================================================
kind       payload
========== =====================================================================================================
samples    index of the first (int64), chunks (uint16), channels (uint16), bytes a value (uint8: 4 or 8);
           for each chunk its samples (uint32), time and arrival (float64, NaN: unknown); then all samples, row by
           row, float64, or float32 where that holds the same values
auxiliary  length of the JSON (uint32), JSON with the stream, n and the texts if it is one of texts; then n times
           (float64), and n rows of float64
prediction length of the JSON (uint32), JSON, then the embedding (float32)
others     JSON; floats that are not finite as Python writes them (NaN, Infinity)
========== =====================================================================================================

Times are seconds since 1970 by the publisher's clock when it began, and monotonic from there.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from ecg_live.errors import ProtocolError
from ecg_live.events import (
    F32,
    F64,
    AffectRating,
    AuxiliarySamples,
    AuxiliaryStream,
    Battery,
    Beats,
    Chunk,
    Gap,
    LeadOff,
    Marker,
    SelfReportAnswer,
    SetChange,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.nats.frames import FrameKind
from ecg_live.results import HeadResult, Prediction, Quality

_EVENTS: Mapping[str, type[Any]] = {
    "gap": Gap,
    "marker": Marker,
    "state": State,
    "beats": Beats,
    "lead_off": LeadOff,
    "battery": Battery,
    "set": SetChange,
    "self_report": SelfReportAnswer,
    "rating": AffectRating,
}
_EVENT_NAMES = {kind: name for name, kind in _EVENTS.items()}
_TUPLE_FIELDS = ("rr", "electrodes", "channels", "full_scale", "beats", "interval", "scale", "values")
_SAMPLES_HEAD = struct.Struct("<qHHB")
_CHUNK_HEAD = struct.Struct("<Idd")
_LENGTH = struct.Struct("<I")


def samples_payload(chunks: Sequence[Chunk]) -> bytes:
    """Payload of contiguous chunks, at least one."""
    samples = np.concatenate([chunk.samples for chunk in chunks])
    narrow = samples.astype(np.float32)
    stored: F32 | F64 = narrow if np.array_equal(narrow.astype(np.float64), samples, equal_nan=True) else samples
    size = stored.dtype.itemsize
    heads = [
        _CHUNK_HEAD.pack(len(chunk.samples), chunk.time, math.nan if chunk.arrived is None else chunk.arrived)
        for chunk in chunks
    ]
    head = _SAMPLES_HEAD.pack(chunks[0].start, len(chunks), samples.shape[1], size)
    return b"".join((head, *heads, stored.astype(f"<f{size}").tobytes()))


def chunks_of(payload: bytes) -> list[Chunk]:
    """Chunks of a frame of samples. Raises `ProtocolError` if it holds none."""
    try:
        start, count, channels, size = _SAMPLES_HEAD.unpack_from(payload)
        heads = [_CHUNK_HEAD.unpack_from(payload, _SAMPLES_HEAD.size + k * _CHUNK_HEAD.size) for k in range(count)]
        values = np.frombuffer(payload, f"<f{size}", offset=_SAMPLES_HEAD.size + count * _CHUNK_HEAD.size)
        samples = values.astype(np.float64).reshape(-1, channels)
    except (ValueError, TypeError, struct.error) as error:
        raise ProtocolError(f"samples cannot be read: {error}", "use one version on all machines") from error
    chunks, at = [], 0
    for length, time, arrived in heads:
        part = samples[at : at + length]
        chunks.append(Chunk(part, start + at, time, None if math.isnan(arrived) else arrived))
        at += length
    return chunks


def info_payload(info: StreamInfo, source: str) -> bytes:
    """Payload of a stream's description; ``source`` is what the bridge was called with, without a folder."""
    return json.dumps({"info": asdict(info), "source": source}).encode()


def info_of(payload: bytes) -> StreamInfo:
    """Description of a stream. Raises `ProtocolError` if it is none."""
    try:
        fields = dict(json.loads(payload)["info"])
        fields["auxiliary"] = tuple(_auxiliary_stream(each) for each in fields.get("auxiliary", ()))
        info = StreamInfo(**_with_tuples(fields))
        sound = not info.channels or (0 < info.rate < math.inf and 0 <= info.ecg < len(info.channels))
    except (ValueError, TypeError, KeyError) as error:
        raise ProtocolError(f"a stream's description cannot be read: {error}", "use one version everywhere") from error
    if not sound:
        found = f"{len(info.channels)} channels at {info.rate} Hz, ECG in column {info.ecg}"
        raise ProtocolError(f"a stream's description is of {found}", "check what publishes it")
    return info


def event_payload(event: StreamEvent) -> tuple[FrameKind, bytes]:
    """Kind and payload of an event."""
    if isinstance(event, AuxiliarySamples):
        return FrameKind.AUXILIARY, _auxiliary_payload(event)
    fields = {"type": _EVENT_NAMES[type(event)]} | {name: getattr(event, name) for name in type(event).__slots__}
    return FrameKind.EVENT, json.dumps(fields).encode()


def event_of(kind: FrameKind, payload: bytes) -> StreamEvent:
    """Event of a payload. Raises `ProtocolError` if it is none."""
    try:
        if kind is FrameKind.AUXILIARY:
            return _auxiliary_of(payload)
        fields = json.loads(payload)
        event: StreamEvent = _EVENTS[fields.pop("type")](**_with_tuples(fields))
    except (ValueError, TypeError, KeyError, struct.error) as error:
        raise ProtocolError(f"an event cannot be read: {error}", "use one version on all machines") from error
    return event


def moved(item: Chunk | StreamEvent, clock: Callable[[float], float]) -> Chunk | StreamEvent:
    """An item with its times (s) moved to another clock."""
    if isinstance(item, Chunk):
        arrived = None if item.arrived is None else clock(item.arrived)
        return replace(item, time=clock(item.time), arrived=arrived)
    if isinstance(item, AuxiliarySamples):
        return replace(item, times=np.array([clock(time) for time in item.times.tolist()]))
    if isinstance(item, LeadOff) or item.time is None:
        return item
    if isinstance(item, SelfReportAnswer):
        return replace(item, shown=clock(item.shown), time=clock(item.time))
    return replace(item, time=clock(item.time))


def prediction_payload(prediction: Prediction) -> bytes:
    """Payload of a prediction."""
    fields = {name: getattr(prediction, name) for name in Prediction.__slots__ if name != "features"}
    fields["heads"] = {name: asdict(head) for name, head in prediction.heads.items()}
    fields["quality"] = asdict(prediction.quality)
    features = np.zeros(0, np.float32) if prediction.features is None else prediction.features
    return _with_json(fields, features.astype("<f4").tobytes())


def prediction_of(payload: bytes) -> Prediction:
    """Prediction of a payload. Raises `ProtocolError` if it is none."""
    try:
        fields, rest = _split_json(payload)
        fields["heads"] = {name: HeadResult(**_with_tuples(head)) for name, head in fields["heads"].items()}
        quality = fields["quality"]
        fields["quality"] = Quality(quality["grade"], tuple(quality["reasons"]))
        features = np.frombuffer(rest, "<f4").astype(np.float32)
        return Prediction(**_with_tuples(fields), features=features if len(features) else None)
    except (ValueError, TypeError, KeyError, struct.error) as error:
        raise ProtocolError(f"a prediction cannot be read: {error}", "use one version on all machines") from error


def _auxiliary_payload(samples: AuxiliarySamples) -> bytes:
    fields: dict[str, Any] = {"stream": asdict(samples.stream), "n": len(samples.times)}
    times = samples.times.astype("<f8").tobytes()
    if isinstance(samples.values, np.ndarray):
        return _with_json(fields, times + samples.values.astype("<f8").tobytes())
    return _with_json(fields | {"texts": samples.values}, times)


def _auxiliary_of(payload: bytes) -> AuxiliarySamples:
    fields, rest = _split_json(payload)
    stream, count = _auxiliary_stream(fields["stream"]), fields["n"]
    numbers = np.frombuffer(rest, "<f8").astype(np.float64)
    if "texts" in fields:
        return AuxiliarySamples(stream, numbers[:count], tuple(tuple(row) for row in fields["texts"]))
    return AuxiliarySamples(stream, numbers[:count], numbers[count:].reshape(count, -1))


def _auxiliary_stream(fields: Mapping[str, Any]) -> AuxiliaryStream:
    channels = tuple((label, unit) for label, unit in fields["channels"])
    return AuxiliaryStream(**dict(fields) | {"channels": channels})


def _with_json(fields: Mapping[str, Any], rest: bytes) -> bytes:
    text = json.dumps(fields).encode()
    return _LENGTH.pack(len(text)) + text + rest


def _split_json(payload: bytes) -> tuple[dict[str, Any], bytes]:
    end = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
    return json.loads(payload[_LENGTH.size : end]), payload[end:]


def _with_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with lists that are tuples in the program."""
    return {
        name: _as_tuple(value) if name in _TUPLE_FIELDS and value is not None else value
        for name, value in fields.items()
    }


def _as_tuple(values: Sequence[Any]) -> tuple[Any, ...]:
    """A tuple, also of tuples."""
    return tuple(_as_tuple(each) if isinstance(each, list) else each for each in values)
