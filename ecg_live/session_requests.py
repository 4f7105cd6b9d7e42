"""Requests to a running session: markers, recordings, a baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from ecg_live.constants import NO_ECG
from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock, Marker, SelfReportEvent, State, StreamInfo
from ecg_live.model.predictor import Predictor
from ecg_live.sinks.dispatcher import Dispatcher


class SessionRequests:
    """Serve requests in order, on an own thread, so that they do not wait for a silent source.

    Parameters
    ----------
    info : StreamInfo
    predictor : Predictor
    outputs : Fanout
    clock : Clock
        Session clock.
    rest : float
        Seconds of a baseline that `begin_baseline` begins.
    """

    def __init__(self, info: StreamInfo, predictor: Predictor, outputs: Dispatcher, clock: Clock, rest: float) -> None:
        self._info = info
        self._predictor = predictor
        self._outputs = outputs
        self._clock = clock
        self._rest = rest
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="session-requests")

    def start(self) -> None:
        """Serve the requests that were made before, and later ones."""
        self._thread.start()

    def finish(self) -> None:
        """Serve the requests that were made by now, and no more; returns when that is done."""
        self._waiting.put(None)
        self._thread.join()

    def mark(self, text: str, time: float | None, on_noted: Callable[[Marker], object] | None) -> None:
        """As `Session.mark`."""
        marker = Marker(self._clock() if time is None else time, text)
        self._waiting.put(lambda: self._mark(marker, on_noted))

    def self_report(self, event: SelfReportEvent) -> None:
        """As `Session.self_report`."""
        self._waiting.put(lambda: self._outputs.send(event))

    def report(self, state: State) -> None:
        """As `Session.report`."""
        self._waiting.put(lambda: self._outputs.send(state))

    def record(
        self, on: bool, path: Path | None = None, on_done: Callable[[EcgLiveError | None], object] | None = None
    ) -> None:
        """As `Session.record`."""
        self._waiting.put(lambda: self._switch_recording(on, path, on_done or (lambda _: None)))

    def begin_baseline(
        self,
        seconds: float | None = None,
        time: float | None = None,
        raw: float | None = None,
        on_begun: Callable[[], object] | None = None,
    ) -> None:
        """As `Session.begin_baseline`."""
        asked = self._clock() if time is None else time
        rest = self._rest if seconds is None else seconds

        def begin() -> None:
            self._rest_since(rest, asked, raw)
            if on_begun is not None:
                on_begun()

        self._waiting.put(begin)

    def warn_unchanged(self, heads: Sequence[str]) -> None:
        """Warn of heads that a baseline does not change."""
        if not self._info.channels and (heads or self._predictor.baseline_pending):
            self._warn(f"{NO_ECG}: a baseline changes nothing")
            return
        for name in heads:
            held = self._predictor.holds_personal_set(name)
            why = "has a personal set that is not shown to help" if held else "has no personal set"
            self._warn(f"head {name} {why}: a baseline changes nothing")

    def _serve(self) -> None:
        while (request := self._waiting.get()) is not None:
            try:
                request()
            except Exception as error:  # noqa: BLE001 - later requests are served all the same
                detail = f"unexpected {type(error).__name__}: {error}"
                self._outputs.fail(State("warning", detail, self._clock()), error)

    def _warn(self, detail: str) -> None:
        self._outputs.send(State("warning", detail, self._clock()))

    def _mark(self, marker: Marker, on_noted: Callable[[Marker], object] | None) -> None:
        with self._outputs.lock:
            marker = self._outputs.with_stream_time(marker)
            self._outputs.send(marker)
        if on_noted is not None:
            on_noted(marker)

    def _switch_recording(self, on: bool, path: Path | None, on_done: Callable[[EcgLiveError | None], object]) -> None:
        error: EcgLiveError | None = None
        try:
            if on:
                self._outputs.begin_recording(path)
            else:
                error = self._outputs.end_recording()
        except EcgLiveError as refused:
            error = refused
            self._outputs.fail(State("recording_failed", str(error), self._clock()), error)
        on_done(error)

    def _rest_since(self, rest: float, asked: float, raw: float | None) -> None:
        with self._outputs.lock:
            since = self._outputs.raw_time(asked) if raw is None else raw
            self.warn_unchanged(self._predictor.begin_baseline(rest, -inf if since is None else since))
