"""One wearer's session: source -> path -> predictor -> sinks, until the source ends or the session is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path
from threading import Event, Thread

from ecg_live.errors import EcgLiveError
from ecg_live.events import (
    F32,
    AuxiliarySamples,
    Chunk,
    Clock,
    Marker,
    SelfReportEvent,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.model.predictor import Predictor
from ecg_live.protocols import Recorder, Sink, Source
from ecg_live.results import HeadInfo, Item, Poll, Snapshot, Summary, Window
from ecg_live.session_requests import SessionRequests
from ecg_live.session_results import SessionResults, goes_to_path
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.signal.sliding_hrv import DEFAULT_SPAN_S
from ecg_live.sinks.dispatcher import Dispatcher
from ecg_live.sinks.display_buffer import KEPT_S, DisplayBuffer

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
    kept_s : float
        Seconds of output that a screen which falls behind still finds.
    hrv_span : float
        Seconds that heart rate variability looks back.
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
        kept_s: float = KEPT_S,
        hrv_span: float = DEFAULT_SPAN_S,
    ) -> None:
        self.source = source
        self.path = path
        self._predictor = predictor
        self._clock = clock
        self.info: StreamInfo = source.info
        self.heads = tuple(heads)
        self._screen = DisplayBuffer(self.info.rate, clock, kept_s)
        self._outputs = Dispatcher(self.info, self._screen, sinks, clock, self.stop, recordings, watched=watched)
        self._send = self._outputs.send
        self._requests = SessionRequests(self.info, predictor, self._outputs, clock, rest)
        self._results = SessionResults(self.info, path, predictor, clock, hrv_span)
        self._seconds = seconds
        self._stopping = Event()
        self._done = Event()
        self.summary: Summary | None = None
        self.error: EcgLiveError | None = None
        self.crash: BaseException | None = None
        self._record = record
        self._prepared = False

    def start(self) -> None:
        """Run on a thread of its own.

        Raises
        ------
        RecordingError
            If it should record from the start and cannot.
        """
        self.begin_recording()
        Thread(target=self.run, name="session").start()

    def begin_recording(self) -> None:
        """Begin the recording that runs from the start, if there shall be one.

        Raises
        ------
        RecordingError
            It cannot be opened.
        """
        if self._record:  # not before: what else is needed is there by now, and no empty recording is left
            self._outputs.begin_recording()

    def stop(self) -> None:
        """Ask the session to end; it still flushes and sums up."""
        self._stopping.set()
        self.source.close()

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
        """Whether all markers and answers that were noted by now are in a recording, or go into the running one."""
        return self._outputs.saved

    def screen_closed(self) -> None:
        """The screen is closed: go on for as long as the output has another listener, such as a recording."""
        self._outputs.screen_closed()

    def mark(self, text: str, time: float | None = None, on_noted: Callable[[Marker], object] | None = None) -> None:
        """Note a marker, now or at ``time`` on the session clock; returns at once.

        ``on_noted`` is called with the marker and its raw time, on another thread, once all sinks had it.
        """
        self._requests.mark(text, time, on_noted)

    def self_report(self, event: SelfReportEvent) -> None:
        """Note an answer of the participant, or a sample of a continuous rating; returns at once."""
        self._requests.self_report(event)

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

    def begin_baseline(
        self,
        seconds: float | None = None,
        time: float | None = None,
        raw: float | None = None,
        on_begun: Callable[[], object] | None = None,
    ) -> None:
        """Begin a resting baseline; returns at once.

        Parameters
        ----------
        seconds : float, optional
            Of rest, in place of the session's own.
        time : float, optional
            When the rest began, on the session clock; now without it.
        raw : float, optional
            The same in s of stream time, in place of ``time``.
        on_begun : callable, optional
            Called on another thread once the next window may be part of it.
        """
        self._requests.begin_baseline(seconds, time, raw, on_begun)

    def run(self) -> None:
        """Run to the end on the calling thread; never raises, see `error` and `crash`."""
        self.begin()
        try:
            self._stream()
        except Exception as error:  # noqa: BLE001 - a worker's exception must reach the screen, whatever it is
            self.fail(error)
        finally:
            self.finish()

    def begin(self) -> None:
        """Begin to serve requests. Whoever calls this runs the session: see `take`, `emit` and `finish`."""
        self._requests.start()

    def entered(self) -> None:
        """Note that the source was entered."""
        self._requests.warn_unchanged(self._predictor.heads_without_personal_set)

    def take(self, item: Chunk | StreamEvent) -> bool:
        """Count and pass on an item of the source; whether the path shall take it."""
        if self._results.arrive(item):
            self._send(item)
        for interval in self._results.of_item(item):
            self._send(interval)
        return goes_to_path(item)

    def emit(self, output: Item | Window, embedding: F32 | None = None) -> None:
        """Pass on an output of the path; a window as its prediction, with its ``embedding`` (e,) if it is known."""
        if isinstance(output, Window):
            with self._outputs.lock:  # a baseline may be asked for meanwhile
                items = list(self._results.of_window(output, embedding))
            for item in items:
                self._send(item)
        else:
            for item in self._results.of_output(output):
                self._send(item)

    def count(self) -> None:
        """Show how many samples came and were lost by now."""
        self._screen.count(self.path.samples, self._results.counts.lost)

    @property
    def over(self) -> bool:
        """Whether the session shall end: it was stopped, or its time is up."""
        return self._stopping.is_set() or self._expired()

    def _stream(self) -> None:
        try:
            with self.source as source:
                self.entered()
                for item in source:
                    if self.take(item):
                        for output in self.path.push(item) if isfinite(self.info.speed) else self._looked_ahead(item):
                            self.emit(output)
                        self.count()
                        self._prepare_encoder()
                    if self.over:
                        break
        finally:
            for output in self.path.flush():
                self.emit(output)
            self.end_stream()

    def _prepare_encoder(self) -> None:
        """Load the encoder after a second of ECG, when a screen has its frame, long before the first window."""
        if not self._prepared and self.path.samples >= self.info.rate:
            self._prepared = True
            self._predictor.engine.prepare()

    def _looked_ahead(self, item: Chunk | StreamEvent) -> Sequence[Item | Window]:
        """All outputs of the path at once, since nobody waits for the first; the predictor has seen their windows."""
        outputs = list(self.path.push(item))
        self._predictor.engine.look_ahead([output for output in outputs if isinstance(output, Window)])
        return outputs

    def end_stream(self) -> None:
        """Pass on RR intervals that waited for later ones, and a gap if the device was silent until the end."""
        for item in self._results.of_end():
            self._send(item)
        if silence := self._results.counts.silence():
            self.emit(silence)

    def fail(self, error: Exception) -> None:
        """Report the error that ends the session."""
        if isinstance(error, EcgLiveError):
            self._fail(error, error)
            return
        self.crash = error
        typed = EcgLiveError(f"unexpected {type(error).__name__}: {error}", "run again with --debug and report it")
        self._fail(typed, error)

    def finish(self) -> None:
        """End the session: serve what was asked for by now, sum up, and close the sinks."""
        self._requests.finish()
        self._finish()

    def _fail(self, typed: EcgLiveError, error: Exception) -> None:
        self.error = typed
        self._outputs.fail(State("error", str(typed), self._clock()), error)

    def _finish(self) -> None:
        if self.error is None:
            self._send(State("ended", "stopped" if self.over else "end of the recording", self._clock()))
        self.summary = self._results.summary()
        self._send(self.summary)
        self._outputs.close()
        self.error = self.error or self._outputs.error
        self._done.set()

    def _expired(self) -> bool:
        began = self._results.counts.began
        return self._seconds is not None and began is not None and self._clock() - began >= self._seconds
