"""Run the sessions of several wearers in one process: a thread for each source, one for all signal and results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import NamedTuple

from ecg_live.events import Chunk, Marker, State, StreamEvent
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.session import Session
from ecg_live.wearers.engine import Output, WearersEngine

QUEUED_ITEMS = 256  # of each wearer that may wait for the worker; a source that is faster waits, a device's queue then
MAX_GATHERING_S = 0.1  # that the worker gathers items while more come, before it computes
# A second of one wearer costs less among others. Live signal waits so long for theirs; no window is later by more.
PATIENCE_S, PATIENCE_PER_WEARER_S = 0.05, 0.002


class _Entered(NamedTuple):
    """The source was entered."""


class _Left(NamedTuple):
    """The source has ended, by itself or with an error."""

    error: Exception | None


_Arrival = Chunk | StreamEvent | _Entered | _Left


class _Member:
    """A session in a group, and what came from its source and was not processed yet."""

    def __init__(self, session: Session, engine: WearersEngine) -> None:
        self.session = session
        self.lane = engine.join(session.path, session.info)
        self.waiting: deque[_Arrival] = deque()
        self.failed: Exception | None = None

    @property
    def due(self) -> bool:
        """Whether there is something to compute."""
        return self.failed is None and self.lane.due

    def take_until_due(self) -> _Left | None:
        """Take items until there is something to compute; return the end of the source if it came."""
        while self.waiting and not self.due:
            item = self.waiting.popleft()
            if isinstance(item, _Left):
                return item
            if self.failed is None:
                self._attempt(self._take, item)
        return None

    def _take(self, item: Chunk | StreamEvent | _Entered) -> None:
        if isinstance(item, _Entered):
            self.session.entered()
        elif self.session.take(item):
            self.lane.add(item)

    def emit(self, outputs: Sequence[Output]) -> None:
        """Pass on outputs of the wearer's path; a failure ends this session alone."""
        if outputs:
            self._attempt(self._send, outputs)
        if self.lane.error is not None:
            self.fail(self.lane.error)

    def _send(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            self.session.emit(*output)
        self.session.count()

    def end(self, error: Exception | None, engine: WearersEngine) -> None:
        """End the session once its source was left."""
        self._attempt(lambda: self.emit(engine.leave(self.lane)))
        self._attempt(self.session.end_stream)
        if (reason := self.failed or error) is not None:
            self.session.fail(reason)
        self.session.finish()

    def fail(self, error: Exception) -> None:
        """Stop the source; the session ends with this error."""
        self.failed = self.failed or error
        self.session.stop()

    def _attempt(self, act: Callable[..., object], *arguments: object) -> None:
        try:
            act(*arguments)
        except Exception as error:  # noqa: BLE001 - it ends this wearer's session, and no other's
            self.fail(error)


class SessionGroup:
    """Sessions of several wearers, run together.

    Each has its own source, gaps, sets, sinks and recording, and ends by itself; none waits for another. The sessions
    must not be started themselves.

    Parameters
    ----------
    sessions : sequence of Session
        Their paths made for a batch.
    encoder : EncoderEngine
        Of the bundle that all sessions predict with.
    hop : float
        Seconds between windows, of all sessions.
    """

    def __init__(self, sessions: Sequence[Session], encoder: EncoderEngine, hop: float = 1.0) -> None:
        self.sessions = tuple(sessions)
        self._engine = WearersEngine(encoder, hop)
        self._members = [_Member(session, self._engine) for session in sessions]
        self._arrivals: Queue[tuple[int, _Arrival]] = Queue(QUEUED_ITEMS * len(self._members))
        live = all(session.info.speed == 1 for session in sessions)
        self._patience = min(PATIENCE_S, PATIENCE_PER_WEARER_S * len(self._members)) if live else 0.0
        self._done = Event()

    def start(self) -> None:
        """Run on threads of its own. A session whose recording cannot begin ends with that error."""
        Thread(target=self.run, name="wearers").start()

    def stop(self) -> None:
        """Ask all sessions to end; they still flush and sum up."""
        for session in self.sessions:
            session.stop()

    def wait(self, timeout: float) -> bool:
        """Wait for the end of all; True once it came. Ends sessions whose time is up, even of silent sources."""
        for session in self.sessions:
            session.wait(0)
        return self._done.wait(timeout)

    @property
    def saved(self) -> bool:
        """Whether all markers by now are in recordings, or go into running ones."""
        return all(session.saved for session in self.sessions)

    def mark(self, text: str, time: float | None = None, on_noted: Callable[[Marker], object] | None = None) -> None:
        """Note a marker in every session; ``on_noted`` is called once, when the last of them has noted it."""
        open_sessions = [session for session in self.sessions if not session.wait(0)]
        counted = None if on_noted is None else _last_call(on_noted, len(open_sessions))
        for session in open_sessions:
            session.mark(text, time, counted)

    def report(self, state: State) -> None:
        """Report a state of another part, such as a marker input, to every session."""
        for session in self.sessions:
            session.report(state)

    def run(self) -> None:
        """Run to the end of all sessions on the calling thread; never raises, see the sessions' `error` and `crash`."""
        with suppress(Exception):  # the first step has the same fault, and reports it
            self._engine.warm_up(len(self._members))
        for number, member in enumerate(self._members):
            member.session.begin()
            Thread(target=self._read, args=(number, member.session), name=f"source {number + 1}").start()
        running = set(range(len(self._members)))
        while running:
            if not any(self._members[number].waiting for number in running):  # what a fault left comes first
                self._gather()
            try:
                self._process(running)
            except Exception as error:  # noqa: BLE001 - whatever it is, no session may hang
                for number in running:
                    self._members[number].fail(error)
        self._done.set()

    def _read(self, number: int, session: Session) -> None:
        """Read a source to its end."""
        error: Exception | None = None
        try:
            session.begin_recording()
            with session.source as source:
                self._arrivals.put((number, _Entered()))
                for item in source:
                    self._arrivals.put((number, item))
                    if session.over:
                        break
        except Exception as raised:  # noqa: BLE001 - it ends this wearer's session, and no other's
            error = raised
        self._arrivals.put((number, _Left(error)))

    def _gather(self) -> None:
        """Wait for an item, and take those that come within a short time."""
        number, item = self._arrivals.get()
        begun = monotonic()
        while True:
            self._members[number].waiting.append(item)
            gathered = monotonic() - begun
            if gathered >= MAX_GATHERING_S:
                return
            try:
                number, item = self._arrivals.get(timeout=max(0.0, self._patience - gathered))
            except Empty:
                return

    def _process(self, running: set[int]) -> None:
        """Process all that waits, each wearer's in its order; take those whose sessions end out of ``running``."""
        active = [number for number in sorted(running) if self._members[number].waiting]
        while active:
            for number in active:
                if (left := self._members[number].take_until_due()) is not None:
                    running.discard(number)
                    self._members[number].end(left.error, self._engine)
            due = [self._members[number] for number in active if self._members[number].due]
            for member, outputs in zip(due, self._engine.step([member.lane for member in due]), strict=True):
                member.emit(outputs)
            active = [number for number in active if self._members[number].waiting and number in running]


def _last_call(act: Callable[[Marker], object], count: int) -> Callable[[Marker], object]:
    """Call ``act`` at the last of so many calls, from any threads."""
    lock, left = Lock(), [count]

    def call(marker: Marker) -> None:
        with lock:
            left[0] -= 1
            last = left[0] == 0
        if last:
            act(marker)

    return call
