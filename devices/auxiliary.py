"""Sources that are recorded beside the ECG: each is followed on a thread of its own, and not judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Self

import numpy as np

from devices.read_options import ReadOptions
from devices.uri import check_source, open_source, split_scheme
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.events import (
    STATES,
    AuxiliarySamples,
    AuxiliaryStream,
    Beats,
    Chunk,
    Clock,
    Gap,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.protocols import Source

_JOIN_TIMEOUT_S = 2.0
_HEART_RATE_CHANNELS = (("heart rate", "bpm"), ("RR interval", "seconds"))


def open_auxiliary(uri: str, clock: Clock = time.monotonic) -> tuple[Source, tuple[AuxiliaryStream, ...]]:
    """Open a live source to be recorded beside the ECG, and name its streams; the first takes chunks and beats.

    ``lsl:`` takes a stream of any kind. Every other scheme is a device as in `devices.uri.open_source`: all its ECG
    channels are recorded in mV, or heart rate and RR intervals of a strap that gives no ECG.

    Raises
    ------
    ConfigError
        It is a file.
    DeviceError
        It is not there, or cannot be connected.
    """
    schemed = split_scheme(uri)
    if schemed is None or schemed[0] == "file":
        raise ConfigError(f"--also {uri} is a file", "name a live source, such as lsl:NAME or hr:NAME")
    scheme, text = schemed
    if scheme == "lsl":
        from devices.lsl.auxiliary import open_lsl_auxiliary  # noqa: PLC0415 - other devices need no LSL

        stream_source = open_lsl_auxiliary(text, clock)
        return stream_source, stream_source.info.auxiliary
    source = open_source(uri, ReadOptions(), clock)
    check_source(source)
    return source, (_device_stream(source.info), *source.info.auxiliary)


def _device_stream(info: StreamInfo) -> AuxiliaryStream:
    if info.rate:
        channels = tuple((name, "millivolts") for name in info.channels)
        return AuxiliaryStream(info.name or "ECG", "ECG", channels, info.rate, source_id=info.source_id)
    return AuxiliaryStream(info.name or "Heart rate", "HR", _HEART_RATE_CHANNELS, source_id=info.source_id)


class AuxiliaryFollower:
    """Follow a source and pass on its samples; what goes wrong is reported at once, and ends nothing else.

    Parameters
    ----------
    source : Source
    streams : tuple of AuxiliaryStream
        As of `open_auxiliary`; the first takes chunks and beats.
    record : callable
        Takes the samples.
    report : callable
        Takes states.
    clock : Clock
        Session clock.
    """

    def __init__(
        self,
        source: Source,
        streams: tuple[AuxiliaryStream, ...],
        record: Callable[[AuxiliarySamples], object],
        report: Callable[[State], object],
        clock: Clock = time.monotonic,
    ) -> None:
        self._source = source
        self._stream = streams[0]
        self._record = record
        self._report = report
        self._clock = clock
        self._thread = Thread(target=self._run, name=f"auxiliary {self._stream.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()
        self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        try:
            with self._source as source:
                for item in source:
                    self._pass_on(item)
        except EcgLiveError as error:
            self._warn(f"{error}; it is no longer recorded")
        except Exception as error:  # noqa: BLE001 - the session goes on, whatever happens beside it
            self._warn(f"unexpected {type(error).__name__}: {error}; it is no longer recorded")

    def _pass_on(self, item: Chunk | StreamEvent) -> None:
        match item:
            case AuxiliarySamples():
                self._record(item)
            case Chunk() if len(item.samples):
                self._record(self._stream.samples(item.samples, item.time))
            case Beats() if not self._stream.rate:
                rows = np.array([(item.heart_rate, interval) for interval in item.rr or (np.nan,)])
                self._record(AuxiliarySamples(self._stream, np.full(len(rows), item.time), rows))
            case Gap():
                self._warn(f"{item.lost} samples were lost ({item.cause})")
            case State() if "listed" in STATES[item.state]:
                self._warn(item.detail)

    def _warn(self, detail: str) -> None:
        self._report(State("warning", f"beside the ECG, {self._stream.name}: {detail}", self._clock()))
