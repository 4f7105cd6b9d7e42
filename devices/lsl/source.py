"""An LSL stream as a source: follows it over losses and restarts, and reports every lost sample."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Self

import pylsl

from devices.lsl.channels import LslLayout, read_layout
from devices.lsl.inlet import CALL_TIMEOUT_S, CONNECTION_ERRORS, RemoteClock, fetch_description, make_inlet, subscribe
from devices.lsl.rate_check import MeasuredRate, RateCheck
from devices.lsl.resolve import FORGET_AFTER_S, LSL_PORTS, LslTimeouts, ResolvedStream, same_identity
from devices.lsl.sample_loss import ContiguousRun, LossFinder
from devices.read_options import ReadOptions
from devices.repeated_warnings import WarningCounter
from ecg_live.errors import ConfigError, DeviceLost, ProtocolError
from ecg_live.events import F64, Chunk, Clock, Gap, State, StateName, StreamEvent, StreamInfo
from ecg_live.lsl_library import clock_offset
from ecg_live.text import duration_text

_POLL_INTERVAL_S = 0.05  # of the streams in reach
_MIN_CHUNK_S = 0.020  # of samples per pull, so that the thread does not wake for each one
_MIN_BACK_OFF_S, _MAX_BACK_OFF_S = 0.1, 1.0
_LOST_REPORT_INTERVAL_S = 5.0  # while a stream is lost, as with radio devices
_ARRIVAL_NOTE = "samples count from their arrival, so markers are as exact as that"
_OTHER_STREAM_NOTE = "one that came back as another is not used: start it as it was, or start a new session"
_CAUSE_IN_TRANSIT, _CAUSE_STREAM_AWAY = "lost on the way", "the stream was away"


class LslSource:
    """One resolved stream.

    Parameters
    ----------
    found : ResolvedStream
        The stream.
    twins : set of str
        UIDs of other streams of the same identity.
    options : ReadOptions
        The user's channel, rate and unit.
    layout : LslLayout
        The columns to keep and their factors.
    clock : Clock
        Session clock in s.
    timeouts : LslTimeouts
        How long each step may take.
    """

    def __init__(
        self,
        found: ResolvedStream,
        twins: frozenset[str],
        options: ReadOptions,
        layout: LslLayout,
        clock: Clock,
        timeouts: LslTimeouts,
    ) -> None:
        self._found = found
        self._twins = twins
        self._options = options
        self._layout = layout
        self._refused: dict[str, str] = {}  # reason by UID, of streams that came back different
        self._clock = clock
        self._timeouts = timeouts
        self._columns = list(layout.columns)
        self._finder = LossFinder(layout.info.rate, len(layout.columns))
        self._name = f"LSL stream {found.name()}"
        self._closed = Event()
        self._last_data = math.nan  # session time
        self._streaming = False
        self._lost = False
        self._had_data = False
        self._failures = 0  # since the last data
        self._rate_verified = False  # a measurement agreed with the nominal rate
        self._cause = _CAUSE_IN_TRANSIT
        self._offset = clock_offset(clock)
        self._remote_clock = RemoteClock()
        self._clock_steps = WarningCounter()

    @property
    def info(self) -> StreamInfo:
        """All channels with a unit of voltage; ``ecg`` is the chosen one."""
        return self._layout.info

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration from any thread, within 0.2 s."""
        self._closed.set()

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        """Yield chunks and events until the source is closed.

        Raises
        ------
        DeviceLost
            No data arrived for too long. A stream that returns with other channels or rate is reported, not used.
        ProtocolError
            It sends at another rate than nominal.
        """
        found = self._found
        self._last_data = self._clock()
        while not self._closed.is_set():
            yield self._state("connecting", f"connecting to {self._name} on {found.hostname()}")
            try:
                yield from self._stream(found)
                reason = "closed"
            except CONNECTION_ERRORS:
                reason = "the connection broke"
            except _StreamRestarted:
                reason = "it was restarted"
            except _DifferentStream as error:
                reason = str(error)
                self._refused[found.uid()] = reason
            yield from self._to_items(self._finder.flush())
            if self._closed.is_set():
                return
            yield from self._report_loss(reason)
            self._closed.wait(min(_MAX_BACK_OFF_S, _MIN_BACK_OFF_S * 2.0 ** min(self._failures, 10)))
            self._failures += 1
            found = yield from self._wait_for_return(found)

    def _stream(self, found: ResolvedStream) -> Iterator[Chunk | StreamEvent]:
        """Pull samples until the source is closed. Raises `_StreamRestarted`, and `CONNECTION_ERRORS`."""
        inlet = make_inlet(found)
        if found is not self._found:
            self._verify_same_stream(fetch_description(inlet, found, self._closed))
        subscribe(inlet, self._closed)
        if self._closed.is_set():
            return
        self._remote_clock.connect(inlet.time_correction(CALL_TIMEOUT_S))
        self._finder.resume()
        check, verified_before = RateCheck(self.info.rate), self._rate_verified
        min_samples, max_samples = max(1, round(_MIN_CHUNK_S * self.info.rate)), max(512, round(self.info.rate))
        resolver: pylsl.ContinuousResolver | None = None
        connected, last_report = self._clock(), -math.inf
        while not self._closed.is_set():
            samples, stamps = inlet.pull_chunk(CALL_TIMEOUT_S, max_samples, min_samples=min_samples)
            if len(stamps):
                resolver, last_report = None, -math.inf
                yield from self._receive(samples, stamps)
                behind = len(stamps) >= max_samples
                if rate := check.push(len(stamps), float(stamps[-1]), self._last_data, behind=behind):
                    yield self._report_wrong_rate(rate, verified_before=verified_before)
                self._rate_verified = self._rate_verified or check.passed
                self._remote_clock.update(inlet.time_correction(CALL_TIMEOUT_S))  # last, since it may raise
            elif self._clock() - max(self._last_data, connected) >= self._timeouts.no_data:
                if resolver is None:
                    resolver = pylsl.ContinuousResolver("name", found.name(), forget_after=FORGET_AFTER_S)
                    yield from self._to_items(self._finder.flush())
                if self._clock() - last_report >= _LOST_REPORT_INTERVAL_S:
                    last_report = self._clock()
                    yield from self._report_loss("it sends nothing")
                yield from self._check_reconnect_timeout()
                if any(other.uid() != found.uid() for other in self._returned(resolver)):
                    raise _StreamRestarted

    def _receive(self, samples: F64, stamps: F64) -> Iterator[Chunk | StreamEvent]:
        """Yield what received samples (n, channels) decide; report that the stream runs if it did not."""
        self._last_data = self._clock()
        self._failures = 0
        self._had_data = True
        if not self._streaming:
            self._streaming, self._lost = True, False
            yield self._state("streaming", f"{self._name} streams")
        rows = samples[:, self._columns] * self._layout.factors
        arrived = self._last_data - self._offset - self._remote_clock.drift
        yield from self._to_items(self._finder.push(stamps + self._remote_clock.base, arrived, rows))

    def _wait_for_return(self, found: ResolvedStream) -> Generator[Chunk | StreamEvent, None, ResolvedStream]:
        """Wait until the stream returns. Raises `DeviceLost`."""
        resolver, last_report = pylsl.ContinuousResolver("name", found.name(), forget_after=FORGET_AFTER_S), -math.inf
        while not self._closed.wait(_POLL_INTERVAL_S):
            if self._clock() - last_report >= _LOST_REPORT_INTERVAL_S:
                last_report = self._clock()
                yield self._state("searching", f"looking for {self._name}{self._lost_since()}{self._refused_note()}")
            yield from self._check_reconnect_timeout()
            if not self._had_data and self._clock() - self._last_data >= self._timeouts.first_data:
                raise DeviceLost(f"{self._name} is gone, and has sent nothing", "start its outlet, then the session")
            if returned := self._returned(resolver):
                return max(returned, key=lambda one: one.created_at())
        return found

    def _returned(self, resolver: pylsl.ContinuousResolver) -> list[ResolvedStream]:
        """Return the streams of the same identity in reach, without twins and refused ones."""
        returned = [one for one in resolver.results() if same_identity(one, self._found)]
        return [one for one in returned if one.uid() not in self._twins and one.uid() not in self._refused]

    def _verify_same_stream(self, full: pylsl.StreamInfo | None) -> None:
        """Compare a stream that came back with the first one. Raises `_DifferentStream` if they differ."""
        if full is None:
            return
        was, now = _shape(self._found), _shape(full)
        if was != now:
            raise _DifferentStream(
                f"it came back with {now[0]} channels at {now[1]:g} Hz, it had {was[0]} at {was[1]:g}"
                + (" of another format" if was[2] != now[2] else "")
            )
        try:
            layout = self._read_layout(full)
        except ConfigError as error:
            raise _DifferentStream(f"it came back as another: {error.message}") from error
        if replace(layout.info, source_id=self.info.source_id) != self.info or layout.columns != self._layout.columns:
            raise _DifferentStream("it came back with other channels")
        if (layout.factors != self._layout.factors).any():
            raise _DifferentStream("it came back with another unit")

    def _read_layout(self, full: pylsl.StreamInfo) -> LslLayout:
        return read_layout(full, self._options)

    def _report_wrong_rate(self, rate: MeasuredRate, *, verified_before: bool) -> State:
        """Return a warning; raise `ProtocolError` if the rate is certain, `_DifferentStream` if it was right before."""
        problem = f"it says {self.info.rate:g} samples a second and sends {rate.measured:.4g}"
        if not rate.certain:
            return self._state("warning", f"{self._name}: {problem}; times and heart rate may be as wrong as that")
        if verified_before:
            raise _DifferentStream(problem)
        remedy = f"correct its sender, or run with --rate {rate.measured:.4g} if that is its device's rate"
        raise ProtocolError(f"{self._name}: {problem}", remedy)

    def _to_items(self, runs: list[ContiguousRun]) -> Iterator[Chunk | StreamEvent]:
        now = self._clock()
        for start, lost, stamp, samples, stepped in runs:
            begin = stamp + self._remote_clock.drift + self._offset if math.isfinite(stamp) else now
            if stepped:
                yield from self._report_clock_step(stepped, first=not start)
            if lost:
                yield Gap(start - lost, lost, self._cause, time=begin - lost / self.info.rate)
                self._cause = _CAUSE_IN_TRANSIT
            yield Chunk(samples, start, begin, now)

    def _report_clock_step(self, seconds: float, *, first: bool) -> Iterator[State]:
        if first:
            yield self._state("warning", f"{self._name}: its stamps are {seconds:+.0f} s off; {_ARRIVAL_NOTE}")
        elif (times := self._clock_steps.add()) is not None:
            problem = f"its stamps jump by {seconds:+.3f} s while samples go on coming: its clock was set"
            yield self._state("warning", f"{self._name}: {problem}{times}; {_ARRIVAL_NOTE}")

    def _report_loss(self, reason: str) -> Iterator[State]:
        """Report a loss: as an event to be listed the first time, later as what the session is busy with."""
        self._cause = _CAUSE_STREAM_AWAY
        state: StateName = "searching" if self._lost else "lost"
        self._streaming, self._lost = False, True
        yield self._state(state, f"{self._name}{self._lost_since()}: {reason}{self._refused_note()}")

    def _check_reconnect_timeout(self) -> Iterator[State]:
        """Raise `DeviceLost` after the time to reconnect has passed."""
        silence = self._clock() - self._last_data
        if silence >= self._timeouts.reconnect:
            yield self._state("gave_up", f"{self._name} did not come back within {self._timeouts.reconnect:g} s")
            raise DeviceLost(
                f"{self._name} was lost {duration_text(silence)} ago",
                f"start its outlet again; have firewalls let {LSL_PORTS} pass",
            )

    def _refused_note(self) -> str:
        return f"; {_OTHER_STREAM_NOTE}" if self._refused else ""

    def _lost_since(self) -> str:
        if not self._lost:
            return ""
        return f", lost {duration_text(self._clock() - self._last_data)} ago, attempt {self._failures}"

    def _state(self, state: StateName, detail: str) -> State:
        return State(state, detail, self._clock())


class _DifferentStream(Exception):
    """The stream came back with other channels, rate or format; the message names the difference."""


class _StreamRestarted(Exception):
    """The stream's program was restarted, while the old connection seems alive."""


def _shape(found: ResolvedStream) -> tuple[int, float, int]:
    return found.channel_count(), found.nominal_srate(), found.channel_format()
