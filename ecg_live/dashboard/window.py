"""The main window: draws the trace at every frame, and values and curves four times a second."""

from __future__ import annotations

import math
import time

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.constants import NO_ECG
from ecg_live.dashboard.controller import SessionController
from ecg_live.dashboard.head_panel import HeadPanel, head_grid
from ecg_live.dashboard.header import SessionFooter, SessionHeader, StatusBanner
from ecg_live.dashboard.keys import HelpDialog, add_key_actions, focus_keeps_key
from ecg_live.dashboard.preferences import Preferences, PreferenceStore, fit_to_screen
from ecg_live.dashboard.theme import DARK, LIGHT, Palette, style_sheet, system_theme, widget_palette
from ecg_live.dashboard.trace_panel import TracePanel
from ecg_live.dashboard.vitals import VitalsPanel
from ecg_live.dashboard.widgets import ScrollableBody
from ecg_live.events import Clock
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.recording import recording_failure, recording_indicator
from ecg_live.presentation.status import HeadStatus, current_stream_time, head_status
from ecg_live.protocols import View
from ecg_live.results import Poll, Snapshot

VALUES_INTERVAL_S = 0.25  # between two redraws of values and curves
COMPACT_BELOW_PX = QtCore.QSize(960, 660)  # a window with less of either has the compact layout


class MainWindow(QtWidgets.QMainWindow):
    """The dashboard of one session.

    Parameters
    ----------
    view : View
        The session. Closing the window stops it.
    title, model : str
        Names of the session and of its model.
    clock : callable
        The session's clock (monotonic, s), for markers and for the age of what is shown.
    memory : PreferenceStore, optional
        Remembers size, colours and scale; without it nothing is remembered.
    """

    def __init__(
        self,
        view: View,
        *,
        title: str,
        model: str,
        clock: Clock = time.monotonic,
        memory: PreferenceStore | None = None,
    ) -> None:
        super().__init__()
        self._view = view
        self._clock = clock
        self._cursor = Poll()
        self._values_shown = -math.inf
        self._closing = False  # without a question
        self._compact = False
        self._memory = memory or PreferenceStore()
        preferences = self._memory.read()
        self._theme = preferences.theme or system_theme()
        self.live_values = LiveValues(view.info)
        markers = MarkerLog()
        self.trace = TracePanel(self._theme, markers, "" if view.info.channels else capitalise(NO_ECG))
        self.controller = SessionController(
            view, self.live_values, markers, clock, self.trace, self.trace.sweep.setFocus
        )
        self.header = SessionHeader(title, model, view.info)
        self.status_banner = StatusBanner("State of the stream")
        self.failure_banner = StatusBanner("Failed recording")
        self.failure_banner.hide()
        self.vitals = VitalsPanel()
        self.panels = [HeadPanel(head, self._theme) for head in view.heads]
        self.footer = SessionFooter()
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._lay_out()
        self.trace.marker_requested.connect(self.controller.mark)
        self.trace.pause_changed.connect(self._redraw_values)
        add_key_actions(self, self)
        self.set_theme(self._theme)
        self.trace.transport.choose(preferences.scale)
        self._restore_size(preferences)
        self.trace.sweep.setFocus()

    @property
    def theme(self) -> Palette:
        """The colours in use."""
        return self._theme

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
        for prediction in snapshot.predictions:
            for panel in self.panels:
                panel.add(prediction)
        self.trace.draw_frame()
        if now - self._values_shown >= VALUES_INTERVAL_S:
            self._values_shown = now
            self._show_values(snapshot, now)

    def _redraw_values(self) -> None:
        """Redraw the values with the next frame."""
        self._values_shown = -math.inf

    def _show_values(self, snapshot: Snapshot, now: float) -> None:
        last, fresh = self.live_values.last, self.live_values.freshness(now)
        for panel in self.panels:
            result = last.heads.get(panel.head.name) if last else None
            if result is None and not self.live_values.has_ecg and snapshot.samples:
                panel.show_status(
                    HeadStatus("abstain", note=capitalise(NO_ECG)), current_stream_time(snapshot), fresh.hop
                )
                continue
            panel.show_status(head_status(snapshot, result, fresh), current_stream_time(snapshot), fresh.hop)
        self.vitals.show_snapshot(snapshot, self.live_values, fresh)
        overdue = self.controller.markers.overdue(now)
        line = self.live_values.status_line(snapshot, now, paused=self.trace.paused, warning=overdue)
        self.status_banner.show_line(line)
        self.trace.sweep.show_dim(dim=self.live_values.silence_duration(snapshot) > 0)
        self.footer.event_line.show_text(self.live_values.event)
        self.footer.clock_line.show_text(self.live_values.drift)
        self.trace.transport.show_markers(self.controller.markers.count, len(self.controller.markers.pending))
        self._show_recording(snapshot)
        self.trace.show_range()

    def _show_recording(self, snapshot: Snapshot) -> None:
        failed, able = self.live_values.recording_failed, self._view.can_record
        silent = self.live_values.silence_duration(snapshot)
        self.header.recording.show_line(recording_indicator(snapshot, failed, able=able, silent=silent))
        line = recording_failure(snapshot, failed, able=able)
        self.failure_banner.setVisible(line is not None)
        if line is not None:
            self.failure_banner.show_line(line)

    def set_theme(self, theme: Palette) -> None:
        """Change the colours."""
        self._theme = theme
        QtWidgets.QApplication.setPalette(widget_palette(theme))  # a style sheet stops that of the window alone
        self.setStyleSheet(style_sheet(theme))
        self.trace.restyle(theme)
        for panel in self.panels:
            panel.curve.restyle(theme)

    def toggle_theme(self) -> None:
        """Change light for dark colours, or dark for light."""
        self.set_theme(DARK if self._theme is LIGHT else LIGHT)

    def warn(self, text: str) -> None:
        """Show a warning about the dashboard itself in the status line."""
        self.live_values.warn(text, self._clock())

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        self.setWindowState(self.windowState() ^ QtCore.Qt.WindowState.WindowFullScreen)

    def leave_full_screen(self) -> None:
        """Leave full screen."""
        if self.isFullScreen():
            self.toggle_full_screen()

    def show_help(self) -> None:
        """List the keys."""
        dialog = HelpDialog(self)
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def event(self, event: QtCore.QEvent | None) -> bool:
        """Let the control with the focus have the keys that it handles itself, before they trigger an action."""
        if (
            isinstance(event, QtGui.QKeyEvent)
            and event.type() == QtCore.QEvent.Type.ShortcutOverride
            and focus_keeps_key(self.focusWidget(), event)
        ):
            event.accept()
            return True
        return super().event(event)

    def end(self) -> None:
        """Close without a question."""
        self._closing = True
        self.close()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Stop the session; during a recording ask the user first."""
        if not self._closing and event is not None and not self.controller.may_close(self.end):
            event.ignore()
            return
        self._save_preferences()
        self._view.stop()
        super().closeEvent(event)

    def leave(self) -> None:
        """Close the window and leave the session running."""
        self.hide()
        self.deleteLater()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Change to the compact layout in a small window, and back in a large one."""
        super().resizeEvent(event)
        compact = self.width() < COMPACT_BELOW_PX.width() or self.height() < COMPACT_BELOW_PX.height()
        if compact != self._compact:
            self._set_compact(compact=compact)

    def _set_compact(self, *, compact: bool) -> None:
        """Lay out the parts closer together, or at their usual size."""
        self._compact = compact
        self.vitals.set_compact(compact=compact)
        self.trace.set_compact(compact=compact)
        for panel in self.panels:
            panel.set_compact(compact=compact)

    def _restore_size(self, preferences: Preferences) -> None:
        """Restore the remembered size, within the screen."""
        size, screen = preferences.size, self.screen()
        self.resize(size if screen is None else fit_to_screen(size, screen.availableGeometry().size()))
        if preferences.maximised:
            self.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

    def _save_preferences(self) -> None:
        special = self.isFullScreen() or self.isMaximized()
        size = self.normalGeometry().size() if special else self.size()
        chosen = self._theme if self._theme is not system_theme() or self._memory.read().theme else None
        self._memory.write(Preferences(size, self.isMaximized(), chosen, self.trace.sweep.scale))

    def _lay_out(self) -> None:
        body = QtWidgets.QWidget()
        body.setAccessibleName("Dashboard")
        grid = QtWidgets.QGridLayout(body)
        grid.setContentsMargins(10, 8, 10, 2)
        grid.setSpacing(8)
        for row, line in enumerate((self.header, self.failure_banner, self.status_banner)):
            grid.addWidget(line, row, 0, 1, 2)
        grid.addWidget(self.trace, 3, 0)
        grid.addLayout(head_grid(self.panels), 4, 0)
        grid.addWidget(self.vitals, 3, 1, 2, 1)
        grid.setRowStretch(3, 5)
        grid.setRowStretch(4, 3 if len(self.panels) <= 2 else 5)
        self.setCentralWidget(ScrollableBody(body))
        self.setStatusBar(self.footer)
