"""An LSL stream as a source: it is followed over losses and restarts, and what did not come is told."""

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
from ecg_live.events import Chunk, Clock, Gap, State, StateName, StreamEvent, StreamInfo
from ecg_live.lsl_library import clock_offset

_POLL_INTERVAL_S = 0.05  # s between two looks at what is in reach
_MIN_CHUNK_S = 0.020  # s of samples that are worth waking up for
_MIN_BACK_OFF_S, _MAX_BACK_OFF_S = 0.1, 1.0  # s between attempts to connect
_LOST_REPORT_INTERVAL_S = 5.0  # s until it is said anew for how long a stream has been lost, as with radio devices
_ARRIVAL_NOTE = "samples count from their arrival, so markers are as exact as that"
_OTHER_STREAM_NOTE = (
    "one that came back as another is not taken: start it as it was, or end this session and run it anew"
)
_CAUSE_IN_TRANSIT, _CAUSE_STREAM_AWAY = "lost on the way", "the stream was away"


class LslSource:
    """A stream that was found.

    Parameters
    ----------
    found : StreamInfo
        The stream, as resolved.
    strangers : set of str
        Uids of streams that only seem to be the same.
    opening : ReadOptions
        What the user says of it.
    layout : Layout
        What to keep of it.
    clock : Clock
        Session clock in s.
    patience : Patience
        How long to wait for what.
    """

    def __init__(
        self,
        found: ResolvedStream,
        strangers: frozenset[str],
        opening: ReadOptions,
        layout: LslLayout,
        clock: Clock,
        patience: LslTimeouts,
    ) -> None:
        self._found, self._strangers, self._opening, self._layout = found, strangers, opening, layout
        self._refused: dict[str, str] = {}  # why, by uid: streams that came back as others
        self._clock, self._patience = clock, patience
        self._columns = list(layout.columns)
        self._finder = LossFinder(layout.info.rate, len(layout.columns))
        self._heading = f"LSL stream {found.name()}"
        self._closed = Event()
        self._last = math.nan  # when data came
        self._streaming = self._lost = self._seen = False
        self._failures = 0  # since data came
        self._sound = False  # its rate has been measured, and is what it says
        self._cause = _CAUSE_IN_TRANSIT
        self._offset, self._theirs = clock_offset(clock), RemoteClock()
        self._steps = WarningCounter()

    @property
    def info(self) -> StreamInfo:
        """All channels in units of voltage; ``ecg`` is the chosen one."""
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
        """Give what comes until the source is closed.

        Raises
        ------
        DeviceLost
            No data came for too long. A stream that came back as another one is told, and the right one is waited for.
        ProtocolError
            It sends at another rate than it says.
        """
        began, found = self._clock(), self._found
        self._last = began
        while not self._closed.is_set():
            yield self._state("connecting", f"connecting to {self._heading} on {found.hostname()}")
            try:
                yield from self._stream(found)
                why = "closed"
            except CONNECTION_ERRORS:
                why = "the connection broke"
            except _StreamRestarted:
                why = "it was started anew"
            except _DifferentStream as error:
                self._refused[found.uid()] = why = str(error)
            yield from self._items(self._finder.flush())
            if self._closed.is_set():
                return
            yield from self._note_loss(why)
            self._closed.wait(min(_MAX_BACK_OFF_S, _MIN_BACK_OFF_S * 2.0 ** min(self._failures, 10)))
            self._failures += 1
            found = yield from self._search(found)

    def _stream(self, found: ResolvedStream) -> Iterator[Chunk | StreamEvent]:
        """Pull until the source is closed. Raises `_StreamRestarted` and one of `CONNECTION_ERRORS`."""
        inlet = make_inlet(found)
        if found is not self._found:
            self._compare(fetch_description(inlet, found, self._closed))
        subscribe(inlet, self._closed)
        if self._closed.is_set():
            return
        self._theirs.connect(inlet.time_correction(CALL_TIMEOUT_S))
        self._finder.resume()
        check, known = RateCheck(self.info.rate), self._sound
        few, many = max(1, round(_MIN_CHUNK_S * self.info.rate)), max(512, round(self.info.rate))
        resolver: pylsl.ContinuousResolver | None = None
        connected, told = self._clock(), -math.inf
        while not self._closed.is_set():
            samples, stamps = inlet.pull_chunk(CALL_TIMEOUT_S, many, min_samples=few)
            if len(stamps):
                resolver, told = None, -math.inf
                self._last, self._failures, self._seen = self._clock(), 0, True
                if not self._streaming:
                    self._streaming, self._lost = True, False
                    yield self._state("streaming", f"{self._heading} streams")
                rows = samples[:, self._columns] * self._layout.factors
                arrived = self._last - self._offset - self._theirs.drift
                yield from self._items(self._finder.push(stamps + self._theirs.base, arrived, rows))
                if rate := check.push(len(stamps), float(stamps[-1]), self._last, behind=len(stamps) >= many):
                    yield self._wrong_rate(rate, back=known)
                self._sound = self._sound or check.passed
                self._theirs.read(inlet.time_correction(CALL_TIMEOUT_S))  # last, since it may break
            elif self._clock() - max(self._last, connected) >= self._patience.silent:
                if resolver is None:
                    resolver = pylsl.ContinuousResolver("name", found.name(), forget_after=FORGET_AFTER_S)
                    yield from self._items(self._finder.flush())
                if self._clock() - told >= _LOST_REPORT_INTERVAL_S:
                    told = self._clock()
                    yield from self._note_loss("it sends nothing")
                yield from self._watch_patience()
                if any(other.uid() != found.uid() for other in self._returned(resolver)):
                    raise _StreamRestarted

    def _search(self, found: ResolvedStream) -> Generator[Chunk | StreamEvent, None, ResolvedStream]:
        """Wait until the stream is back. Raises `DeviceLost`."""
        resolver, told = pylsl.ContinuousResolver("name", found.name(), forget_after=FORGET_AFTER_S), -math.inf
        while not self._closed.wait(_POLL_INTERVAL_S):
            if self._clock() - told >= _LOST_REPORT_INTERVAL_S:
                told = self._clock()
                yield self._state("searching", f"looking for {self._heading}{self._since()}{self._hint()}")
            yield from self._watch_patience()
            if not self._seen and self._clock() - self._last >= self._patience.unseen:
                raise DeviceLost(f"{self._heading} is gone, and has sent nothing", "start its outlet, then the session")
            if back := self._returned(resolver):
                return max(back, key=lambda one: one.created_at())
        return found

    def _returned(self, resolver: pylsl.ContinuousResolver) -> list[ResolvedStream]:
        """Streams of the same identity that are in reach now, and were not refused."""
        back = [one for one in resolver.results() if same_identity(one, self._found)]
        return [one for one in back if one.uid() not in self._strangers and one.uid() not in self._refused]

    def _compare(self, full: pylsl.StreamInfo | None) -> None:
        """Compare a stream that came back with the first one. Raises `_DifferentStream` if they differ."""
        if full is None:
            return
        (was, now) = (_shape(self._found), _shape(full))
        if was != now:
            raise _DifferentStream(
                f"it came back with {now[0]} channels at {now[1]:g} Hz, it had {was[0]} at {was[1]:g}"
                + (" of another format" if was[2] != now[2] else "")
            )
        try:
            again = read_layout(full, self._opening)
        except ConfigError as error:
            raise _DifferentStream(f"it came back as another: {error.message}") from error
        if replace(again.info, source_id=self.info.source_id) != self.info or again.columns != self._layout.columns:
            raise _DifferentStream("it came back with other channels")
        if (again.factors != self._layout.factors).any():
            raise _DifferentStream("it came back with another unit")

    def _wrong_rate(self, rate: MeasuredRate, *, back: bool) -> State:
        """Raises `ProtocolError`, or `_DifferentStream` where the stream was right before."""
        said = f"it says {self.info.rate:g} samples a second and sends {rate.measured:.4g}"
        if not rate.certain:
            return self._state("warning", f"{self._heading}: {said}; times and heart rate may be as wrong as that")
        if back:
            raise _DifferentStream(said)
        remedy = f"mend its sender, or run with --rate {rate.measured:.4g} if that is its device's rate"
        raise ProtocolError(f"{self._heading}: {said}", remedy)

    def _items(self, stretches: list[ContiguousRun]) -> Iterator[Chunk | StreamEvent]:
        now = self._clock()
        for start, lost, stamp, samples, stepped in stretches:
            begin = stamp + self._theirs.drift + self._offset if math.isfinite(stamp) else now
            if stepped:
                yield from self._note_step(stepped, first=not start)
            if lost:
                yield Gap(start - lost, lost, self._cause, time=begin - lost / self.info.rate)
                self._cause = _CAUSE_IN_TRANSIT
            yield Chunk(samples, start, begin, now)

    def _note_step(self, seconds: float, *, first: bool) -> Iterator[State]:
        if first:
            yield self._state("warning", f"{self._heading}: its stamps are {seconds:+.0f} s off; {_ARRIVAL_NOTE}")
        elif (times := self._steps.add()) is not None:
            said = f"its stamps jump by {seconds:+.3f} s while samples go on coming: its clock was set"
            yield self._state("warning", f"{self._heading}: {said}{times}; {_ARRIVAL_NOTE}")

    def _note_loss(self, why: str) -> Iterator[State]:
        self._cause = _CAUSE_STREAM_AWAY
        self._streaming, self._lost = False, True
        yield self._state("lost", f"{self._heading}{self._since()}: {why}{self._hint()}")

    def _watch_patience(self) -> Iterator[State]:
        """Give up when the time is up. Raises `DeviceLost`."""
        quiet = self._clock() - self._last
        if quiet >= self._patience.lost:
            yield self._state("gave_up", f"{self._heading} did not come back within {self._patience.lost:g} s")
            raise DeviceLost(
                f"{self._heading} was lost {quiet:.0f} s ago",
                f"start its outlet again; have firewalls let {LSL_PORTS} pass",
            )

    def _hint(self) -> str:
        return f"; {_OTHER_STREAM_NOTE}" if self._refused else ""

    def _since(self) -> str:
        return f", lost {self._clock() - self._last:.0f} s ago, attempt {self._failures}" if self._lost else ""

    def _state(self, state: StateName, detail: str) -> State:
        return State(state, detail, self._clock())


class _DifferentStream(Exception):
    """The stream came back as another one; the message says how."""


class _StreamRestarted(Exception):
    """The stream's program runs anew, while the old connection only seems alive."""


def _shape(found: ResolvedStream) -> tuple[int, float, int]:
    return found.channel_count(), found.nominal_srate(), found.channel_format()
