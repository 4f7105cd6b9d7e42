"""The panel of the timeline: the lanes, and the buttons that zoom and follow."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.dashboard.timeline.view import ZOOM_STEP, TimelineView
from ecg_live.dashboard.widgets import Panel, text_label
from ecg_live.presentation.formatting import clock_text


class TimelinePanel(Panel):
    """Shows a session from its start until now.

    Parameters
    ----------
    timeline : SessionTimeline
    palette : Palette
    """

    def __init__(self, timeline: SessionTimeline, palette: Palette) -> None:
        super().__init__("Session")
        self.view = TimelineView(timeline, palette)
        self._range = text_label("Part of the session that is shown", 9, muted=True)
        self.larger = self._button("+", "Show less, larger")
        self.smaller = self._button("\N{MINUS SIGN}", "Show more, smaller")
        self.whole = self._button("Whole session", "Show the whole session")
        self.newest = self._button("Follow", "Follow the newest")
        self.newest.setCheckable(True)
        title = text_label("Session caption", 9, muted=True)
        title.setText("Session")
        row = QtWidgets.QHBoxLayout()
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(title)
        row.addWidget(self._range, 1)
        for button in (self.smaller, self.larger, self.whole, self.newest):
            row.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 4, 8, 4)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self.larger.clicked.connect(lambda: self.view.zoom(1 / ZOOM_STEP**2))
        self.smaller.clicked.connect(lambda: self.view.zoom(ZOOM_STEP**2))
        self.whole.clicked.connect(self.view.show_all)
        self.newest.clicked.connect(self.view.follow)
        self.view.range_changed.connect(self._show_range)
        self._show_range()

    @staticmethod
    def _button(text: str, name: str) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        button.setAutoDefault(True)
        button.setObjectName("small")
        return button

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self.view.restyle(palette)

    def show_new(self) -> None:
        """Draw what is new."""
        self.view.show_new()
        self._show_range()

    def _show_range(self) -> None:
        start, stop = self.view.visible.limits
        self._range.setText(f"{clock_text(start)} \N{EN DASH} {clock_text(stop)}")
        self.newest.setChecked(self.view.visible.following)
        self.whole.setEnabled(not (self.view.visible.whole and self.view.visible.following))
