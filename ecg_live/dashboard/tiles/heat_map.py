"""The correlation of all pairs as a triangle of cells: the value in words and in colour."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import TONE_COLOURS, Palette
from ecg_live.dashboard.widgets import tooltip_html
from ecg_live.presentation.formatting import number_text
from ecg_live.presentation.synchrony import pair_text
from ecg_live.results import SynchronyMatrix
from ecg_live.text import sanitize

MAX_CELL_PX = QtCore.QSize(150, 72)
MAX_NAME_PX = 130
GAP_PX = 2
LIGHT_ABOVE = 0.45  # lightness of a cell with dark text
BEYOND_COLOUR_SHARE, WITHIN_COLOUR_SHARE = 0.9, 0.4  # of the colour in a cell of |r| = 1, beyond chance and within
_Key = QtCore.Qt.Key
_MOVES = {_Key.Key_Left: (0, -1), _Key.Key_Right: (0, 1), _Key.Key_Up: (-1, 0), _Key.Key_Down: (1, 0)}
_CENTRE = QtCore.Qt.AlignmentFlag.AlignCenter.value
_RIGHT = (QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignRight).value


class HeatMap(QtWidgets.QWidget):
    """Shows a `SynchronyMatrix`; arrows or a click choose a pair.

    Parameters
    ----------
    names : tuple of str
        The wearers, at least two.
    palette : Palette
    """

    pair_chosen = QtCore.pyqtSignal()

    def __init__(self, names: tuple[str, ...], palette: Palette) -> None:
        super().__init__()
        self._names = tuple(map(sanitize, names))
        self._palette = palette
        self.matrix = SynchronyMatrix(np.full((len(names), len(names)), np.nan), np.ones((len(names), len(names))))
        self.pair = (0, 1)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(260, 200)
        self.setMouseTracking(True)
        self.setAccessibleName("Correlation of all pairs")
        style_text(self, 10)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    def show_matrix(self, matrix: SynchronyMatrix) -> None:
        """Show values."""
        self.matrix = matrix
        self.setAccessibleDescription(self.pair_words(self.pair))
        self.update()

    def pair_words(self, pair: tuple[int, int]) -> str:
        """A pair's names and value in words."""
        a, b = pair
        return f"{self._names[a]} and {self._names[b]}: {pair_text(self.matrix.r[a, b], self.matrix.limit[a, b])}"

    def choose(self, pair: tuple[int, int]) -> None:
        """Choose a pair (a, b) with a < b."""
        if pair != self.pair:
            self.pair = pair
            self.setAccessibleDescription(self.pair_words(pair))
            self.update()
            self.pair_chosen.emit()

    def cell(self, pair: tuple[int, int]) -> QtCore.QRectF:
        """Where a pair's cell lies: row b, column a."""
        a, b = pair
        left, top, width, height = self._layout()
        return QtCore.QRectF(left + a * width, top + (b - 1) * height, width - GAP_PX, height - GAP_PX)

    def _layout(self) -> tuple[float, float, float, float]:
        """Left and top of the first cell, width and height of each."""
        metrics, rows = self.fontMetrics(), len(self._names) - 1
        name = min(MAX_NAME_PX, max(metrics.horizontalAdvance(text) for text in self._names)) + 12
        width = min(MAX_CELL_PX.width(), (self.width() - name - 8) / rows)
        below = metrics.height() + 10 if width > name else name
        height = min(MAX_CELL_PX.height(), (self.height() - below - 8) / rows)
        left = (self.width() - name - rows * width) / 2 + name
        return left, 4.0, width, height

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw the cells, and the names at the left and below."""
        with painter_on(self) as painter:
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            for pair in combinations(range(len(self._names)), 2):
                self._draw_cell(painter, pair)
            self._draw_names(painter)
            painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
            painter.setPen(QtGui.QPen(QtGui.QColor(TONE_COLOURS["info"][0]), 3 if self.hasFocus() else 2))
            painter.drawRoundedRect(self.cell(self.pair).adjusted(1, 1, -1, -1), 3, 3)

    def _draw_cell(self, painter: QtGui.QPainter, pair: tuple[int, int]) -> None:
        r, limit = float(self.matrix.r[pair]), float(self.matrix.limit[pair])
        known, beyond = bool(np.isfinite(r)), abs(r) > limit
        back = self._colour(r if known else 0.0, beyond=beyond)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(self.cell(pair), 3, 3)
        font = self.font()
        font.setBold(beyond)
        width = self.cell(pair).width()
        font.setPointSize(13 if width > 90 else 10 if width > 44 else 8)
        painter.setFont(font)
        painter.setPen(QtGui.QColor("#101418" if back.lightnessF() > LIGHT_ABOVE else "#ffffff"))
        painter.drawText(self.cell(pair), _CENTRE, number_text(r, 2) if width > 30 else number_text(r, 1))

    def _colour(self, r: float, *, beyond: bool) -> QtGui.QColor:
        """Amber for a positive r, blue for a negative one, mixed with the colour of none."""
        full = QtGui.QColor(self._palette.classes[1] if r > 0 else self._palette.classes[0])
        base = QtGui.QColor(self._palette.shade)
        share = abs(r) * (BEYOND_COLOUR_SHARE if beyond else WITHIN_COLOUR_SHARE)
        parts = zip((base.red(), base.green(), base.blue()), (full.red(), full.green(), full.blue()), strict=True)
        return QtGui.QColor(*(round(a * (1 - share) + b * share) for a, b in parts))

    def _draw_names(self, painter: QtGui.QPainter) -> None:
        painter.setFont(self.font())
        left, top, width, height = self._layout()
        elide = self.fontMetrics().elidedText
        mode, rows = QtCore.Qt.TextElideMode.ElideRight, len(self._names) - 1
        for place, name in enumerate(self._names):
            chosen = place in self.pair
            painter.setPen(QtGui.QColor(self._palette.text if chosen else self._palette.muted))
            if place:
                area = QtCore.QRectF(0, top + (place - 1) * height, left - 10, height - GAP_PX)
                painter.drawText(area, _RIGHT, elide(name, mode, MAX_NAME_PX))
            if place == rows:
                continue
            if width > self.fontMetrics().horizontalAdvance(elide(name, mode, MAX_NAME_PX)) + 4:
                area = QtCore.QRectF(left + place * width, top + rows * height + 2, width - GAP_PX, 22)
                painter.drawText(area, _CENTRE, elide(name, mode, int(width)))
                continue
            painter.save()
            painter.translate(left + (place + 0.5) * width, top + rows * height + 6)
            painter.rotate(-90)
            painter.drawText(QtCore.QRectF(-MAX_NAME_PX, -11, MAX_NAME_PX, 22), _RIGHT, elide(name, mode, MAX_NAME_PX))
            painter.restore()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Move the choice with the arrows."""
        key = None if event is None else _Key(event.key())
        if event is None or key not in _MOVES:
            super().keyPressEvent(event)
            return
        down, right = _MOVES[key]
        b = min(max(1, self.pair[1] + down), len(self._names) - 1)
        a = min(max(0, self.pair[0] + right), len(self._names) - 2)
        self.choose((min(a, b - 1), b) if down else (a, max(b, a + 1)))

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Choose the pair below the pointer."""
        if event is not None and (pair := self._pair_at(event.position())) is not None:
            self.choose(pair)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Show the pair below the pointer in a tool tip."""
        pair = None if event is None else self._pair_at(event.position())
        self.setToolTip("" if pair is None else tooltip_html(self.pair_words(pair)))

    def _pair_at(self, point: QtCore.QPointF) -> tuple[int, int] | None:
        pairs = combinations(range(len(self._names)), 2)
        return next((pair for pair in pairs if self.cell(pair).contains(point)), None)
