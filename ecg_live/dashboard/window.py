"""The main window: draws the trace at every frame, and values and charts four times a second."""

from __future__ import annotations

import math
import time

from PyQt6 import QtCore, QtGui

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.action_bar import ActionBar
from ecg_live.dashboard.appearance import Appearance
from ecg_live.dashboard.controller import SessionController
from ecg_live.dashboard.head_panel import HeadPanel
from ecg_live.dashboard.header import SessionHeader, StatusBanner
from ecg_live.dashboard.keys import HelpDialog, add_key_actions
from ecg_live.dashboard.plane import PlanePanel, plane_heads
from ecg_live.dashboard.preferences import Preferences, PreferenceStore, fit_to_screen
from ecg_live.dashboard.session_window import SessionWindow
from ecg_live.dashboard.sounds import AlertSounds
from ecg_live.dashboard.status_row import StatusRow
from ecg_live.dashboard.study_panel import StudyPanel
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.panel import TimelinePanel
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.trace_panel import TracePanel
from ecg_live.dashboard.vitals import VitalsPanel
from ecg_live.dashboard.window_layout import WindowBody
from ecg_live.events import Clock
from ecg_live.presentation.alerts import RECORDING_FAILED, AlertWatch
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.recording import is_recording, recording_failure, recording_indicator
from ecg_live.presentation.status import HeadStatus, current_stream_time, head_status, is_stale
from ecg_live.protocols import View
from ecg_live.results import Poll, Snapshot

VALUES_INTERVAL_S = 0.25  # between two redraws of values and charts
TIGHT_BELOW_PX = 850  # height of a window with a study's panel that has lower lines
COMPACT_BELOW_PX = QtCore.QSize(960, 660)  # a window with less of either has the compact layout


class MainWindow(SessionWindow):
    """The dashboard of one session.

    Parameters
    ----------
    view : View
        The session. Closing the window stops it.
    title : str
        Who is measured: participant and session.
    model : str
        Name of the session's model.
    source : str
        What is shown, where it says more than the stream's own name.
    clock : callable
        The session's clock (monotonic, s), for markers and for the age of what is shown.
    memory : PreferenceStore, optional
        Remembers size, colours, letters, sound and scale; without it nothing is remembered.
    """

    def __init__(
        self,
        view: View,
        *,
        title: str,
        model: str,
        source: str = "",
        clock: Clock = time.monotonic,
        memory: PreferenceStore | None = None,
    ) -> None:
        super().__init__()
        self._view = view
        self._clock = clock
        self._cursor = Poll()
        self._values_shown = -math.inf
        self._size_class = False, False  # compact, tight
        self._memory = memory or PreferenceStore()
        preferences = self._memory.read()
        self.appearance = Appearance(self, preferences.theme, preferences.text_scale)
        theme = self.appearance.theme
        self.live_values = self._make_values(view)
        self.session_timeline = SessionTimeline(view.heads)
        markers = MarkerLog()
        self.trace = self._make_trace(theme, markers, "" if view.info.channels else capitalise(NO_ECG))
        self.controller = SessionController(
            view, self.live_values, markers, clock, self.trace, self.trace.sweep.setFocus
        )
        self.key_actions = add_key_actions(self, self)
        self.action_bar = ActionBar(self.key_actions)
        self.header = SessionHeader(title, source, model, view.info, self.action_bar)
        self.status_banner = StatusBanner("State of the stream")
        self.study_panel = StudyPanel()  # hidden until a study shows its course
        self.failure_banner = StatusBanner("Failed recording")
        self.timeline = TimelinePanel(self.session_timeline, theme)
        self.vitals = VitalsPanel(self.session_timeline, theme)
        crowded = len(view.heads) > 1
        self.panels = [HeadPanel(head, theme, self.session_timeline, crowded=crowded) for head in view.heads]
        axes = plane_heads(view.heads)
        self.plane = None if axes is None else PlanePanel(axes, theme)
        self.status_row = StatusRow()
        self.setWindowTitle(" · ".join(part for part in (title, source) if part))
        self.setAccessibleName(title)
        self.body = WindowBody(self)
        self.setCentralWidget(self.body.scroll_area)
        self.setStatusBar(self.status_row)
        self.sounds = AlertSounds(muted=preferences.muted)
        self.action_bar.show_muted(muted=preferences.muted)
        self._alerts = AlertWatch(), AlertWatch()  # of the stream, and of the recording
        self.trace.pause_changed.connect(self._redraw_values)
        charts = [panel.curve for panel in self.panels]
        planes = [] if self.plane is None else [self.plane.plane]
        self.appearance.apply((self.trace, self.timeline, self.vitals, *charts, *planes))
        self.trace.restore_scale(preferences.scale, automatic=preferences.automatic_gain)
        self._restore_size(preferences)
        self.trace.sweep.setFocus()

    def _make_values(self, view: View) -> LiveValues:
        """Make what collects the values; a window of another kind has its own."""
        return LiveValues(view.info)

    def _make_trace(self, theme: Palette, markers: MarkerLog, note: str) -> TracePanel:
        """Make the panel of the trace; likewise."""
        return TracePanel(theme, markers, note)

    def _update_timeline(self, snapshot: Snapshot, now: float) -> None:
        """Give the timeline what is new."""
        self.session_timeline.update(snapshot, current_stream_time(snapshot), self.live_values.freshness(now).hop)

    @property
    def first_painted(self) -> QtCore.pyqtBoundSignal:
        """Emitted once the first frame is on the screen."""
        return self.trace.sweep.first_painted

    @property
    def theme(self) -> Palette:
        """The colours in use."""
        return self.appearance.theme

    def set_theme(self, theme: Palette) -> None:
        """Change the colours."""
        self.appearance.set_theme(theme)

    def refresh(self) -> None:
        """Poll the session and draw one frame."""
        snapshot, self._cursor = self._view.poll(self._cursor)
        now = self._clock()
        self.trace.history.append(snapshot.trace_start, snapshot.trace)
        self.live_values.update(snapshot, now)
        snapshot = self.live_values.count_beats_as_samples(snapshot, now)
        for marker in self.controller.update(snapshot, now):
            self.trace.sweep.show_marker(marker)
        self.controller.markers.drop_before(self.trace.history.start)
        self._update_timeline(snapshot, now)
        for prediction in snapshot.predictions:
            for panel in self.panels:
                panel.add(prediction)
            if self.plane is not None:
                self.plane.plane.add(prediction)
        self.trace.draw_frame()
        if now - self._values_shown >= VALUES_INTERVAL_S:
            self._values_shown = now
            self._show_values(snapshot, now)

    def _begin_again(self) -> None:
        """Read the view from its beginning, and redraw the values with the next frame."""
        self._cursor = Poll()
        self._redraw_values()

    def _redraw_values(self) -> None:
        """Redraw the values with the next frame."""
        self._values_shown = -math.inf

    def _show_values(self, snapshot: Snapshot, now: float) -> None:
        last, fresh = self.live_values.last, self.live_values.freshness(now)
        for panel in self.panels:
            result = last.heads.get(panel.head.name) if last else None
            if result is None and not self.live_values.has_ecg and snapshot.samples:
                status = HeadStatus("abstain", note=capitalise(NO_ECG))
            else:
                status = head_status(snapshot, result, fresh, self.live_values.earlier_baseline)
            panel.show_status(status, current_stream_time(snapshot), fresh.hop)
        if self.plane is not None:
            self.plane.plane.show_at(current_stream_time(snapshot), dim=fresh.dim or is_stale(snapshot))
        self.vitals.show_snapshot(snapshot, self.live_values, fresh)
        if self.timeline.isVisible():
            self.timeline.show_new()
        overdue = self.controller.markers.overdue(now)
        line = self.live_values.status_line(snapshot, now, paused=self.trace.paused, warning=overdue)
        self.status_banner.show_line(line)
        self._sound_alerts(line.word, now)
        self.trace.sweep.show_dim(dim=self.live_values.silence_duration(snapshot) > 0)
        self.status_row.show_snapshot(snapshot, self.live_values, fresh)
        self.trace.transport.show_markers(self.controller.markers.count, len(self.controller.markers.pending))
        self._show_recording(snapshot)
        self.trace.show_range()
        self.trace.fit_gain(usable=last is not None and last.quality.grade != "unusable")

    def _sound_alerts(self, word: str, now: float) -> None:
        """Let a new state of the stream be heard, and a recording that fails."""
        failed = RECORDING_FAILED if self.live_values.recording_failed else ""
        for watch, each in zip(self._alerts, (word, failed), strict=True):
            if (alert := watch.next(each, now)) is not None:
                self.sounds.play(alert)

    def _show_recording(self, snapshot: Snapshot) -> None:
        failed, able = self.live_values.recording_failed, self._view.can_record
        silent = self.live_values.silence_duration(snapshot)
        self.header.recording.show_line(recording_indicator(snapshot, failed, able=able, silent=silent, brief=True))
        self.header.recording.setToolTip("" if snapshot.recording is None else snapshot.recording.path)
        self.action_bar.show_recording(recording=is_recording(snapshot), able=able and not snapshot.ended)
        line = recording_failure(snapshot, failed, able=able)
        self.failure_banner.setVisible(line is not None)
        if line is not None:
            self.failure_banner.show_line(line)

    def request_next_block(self) -> None:
        """Ask the study for its next block; without a study nothing happens."""
        if not self.study_panel.isHidden():
            self.study_panel.advance_asked.emit()

    def request_participant_window(self) -> None:
        """Ask the study for the participant's window; without a study nothing happens."""
        if not self.study_panel.isHidden():
            self.study_panel.participant_asked.emit()

    def toggle_sound(self) -> None:
        """Mute the alerts, or let them sound."""
        self.sounds.muted = not self.sounds.muted
        self.sounds.silence()
        self.action_bar.show_muted(muted=self.sounds.muted)

    def warn(self, text: str) -> None:
        """Show a warning about the dashboard itself in the status line."""
        self.live_values.warn(text, self._clock())

    def leave_full_screen(self) -> None:
        """Leave full screen."""
        if self.isFullScreen():
            self.toggle_full_screen()

    def show_help(self) -> None:
        """List the keys."""
        dialog = HelpDialog(self)
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Stop the session; during a recording ask the user first."""
        if not self._closing and event is not None and not self.controller.may_close(self.end):
            event.ignore()
            return
        self._save_preferences()
        self._view.stop()
        super().closeEvent(event)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Change to the compact layout in a small window, and back in a large one, whose letters are larger."""
        super().resizeEvent(event)
        self._fit_body()

    def show_study(self) -> None:
        """Show the panel of a study; the other parts leave it the room."""
        self.study_panel.show()
        self._fit_body()

    def _fit_body(self) -> None:
        compact = self.width() < COMPACT_BELOW_PX.width() or self.height() < COMPACT_BELOW_PX.height()
        tight = self.height() < TIGHT_BELOW_PX and not self.study_panel.isHidden()
        if (compact, tight) != self._size_class:
            self._size_class = compact, tight
            self.body.set_size_class(compact=compact, tight=tight)
        self.body.fit_plane(self.width(), compact=compact)
        self.appearance.fit_texts()
        self.body.share_height()

    def _restore_size(self, preferences: Preferences) -> None:
        """Restore the remembered size, within the screen."""
        size, screen = preferences.size, self.screen()
        self.resize(size if screen is None else fit_to_screen(size, screen.availableGeometry().size()))
        if preferences.maximised:
            self.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

    def _save_preferences(self) -> None:
        special = self.isFullScreen() or self.isMaximized()
        self._memory.write(
            Preferences(
                size=self.normalGeometry().size() if special else self.size(),
                maximised=self.isMaximized(),
                theme=self.appearance.chosen,
                scale=self.trace.sweep.scale,
                automatic_gain=self.trace.transport.automatic,
                text_scale=self.appearance.scale,
                muted=self.sounds.muted,
            )
        )
