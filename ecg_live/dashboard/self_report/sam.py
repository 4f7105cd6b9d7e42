"""The self-assessment manikin: a row of nine figures for each dimension."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.self_report.field import NUMERAL_PT, Look, RowsField
from ecg_live.dashboard.self_report.manikin import draw_manikin
from ecg_live.dashboard.self_report.point_row import PointRow, draw_ends, line_height, numeral_height
from ecg_live.study.asking import asked_items, scale_ends
from ecg_live.study.plan import SAM_POINTS, SelfReport

_SMALLEST_FIGURE_PX = 56
_LARGEST_FIGURE_PX = 150
_PADDING_PX = 6
_ROW_STRETCH = 100  # rows take all the room up to their largest height


class ManikinRow(PointRow):
    """Nine manikins of a dimension, between the words for both ends."""

    def __init__(self, dimension: str, ends: tuple[str, str], look: Look) -> None:
        super().__init__(dimension, SAM_POINTS, ends, look)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)

    def top(self) -> float:
        """Return the height of the words at both ends."""
        return line_height(self.look) + 2.0 * _PADDING_PX

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the smallest size at which the figures can be told apart."""
        height = self.top() + _SMALLEST_FIGURE_PX + numeral_height(self.look) + 2 * _PADDING_PX
        return QtCore.QSize(SAM_POINTS * _SMALLEST_FIGURE_PX, round(height))

    def sizeHint(self) -> QtCore.QSize:
        """Return the size at which the figures are largest."""
        height = self.top() + _LARGEST_FIGURE_PX + numeral_height(self.look) + 2 * _PADDING_PX
        return QtCore.QSize(SAM_POINTS * _LARGEST_FIGURE_PX, round(height))

    def draw_point(self, painter: QtGui.QPainter, place: QtCore.QRectF, value: int, *, chosen: bool) -> None:
        """Draw a manikin with its number; the words come with the first."""
        if value == 1:
            words = QtCore.QRectF(0, 0, self.width(), self.top()).adjusted(14, 0, -14, 0)
            draw_ends(painter, words, self.ends, self.look)
        below = numeral_height(self.look) + _PADDING_PX
        number = QtCore.QRectF(place.left(), place.bottom() - below, place.width(), below)
        if chosen:
            self.fill(painter, place, QtGui.QColor(self.look.palette.shade))
            self.fill(painter, number, self.look.accent)
        figure = place.adjusted(_PADDING_PX, _PADDING_PX, -_PADDING_PX, -below - 2)
        height = min(figure.height(), figure.width(), _LARGEST_FIGURE_PX)
        figure.setTop(figure.bottom() - height)
        draw_manikin(painter, figure, self.item, (value - 1) / (SAM_POINTS - 1), self.look)
        painter.setFont(self.look.font(NUMERAL_PT, bold=chosen))
        painter.setPen(self.look.on_accent if chosen else QtGui.QColor(self.look.palette.muted))
        painter.drawText(number, QtCore.Qt.AlignmentFlag.AlignCenter, f"{value}")


class SamField(RowsField[ManikinRow]):
    """A row of manikins for each dimension."""

    def __init__(self, report: SelfReport, look: Look) -> None:
        rows = [ManikinRow(item, scale_ends(report, item), look) for item in asked_items(report)]
        super().__init__(report, look, rows)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addStretch(1)
        for row in self.rows:
            column.addWidget(row, _ROW_STRETCH)
        column.addStretch(1)
        self.show_look(look)

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        super().show_look(look)
        for row in self.rows:
            row.setMaximumHeight(row.sizeHint().height())
