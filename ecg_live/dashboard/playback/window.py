"""The window of a recorded session: the dashboard as it was, at a place that the user moves."""

from __future__ import annotations

from typing import Any

from PyQt6 import QtCore, QtWidgets

from ecg_live.annotations.editor import AnnotationEditor
from ecg_live.dashboard.annotations.dock import AnnotationDock
from ecg_live.dashboard.keys import KEYS, HelpDialog, KeyHelp
from ecg_live.dashboard.playback.bar import PlaybackBar
from ecg_live.dashboard.playback.trace_panel import PlaybackTracePanel
from ecg_live.dashboard.playback.values import PlaybackValues
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.window import MainWindow
from ecg_live.errors import EcgLiveError
from ecg_live.events import Marker
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.markers import MarkerLog
from ecg_live.protocols import PlaybackView, View
from ecg_live.results import Snapshot

LIVE_ACTIONS = ("record", "baseline", "sound")  # of a session that runs
LIVE_KEYS = ("R", "B", "S", "N", "P")  # those of these actions, and of a study
BAR_PLACE = 4  # in the window's column: below the line of the stream's state
_HELP = {
    "Space": "Stand still, or go on",
    "L": "Go on",
    "M": "Marker at this place, kept beside the recording",
    "1 to 9": "Such a marker with that number as its text",
    "Left, Right": "One second back, forward (also mouse wheel)",
    "Page Up, Page Down": "One page of the trace back, forward",
    "Home, End": "Beginning, end",
}


class PlaybackWindow(MainWindow):
    """The dashboard of a recorded session; the charts show all of it, with a line at the place.

    Parameters
    ----------
    view : PlaybackView
        The recording.
    editor : AnnotationEditor, optional
        What edits the recording's annotations.
    **options
        Those of `MainWindow`.
    """

    def __init__(self, view: PlaybackView, editor: AnnotationEditor | None = None, **options: Any) -> None:
        self._playback = view
        super().__init__(view, **options)
        self.controller.recorded = True
        self._editor = editor
        self.annotations = None if editor is None else AnnotationDock(self, editor, lambda: view.position)
        self._revision = view.revision
        self._items = view.items
        self.bar = PlaybackBar(view.duration)
        self._insert_bar()
        self._leave_out_live_parts()
        self.bar.play_requested.connect(self.trace.toggle_pause)
        self.bar.place_chosen.connect(view.seek)
        self.bar.speed_chosen.connect(self._set_speed)
        self.timeline.view.place_chosen.connect(view.seek)
        self.session_timeline.add_items(view.items)
        self.session_timeline.now = view.duration
        if self.annotations is not None:
            self._connect_annotations(self.annotations)

    def _make_values(self, view: View) -> LiveValues:
        return PlaybackValues(view.info)

    def _make_trace(self, theme: Palette, markers: MarkerLog, note: str) -> PlaybackTracePanel:
        return PlaybackTracePanel(theme, markers, note, self._playback)

    def _insert_bar(self) -> None:
        body = self.body.scroll_area.widget()
        column = body.layout() if body is not None else None
        if isinstance(column, QtWidgets.QVBoxLayout):
            column.insertWidget(BAR_PLACE, self.bar)

    def _leave_out_live_parts(self) -> None:
        """Hide what only a session that runs can do."""
        for name in LIVE_ACTIONS:
            self.key_actions[name].setEnabled(False)
        actions = self.action_bar
        for button in (actions.record, actions.baseline, actions.sound):
            button.hide()
        self.header.recording.hide()
        self.timeline.newest.hide()

    def _connect_annotations(self, dock: AnnotationDock) -> None:
        """Show the panel by a button and a key; what is changed there is shown everywhere."""
        self.addDockWidget(QtCore.Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.hide()
        self.bar.add_button(dock.button)
        dock.panel.changed.connect(self._playback.reload_markers)
        dock.panel.place_chosen.connect(self._playback.seek)
        self._show_markers()

    def _show_markers(self) -> None:
        """Show markers and annotations as they are by now."""
        markers = (item for _, item in self._playback.items if isinstance(item, Marker))
        self.session_timeline.replace_markers(markers)
        if self._editor is None:
            return
        try:
            noted = self._editor.read().standing("note", "interval", "excluded")
        except EcgLiveError as error:
            self.warn(str(error))
            return
        self.session_timeline.show_annotations(noted)
        if self.annotations is not None and self.annotations.isVisible():
            self.annotations.panel.show_rows()

    def _update_timeline(self, snapshot: Snapshot, now: float) -> None:  # noqa: ARG002 - all of it is there already
        self.session_timeline.cursor = snapshot.now

    def _sound_alerts(self, word: str, now: float) -> None:
        """Let nothing be heard: what was lost was lost then, and nobody can do anything about it now."""

    def _set_speed(self, speed: float) -> None:
        self._playback.set_speed(speed)
        if isinstance(self.live_values, PlaybackValues):
            self.live_values.speed = self._playback.speed
        self._redraw_values()

    def refresh(self) -> None:
        """Draw one frame; after a jump all of it is of the new place."""
        jumped = self._revision != self._playback.revision
        if jumped:
            self._revision = self._playback.revision
            self._forget_place()
            if self._items is not self._playback.items:
                self._items = self._playback.items
                self._show_markers()
        super().refresh()
        if jumped:
            self.trace.sweep.resume()
            self.controller.toast.hide()  # of markers before the place
        self.bar.show_place(self._playback.position, playing=self._playback.playing)
        self.timeline.view.update()

    def _forget_place(self) -> None:
        """Forget what was shown of the place before."""
        self._begin_again()
        self.trace.history.clear()
        self.controller.markers.clear()
        if isinstance(self.live_values, PlaybackValues):
            self.live_values.restart()
        for panel in self.panels:
            panel.curve.points.clear()
        if self.plane is not None:
            self.plane.plane.points.clear()

    def show_help(self) -> None:
        """List the keys that do something here."""
        shown = [KeyHelp("A", "Annotations: show them, or hide them")] if self.annotations is not None else []
        shown += [KeyHelp(line.keys, _HELP.get(line.keys, line.text)) for line in KEYS if line.keys not in LIVE_KEYS]
        dialog = HelpDialog(self, shown)
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
