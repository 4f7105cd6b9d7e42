"""LSL streams of any kind that are recorded beside the ECG: all channels, any rate, numbers or text."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from threading import Event
from types import TracebackType
from typing import Self

import numpy as np
import pylsl

from devices.lsl.channels import LslLayout, channel_texts
from devices.lsl.inlet import CONNECTION_ERRORS, fetch_description, make_inlet, subscribe_persistently
from devices.lsl.rate_check import MeasuredRate
from devices.lsl.resolve import (
    FORGET_AFTER_S,
    LslTimeouts,
    ResolvedStream,
    find_stream,
    is_regular,
    parse_query,
    same_identity,
    uri_for,
)
from devices.lsl.sample_loss import is_of_session_clock
from devices.lsl.source import LslSource
from devices.marker_text import value_text
from devices.read_options import ReadOptions
from ecg_live.errors import DeviceNotFound
from ecg_live.events import AuxiliarySamples, AuxiliaryStream, Chunk, Clock, State, StreamEvent, StreamInfo
from ecg_live.lsl_library import clock_offset
from ecg_live.protocols import Source

_POLL_INTERVAL_S = 0.05
_MAX_SAMPLES_PER_PULL = 1024


def open_lsl_auxiliary(spec: str, clock: Clock = time.monotonic, timeouts: LslTimeouts | None = None) -> Source:
    """Find a stream that is recorded beside the ECG, and connect to it once.

    Its ``info.auxiliary`` holds the one stream. One at a regular rate yields chunks of all channels in their own
    units, with gaps for lost samples; any other yields `AuxiliarySamples`.

    Raises
    ------
    DeviceNotFound
        No such stream answers, or the one that does cannot be connected.
    ConfigError
        Several streams answer.
    """
    timeouts = timeouts or LslTimeouts()
    found, twins = find_stream(parse_query(spec), timeouts)
    try:
        full = fetch_description(make_inlet(found), found)
    except CONNECTION_ERRORS as error:
        raise DeviceNotFound(
            f"{uri_for(found)} on {found.hostname()} is announced but cannot be connected",
            "restart its program, or check firewalls between the two machines",
        ) from error
    described = full if full is not None else found
    if is_regular(found):
        layout = _read_all_channels(described)
        twin_uids = frozenset(twin.uid() for twin in twins)
        return _RegularSource(found, twin_uids, ReadOptions(), layout, clock, timeouts)
    return _IrregularSource(found, _stream_of(described), clock)


def _stream_of(found: pylsl.StreamInfo) -> AuxiliaryStream:
    labels, _, units = channel_texts(found)
    names = [label or f"channel {number}" for number, label in enumerate(labels, 1)]
    return AuxiliaryStream(
        found.name() or uri_for(found),
        found.type() or "unknown",
        tuple(zip(names, units, strict=True)),
        found.nominal_srate() if is_regular(found) else 0.0,
        text=found.channel_format() == pylsl.cf_string,
        source_id=found.source_id() or found.uid(),
    )


def _read_all_channels(found: pylsl.StreamInfo) -> LslLayout:
    stream = _stream_of(found)
    count = len(stream.channels)
    info = StreamInfo(
        stream.rate,
        tuple(label for label, _ in stream.channels),
        name=stream.name,
        source_id=stream.source_id,
        auxiliary=(stream,),
    )
    return LslLayout(info, tuple(range(count)), np.ones(count))


class _RegularSource(LslSource):
    """A stream of numbers at a rate; followed, with its losses counted, as ECG is."""

    def _read_layout(self, full: pylsl.StreamInfo) -> LslLayout:
        return _read_all_channels(full)

    def _report_wrong_rate(self, rate: MeasuredRate, *, verified_before: bool) -> State:  # noqa: ARG002 - not refused
        return self._state(
            "warning",
            f"{self._name}: it states {self.info.rate:g} samples a second and sends {rate.measured:.4g}; "
            "its timestamps in the recording are as wrong as that within a chunk",
        )


class _IrregularSource:
    """A stream of text, or of numbers at irregular times."""

    def __init__(self, found: ResolvedStream, stream: AuxiliaryStream, clock: Clock) -> None:
        self._found = found
        self._stream = stream
        self._clock = clock
        self._offset = clock_offset(clock)
        self._closed = Event()
        self._reported_clock = False
        self.info = StreamInfo(0.0, (), name=stream.name, source_id=stream.source_id, auxiliary=(stream,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration from any thread."""
        self._closed.set()

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        """Yield samples until the source is closed; a lost stream is reported and searched for."""
        found: ResolvedStream | None = self._found
        while found is not None:
            try:
                yield from self._follow(found)
            except CONNECTION_ERRORS:
                yield State("lost", f"LSL stream {self._stream.name}: the connection broke", self._clock())
            found = self._search()

    def _follow(self, found: ResolvedStream) -> Iterator[StreamEvent]:
        inlet = make_inlet(found, synced=True)
        subscribe_persistently(inlet, self._closed)
        yield State("streaming", f"LSL stream {self._stream.name} is connected", self._clock())
        while not self._closed.wait(_POLL_INTERVAL_S):
            yield from self._pull(inlet)
        yield from self._pull(inlet)

    def _pull(self, inlet: pylsl.StreamInlet) -> Iterator[StreamEvent]:
        values, stamps = inlet.pull_chunk(0.0, _MAX_SAMPLES_PER_PULL)
        if not len(stamps):
            return
        now = self._clock()
        times = np.asarray(stamps, dtype=np.float64) + self._offset
        foreign = np.array([not is_of_session_clock(time, now) for time in times.tolist()])
        if foreign.any():
            yield from self._report_clock(float((times - now)[foreign][0]))
            times = np.where(foreign, now, times)
        if self._stream.text:
            yield AuxiliarySamples(self._stream, times, tuple(tuple(map(value_text, row)) for row in values.tolist()))
        else:
            yield AuxiliarySamples(self._stream, times, np.asarray(values, dtype=np.float64).reshape(len(times), -1))

    def _report_clock(self, seconds: float) -> Iterator[State]:
        if self._reported_clock:
            return
        self._reported_clock = True
        detail = f"its timestamps are {seconds:+.6g} s off" if math.isfinite(seconds) else "its timestamps are invalid"
        yield State(
            "warning",
            f"LSL stream {self._stream.name}: {detail}, on another clock than LSL's; "
            "its samples are recorded with the times of their arrival",
            self._clock(),
        )

    def _search(self) -> ResolvedStream | None:
        """Wait until the stream is back; None once the source is closed."""
        resolver = pylsl.ContinuousResolver("name", self._found.name(), forget_after=FORGET_AFTER_S)
        while not self._closed.wait(_POLL_INTERVAL_S):
            for found in resolver.results():
                if same_identity(found, self._found) and found.channel_count() == len(self._stream.channels):
                    return found
        return None
