"""The correlation of one pair over the session, with what chance makes of it."""

from __future__ import annotations

import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import draw_line, painter_on
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import Palette
from ecg_live.results import SynchronyCourse

MARGINS_PX = QtCore.QMargins(44, 10, 12, 32)
STEPS_MIN = (1, 2, 5, 10, 20)
MIN_STEP_PX = 70
MIN_SPAN_S = 300.0
LINE_WIDTH_PX = 2.0


class CorrelationCourse(QtWidgets.QWidget):
    """Draws a `SynchronyCourse`: r as a line, and the band that chance seldom leaves.

    Parameters
    ----------
    palette : Palette
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.course = SynchronyCourse(np.empty(0), np.empty(0), np.empty(0))
        self.setMinimumHeight(130)
        self.setAccessibleName("Correlation of the chosen pair over time")
        style_text(self, 9)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    def show_course(self, course: SynchronyCourse, words: str) -> None:
        """Show a pair, described in words."""
        self.course = course
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw band, axes and line."""
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            area = self.rect().marginsRemoved(MARGINS_PX)
            painter.fillRect(area, QtGui.QColor(self._palette.card))
            span = max(MIN_SPAN_S, -float(self.course.times[0]) if len(self.course.times) else 0.0)
            x = area.right() + self.course.times * (area.width() / span)
            self._draw_band(painter, area, x)
            self._draw_axes(painter, area, span)
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.text), LINE_WIDTH_PX))
            draw_line(painter, x, _height(area, self.course.r))

    def _draw_band(self, painter: QtGui.QPainter, area: QtCore.QRect, x: np.ndarray) -> None:
        known = np.isfinite(self.course.r)
        shade = QtGui.QColor(self._palette.shade)
        step = float(x[1] - x[0]) + 0.5 if len(x) > 1 else 3.0
        tops, bottoms = _height(area, self.course.limit), _height(area, -self.course.limit)
        for at, top, bottom in zip(x[known].tolist(), tops[known].tolist(), bottoms[known].tolist(), strict=True):
            painter.fillRect(QtCore.QRectF(min(at - step / 2, area.right() - step), top, step, bottom - top), shade)

    def _draw_axes(self, painter: QtGui.QPainter, area: QtCore.QRect, span: float) -> None:
        middle = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignRight
        for value in (-1, 0, 1):
            y = float(_height(area, np.array([float(value)]))[0])
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), 1))
            painter.drawLine(QtCore.QLineF(area.left(), y, area.right(), y))
            painter.setPen(QtGui.QColor(self._palette.muted))
            label = f"{value:+d}" if value else "r = 0"
            painter.drawText(QtCore.QRectF(0, y - 10, area.left() - 6, 20), middle.value, label)
        per_minute = area.width() / (span / 60)
        step = next((each for each in STEPS_MIN if each * per_minute >= MIN_STEP_PX), STEPS_MIN[-1])
        for minutes in range(0, int(span / 60) + 1, step):
            at = area.right() - minutes * per_minute
            centre = QtCore.Qt.AlignmentFlag.AlignHCenter if minutes else QtCore.Qt.AlignmentFlag.AlignRight
            left = at - 40 if minutes else at - 80
            text = f"\N{MINUS SIGN}{minutes} min" if minutes else "now"
            if at - 30 >= 0:
                painter.drawText(QtCore.QRectF(left, area.bottom() + 12, 80, 18), centre.value, text)


def _height(area: QtCore.QRect, r: np.ndarray) -> np.ndarray:
    """Pixels from the top for values of r."""
    top: np.ndarray = area.top() + (1 - r) / 2 * area.height()
    return top
