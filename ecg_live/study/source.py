"""The source of a session that runs a study: it starts the course with the first sample, and ends it with the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isfinite
from threading import Event, Thread
from types import TracebackType
from typing import Protocol, Self

from ecg_live.events import (
    Beats,
    Chunk,
    Clock,
    Gap,
    Marker,
    SelfReportAnswer,
    SelfReportEvent,
    State,
    StreamEvent,
    StreamInfo,
    states_that_are,
)
from ecg_live.protocols import Source
from ecg_live.results import Item
from ecg_live.study.run import StudyRun

TICK_S = 0.05  # between two looks at the time; ends of blocks are exact all the same
BASELINE_WAIT_S = 10.0  # at full speed, until a baseline has begun
_AWAY_STATES = states_that_are("away")


class MarkedSession(Protocol):
    """What a study asks of a session."""

    def mark(self, text: str, time: float | None = None) -> None:
        """Note a marker at ``time`` on the session clock; returns at once."""
        ...

    def begin_baseline(
        self,
        seconds: float | None = None,
        time: float | None = None,
        raw: float | None = None,
        on_begun: Callable[[], object] | None = None,
    ) -> None:
        """Begin a resting baseline at ``time`` on the session clock, or ``raw`` s of stream time; returns at once."""
        ...

    def self_report(self, event: SelfReportEvent) -> None:
        """Note an answer; returns at once."""
        ...


class StudySource:
    """A source beside which a study runs.

    The course has the session clock; in a replay that is faster or slower, as many seconds as the signal. At full speed
    its time is that of the signal itself, and its markers come between the chunks.

    Parameters
    ----------
    source : Source
    run : StudyRun
        Its course's time must be `course_time`.
    clock : Clock
        Session clock.
    """

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._speed = source.info.speed
        self._run: StudyRun | None = None
        self._session: MarkedSession | None = None
        self._reached = 0.0  # s of signal, at full speed
        self._due: list[Marker | SelfReportAnswer] | None = (
            None  # those that come before the next chunk, while one is awaited
        )
        self._chunk_time = 0.0
        self._over = Event()
        self._ticking: Thread | None = None

    @property
    def info(self) -> StreamInfo:
        """Of the source."""
        return self._source.info

    def now(self) -> float:
        """Time of the course, in s of signal."""
        return self._clock() * self._speed if isfinite(self._speed) else self._reached

    def connect(self, run: StudyRun, session: MarkedSession) -> None:
        """Run this study in this session."""
        self._run, self._session = run, session
        run.connect(self)

    def mark(self, text: str, time: float) -> None:
        """As `StudyNotes.mark`."""
        if self._due is not None:
            self._due.append(Marker(self._chunk_time, text, time))
        elif self._session is not None:
            self._session.mark(text, time / self._speed if isfinite(self._speed) else None)

    def self_report(self, answer: SelfReportAnswer) -> None:
        """As `StudyNotes.self_report`."""
        shown, time = answer.shown, answer.time
        if self._due is not None:
            at = self._chunk_time
            self._due.append(replace(answer, shown=at, time=at, raw_shown=shown, raw=time))
        elif self._session is not None:
            speed = self._speed if isfinite(self._speed) else 1.0
            self._session.self_report(replace(answer, shown=shown / speed, time=time / speed))

    def begin_baseline(self, seconds: float | None, time: float) -> None:
        """As `StudyNotes.begin_baseline`; at full speed it has begun when this returns."""
        if self._session is None:
            return
        if isfinite(self._speed):
            self._session.begin_baseline(seconds, time / self._speed)
            return
        begun = Event()
        self._session.begin_baseline(seconds, raw=time, on_begun=begun.set)
        begun.wait(BASELINE_WAIT_S)

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._ticking is not None:
            self._ticking.join()
        if self._run is not None:
            self._run.stop()
        self._source.__exit__(kind, error, trace)

    def close(self) -> None:
        """As `Source.close`."""
        self._source.close()

    def __iter__(self) -> Iterator[Chunk | StreamEvent]:
        run = self._run
        for item in self._source:
            if run is None:
                yield item
            elif not isfinite(self._speed):
                yield from self._at_full_speed(item, run)
                yield item
            else:
                yield item
                self._follow(item, run)  # after it, so that markers have a stream time from the first sample on

    def _follow(self, item: Chunk | StreamEvent, run: StudyRun) -> None:
        """Let the course see what the session has taken."""
        if isinstance(item, State) and item.state in _AWAY_STATES:
            run.device_away(away=True)
        elif len(item.samples) > 0 if isinstance(item, Chunk) else isinstance(item, Beats):
            run.device_away(away=False)
            run.tick()
            if self._ticking is None:  # a device may fall silent
                self._ticking = Thread(target=self._tick, args=(run,), name="study")
                self._ticking.start()

    def _at_full_speed(self, item: Chunk | StreamEvent, run: StudyRun) -> list[Marker | SelfReportAnswer]:
        """Markers of the course up to the end of a chunk, or up to another marker of the recording."""
        self._due, rate = [], self.info.rate
        try:
            if isinstance(item, Chunk) and rate:
                self._chunk_time = item.time
                if not self._reached:
                    self._reached = item.start / rate
                    run.tick()
                self._reached = item.stop / rate
                run.tick()
            elif isinstance(item, Marker) and item.raw is not None:
                run.tick()  # it comes before its chunk, even the first
                run.marker_came(item.raw, item.text)
            return self._due
        finally:
            self._due = None

    def _tick(self, run: StudyRun) -> None:
        while not self._over.wait(TICK_S):
            run.tick()


class StudyFollower:
    """A sink by which a study sees what comes from elsewhere than the source: markers, and gaps that the path finds.

    Parameters
    ----------
    run : StudyRun
    info : StreamInfo
    """

    name = "study"
    passive = True  # no session goes on for it alone

    def __init__(self, run: StudyRun, info: StreamInfo) -> None:
        self._run = run
        self._info = info

    def write(self, item: Item) -> None:
        """Take one item."""
        if isinstance(item, Gap) and not item.pause and self._info.rate:
            self._run.lost(item.lost / self._info.rate)
        elif isinstance(item, Marker) and isfinite(self._info.speed):
            self._run.marker_came(item.time * self._info.speed, item.text)

    def close(self) -> None:
        """End of the output."""
