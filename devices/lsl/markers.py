"""Markers that stimulus programs send by LSL, whenever they are started."""

from __future__ import annotations

import contextlib
import math
import socket
import time
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

import pylsl
from pylsl.util import TimeoutError as LslTimeout

from devices.lsl.inlet import CALL_TIMEOUT_S, CONNECTION_ERRORS, make_inlet, subscribe
from devices.lsl.resolve import FORGET_AFTER_S, ResolvedStream, distinct
from devices.lsl.sample_loss import MAX_FUTURE_STAMP_S, MAX_LOSS_S
from devices.marker_text import marker_text
from ecg_live.events import Clock, State, StateName
from ecg_live.lsl_library import clock_offset

ALL_STREAMS = "all"
_POLL_INTERVAL_S = 0.05  # s between two looks for markers; their own stamps say when they were
_MISSING_AFTER_S = 2.0  # s that a stream may take to be found before that is told
_RETRY_AFTER_S = 5.0  # s until a stream that broke is tried again
_MAX_MARKERS_PER_PULL = 1024  # markers at once
_OWN_SOURCE_ID_PREFIX = "ecg-live:"  # begins the source ids of our own output
_JOIN_TIMEOUT_S = 1.0  # s that leaving waits for the thread


class LslMarkers:
    """Follow marker streams: irregular ones, of text, or of any format where their type says markers.

    They may be started, killed and started again while this runs. Our own output on this machine is left out, since it
    holds the session's own markers; ``all`` leaves out that of other machines too, or two sessions would echo.

    Parameters
    ----------
    name : str
        Which stream, or ``all``.
    mark : callable
        Takes text and time on the session clock (s).
    tell : callable
        Takes states: ``markers`` when a stream is followed, ``markers_missing`` when none is.
    clock : Clock
        Session clock.
    """

    def __init__(
        self,
        name: str,
        mark: Callable[[str, float], None],
        tell: Callable[[State], object],
        clock: Clock = time.monotonic,
    ) -> None:
        self._name, self._mark, self._tell, self._clock = name.strip(), mark, tell, clock
        self._wants_all = self._name.casefold() == ALL_STREAMS
        self._offset = clock_offset(clock)
        self._host = socket.gethostname()
        self._stopping = Event()
        self._inlets: dict[str, tuple[str, pylsl.StreamInlet]] = {}  # and the streams' names
        self._joining: dict[str, Thread] = {}
        self._broken: dict[str, float] = {}  # when
        self._foreign: set[str] = set()  # streams whose stamps are on another clock, as was told
        self._thread = Thread(target=self._run, name="LSL markers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the markers that are there, and end."""
        self._stopping.set()
        self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        resolver = pylsl.ContinuousResolver(forget_after=FORGET_AFTER_S)
        overdue: float | None = time.monotonic() + _MISSING_AFTER_S
        while not self._stopping.wait(_POLL_INTERVAL_S):
            if overdue is not None and time.monotonic() > overdue:
                overdue = None
                self._miss("no marker stream is there" if self._wants_all else f"no marker stream {self._name}")
            for found in distinct(resolver.results()):
                if self._wants(found):
                    self._join(found)
            overdue = None if self._inlets else overdue
            self._drain()
        for thread in list(self._joining.values()):
            thread.join(2 * CALL_TIMEOUT_S)
        self._drain()
        self._inlets.clear()

    def _wants(self, found: ResolvedStream) -> bool:
        uid, own = found.uid(), found.source_id().startswith(_OWN_SOURCE_ID_PREFIX)
        if (
            uid in self._inlets
            or uid in self._joining
            or time.monotonic() - self._broken.get(uid, -math.inf) < _RETRY_AFTER_S
        ):
            return False
        if found.nominal_srate() != pylsl.IRREGULAR_RATE or (own and found.hostname() == self._host):
            return False
        if not self._wants_all:
            return found.name().casefold() == self._name.casefold()
        return not own and (found.channel_format() == pylsl.cf_string or "marker" in found.type().casefold())

    def _join(self, found: ResolvedStream) -> None:
        """Follow a stream, on a thread of its own: to learn a clock takes 0.6 s, and others send meanwhile."""
        thread = Thread(target=self._follow, args=(found,), name=f"LSL markers {found.name()}", daemon=True)
        self._joining[found.uid()] = thread
        thread.start()

    def _follow(self, found: ResolvedStream) -> None:
        uid = found.uid()
        try:
            inlet = make_inlet(found, synced=True)
            self._subscribe(inlet)
            if not self._stopping.is_set():
                self._say("markers", f"markers of {found.name()} on {found.hostname()} come in")
            self._inlets[uid] = found.name(), inlet
        except CONNECTION_ERRORS:
            self._broken[uid] = time.monotonic()
        finally:
            del self._joining[uid]

    def _subscribe(self, inlet: pylsl.StreamInlet) -> None:
        """Keep at it while the other end lives: what it sends meanwhile waits in the inlet. Raises `LostError`."""
        joined = False
        while not joined and not self._stopping.is_set():
            with contextlib.suppress(LslTimeout):
                subscribe(inlet, self._stopping)
                joined = True

    def _drain(self) -> None:
        """Pass on what has come, in order of time."""
        marks: list[tuple[float, str]] = []
        for uid, (name, inlet) in list(self._inlets.items()):
            try:
                values, stamps = inlet.pull_chunk(0.0, _MAX_MARKERS_PER_PULL)
            except CONNECTION_ERRORS:
                del self._inlets[uid]
                self._broken[uid] = time.monotonic()
                self._lose(name)
                continue
            now = self._clock()
            for row, stamp in zip(values.tolist(), stamps.tolist(), strict=True):
                when = stamp + self._offset
                if not -MAX_FUTURE_STAMP_S <= now - when <= MAX_LOSS_S:  # as with signals; it may be no number at all
                    self._warn_of_clock(uid, name, when - now)
                    when = now
                marks.append((when, marker_text(row)))
        for when, text in sorted(marks):
            self._mark(text, when)

    def _warn_of_clock(self, uid: str, name: str, off: float) -> None:
        if uid not in self._foreign:
            self._foreign.add(uid)
            said = f"its stamps are {off:+.6g} s off" if math.isfinite(off) else "its stamps are no times"
            self._say(
                "warning",
                f"marker stream {name}: {said}, on another clock than LSL's; its markers are noted "
                "when they come; stamp them with local_clock, or not at all",
            )

    def _lose(self, name: str) -> None:
        if self._inlets:
            self._say("warning", f"marker stream {name} is gone; others go on")
        else:
            self._miss(f"marker stream {name} is gone")

    def _miss(self, what: str) -> None:
        self._say(
            "markers_missing", f"{what}: its markers are not noted until it is there; start it or check --markers"
        )

    def _say(self, state: StateName, detail: str) -> None:
        self._tell(State(state, detail, self._clock()))
