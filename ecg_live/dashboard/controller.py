"""Markers, baseline and recording that the user requests, and the session's replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PyQt6 import QtWidgets

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
from ecg_live.study.key_markers import KeyMarkers
from ecg_live.study.marker_texts import marker_words, parse_span_marker, undone_text

SESSION_ENDED_TEXT = "The session has ended"


class MarkerKeys(Protocol):
    """What keys note, and what may be taken back: of a study, or of a session without one."""

    def press(self, key: str) -> str | None:
        """Note what a key is named for; return its text, None for a key without a name."""
        ...

    def noted(self, text: str) -> None:
        """Take note of another marker of the experimenter's, which `undo` takes back as well."""
        ...

    def undo(self) -> str | None:
        """Take the experimenter's newest marker back; return its text, None where none is left."""
        ...


class UnnamedKeys:
    """The keys of a session without a study: none has a name.

    Parameters
    ----------
    mark : callable
        Notes a marker now.
    """

    def __init__(self, mark: Callable[[str], object]) -> None:
        self._mark = mark
        self._keys = KeyMarkers({})

    def press(self, key: str) -> str | None:
        """As `MarkerKeys.press`."""
        return self._keys.press(key)

    def noted(self, text: str) -> None:
        """As `MarkerKeys.noted`."""
        self._keys.noted(text)

    def undo(self) -> str | None:
        """As `MarkerKeys.undo`."""
        text = self._keys.undo()
        if text is None:
            return None
        self._mark(text)
        return undone_text(text)


class SessionController:
    """Passes requests to the view; only what the session confirms counts as done.

    Parameters
    ----------
    view : View
    live_values : LiveValues
    markers : MarkerLog
        Shared with the trace.
    clock : Clock
        The session's; a marker gets the time at which its key is pressed.
    host : QWidget
        Parent of messages and of the field for a marker's text.
    leave : callable
        Gives the focus back to the trace.
    """

    def __init__(
        self,
        view: View,
        live_values: LiveValues,
        markers: MarkerLog,
        clock: Clock,
        host: QtWidgets.QWidget,
        leave: Callable[[], object],
    ) -> None:
        self._view = view
        self._live_values = live_values
        self._clock = clock
        self._host = host
        self._leave = leave
        self.markers = markers
        self.recorded = False  # what is shown was recorded: its markers are saved
        self.keys: MarkerKeys = UnnamedKeys(view.mark)
        self._snapshot: Snapshot | None = None
        self._marker_time = 0.0  # of the marker that waits for its text
        self.question: ConfirmDialog | None = None
        self.toast = Toast(host)
        self.field = MarkerField(host)
        self.field.confirmed.connect(self._mark_with_text)
        self.field.cancelled.connect(self._close_field)

    def update(self, snapshot: Snapshot, now: float) -> list[PlacedMarker]:
        """Show the session's replies; return the markers that were placed on the trace."""
        self._snapshot = snapshot
        self.toast.hide_when_due(now)
        placed = []
        for event in snapshot.events:
            if isinstance(event, Marker):
                placed.append(self.markers.confirm(event))
                self._show_confirmed(event, snapshot)
            elif isinstance(event, State) and event.state in ("recording", "recorded"):
                self._show("info", capitalise(event.detail))
        return [marker for marker in placed if marker is not None]

    def _show_confirmed(self, marker: Marker, snapshot: Snapshot) -> None:
        when = "" if marker.raw is None else f"  at {clock_text(marker.raw)}"
        unsaved = "" if self.recorded else unsaved_text(snapshot)
        span = parse_span_marker(marker.text)
        if span is not None and span.kind == "block" and not unsaved:
            return  # the study's panel shows it
        undone = undone_text(marker.text)
        message = f"Marker {self.markers.count}: {marker.text}{when}"
        if span is not None or undone is not None:
            message = f"{capitalise(marker_words(marker.text))}{when}"
        self._show("warn" if unsaved else "live", f"{message}, {unsaved}" if unsaved else message)

    def mark(self) -> None:
        """Take the time of a marker now and open the field for its text, or focus the field if it is open."""
        if self._has_ended():
            return
        if self.field.isVisible():
            self.field.line.setFocus()
            return
        self._marker_time = self._clock()
        self.field.open_for(
            "this moment" if self._snapshot is None else clock_text(current_stream_time(self._snapshot))
        )

    def mark_quick(self, text: str) -> None:
        """Request a marker with this text now, or what the study names this key for."""
        if not self._has_ended() and self.keys.press(text) is None:
            self._request_marker(self._clock(), text)

    def undo_marker(self) -> None:
        """Take the newest marker of the experimenter's back."""
        if not self._has_ended() and self.keys.undo() is None:
            self._show("info", "There is no marker to take back")

    def begin_baseline(self) -> None:
        """Request a resting baseline; if one is running, ask before it begins again."""
        if self._has_ended():
            return
        if not self._view.info.channels:
            self._show("warn", f"{capitalise(NO_ECG)}: there is nothing to take a baseline of")
        elif self._live_values.baseline_running:
            self.ask("A baseline is running. Begin it again?", "Begin again", "Cancel", self._request_baseline)
        else:
            self._request_baseline()

    def toggle_recording(self) -> None:
        """Begin a recording, or ask before it ends; if the session cannot record, explain why."""
        if self._has_ended():
            return
        if is_recording(self._snapshot):
            self.ask("Stop the recording?", "Stop recording", "Keep recording", lambda: self._view.record(False))
        elif self._view.can_record:
            self._view.record(True)
        else:
            self._show("warn", f"No recording: {NO_RECORDING_REASON} (see --record)")

    def may_close(self, close: Callable[[], object]) -> bool:
        """Return whether the window may close now; during a recording ask first, and ``close`` on confirmation."""
        if not is_recording(self._snapshot) or (self._snapshot is not None and self._snapshot.ended):
            return True
        self.ask("Recording is running: stop and close?", "Stop and close", "Cancel", close)
        return False

    def _request_marker(self, time: float, text: str) -> None:
        self.markers.add_pending(time, text, self._clock())
        self._view.mark(text, time)
        self.keys.noted(text)
        self._show("info", f"Marker {text}: pending")

    def _mark_with_text(self, text: str) -> None:
        self._close_field()
        self._request_marker(self._marker_time, text or DEFAULT_MARKER_TEXT)

    def _close_field(self) -> None:
        self.field.hide()
        self._leave()

    def _request_baseline(self) -> None:
        self._view.begin_baseline()
        self._show("info", "Baseline asked for: sit still and rest")

    def _has_ended(self) -> bool:
        """Return whether the session has ended; if so, show a message."""
        ended = self._snapshot is not None and self._snapshot.ended
        if ended:
            self._show("warn", SESSION_ENDED_TEXT)
        return ended

    def ask(self, text: str, yes: str, no: str, then: Callable[[], object]) -> None:
        """Open a question, unless one is open.

        Parameters
        ----------
        text : str
            The question.
        yes, no : str
            Texts of the buttons.
        then : callable
            Called if the answer is yes.
        """
        if self.question is None:
            self.question = ConfirmDialog(self._host.window() or self._host, text, yes, no, then)
            self.question.finished.connect(self._close_question)
            self.question.open()

    def _close_question(self) -> None:
        self.question = None

    def _show(self, tone: Tone, text: str) -> None:
        self.toast.show_message(tone, text, self._clock())
