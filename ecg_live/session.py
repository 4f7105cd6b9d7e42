"""One worker: source -> path -> predictor -> sinks, until the source ends or somebody stops it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from threading import Event as Flag
from threading import Thread

from ecg_live.errors import EcgLiveError
from ecg_live.model.predictor import Predictor
from ecg_live.signal.path import SignalPath
from ecg_live.sinks.screen import Screen
from ecg_live.types import (
    Chunk,
    Clock,
    Event,
    Gap,
    HeadInfo,
    Item,
    Poll,
    Prediction,
    Sink,
    Snapshot,
    Source,
    State,
    StreamInfo,
    Summary,
    Window,
)


class Session:
    """Run a source through the signal path and the model into sinks.

    Everything happens on one worker thread; a screen reads snapshots. A sink that raises is dropped with a message; the
    session ends when the last one is gone. An error ends the session and reaches every sink as one ``error`` state.

    Parameters
    ----------
    source : Source
    path : SignalPath
    predictor : Predictor
    heads : sequence of HeadInfo
        What the predictor answers.
    sinks : sequence of Sink
        Beside the screen, which is always there.
    clock : Clock
        Monotonic seconds.
    seconds : float, optional
        End after so much wall time, from the first sample on.
    """

    def __init__(
        self,
        source: Source,
        path: SignalPath,
        predictor: Predictor,
        heads: Sequence[HeadInfo],
        sinks: Sequence[Sink],
        clock: Clock,
        seconds: float | None = None,
    ) -> None:
        self._source, self._path, self._predictor, self._clock = source, path, predictor, clock
        self.info: StreamInfo = source.info
        self.heads = tuple(heads)
        self._screen = Screen(self.info.rate, clock)
        self._sinks: list[Sink] = list(sinks)
        self._alone = not self._sinks  # nobody but the screen was ever there
        self._seconds = seconds
        self._began: float | None = None
        self._arrivals = ((0.0, 0.0), (0.0, 0.0))  # raw time (s) and arrival of the last two chunks
        self._stopping, self._done = Flag(), Flag()
        self._lost = self._windows = self._abstained = 0
        self.summary: Summary | None = None
        self.error: EcgLiveError | None = None
        self._unclosed: EcgLiveError | None = None
        self.crash: BaseException | None = None

    def start(self) -> None:
        """Run on a thread of its own."""
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
        """Give a screen what is new."""
        return self._screen.poll(since)

    def run(self) -> None:
        """Run to the end on the calling thread; never raises, see `error` and `crash`."""
        try:
            self._stream()
        except EcgLiveError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a worker's exception must reach the screen, whatever it is
            self.crash = error
            self._fail(
                EcgLiveError(f"unexpected {type(error).__name__}: {error}", "run again with --debug and report it")
            )
        finally:
            self._finish()

    def _stream(self) -> None:
        try:
            with self._source as source:
                for name in self._predictor.unchanged:
                    detail = f"head {name} has no personal set: --baseline changes nothing"
                    self._send(State("warning", detail, self._clock()))
                for item in source:
                    self._take(item)
                    if self._stopping.is_set() or self._expired():
                        break
        finally:
            for output in self._path.flush():
                self._give(output)

    def _take(self, item: Chunk | Event) -> None:
        now = self._clock()
        if isinstance(item, Chunk):
            if self._began is None and len(item.samples):
                self._began = now
            arrived = now if isnan(item.arrived) else min(item.arrived, now)
            self._arrivals = self._arrivals[1], (item.start / self.info.rate, arrived)
            self._send(item)
        elif not isinstance(item, Gap):
            self._send(item)  # gaps are the path's to tell: it knows whether they were bridged
        for output in self._path.push(item):
            self._give(output)
        self._screen.count(self._path.samples, self._lost)

    def _give(self, output: Item | Window) -> None:
        if isinstance(output, Window):
            self._send(self._predict(output))
            if self._predictor.news is not None:
                self._send(self._predictor.news)
            return
        if isinstance(output, Gap):
            self._lost += output.lost
        self._send(output)

    def _predict(self, window: Window) -> Prediction:
        heads = self._predictor.predict(window)
        self._windows += 1
        self._abstained += all(head.abstain is not None for head in heads.values())
        return Prediction(
            start=window.start,
            stop=window.stop,
            time=window.time,
            heads=heads,
            heart_rate=window.heart_rate,
            rmssd=window.rmssd,
            quality=window.quality,
            latency=max(0.0, self._clock() - self._complete(window)),
            beats=window.beats,
        )

    def _complete(self, window: Window) -> float:
        """When the chunk came that completed a window: before a gap not the one that ended the gap."""
        (_, before), (start, last) = self._arrivals
        return before if window.stop + self._path.delay <= start else last

    def _send(self, item: Item) -> None:
        self._screen.write(item)
        broken: list[tuple[Sink, Exception]] = []
        for sink in self._sinks:
            try:
                sink.write(item)
            except Exception as error:  # noqa: BLE001 - no sink may end a session
                broken.append((sink, error))
        if broken:
            self._drop(broken)

    def _drop(self, broken: Sequence[tuple[Sink, Exception]]) -> None:
        gone = [sink for sink, _ in broken]
        self._sinks = [sink for sink in self._sinks if sink not in gone]
        last = not self._sinks and not self._alone
        for sink, error in broken:
            self._close(sink)
            if self.summary is None:  # nothing comes after the summary
                self._send(State("warning", f"{sink.name} stopped: {error}", self._clock()))
            if (last or self.summary) and not isinstance(error, BrokenPipeError):  # a reader may leave when it likes
                self._unclosed = EcgLiveError(f"{sink.name} stopped: {error}", "check what it wrote")
        if last:
            self.stop()

    def _close(self, sink: Sink) -> None:
        """What does not close may have lost data: that is the session's error, if it has no other."""
        try:
            sink.close()
        except Exception as error:  # noqa: BLE001 - the others must be closed as well
            self._unclosed = EcgLiveError(f"{sink.name} did not close: {error}", "check what it wrote")

    def _fail(self, error: EcgLiveError) -> None:
        self.error = error
        self._send(State("error", str(error), self._clock()))

    def _finish(self) -> None:
        if self.error is None:
            stopped = self._stopping.is_set() or self._expired()
            self._send(State("ended", "stopped" if stopped else "end of the recording", self._clock()))
        wall = self._clock() - self._began if self._began is not None else 0.0
        length = (self._path.samples + self._lost) / self.info.rate
        self.summary = Summary(
            samples=self._path.samples,
            lost=self._lost,
            windows=self._windows,
            predictions=self._windows,
            abstained=self._abstained,
            wall=wall,
            speed=length / wall if wall > 0 else 0.0,
        )
        self._send(self.summary)
        for sink in self._sinks:
            self._close(sink)
        self.error = self.error or self._unclosed
        self._done.set()

    def _expired(self) -> bool:
        return self._seconds is not None and self._began is not None and self._clock() - self._began >= self._seconds
