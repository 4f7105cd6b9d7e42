"""Dispatch items to the screen and all sinks; a sink that fails is dropped, a recorder may begin and end."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from threading import RLock
from typing import TypeVar

from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.events import (
    STATES,
    AffectRating,
    AuxiliarySamples,
    Chunk,
    Clock,
    Marker,
    SelfReportAnswer,
    State,
    StreamInfo,
)
from ecg_live.protocols import Recorder, Sink
from ecg_live.results import Item, Summary
from ecg_live.sinks.disk_watch import DiskWatch
from ecg_live.sinks.display_buffer import DisplayBuffer

_log = logging.getLogger(__name__)

MAX_CARRIED_MARKERS = 100_000  # and answers, that wait for a recording: some 20 MB
_Timed = TypeVar("_Timed", bound=Marker | SelfReportAnswer | AffectRating)


class Dispatcher:
    """Dispatch items, from any thread.

    A sink that raises is dropped with a message. The failure of a recorder is an alarm, and the others go on as long as
    a screen is watched, a sink is left or a recording runs. A screen that raises misses that item only. Markers
    and answers that are in no recording, or in one that failed, are carried into the next; a file that lacks its
    footers only has them.

    Parameters
    ----------
    info : StreamInfo
    screen : Screen
        Always there.
    sinks : sequence of Sink
    clock : Clock
    on_no_listener : callable
        Called when the output has no listener left.
    recordings : callable, optional
        Opens a new recording at a path, or where it chooses for None; raises `RecordingError`.
    watched : bool
        The screen is watched.
    """

    def __init__(
        self,
        info: StreamInfo,
        screen: DisplayBuffer,
        sinks: Sequence[Sink],
        clock: Clock,
        on_no_listener: Callable[[], None],
        recordings: Callable[[Path | None], Recorder] | None = None,
        *,
        watched: bool = True,
    ) -> None:
        self._info = info
        self._screen = screen
        self._clock = clock
        self._on_no_listener = on_no_listener
        self._sinks: list[Sink] = list(sinks)
        self._recordings = recordings
        self._watched = watched
        self._recorder: Recorder | None = None
        self._disk_watch = DiskWatch()
        self._newest: Chunk | None = None
        # in no recording that has ended well
        self._markers: deque[Marker | SelfReportAnswer] = deque(maxlen=MAX_CARRIED_MARKERS)
        self._screen_failed = False  # which was announced
        self._over = False  # nothing comes after the summary
        self._logged = ""  # name of the state that was logged last
        self.lock = RLock()
        self.error: EcgLiveError | None = None  # of a sink that may have lost data

    @property
    def can_record(self) -> bool:
        """Whether a recording can begin."""
        return self._recordings is not None

    @property
    def only_recorded(self) -> bool:
        """Whether a recording is all that is left of the output."""
        with self.lock:
            return self._recorder is not None and self._no_listener()

    @property
    def recording(self) -> bool:
        """Whether a recording runs."""
        with self.lock:
            return self._recorder is not None

    @property
    def saved(self) -> bool:
        """Whether all markers and answers by now are in a recording."""
        with self.lock:
            return self._recorder is not None or not self._markers

    def screen_closed(self) -> None:
        """Note that the screen is closed."""
        with self.lock:
            self._watched = False
            self._stop_if_unused()

    def send(self, item: Item) -> None:
        """Dispatch an item, in order; a marker and a self-report get their stream time, a state is logged."""
        if isinstance(item, State):
            self._log(item)
        self._dispatch(item)

    def send_auxiliary(self, samples: AuxiliarySamples) -> None:
        """Dispatch samples that are only recorded, unless the session is over."""
        with self.lock:
            if not self._over:
                self._dispatch(samples)

    def fail(self, state: State, error: Exception) -> None:
        """Dispatch a state that reports an error, and log the error with its traceback."""
        _log.error("%s", state.state, exc_info=error)
        self._dispatch(state)

    def _log(self, state: State) -> None:
        """Log a state; one that counts down, or names a recording's file, without its detail and when it begins."""
        with self.lock:
            news, self._logged = state.state != self._logged, state.state
        if "brief" in STATES[state.state]:
            if news:
                _log.info("%s", state.state)
        else:
            _log.log(
                logging.WARNING if "alarm" in STATES[state.state] else logging.INFO, "%s: %s", state.state, state.detail
            )

    def _dispatch(self, item: Item) -> None:
        with self.lock:
            if isinstance(item, Chunk) and len(item.samples):
                self._newest = item
            if isinstance(item, Marker | SelfReportAnswer):
                item = self.with_stream_time(item)
                self._markers.append(item)
            elif isinstance(item, AffectRating):
                item = self.with_stream_time(item)
            self._over = self._over or isinstance(item, Summary)
            self._write_to_screen(item)
            self._write_to(item, self._sinks)
            if (
                self._recorder is not None
                and not isinstance(item, State | Summary)
                and self._disk_watch.due(self._clock())
            ):
                for warning in self._disk_watch.check(self._recorder.status):
                    self.send(State("warning", f"recording: {warning}", self._clock()))

    def raw_time(self, time: float) -> float | None:
        """Raw time (s) at a time of the session clock; None while no sample has come."""
        with self.lock:
            return self._raw(time)

    def with_stream_time(self, item: _Timed) -> _Timed:
        """Return an item with its stream time, unless it has one or no sample has come."""
        with self.lock:
            if item.raw is not None:
                return item
            if isinstance(item, SelfReportAnswer):
                return replace(item, raw_shown=self._raw(item.shown), raw=self._raw(item.time))
            return replace(item, raw=self._raw(item.time))

    def begin_recording(self, path: Path | None = None) -> None:
        """Open a recording at ``path``, or where the settings say; unless there is one.

        Raises
        ------
        RecordingError
            It cannot be opened, or another one than that at ``path`` runs.
        """
        if self._recordings is None:
            return
        if self._recorder is not None:
            if path is not None:
                raise RecordingError(f"{path}: a recording to {self._recorder.status.path} runs", "stop it first")
            return
        recorder = self._recordings(path)
        with self.lock:
            self._recorder, self._disk_watch = recorder, DiskWatch()
            self._sinks.append(recorder)
            self._screen.follow(recorder)
            answers = " and answers" if any(isinstance(each, SelfReportAnswer) for each in self._markers) else ""
            carried = f"; earlier markers{answers} are in it: {len(self._markers)}" if self._markers else ""
            self._carry(recorder)
            self.send(State("recording", f"recording to {recorder.status.path}{carried}", self._clock()))

    def end_recording(self) -> EcgLiveError | None:
        """End the recording, if there is one; waits for the disk, but lets others send meanwhile.

        Returns
        -------
        EcgLiveError, optional
            Why its file is not whole.
        """
        with self.lock:
            recorder = self._recorder
            if recorder is None:
                return None
            self.send(State("recorded", f"recording ended: {recorder.status.path}", self._clock()))
            if self._recorder is None:
                return self.error  # it failed at that, which was reported
            self._recorder = None
            self._sinks.remove(recorder)
            held, self._markers = self._markers, deque(maxlen=MAX_CARRIED_MARKERS)
        if error := self._close(recorder):
            with self.lock:
                if not recorder.status.whole:
                    self._markers = deque([*held, *self._markers], maxlen=MAX_CARRIED_MARKERS)
                self.fail(State("recording_failed", str(error), self._clock()), error)
        else:
            self._screen.follow(None)
        self._stop_if_unused()
        return error

    def close(self) -> None:
        """Close all sinks; the recorder first, since another may wait for its reader."""
        for sink in sorted(self._sinks, key=lambda sink: sink is not self._recorder):
            self._close(sink)

    def _carry(self, recorder: Recorder) -> None:
        """Write what is in no other recording to a new recorder, after an empty chunk that anchors the times."""
        if self._markers and self._newest is not None:
            self._write_to(replace(self._newest, samples=self._newest.samples[:0]), [recorder])
        for item in tuple(self._markers):
            if self._recorder is recorder:  # it has not failed meanwhile
                self._write_to(self.with_stream_time(item), [recorder])

    def _write_to(self, item: Item, sinks: Sequence[Sink]) -> None:
        """Write an item to sinks; those that raise are dropped."""
        broken: list[tuple[Sink, Exception]] = []
        for sink in sinks:
            try:
                sink.write(item)
            except Exception as error:  # noqa: BLE001 - no sink may end a session
                broken.append((sink, error))
        if broken:
            self._drop(broken)

    def _write_to_screen(self, item: Item) -> None:
        """Write an item to the screen, which may fail; the first failure is announced."""
        try:
            self._screen.write(item)
        except Exception as error:  # noqa: BLE001 - a picture is never worth a recording
            if not self._screen_failed:
                self._screen_failed = True
                reason = f"the screen missed something: unexpected {type(error).__name__}: {error}"
                self.fail(State("warning", reason, self._clock()), error)

    def _raw(self, time: float) -> float | None:
        """Raw time (s) at a time of the session clock."""
        if self._newest is None:
            return None
        if not isfinite(self._info.speed):
            return self._newest.stop / self._info.rate
        return self._newest.start / self._info.rate + (time - self._newest.time) * self._info.speed

    def _drop(self, broken: Sequence[tuple[Sink, Exception]]) -> None:
        dropped, recorder = [sink for sink, _ in broken], self._recorder
        self._sinks = [sink for sink in self._sinks if sink not in dropped]
        no_listener = self._no_listener()
        for sink, error in broken:
            self._close(sink)
            reason = f"{sink.name} stopped: {error}"
            if self._over:
                _log.error("%s stopped", sink.name, exc_info=error)
            else:
                self.fail(State("recording_failed" if sink is recorder else "warning", reason, self._clock()), error)
            if sink is recorder:
                self._recorder = None
                self.error = RecordingError(reason, "what was written before is in the file")
            elif (no_listener or self._over) and not isinstance(
                error, BrokenPipeError
            ):  # a reader may leave when it likes
                self.error = self.error or EcgLiveError(reason, "check what it wrote")
        self._stop_if_unused()

    def _no_listener(self) -> bool:
        """Whether the output has no listener but perhaps a recorder."""
        return not self._watched and not any(_listens(sink) for sink in self._sinks if sink is not self._recorder)

    def _stop_if_unused(self) -> None:
        if self._recorder is None and self._no_listener():
            self._on_no_listener()

    def _close(self, sink: Sink) -> EcgLiveError | None:
        """Close a sink; a failure may have lost data and becomes the session's error."""
        try:
            sink.close()
        except EcgLiveError as error:
            _log.error("%s did not close", sink.name, exc_info=error)
            self.error = error
            return error
        except Exception as error:  # noqa: BLE001 - the others must be closed as well
            _log.error("%s did not close", sink.name, exc_info=error)
            self.error = EcgLiveError(f"{sink.name} did not close: {error}", "check what it wrote")
            return self.error
        return None


def _listens(sink: Sink) -> bool:
    """Whether a sink alone is worth a session: one that only follows what others are shown says that it is passive."""
    return not getattr(sink, "passive", False)
