"""Markers from LSL streams, which may start, end and restart during the session."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

import pylsl

from devices.lsl.inlet import CALL_TIMEOUT_S, CONNECTION_ERRORS, make_inlet, subscribe_persistently
from devices.lsl.resolve import FORGET_AFTER_S, ResolvedStream, distinct
from devices.lsl.sample_loss import is_of_session_clock
from devices.marker_text import marker_text
from ecg_live.events import Clock, State, StateName
from ecg_live.lsl_library import clock_offset

ALL_STREAMS = "all"
_POLL_INTERVAL_S = 0.05  # markers carry their own timestamps
_MISSING_AFTER_S = 2.0  # before a stream is reported as missing
_RETRY_AFTER_S = 5.0  # after a connection broke
_MAX_MARKERS_PER_PULL = 1024
_OWN_SOURCE_ID_PREFIX = "ecg-live:"  # of this program's LSL output
_JOIN_TIMEOUT_S = 1.0


class LslMarkers:
    """Follow marker streams: irregular streams of text, or of any format if their type contains "marker".

    They may start, be killed and restart meanwhile. This program's own output on this machine is excluded, since it
    holds the session's own markers; ``all`` excludes it on other machines too, or two sessions would echo.

    Parameters
    ----------
    name : str
        Name of a stream, or ``all``.
    on_marker : callable
        Called with text and time on the session clock (s).
    on_state : callable
        Called with states: ``markers`` when a stream is followed, ``markers_missing`` when none is.
    clock : Clock
        Session clock in s.
    """

    def __init__(
        self,
        name: str,
        on_marker: Callable[[str, float], None],
        on_state: Callable[[State], object],
        clock: Clock = time.monotonic,
    ) -> None:
        self._name = name.strip()
        self._on_marker = on_marker
        self._on_state = on_state
        self._clock = clock
        self._follow_all = self._name.casefold() == ALL_STREAMS
        self._offset = clock_offset(clock)
        self._host = socket.gethostname()
        self._stopping = Event()
        self._inlets: dict[str, tuple[str, pylsl.StreamInlet]] = {}  # name and inlet, by UID
        self._pending: dict[str, Thread] = {}
        self._broken_at: dict[str, float] = {}  # by UID
        self._foreign_clocks: set[str] = set()  # UIDs of streams with timestamps on another clock, already reported
        self._thread = Thread(target=self._run, name="LSL markers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deliver the markers received so far, and end."""
        self._stopping.set()
        self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        resolver = pylsl.ContinuousResolver(forget_after=FORGET_AFTER_S)
        missing_at: float | None = time.monotonic() + _MISSING_AFTER_S
        while not self._stopping.wait(_POLL_INTERVAL_S):
            if missing_at is not None and time.monotonic() > missing_at:
                missing_at = None
                self._report_missing("no marker stream" if self._follow_all else f"no marker stream {self._name}")
            for found in distinct(resolver.results()):
                if self._is_wanted(found):
                    self._start_following(found)
            missing_at = None if self._inlets else missing_at
            self._drain()
        for thread in list(self._pending.values()):
            thread.join(2 * CALL_TIMEOUT_S)
        self._drain()
        self._inlets.clear()

    def _is_wanted(self, found: ResolvedStream) -> bool:
        uid, own = found.uid(), found.source_id().startswith(_OWN_SOURCE_ID_PREFIX)
        broke_recently = time.monotonic() - self._broken_at.get(uid, -math.inf) < _RETRY_AFTER_S
        if uid in self._inlets or uid in self._pending or broke_recently:
            return False
        if found.nominal_srate() != pylsl.IRREGULAR_RATE or (own and found.hostname() == self._host):
            return False
        if not self._follow_all:
            return found.name().casefold() == self._name.casefold()
        return not own and (found.channel_format() == pylsl.cf_string or "marker" in found.type().casefold())

    def _start_following(self, found: ResolvedStream) -> None:
        """Connect to a stream on its own thread: measuring a clock takes 0.6 s, and other streams send meanwhile."""
        thread = Thread(target=self._follow, args=(found,), name=f"LSL markers {found.name()}", daemon=True)
        self._pending[found.uid()] = thread
        thread.start()

    def _follow(self, found: ResolvedStream) -> None:
        uid = found.uid()
        try:
            inlet = make_inlet(found, synced=True)
            subscribe_persistently(inlet, self._stopping)
            if not self._stopping.is_set():
                self._report_state("markers", f"markers of {found.name()} on {found.hostname()} come in")
            self._inlets[uid] = found.name(), inlet
        except CONNECTION_ERRORS:
            self._broken_at[uid] = time.monotonic()
        finally:
            del self._pending[uid]

    def _drain(self) -> None:
        """Deliver the received markers of all streams, sorted by time."""
        received: list[tuple[float, str]] = []
        for uid, (name, inlet) in list(self._inlets.items()):
            try:
                values, stamps = inlet.pull_chunk(0.0, _MAX_MARKERS_PER_PULL)
            except CONNECTION_ERRORS:
                del self._inlets[uid]
                self._broken_at[uid] = time.monotonic()
                self._report_lost(name)
                continue
            now = self._clock()
            for row, stamp in zip(values.tolist(), stamps.tolist(), strict=True):
                marker_time = stamp + self._offset
                if not is_of_session_clock(marker_time, now):
                    self._warn_of_foreign_clock(uid, name, marker_time - now)
                    marker_time = now
                received.append((marker_time, marker_text(row)))
        for marker_time, text in sorted(received):
            self._on_marker(text, marker_time)

    def _warn_of_foreign_clock(self, uid: str, name: str, off: float) -> None:
        if uid not in self._foreign_clocks:
            self._foreign_clocks.add(uid)
            problem = f"its stamps are {off:+.6g} s off" if math.isfinite(off) else "its stamps are not times"
            self._report_state(
                "warning",
                f"marker stream {name}: {problem}, on another clock than LSL's; its markers are noted "
                "when they come; stamp them with local_clock, or not at all",
            )

    def _report_lost(self, name: str) -> None:
        if self._inlets:
            self._report_state("warning", f"marker stream {name} is gone; others go on")
        else:
            self._report_missing(f"marker stream {name} is gone")

    def _report_missing(self, reason: str) -> None:
        self._report_state(
            "markers_missing", f"{reason}: its markers are not noted until it is there; start it or check --markers"
        )

    def _report_state(self, state: StateName, detail: str) -> None:
        self._on_state(State(state, detail, self._clock()))
