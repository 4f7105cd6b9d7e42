"""The page of synchrony: all pairs, one of them over time, and how far the values can be trusted."""

from __future__ import annotations

import math

from PyQt6 import QtCore, QtWidgets

from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.tiles.course import CorrelationCourse
from ecg_live.dashboard.tiles.heat_map import HeatMap
from ecg_live.dashboard.widgets import Panel, text_label
from ecg_live.presentation.formatting import title_text
from ecg_live.presentation.synchrony import CAUTION_TEXT, reading_text, waiting_text
from ecg_live.protocols import SynchronyView

REFRESH_INTERVAL_S = 2.0


class SynchronyPanel(Panel):
    """Shows the correlation of all pairs for a chosen measure.

    Parameters
    ----------
    synchrony : SynchronyView
    palette : Palette
    """

    def __init__(self, synchrony: SynchronyView, palette: Palette) -> None:
        super().__init__("Synchrony")
        self._synchrony = synchrony
        self._shown = -math.inf
        self.measure = QtWidgets.QComboBox()
        self.measure.setAccessibleName("What is correlated")
        self.measure.addItems([title_text(name) for name in synchrony.measures])
        self.heat_map = HeatMap(synchrony.names, palette)
        self.course = CorrelationCourse(palette)
        self._title = text_label("Synchrony title", 13, bold=True)
        self._title.setText("Synchrony")
        self.waiting = text_label("What is missing for a first value", 10)
        self._pair = text_label("Chosen pair", 11, bold=True)
        self._reading = text_label("How to read it", 9, muted=True)
        self._caution = text_label("What it does not show", 9, muted=True)
        self._reading.setText(reading_text(len(synchrony.names), synchrony.width))
        self._caution.setText(CAUTION_TEXT)
        self._lay_out()
        self.measure.currentIndexChanged.connect(self._show_now)
        self.heat_map.pair_chosen.connect(self._show_now)

    def _lay_out(self) -> None:
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        top = QtWidgets.QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self._title)
        top.addWidget(self.measure)
        top.addWidget(self.waiting, 1)
        column.addLayout(top)
        body = QtWidgets.QHBoxLayout()
        body.setSpacing(20)
        body.addWidget(self.heat_map, 11)
        side = QtWidgets.QVBoxLayout()
        side.setSpacing(6)
        side.addWidget(self._pair)
        side.addWidget(self.course, 1)
        body.addLayout(side, 9)
        column.addLayout(body, 1)
        for label in (self._reading, self._caution):
            label.setWordWrap(True)
            column.addWidget(label)

    def refresh(self, now: float) -> None:
        """Show the newest values, every `REFRESH_INTERVAL_S`."""
        if now - self._shown >= REFRESH_INTERVAL_S:
            self._shown = now
            self._show_now()

    def _show_now(self) -> None:
        measure = max(0, self.measure.currentIndex())
        matrix = self._synchrony.matrix(measure)
        self.heat_map.show_matrix(matrix)
        self.waiting.setText(waiting_text(matrix.longest, self._synchrony.needed))
        words = self.heat_map.pair_words(self.heat_map.pair)
        self._pair.setText(words)
        self.course.show_course(self._synchrony.course(measure, self.heat_map.pair), words)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self.heat_map.restyle(palette)
        self.course.restyle(palette)

    def showEvent(self, event: QtCore.QEvent | None) -> None:
        """Show the newest values at once."""
        self._shown = -math.inf
        self._show_now()
        super().showEvent(event)  # type: ignore[arg-type]  # QShowEvent
