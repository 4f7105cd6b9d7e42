"""What the user asks of the session - markers, a baseline, a recording - and the answers that came back."""

from __future__ import annotations

from collections.abc import Callable

from pyqtgraph.Qt import QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.dialogs import ConfirmDialog, MarkerField, Toast
from ecg_live.events import Clock, Marker, State
from ecg_live.presentation.formatting import capitalise, clock_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.markers import DEFAULT_MARKER_TEXT, MarkerLog, PlacedMarker
from ecg_live.presentation.recording import NO_RECORDING_REASON, is_recording, unsaved_text
from ecg_live.presentation.status import Tone, current_stream_time
from ecg_live.protocols import View
from ecg_live.results import Snapshot

SESSION_ENDED_TEXT = "The session has ended"


class SessionController:
    """Asks the view; nothing counts as done before the session said so.

    Parameters
    ----------
    view : View
    readings : Readings
    markers : MarkerLog
        Shared with the trace.
    clock : Clock
        That of the session: markers are stamped by it when their key is pressed.
    host : QWidget
        What messages and the field for a marker's text float over.
    leave : callable
        Gives the focus back to the trace.
    """

    def __init__(
        self,
        view: View,
        readings: LiveValues,
        markers: MarkerLog,
        clock: Clock,
        host: QtWidgets.QWidget,
        leave: Callable[[], object],
    ) -> None:
        self._view, self._readings, self._clock, self._host, self._leave = view, readings, clock, host, leave
        self.markers = markers
        self._snapshot: Snapshot | None = None
        self._stamp = 0.0  # of the marker whose text is being written
        self.question: ConfirmDialog | None = None
        self.toast = Toast(host)
        self.field = MarkerField(host)
        self.field.given.connect(self._mark_named)
        self.field.cancelled.connect(self._put_away)

    def take(self, snapshot: Snapshot, now: float) -> list[PlacedMarker]:
        """Read what came back; give the markers that got a place on the trace."""
        self._snapshot = snapshot
        self.toast.tick(now)
        placed = []
        for event in snapshot.events:
            if isinstance(event, Marker):
                placed.append(self.markers.take(event))
                when = "" if event.raw is None else f"  at {clock_text(event.raw)}"
                lost = unsaved_text(snapshot)
                said = f"Marker {self.markers.count}: {event.text}{when}"
                self._say("warn" if lost else "live", f"{said}, {lost}" if lost else said)
            elif isinstance(event, State) and event.state in ("recording", "recorded"):
                self._say("info", capitalise(event.detail))
        return [marker for marker in placed if marker is not None]

    def mark(self) -> None:
        """Stamp a marker now, and ask for its text; asked again, go on with the one that is being written."""
        if self._over():
            return
        if self.field.isVisible():
            self.field.line.setFocus()
            return
        self._stamp = self._clock()
        self.field.ask("this moment" if self._snapshot is None else clock_text(current_stream_time(self._snapshot)))

    def mark_quick(self, text: str) -> None:
        """Ask for a marker with this text now."""
        if not self._over():
            self._mark(self._clock(), text)

    def begin_baseline(self) -> None:
        """Ask for a baseline; one that is running begins anew only after a question."""
        if self._over():
            return
        if not self._view.info.channels:
            self._say("warn", f"{capitalise(NO_ECG)}: there is nothing to take a baseline of")
        elif self._readings.resting:
            self._ask("A baseline is running. Begin it again?", "Begin again", "Go on with it", self._rest)
        else:
            self._rest()

    def toggle_recording(self) -> None:
        """Begin a recording at once, or end it after a question; say why where there can be none."""
        if self._over():
            return
        if is_recording(self._snapshot):
            self._ask("Stop the recording?", "Stop recording", "Go on recording", lambda: self._view.record(False))
        elif self._view.can_record:
            self._view.record(True)
        else:
            self._say("warn", f"No recording: {NO_RECORDING_REASON} (see --record)")

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether the window may close now; while a recording runs the user is asked, and may ``close`` then."""
        if not is_recording(self._snapshot) or (self._snapshot is not None and self._snapshot.ended):
            return True
        self._ask("Recording is running: stop and close?", "Stop and close", "Go on", close)
        return False

    def _mark(self, time: float, text: str) -> None:
        self.markers.ask(time, text, self._clock())
        self._view.mark(text, time)
        self._say("info", f"Marker {text}: pending")

    def _mark_named(self, text: str) -> None:
        self._put_away()
        self._mark(self._stamp, text or DEFAULT_MARKER_TEXT)

    def _put_away(self) -> None:
        self.field.hide()
        self._leave()

    def _rest(self) -> None:
        self._view.begin_baseline()
        self._say("info", "Baseline asked for: sit still and rest")

    def _over(self) -> bool:
        over = self._snapshot is not None and self._snapshot.ended
        if over:
            self._say("warn", SESSION_ENDED_TEXT)
        return over

    def _ask(self, text: str, yes: str, no: str, then: Callable[[], object]) -> None:
        """Ask, unless a question is open."""
        if self.question is None:
            self.question = ConfirmDialog(self._host.window() or self._host, text, yes, no, then)
            self.question.finished.connect(self._answered)
            self.question.open()

    def _answered(self) -> None:
        self.question = None

    def _say(self, tone: Tone, text: str) -> None:
        self.toast.say(tone, text, self._clock())
