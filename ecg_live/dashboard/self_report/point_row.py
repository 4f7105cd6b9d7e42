"""A row of points of which one is chosen, by a click or by its digit; subclasses draw the points."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6 import QtCore, QtGui

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.self_report.field import NUMERAL_PT, TEXT_PT, AnswerRow, Look
from ecg_live.text import sanitize

Key = QtCore.Qt.Key
_MARGIN_PX = 4.0
_RING_PX = 3.0
_CORNER_PX = 10.0
WORD_GAP_PX = 12.0  # between the words for both ends
SMALLEST_TEXT_PT = 11
_KEY_STEPS = {Key.Key_Left: -1, Key.Key_Down: -1, Key.Key_Right: 1, Key.Key_Up: 1}


class PointRow(AnswerRow):
    """Points from 1 to ``points``, none chosen at first.

    Parameters
    ----------
    item : str
        What is asked.
    points : int
    ends : (str, str)
        Words for the first and the last point.
    look : Look
    """

    def __init__(self, item: str, points: int, ends: tuple[str, str], look: Look) -> None:
        super().__init__(item, ends, look)
        self.value: int | None = None
        self.points = points
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self._describe()

    def choose(self, value: int) -> None:
        """Choose a point."""
        self.value = min(max(value, 1), self.points)
        self._describe()
        self.update()
        self.answered.emit()

    def cell(self, value: int) -> QtCore.QRectF:
        """Return the place of a point."""
        width = (self.width() - 2 * _MARGIN_PX) / self.points
        return QtCore.QRectF(_MARGIN_PX + (value - 1) * width, self.top(), width, self.height() - self.top() - 2)

    def top(self) -> float:
        """Return the height (px) that is kept above the points."""
        return _RING_PX

    def draw_point(self, painter: QtGui.QPainter, place: QtCore.QRectF, value: int, *, chosen: bool) -> None:
        """Draw a point."""
        raise NotImplementedError

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Choose by a digit, or by the arrows; pass other keys on."""
        if event is None:
            return
        key = event.key()
        digit = key - Key.Key_0 if Key.Key_0 <= key <= Key.Key_9 else None
        if digit is not None and (number := digit or 10) <= self.points:
            self.choose(number)
        elif key in _KEY_STEPS:
            middle = (self.points + 1) // 2
            self.choose(middle if self.value is None else self.value + _KEY_STEPS[Key(key)])
        elif key == Key.Key_Home:
            self.choose(1)
        elif key == Key.Key_End:
            self.choose(self.points)
        else:
            event.ignore()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Choose the point below the mouse."""
        if event is not None and (value := self._point_at(event.position())) is not None:
            self.choose(value)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Mark the point below the mouse."""
        hovered = None if event is None else self._point_at(event.position())
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leaveEvent(self, _event: QtCore.QEvent | None) -> None:
        """Mark no point."""
        self._hovered = None
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw the points, and the ring of the focus."""
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            for value in range(1, self.points + 1):
                if value == self._hovered and value != self.value:
                    self.fill(painter, self.cell(value), QtGui.QColor(self.look.palette.shade))
                self.draw_point(painter, self.cell(value), value, chosen=value == self.value)
            if self.hasFocus():
                draw_focus_ring(painter, QtCore.QRectF(self.rect()), self.look)

    def fill(self, painter: QtGui.QPainter, place: QtCore.QRectF, colour: QtGui.QColor) -> None:
        """Fill a point's place."""
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(place.adjusted(2, 2, -2, -2), _CORNER_PX, _CORNER_PX)

    def _point_at(self, at: QtCore.QPointF) -> int | None:
        return next((value for value in range(1, self.points + 1) if self.cell(value).contains(at)), None)

    def _describe(self) -> None:
        low, high = self.ends
        words = f", {low} to {high}" if low or high else ""
        answer = "no answer" if self.value is None else f"{self.value}"
        self.setAccessibleDescription(f"{answer} of 1 to {self.points}{words}")


def draw_focus_ring(painter: QtGui.QPainter, place: QtCore.QRectF, look: Look) -> None:
    """Draw the ring around what has the focus."""
    painter.setPen(QtGui.QPen(look.accent, _RING_PX - 1))
    painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place.adjusted(1.5, 1.5, -1.5, -1.5), _CORNER_PX, _CORNER_PX)


def draw_ends(painter: QtGui.QPainter, place: QtCore.QRectF, ends: tuple[str, str], look: Look) -> None:
    """Write the words for both ends of a scale to the left and the right of a place, in one size."""
    half = place.width() / 2 - WORD_GAP_PX
    font = fitting_font(ends, half, look)
    sides = (QtCore.Qt.AlignmentFlag.AlignLeft, QtCore.Qt.AlignmentFlag.AlignRight)
    painter.setPen(QtGui.QColor(look.palette.text))
    for text, side, left in zip(ends, sides, (place.left(), place.right() - half), strict=True):
        draw_line(painter, QtCore.QRectF(left, place.top(), half, place.height()), text, font, side)


def draw_line(
    painter: QtGui.QPainter, place: QtCore.QRectF, text: str, font: QtGui.QFont, side: QtCore.Qt.AlignmentFlag
) -> None:
    """Write a line, elided where it does not fit."""
    mode = QtCore.Qt.TextElideMode.ElideRight
    shown = QtGui.QFontMetricsF(font).elidedText(sanitize(text), mode, place.width())
    painter.setFont(font)
    painter.drawText(place, side | QtCore.Qt.AlignmentFlag.AlignVCenter, shown)


def fitting_font(texts: Iterable[str], width: float, look: Look, *, bold: bool = False) -> QtGui.QFont:
    """Return the largest font, down to a limit, in which all texts fit a width (px)."""
    points = TEXT_PT
    texts = tuple(map(sanitize, texts))
    while points > SMALLEST_TEXT_PT:
        metrics = QtGui.QFontMetricsF(look.font(points, bold=bold))
        if all(metrics.horizontalAdvance(text) <= width for text in texts):
            break
        points -= 1
    return look.font(points, bold=bold)


def line_height(look: Look, points: int = TEXT_PT) -> int:
    """Return the height (px) of a line of text."""
    return QtGui.QFontMetrics(look.font(points)).height()


def numeral_height(look: Look) -> int:
    """Return the height (px) of a line of numerals."""
    return line_height(look, NUMERAL_PT)
