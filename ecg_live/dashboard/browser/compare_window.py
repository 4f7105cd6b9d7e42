"""Two recorded sessions, one below the other on one axis of time, aligned at their start or at a block."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.appearance import Appearance
from ecg_live.dashboard.browser.compared import ComparedSession, common_anchors
from ecg_live.dashboard.preferences import PreferenceStore
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.timeline.view import ZOOM_STEP, TimelineView
from ecg_live.dashboard.widgets import ElidedLabel, Panel, text_label

FIRST_SIZE = QtCore.QSize(1180, 760)


class ComparedPanel(Panel):
    """The timeline of one session, with its values at the line.

    Parameters
    ----------
    session : ComparedSession
    appearance : Appearance
    """

    def __init__(self, session: ComparedSession, appearance: Appearance) -> None:
        super().__init__(session.title)
        self.session = session
        self.shift = 0.0
        self.title = ElidedLabel("Session", 13, bold=True)
        self.title.show_text(session.title)
        self.values = ElidedLabel("Values at the line", 10)
        self.view = TimelineView(SessionTimeline(session.heads), appearance.theme)
        top = QtWidgets.QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.values, 2)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.addLayout(top)
        column.addWidget(self.view, 1)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self.view.restyle(palette)

    def align(self, shift: float, length: float) -> None:
        """Draw the session ``shift`` s later, on an axis of ``length`` s."""
        self.shift = shift
        self.view.show_timeline(self.session.timeline(shift, length))

    def show_cursor(self, at: float) -> None:
        """Draw a line at a time of the axis, and state the values there."""
        self.view.timeline.cursor = at
        self.values.show_text(self.session.values_at(at - self.shift))
        self.view.update()


class CompareWindow(QtWidgets.QMainWindow):
    """Compares sessions: zooming and moving one moves the other, a click sets the line in both.

    Parameters
    ----------
    sessions : tuple of ComparedSession
        Two.
    memory : PreferenceStore, optional
        Gives the colours.
    """

    def __init__(
        self, sessions: tuple[ComparedSession, ComparedSession], memory: PreferenceStore | None = None
    ) -> None:
        super().__init__()
        preferences = (memory or PreferenceStore()).read()
        self.appearance = Appearance(self, preferences.theme, preferences.text_scale)
        self.panels = tuple(ComparedPanel(session, self.appearance) for session in sessions)
        self.anchor = QtWidgets.QComboBox()
        self.anchor.setAccessibleName("Aligned at")
        self.anchor.addItems(common_anchors(sessions))
        self.setWindowTitle(" \N{LEFT RIGHT ARROW} ".join(session.title for session in sessions))
        self.setAccessibleName("Two sessions compared")
        self._lay_out()
        self._share_range()
        self.anchor.currentTextChanged.connect(self._align)
        self.appearance.apply(self.panels)
        self.resize(FIRST_SIZE)
        self._align(self.anchor.currentText())
        self.panels[0].view.setFocus()

    def _lay_out(self) -> None:
        caption = text_label("Alignment caption", 10)
        caption.setText("Aligned at")
        caption.setBuddy(self.anchor)
        hint = text_label("Hint", 9, muted=True)
        hint.setText("Click: line and values.  Wheel, + and \N{MINUS SIGN}: zoom.  Arrows: move.  Research use only.")
        row = QtWidgets.QHBoxLayout()
        row.addWidget(caption)
        row.addWidget(self.anchor)
        row.addSpacing(12)
        row.addWidget(hint, 1)
        for text, name, factor in (("\N{MINUS SIGN}", "Show more", ZOOM_STEP**2), ("+", "Show less", ZOOM_STEP**-2)):
            button = QtWidgets.QPushButton(text)
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(lambda _checked, factor=factor: self.panels[0].view.zoom(factor))
            row.addWidget(button)
        whole = QtWidgets.QPushButton("Whole sessions")
        whole.clicked.connect(self.panels[0].view.show_all)
        row.addWidget(whole)
        body = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        column.addLayout(row)
        for panel in self.panels:
            column.addWidget(panel, 1)
        self.setCentralWidget(body)
        close = QtGui.QAction("Close", self)
        close.setShortcuts([QtGui.QKeySequence("Ctrl+W"), QtGui.QKeySequence("Q")])
        close.triggered.connect(self.close)
        self.addAction(close)

    def _share_range(self) -> None:
        """Let both charts show the same part of the axis, whichever is moved."""
        first, *others = self.panels
        for panel in others:
            panel.view.visible = first.view.visible
        for panel in self.panels:
            panel.view.range_changed.connect(self._redraw)
            panel.view.place_chosen.connect(self.show_cursor)

    def _redraw(self) -> None:
        for panel in self.panels:
            panel.view.update()

    def _align(self, name: str) -> None:
        """Draw both so that their times of that name lie below each other."""
        anchors = [panel.session.anchors().get(name, 0.0) for panel in self.panels]
        shifts = [max(anchors) - at for at in anchors]
        length = max(panel.session.duration + shift for panel, shift in zip(self.panels, shifts, strict=True))
        for panel, shift in zip(self.panels, shifts, strict=True):
            panel.align(shift, length)
            panel.view.show_new()
        self.show_cursor(max(anchors))

    def show_cursor(self, at: float) -> None:
        """Draw the line at a time of the axis in both, with their values there."""
        for panel in self.panels:
            panel.show_cursor(at)
