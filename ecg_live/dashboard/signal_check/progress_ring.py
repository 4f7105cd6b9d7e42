"""A ring that fills with the seconds of good signal."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.theme import TONE_COLOURS, Palette
from ecg_live.presentation.status import Tone

RING_SIZE_PX = 132
RING_WIDTH_PX = 12
FULL_TURN = 360 * 16  # Qt counts sixteenths of a degree


class ProgressRing(QtWidgets.QWidget):
    """Shows a share as a ring, with a word and a line inside."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setAccessibleName("Good signal")
        self.setFixedSize(RING_SIZE_PX, RING_SIZE_PX)
        self._palette = palette
        self._share = 0.0
        self._tone: Tone = "info"
        self.word = ""
        self._line = ""

    def show_progress(self, share: float, tone: Tone, word: str, line: str) -> None:
        """Show a share between 0 and 1."""
        if (share, tone, word, line) == (self._share, self._tone, self.word, self._line):
            return
        self._share, self._tone, self.word, self._line = share, tone, word, line
        self.setAccessibleDescription(f"{word}: {line}")
        self.update()

    def restyle(self, palette: Palette) -> None:
        """Change the colours."""
        self._palette = palette
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw the ring and its texts."""
        inset = RING_WIDTH_PX / 2 + 1
        circle = QtCore.QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        centre = QtCore.Qt.AlignmentFlag.AlignCenter.value
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), RING_WIDTH_PX))
            painter.drawEllipse(circle)
            if self._share > 0:
                pen = QtGui.QPen(QtGui.QColor(TONE_COLOURS[self._tone][0]), RING_WIDTH_PX)
                pen.setCapStyle(QtCore.Qt.PenCapStyle.FlatCap)
                painter.setPen(pen)
                painter.drawArc(circle, FULL_TURN // 4, -round(self._share * FULL_TURN))
            font = painter.font()
            font.setPointSize(18)
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(QtGui.QColor(self._palette.text))
            painter.drawText(circle.translated(0, -8), centre, self.word)
            font.setPointSize(9)
            font.setBold(False)
            painter.setFont(font)
            painter.setPen(QtGui.QColor(self._palette.muted))
            painter.drawText(circle.translated(0, 18), centre, self._line)
