"""One wearer's session: source -> path -> predictor -> sinks, until the source ends or the session is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from threading import Event, Thread

from ecg_live.errors import EcgLiveError
from ecg_live.events import (
    AuxiliarySamples,
    Beats,
    Chunk,
    Clock,
    Gap,
    Marker,
    SetChange,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.model.predictor import Predictor
from ecg_live.protocols import Recorder, Sink, Source
from ecg_live.results import HeadInfo, Item, Poll, Prediction, Snapshot, Summary, Window
from ecg_live.session_counters import SessionCounters
from ecg_live.session_requests import SessionRequests
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.sinks.dispatcher import Dispatcher
from ecg_live.sinks.display_buffer import DisplayBuffer

DEFAULT_BASELINE_S = 60.0  # of a baseline that is begun in mid-session


class Session:
    """Run a source through the signal path and the model into sinks.

    Signal is handled on one worker thread, requests (markers, recording, baseline) on another, so that they are served
    while a source is silent; sinks see one item at a time. A screen reads snapshots. A sink that raises is dropped with
    a message; the session ends when its output has no listener left: no screen, no sink and no recorder. An error ends
    the session and reaches every sink as one ``error`` state.

    Parameters
    ----------
    source : Source
    path : SignalPath or RrPath
    predictor : Predictor
    heads : sequence of HeadInfo
        Heads of the predictor.
    sinks : sequence of Sink
        Beside the screen, which is always there.
    clock : Clock
        Monotonic seconds.
    seconds : float, optional
        End after so much wall time, from the first sample on.
    recordings : callable, optional
        Opens a new recording at a path, or where it chooses for None; raises `RecordingError`.
    record : bool
        Record from `start` on.
    rest : float
        Seconds of a baseline that `begin_baseline` begins.
    watched : bool
        A screen polls the snapshots.
    """

    def __init__(
        self,
        source: Source,
        path: SignalPath | RrPath,
        predictor: Predictor,
        heads: Sequence[HeadInfo],
        sinks: Sequence[Sink],
        clock: Clock,
        seconds: float | None = None,
        *,
        recordings: Callable[[Path | None], Recorder] | None = None,
        record: bool = False,
        rest: float = DEFAULT_BASELINE_S,
        watched: bool = True,
    ) -> None:
        self._source = source
        self._path = path
        self._predictor = predictor
        self._clock = clock
        self.info: StreamInfo = source.info
        self.heads = tuple(heads)
        self._screen = DisplayBuffer(self.info.rate, clock)
        self._outputs = Dispatcher(self.info, self._screen, sinks, clock, self.stop, recordings, watched=watched)
        self._send = self._outputs.send
        self._requests = SessionRequests(self.info, predictor, self._outputs, clock, rest)
        self._counts = SessionCounters(self.info.rate, self.info.speed, clock)
        self._seconds = seconds
        self._sets: dict[str, str] = {}  # of each head at the last prediction
        self._stopping = Event()
        self._done = Event()
        self.summary: Summary | None = None
        self.error: EcgLiveError | None = None
        self.crash: BaseException | None = None
        self._record = record

    def start(self) -> None:
        """Run on a thread of its own.

        Raises
        ------
        RecordingError
            If it should record from the start and cannot.
        """
        if self._record:  # not before: what else is needed is there by now, and no empty recording is left
            self._outputs.begin_recording()
        Thread(target=self.run, name="session").start()

    def stop(self) -> None:
        """Ask the session to end; it still flushes and sums up."""
        self._stopping.set()
        self._source.close()

    def wait(self, timeout: float) -> bool:
        """Wait for the end; True once it came. Ends a session whose time is up, even when its source is silent."""
        if self._expired():
            self.stop()
        return self._done.wait(timeout)

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        """Return what is new for a screen."""
        return self._screen.poll(since)

    @property
    def can_record(self) -> bool:
        """Whether `record` can begin a recording."""
        return self._outputs.can_record

    @property
    def only_recorded(self) -> bool:
        """Whether a recording is all that is left of the output."""
        return self._outputs.only_recorded

    @property
    def recording(self) -> bool:
        """Whether a recording runs."""
        return self._outputs.recording

    @property
    def saved(self) -> bool:
        """Whether all markers that were noted by now are in a recording, or go into the running one."""
        return self._outputs.saved

    def screen_closed(self) -> None:
        """The screen is closed: go on for as long as the output has another listener, such as a recording."""
        self._outputs.screen_closed()

    def mark(self, text: str, time: float | None = None, on_noted: Callable[[Marker], object] | None = None) -> None:
        """Note a marker, now or at ``time`` on the session clock; returns at once.

        ``on_noted`` is called with the marker and its raw time, on another thread, once all sinks had it.
        """
        self._requests.mark(text, time, on_noted)

    def record_auxiliary(self, samples: AuxiliarySamples) -> None:
        """Pass on samples that are only recorded, from any thread; after the session's end they are dropped."""
        self._outputs.send_auxiliary(samples)

    def report(self, state: State) -> None:
        """Report a state of another part, such as a marker input; returns at once."""
        self._requests.report(state)

    def record(
        self, on: bool, path: Path | None = None, on_done: Callable[[EcgLiveError | None], object] | None = None
    ) -> None:
        """Begin a recording, or end it; returns at once.

        ``path`` is where it goes, by default as the session's settings say. ``on_done`` is called on another thread
        with the error that stood against it, or None: a file that has begun is open then, one that ended is closed.
        """
        self._requests.record(on, path, on_done)

    def begin_baseline(self) -> None:
        """Begin a resting baseline now; returns at once."""
        self._requests.begin_baseline()

    def run(self) -> None:
        """Run to the end on the calling thread; never raises, see `error` and `crash`."""
        self._requests.start()
        try:
            self._stream()
        except EcgLiveError as error:
            self._fail(error, error)
        except Exception as error:  # noqa: BLE001 - a worker's exception must reach the screen, whatever it is
            self.crash = error
            typed = EcgLiveError(f"unexpected {type(error).__name__}: {error}", "run again with --debug and report it")
            self._fail(typed, error)
        finally:
            self._requests.finish()
            self._finish()

    def _stream(self) -> None:
        try:
            with self._source as source:
                self._requests.warn_unchanged(self._predictor.heads_without_personal_set)
                for item in source:
                    self._process(item)
                    if self._stopping.is_set() or self._expired():
                        break
        finally:
            for output in self._path.flush():
                self._emit(output)
            if silence := self._counts.silence():
                self._emit(silence)

    def _process(self, item: Chunk | StreamEvent) -> None:
        if isinstance(item, Chunk):
            if not len(item.samples):
                return
            self._counts.arrive(item)
            self._send(item)
        elif isinstance(item, AuxiliarySamples):
            self._send(item)
            return
        elif isinstance(item, Gap):
            if item.pause:
                self._counts.pause(item)
        else:
            if isinstance(item, Beats) and self.info.rate == 0:
                self._counts.begin()
            self._send(item)  # the path reports gaps: it knows whether they were bridged
        for output in self._path.push(item) if isfinite(self.info.speed) else self._looked_ahead(item):
            self._emit(output)
        self._screen.count(self._path.samples, self._counts.lost)

    def _looked_ahead(self, item: Chunk | StreamEvent) -> Sequence[Item | Window]:
        """All outputs of the path at once, since nobody waits for the first; the predictor has seen their windows."""
        outputs = list(self._path.push(item))
        self._predictor.engine.look_ahead([output for output in outputs if isinstance(output, Window)])
        return outputs

    def _emit(self, output: Item | Window) -> None:
        if isinstance(output, Window):
            with self._outputs.lock:  # a baseline may be asked for meanwhile
                prediction, baseline_event = self._predict(output), self._predictor.baseline_event
            for change in self._set_changes(prediction):
                self._send(change)
            self._send(prediction)
            if baseline_event is not None:
                self._send(baseline_event)
            return
        if isinstance(output, Gap):
            self._counts.lose(output)
        if isinstance(output, Prediction):  # of a strap: it has no windows
            arrived = output.time + output.stop - output.start
            output = replace(output, latency=max(0.0, self._clock() - arrived))
            self._counts.predict(abstained=True)
        self._send(output)

    def _predict(self, window: Window) -> Prediction:
        heads = self._predictor.predict(window)
        self._counts.predict(abstained=all(head.abstain is not None for head in heads.values()))
        return Prediction(
            start=window.start,
            stop=window.stop,
            time=window.time,
            heads=heads,
            heart_rate=window.heart_rate,
            rmssd=window.rmssd,
            quality=window.quality,
            latency=max(0.0, self._clock() - self._counts.completed(window, self._path.delay)),
            beats=window.beats,
            features=self._predictor.features,
        )

    def _set_changes(self, prediction: Prediction) -> list[SetChange]:
        """Events for the heads that changed their set."""
        before, self._sets = self._sets, {name: head.set for name, head in prediction.heads.items()}
        time = prediction.time + prediction.stop - prediction.start
        return [
            SetChange(time, prediction.stop, name, before[name], which)
            for name, which in self._sets.items()
            if before.get(name, which) != which
        ]

    def _fail(self, typed: EcgLiveError, error: Exception) -> None:
        self.error = typed
        self._outputs.fail(State("error", str(typed), self._clock()), error)

    def _finish(self) -> None:
        if self.error is None:
            stopped = self._stopping.is_set() or self._expired()
            self._send(State("ended", "stopped" if stopped else "end of the recording", self._clock()))
        self.summary = self._counts.summary(self._path.samples)
        self._send(self.summary)
        self._outputs.close()
        self.error = self.error or self._outputs.error
        self._done.set()

    def _expired(self) -> bool:
        began = self._counts.began
        return self._seconds is not None and began is not None and self._clock() - began >= self._seconds
