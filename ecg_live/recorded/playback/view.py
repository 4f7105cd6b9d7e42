"""A recorded session as a screen sees one, at a place that the user moves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.events import Battery, Clock, Gap, SelfReportEvent, State, StreamInfo
from ecg_live.recorded.playback.timed_items import RecordedItems, TimedItem, replace_markers
from ecg_live.recorded.playback.trace import RecordedTrace
from ecg_live.results import HeadInfo, Poll, Snapshot, Trace
from ecg_live.sinks.display_buffer import KEPT_S, DisplayBuffer

MIN_SPEED, MAX_SPEED = 0.25, 64.0


class RecordedView:
    """Plays the items of a recording, each when its time comes; follows the protocol `PlaybackView`.

    Only one thread uses it: that of the screen.

    Parameters
    ----------
    recorded : RecordedItems
    trace : RecordedTrace
    clock : Clock
    editor : AnnotationEditor, optional
        Keeps the markers that the user notes while it plays.
    """

    def __init__(
        self,
        recorded: RecordedItems,
        trace: RecordedTrace,
        clock: Clock,
        editor: AnnotationEditor | None = None,
    ) -> None:
        self.info: StreamInfo = recorded.info
        self.heads: tuple[HeadInfo, ...] = recorded.heads
        self.duration = recorded.info.duration or 0.0
        self.can_record = False
        self._recorded = recorded
        self._trace = trace
        self._clock = clock
        self._editor = editor
        self._set_items(recorded.items)
        self._speed = 1.0
        self._playing = True
        self._since = clock()  # from when on it plays from `_from`
        self._from = 0.0
        self._buffer = DisplayBuffer(self.info.rate, self._fixed_clock)
        self._fed = 0  # items in the buffer
        self._traced = 0  # samples of the trace in the buffer
        self.revision = 0  # grows when the place jumps: what was drawn is then of another place

    def _set_items(self, items: Sequence[TimedItem]) -> None:
        self._items = tuple(items)
        self._times = [each.at for each in items]
        self._gaps = [each.item for each in items if isinstance(each.item, Gap)]

    @staticmethod
    def _fixed_clock() -> float:
        """The buffer's clock: nothing here is late."""
        return 0.0

    @property
    def items(self) -> tuple[TimedItem, ...]:
        """All items, whether they were played or not."""
        return self._items

    @property
    def position(self) -> float:
        """The place that is shown: s from the first sample."""
        reached = self._from + (self._clock() - self._since) * self._speed if self._playing else self._from
        return min(max(0.0, reached), self.duration)

    @property
    def playing(self) -> bool:
        """Whether the place moves by itself."""
        return self._playing and self.position < self.duration

    @property
    def speed(self) -> float:
        """Seconds of the session in a second."""
        return self._speed

    def play(self, on: bool) -> None:
        """Go on, from the beginning if the end was reached; or stand still."""
        at = self.position
        if on and at >= self.duration:
            self.seek(0.0)
            at = 0.0
        self._anchor(at)
        self._playing = on

    def set_speed(self, speed: float) -> None:
        """Play faster or slower, from here on."""
        self._anchor(self.position)
        self._speed = min(max(speed, MIN_SPEED), MAX_SPEED)

    def seek(self, at: float) -> None:
        """Go to a place, s from the first sample."""
        self._anchor(min(max(0.0, at), self.duration))
        self._restart()

    def _anchor(self, at: float) -> None:
        self._from, self._since = at, self._clock()

    def _restart(self) -> None:
        """Begin to fill the buffer again: with what held before the place, and the items that a screen keeps."""
        self._buffer = DisplayBuffer(self.info.rate, self._fixed_clock)
        self._fed = bisect_left(self._times, self._from - KEPT_S)
        self._traced = 0
        self.revision += 1
        for kind in (State, Battery):
            before = (each.item for each in reversed(self._items[: self._fed]))
            held = next((item for item in before if isinstance(item, kind)), None)
            if held is not None:
                self._buffer.write(held)

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        """Return what is new since the cursor, up to the place that is reached."""
        at = self.position
        self._feed_trace(at)
        stop = bisect_right(self._times, at)
        for each in self._items[self._fed : stop]:
            self._buffer.write(each.item)
        self._fed = max(self._fed, stop)
        lost = self._lost_until(at)
        samples = max(0, round(at * self.info.rate) - lost)
        snapshot, cursor = self._buffer.poll(since)
        ended = at >= self.duration
        state = State("ended", "the end of the recording") if ended else snapshot.state
        shown = replace(snapshot, now=at, age=0.0, samples=samples, lost=lost, ended=ended, state=state, recording=None)
        return shown, cursor

    def _feed_trace(self, at: float) -> None:
        """Give the buffer the samples up to the place, as far as they are read."""
        stop = min(round(at * MODEL_RATE_HZ), self._trace.loaded)
        start = max(self._traced, stop - round(KEPT_S * MODEL_RATE_HZ))
        if stop > start:
            samples = np.array(self._trace.samples[start:stop])
            self._buffer.write(Trace(samples, start / MODEL_RATE_HZ, self.revision, start / MODEL_RATE_HZ))
            self._traced = stop

    def _lost_until(self, at: float) -> int:
        """Samples of gaps up to the place; a pause between two parts of a file is none."""
        reached = at * self.info.rate
        return sum(round(min(gap.lost, max(0.0, reached - gap.start))) for gap in self._gaps if not gap.pause)

    def mark(self, text: str, time: float | None = None) -> None:
        """Note a marker, as an annotation of the recording; ``time`` is on the clock, by default now."""
        back = 0.0 if time is None or not self.playing else (self._clock() - time) * self._speed
        try:
            if self._editor is None:
                raise RecordingError("nothing can be annotated here")
            self._editor.add("marker", min(max(0.0, self.position - back), self.duration), text=text)
            self.reload_markers()
        except EcgLiveError as error:
            self._buffer.write(State("warning", f"nothing was noted: {error}", self.position))

    def reload_markers(self) -> None:
        """Play the markers as they are edited by now; errors are those of `AnnotationEditor.read`."""
        if self._editor is not None:
            self._anchor(self.position)
            self._set_items(replace_markers(self._items, self._editor.markers()))
            self._restart()

    def record(self, _on: bool) -> None:
        """Nothing is recorded here."""

    def begin_baseline(self) -> None:
        """The session had its own baseline, or none."""

    def self_report(self, _event: SelfReportEvent) -> None:
        """Nobody is asked here."""

    def stop(self) -> None:
        """End the reading of the trace."""
        self._trace.stop()
