"""The window: takes a snapshot, feeds the trace at every frame and the numbers four times a second."""

from __future__ import annotations

import math
import time

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from ecg_live.types import Clock, Poll, Snapshot, View

from .affect import HeadPanel
from .header import Foot, Header, StateStrip
from .help import HelpDialog
from .history import TraceHistory
from .keys import action_for
from .numbers import Numbers
from .palette import DARK, LIGHT, Palette, style_sheet, system_theme, widget_palette
from .paper import Scale
from .readings import Readings
from .status import head_status, strip_of, time_now
from .sweep import SweepView
from .tiles import Card
from .transport import Transport

NUMBERS_EVERY = 0.25  # s between two redraws of numbers and curves


class MainWindow(QtWidgets.QMainWindow):
    """The dashboard on one session.

    Parameters
    ----------
    view : View
        The session to show. Closing the window asks it to stop.
    title, model : str
        What is running, and on which model.
    clock : callable
        Monotonic seconds; ages of what is on the screen are told by it.
    """

    def __init__(self, view: View, *, title: str, model: str, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self._view, self._clock, self._cursor = view, clock, Poll()
        self._numbers_at = -math.inf
        self._theme = system_theme()
        self.history = TraceHistory()
        self.readings = Readings(view.info.rate)
        self.sweep = SweepView(self.history, self._theme)
        self.transport = Transport()
        self.strip = StateStrip()
        self.numbers = Numbers()
        self.panels = [HeadPanel(head, self._theme) for head in view.heads]
        self.foot = Foot()
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._lay_out(Header(title, model, view.info))
        self._connect()
        self.set_theme(self._theme)
        self.resize(1280, 800)
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
        self.readings.take(snapshot, now)
        for prediction in snapshot.predictions:
            for panel in self.panels:
                panel.add(prediction)
        self.sweep.advance()
        if now - self._numbers_at >= NUMBERS_EVERY:
            self._numbers_at = now
            self._show_numbers(snapshot, now)

    def _show_numbers(self, snapshot: Snapshot, now: float) -> None:
        last, fresh = self.readings.last, self.readings.fresh(now)
        for panel in self.panels:
            result = last.heads.get(panel.head.name) if last else None
            panel.show_status(head_status(snapshot, result, fresh), time_now(snapshot), fresh.hop)
        self.numbers.show_snapshot(snapshot, last, fresh)
        self.strip.show_strip(strip_of(snapshot, self.readings.warning(now), paused=self.paused))
        self.foot.event_line.show_text(self.readings.event)
        self._show_range()

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
        """While paused, move the page by so many samples, no further than what is kept."""
        if self.sweep.page is not None:
            self._show_range()
            self.transport.bar.setValue(self.sweep.page + samples)

    def set_scale(self, scale: Scale) -> None:
        """Change paper speed and gain."""
        self.sweep.restyle(scale=scale)
        self._show_range()

    def set_theme(self, theme: Palette) -> None:
        """Change the colours."""
        self._theme = theme
        QtWidgets.QApplication.setPalette(widget_palette(theme))  # a style sheet stops that of the window alone
        self.setStyleSheet(style_sheet(theme))
        self.sweep.restyle(palette=theme)
        for panel in self.panels:
            panel.curve.restyle(theme)

    def toggle_theme(self) -> None:
        """Light to dark, or back."""
        self.set_theme(DARK if self._theme is LIGHT else LIGHT)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or leave it."""
        self.setWindowState(self.windowState() ^ QtCore.Qt.WindowState.WindowFullScreen)

    def show_help(self) -> None:
        """List the keys."""
        dialog = HelpDialog(self)
        dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Do what a key asks for, unless the user is writing text."""
        action = action_for(event, self.focusWidget())
        if event is None or action is None:
            super().keyPressEvent(event)
        else:
            action(self)

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Ask the session to end."""
        self._view.stop()
        super().closeEvent(event)

    def _connect(self) -> None:
        self.transport.pause_asked.connect(self.toggle_pause)
        self.transport.live_asked.connect(self.go_live)
        self.transport.moved.connect(self.sweep.show_page)
        self.transport.scale_chosen.connect(self.set_scale)
        self.sweep.scrolled.connect(lambda notches: self.scroll_by(-notches * self.transport.bar.singleStep()))

    def _lay_out(self, header: Header) -> None:
        trace = Card("ECG")
        inside = QtWidgets.QVBoxLayout(trace)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addWidget(self.sweep, 1)
        inside.addWidget(self.transport)
        heads = QtWidgets.QGridLayout()
        heads.setSpacing(8)
        columns = min(2, len(self.panels))
        for place, panel in enumerate(self.panels):
            wide = place == len(self.panels) - 1 and place % 2 == 0
            heads.addWidget(panel, place // 2, place % 2, 1, columns if wide else 1)
        body = QtWidgets.QWidget()
        body.setAccessibleName("Dashboard")
        grid = QtWidgets.QGridLayout(body)
        grid.setContentsMargins(10, 8, 10, 2)
        grid.setSpacing(8)
        grid.addWidget(header, 0, 0, 1, 2)
        grid.addWidget(self.strip, 1, 0, 1, 2)
        grid.addWidget(trace, 2, 0)
        grid.addLayout(heads, 3, 0)
        grid.addWidget(self.numbers, 2, 1, 2, 1)
        grid.setRowStretch(2, 5)
        grid.setRowStretch(3, 3 if len(self.panels) <= 2 else 5)
        self.setCentralWidget(body)
        self.setStatusBar(self.foot)
