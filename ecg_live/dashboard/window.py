"""The window: takes a snapshot, feeds the trace at every frame and the numbers four times a second."""

from __future__ import annotations

import math
import time

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from ecg_live.constants import MODEL_RATE_HZ, NO_ECG
from ecg_live.dashboard.controller import SessionController
from ecg_live.dashboard.ecg_grid import PaperScale
from ecg_live.dashboard.ecg_trace import SweepView
from ecg_live.dashboard.head_panel import HeadPanel, head_grid
from ecg_live.dashboard.header import SessionFooter, SessionHeader, StatusBanner
from ecg_live.dashboard.keys import HelpDialog, add_key_actions, focus_keeps_key
from ecg_live.dashboard.marker_labels import MarkerLabels
from ecg_live.dashboard.preferences import Preferences, PreferenceStore, fit_to_screen
from ecg_live.dashboard.theme import DARK, LIGHT, Palette, style_sheet, system_theme, widget_palette
from ecg_live.dashboard.transport import TransportBar
from ecg_live.dashboard.vitals import VitalsPanel
from ecg_live.dashboard.widgets import Panel, ScrollableBody
from ecg_live.events import Clock
from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.markers import MarkerLog
from ecg_live.presentation.recording import recording_failure, recording_indicator
from ecg_live.presentation.status import HeadStatus, current_stream_time, head_status
from ecg_live.presentation.trace_history import TraceHistory
from ecg_live.protocols import View
from ecg_live.results import Poll, Snapshot

VALUES_INTERVAL_S = 0.25  # s between two redraws of numbers and curves
COMPACT_BELOW_PX = QtCore.QSize(960, 660)  # with less of either the parts are drawn closer together
MIN_TRACE_HEIGHT_PX, COMPACT_TRACE_HEIGHT_PX = 160, 90  # height that the trace has at least


class MainWindow(QtWidgets.QMainWindow):
    """The dashboard on one session.

    Parameters
    ----------
    view : View
        The session to show. Closing the window asks it to stop.
    title, model : str
        What is running, and on which model.
    clock : callable
        That of the session, monotonic seconds: markers are stamped by it, ages of what is on the screen told by it.
    memory : Memory, optional
        What it looked like the last time; without it nothing is remembered.
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
        self._view, self._clock, self._cursor = view, clock, Poll()
        self._numbers_at = -math.inf
        self._closing = False  # without a question
        self._compact = False
        self._memory = memory or PreferenceStore()
        kept = self._memory.read()
        self._theme = kept.theme or system_theme()
        self.history = TraceHistory()
        self.live_values = LiveValues(view.info)
        self.trace = Panel("ECG")
        log, note = MarkerLog(), "" if view.info.channels else capitalise(NO_ECG)
        self.sweep = SweepView(self.history, self._theme, log, note)
        self.controller: SessionController = SessionController(
            view, self.live_values, log, clock, self.trace, self.sweep.setFocus
        )
        self.markers = MarkerLabels(self._theme)
        self.transport = TransportBar()
        self.header = SessionHeader(title, model, view.info)
        self.strip = StatusBanner("State of the stream")
        self.banner = StatusBanner("Failed recording")
        self.banner.hide()
        self.numbers = VitalsPanel()
        self.panels = [HeadPanel(head, self._theme) for head in view.heads]
        self.footer = SessionFooter()
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._lay_out()
        self._connect()
        add_key_actions(self, self)
        self.set_theme(self._theme)
        self.transport.choose(kept.scale)
        self._take_size(kept)
        self.sweep.setFocus()

    @property
    def paused(self) -> bool:
        """Whether the trace stands still."""
        return self.sweep.page is not None

    @property
    def theme(self) -> Palette:
        """The colours in use."""
        return self._theme

    def refresh(self) -> None:
        """Take what is new and draw one frame."""
        snapshot, self._cursor = self._view.poll(self._cursor)
        now = self._clock()
        self.history.append(snapshot.trace_start, snapshot.trace)
        self.live_values.take(snapshot, now)
        snapshot = self.live_values.seen(snapshot, now)
        for marker in self.controller.take(snapshot, now):
            self.sweep.show_marker(marker)
        self.controller.markers.forget(self.history.start)
        for prediction in snapshot.predictions:
            for panel in self.panels:
                panel.add(prediction)
        self.sweep.advance()
        self.markers.show_labels(self.sweep.labels())
        if now - self._numbers_at >= VALUES_INTERVAL_S:
            self._numbers_at = now
            self._show_numbers(snapshot, now)

    def _show_numbers(self, snapshot: Snapshot, now: float) -> None:
        last, fresh = self.live_values.last, self.live_values.fresh(now)
        for panel in self.panels:
            result = last.heads.get(panel.head.name) if last else None
            if result is None and not self.live_values.ecg and snapshot.samples:
                panel.show_status(
                    HeadStatus("abstain", note=capitalise(NO_ECG)), current_stream_time(snapshot), fresh.hop
                )
                continue
            panel.show_status(head_status(snapshot, result, fresh), current_stream_time(snapshot), fresh.hop)
        self.numbers.show_snapshot(snapshot, self.live_values, fresh)
        overdue = self.controller.markers.overdue(now)
        self.strip.show_strip(self.live_values.strip(snapshot, now, paused=self.paused, warning=overdue))
        self.sweep.show_dim(dim=self.live_values.outage(snapshot) > 0)
        self.footer.event_line.show_text(self.live_values.event)
        self.footer.clock_line.show_text(self.live_values.drift)
        self.transport.show_markers(self.controller.markers.count, len(self.controller.markers.pending))
        self._show_recording(snapshot)
        self._show_range()

    def _show_recording(self, snapshot: Snapshot) -> None:
        failed, able = self.live_values.recording_failed, self._view.can_record
        silent = self.live_values.outage(snapshot)
        self.header.recording.show_strip(recording_indicator(snapshot, failed, able=able, silent=silent))
        strip = recording_failure(snapshot, failed, able=able)
        self.banner.setVisible(strip is not None)
        if strip is not None:
            self.banner.show_strip(strip)

    def _show_range(self) -> None:
        page = self.sweep.page
        blocked = self.transport.bar.blockSignals(True)  # the page moves only when the user moves it
        self.transport.show_range(self.history.start, self.history.stop, self.sweep.span)
        self.transport.show_position(self.history.stop if page is None else page)
        self.transport.bar.blockSignals(blocked)

    def toggle_pause(self) -> None:
        """Let the trace stand still, or sweep again. Nothing else stops."""
        if self.paused:
            self.go_live()
        else:
            self.sweep.show_page(self.history.stop)
            self._after_pause()

    def go_live(self) -> None:
        """Sweep again from the newest sample."""
        self.sweep.resume()
        self._after_pause()

    def _after_pause(self) -> None:
        self.transport.show_paused(paused=self.paused)
        self.sweep.setFocus()
        self._show_range()
        self._numbers_at = -math.inf

    def scroll_by(self, samples: int) -> None:
        """While paused, move the page by so many samples, within the history."""
        if self.sweep.page is not None:
            self._show_range()
            self.transport.bar.setValue(self.sweep.page + samples)

    def scroll_seconds(self, seconds: int) -> None:
        """While paused, move the page by so many seconds, within the history."""
        self.scroll_by(seconds * MODEL_RATE_HZ)

    def scroll_pages(self, pages: int) -> None:
        """While paused, move the page by its own width, within the history."""
        self.scroll_by(pages * self.sweep.span)

    def step_gain(self, steps: int) -> None:
        """Choose the next larger or smaller gain."""
        self.transport.step(self.transport.gain, steps)

    def step_speed(self, steps: int) -> None:
        """Choose the next faster or slower paper speed."""
        self.transport.step(self.transport.speed, steps)

    def set_scale(self, scale: PaperScale) -> None:
        """Change paper speed and gain."""
        self.sweep.restyle(scale=scale)
        self._show_range()

    def set_theme(self, theme: Palette) -> None:
        """Change the colours."""
        self._theme = theme
        QtWidgets.QApplication.setPalette(widget_palette(theme))  # a style sheet stops that of the window alone
        self.setStyleSheet(style_sheet(theme))
        self.sweep.restyle(palette=theme)
        self.markers.restyle(theme)
        for panel in self.panels:
            panel.curve.restyle(theme)

    def toggle_theme(self) -> None:
        """Light to dark, or back."""
        self.set_theme(DARK if self._theme is LIGHT else LIGHT)

    def warn(self, text: str) -> None:
        """Say something about the dashboard itself on its line on top."""
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
        """Ask the session to end; while a recording runs, ask the user before."""
        if not self._closing and event is not None and not self.controller.may_close(self.end):
            event.ignore()
            return
        self._remember()
        self._view.stop()
        super().closeEvent(event)

    def leave(self) -> None:
        """Go without asking the session to end."""
        self.hide()
        self.deleteLater()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Give way where there is little room."""
        super().resizeEvent(event)
        compact = self.width() < COMPACT_BELOW_PX.width() or self.height() < COMPACT_BELOW_PX.height()
        if compact != self._compact:
            self._set_compact(compact=compact)

    def _set_compact(self, *, compact: bool) -> None:
        """Draw the parts closer together, or as large as usual."""
        self._compact = compact
        self.numbers.set_compact(compact=compact)
        self.sweep.setMinimumHeight(COMPACT_TRACE_HEIGHT_PX if compact else MIN_TRACE_HEIGHT_PX)
        for panel in self.panels:
            panel.set_compact(compact=compact)

    def _take_size(self, kept: Preferences) -> None:
        """As large as the last time, as far as the screen has room."""
        screen = self.screen()
        self.resize(kept.size if screen is None else fit_to_screen(kept.size, screen.availableGeometry().size()))
        if kept.maximised:
            self.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

    def _remember(self) -> None:
        special = self.isFullScreen() or self.isMaximized()
        size = self.normalGeometry().size() if special else self.size()
        chosen = self._theme if self._theme is not system_theme() or self._memory.read().theme else None
        self._memory.write(Preferences(size, self.isMaximized(), chosen, self.sweep.scale))

    def _connect(self) -> None:
        self.transport.pause_asked.connect(self.toggle_pause)
        self.transport.marker_asked.connect(self.controller.mark)
        self.transport.live_asked.connect(self.go_live)
        self.transport.moved.connect(self.sweep.show_page)
        self.transport.scale_chosen.connect(self.set_scale)
        self.sweep.scrolled.connect(lambda notches: self.scroll_seconds(-notches))

    def _lay_out(self) -> None:
        inside = QtWidgets.QVBoxLayout(self.trace)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addWidget(self.sweep, 1)
        inside.addWidget(self.markers)
        inside.addWidget(self.transport)
        body = QtWidgets.QWidget()
        body.setAccessibleName("Dashboard")
        grid = QtWidgets.QGridLayout(body)
        grid.setContentsMargins(10, 8, 10, 2)
        grid.setSpacing(8)
        for row, line in enumerate((self.header, self.banner, self.strip)):
            grid.addWidget(line, row, 0, 1, 2)
        grid.addWidget(self.trace, 3, 0)
        grid.addLayout(head_grid(self.panels), 4, 0)
        grid.addWidget(self.numbers, 3, 1, 2, 1)
        grid.setRowStretch(3, 5)
        grid.setRowStretch(4, 3 if len(self.panels) <= 2 else 5)
        self.setCentralWidget(ScrollableBody(body))
        self.setStatusBar(self.footer)
