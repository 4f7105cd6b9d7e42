"""A Likert scale: a row of points for each item, below the words for both ends."""

from __future__ import annotations

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.self_report.field import NUMERAL_PT, TEXT_PT, Look, RowsField
from ecg_live.dashboard.self_report.point_row import PointRow, draw_ends, line_height
from ecg_live.dashboard.widgets import text_label
from ecg_live.study.asking import asked_items
from ecg_live.study.plan import SelfReport
from ecg_live.text import sanitize

_ITEM_SHARE, _POINTS_SHARE = 2, 3  # of the width
_ROW_LINES = 2.2  # lines of text that a row is high
_ROW_GAP_PX = 6


class LikertRow(PointRow):
    """Numbered circles."""

    def __init__(self, item: str, points: int, ends: tuple[str, str], look: Look) -> None:
        super().__init__(item, points, ends, look)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QtCore.QSize:
        """Return the size for circles that can be hit easily."""
        height = round(_ROW_LINES * line_height(self.look))
        return QtCore.QSize(self.points * height, height)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return a size at which the numbers fit."""
        return QtCore.QSize(self.points * line_height(self.look) * 3 // 2, self.sizeHint().height())

    def draw_point(self, painter: QtGui.QPainter, place: QtCore.QRectF, value: int, *, chosen: bool) -> None:
        """Draw a circle with its number."""
        radius = min(place.width(), place.height()) / 2 - 5
        text = QtGui.QColor(self.look.palette.text)
        painter.setPen(QtGui.QPen(self.look.accent if chosen else QtGui.QColor(self.look.palette.muted), 2))
        painter.setBrush(self.look.accent if chosen else QtGui.QColor(self.look.palette.card))
        painter.drawEllipse(place.center(), radius, radius)
        painter.setFont(self.look.font(NUMERAL_PT, bold=chosen))
        painter.setPen(self.look.on_accent if chosen else text)
        painter.drawText(place, QtCore.Qt.AlignmentFlag.AlignCenter, f"{value}")


class EndsRow(QtWidgets.QWidget):
    """The words for both ends, above the points."""

    def __init__(self, ends: tuple[str, str], look: Look) -> None:
        super().__init__()
        self._ends = ends
        self.look = look
        self.setAccessibleName(" to ".join(ends))

    def sizeHint(self) -> QtCore.QSize:
        """Return the size of a line."""
        return QtCore.QSize(100, line_height(self.look) + 8)

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Write the words."""
        with painter_on(self) as painter:
            draw_ends(
                painter, QtCore.QRectF(self.rect()).adjusted(10, 0, -10, 0), (self._ends[0], self._ends[1]), self.look
            )


class LikertField(RowsField[LikertRow]):
    """Rows of items; they scroll where there are many, below the words for both ends, which stay."""

    def __init__(self, report: SelfReport, look: Look) -> None:
        super().__init__(
            report, look, [LikertRow(item, report.points, report.anchors, look) for item in asked_items(report)]
        )
        self.labels = [text_label(f"Item {number}", TEXT_PT) for number, _ in enumerate(self.rows, 1)]
        self.ends = EndsRow(report.anchors, look)
        self._scroll = _items_in(self._body())
        self._header = QtWidgets.QHBoxLayout()
        self._header.addStretch(_ITEM_SHARE)
        self._header.addWidget(self.ends, _POINTS_SHARE)
        if (bar := self._scroll.verticalScrollBar()) is not None:
            bar.rangeChanged.connect(self._align_ends)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._header)
        column.addWidget(self._scroll, 1)
        self.ends.setVisible(any(report.anchors))
        self.show_look(look)

    def _body(self) -> QtWidgets.QWidget:
        body = QtWidgets.QWidget()
        body.setAccessibleName("Items")
        grid = QtWidgets.QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(_ROW_GAP_PX)
        grid.setColumnStretch(0, _ITEM_SHARE)
        grid.setColumnStretch(1, _POINTS_SHARE)
        for number, (label, row) in enumerate(zip(self.labels, self.rows, strict=True)):
            label.setText(sanitize(row.item))
            label.setWordWrap(True)
            grid.addWidget(label, number, 0)
            grid.addWidget(row, number, 1)
        grid.setRowStretch(len(self.rows), 1)
        return body

    def show_look(self, look: Look) -> None:
        """Change colours and sizes."""
        super().show_look(look)
        self.ends.look = look
        self.ends.updateGeometry()
        for label in self.labels:
            label.setFont(look.font(TEXT_PT))

    def _align_ends(self) -> None:
        """Keep the words above the points where a scroll bar takes its room."""
        bar = self._scroll.verticalScrollBar()
        there = bar is not None and bar.maximum() > bar.minimum()
        self._header.setContentsMargins(0, 0, bar.sizeHint().width() if bar is not None and there else 0, 0)


def _items_in(body: QtWidgets.QWidget) -> QtWidgets.QScrollArea:
    area = QtWidgets.QScrollArea()
    area.setAccessibleName("Items that scroll")
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    area.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidgetResizable(True)
    area.setWidget(body)
    area.viewport().setAutoFillBackground(False)  # type: ignore[union-attr]
    body.setAutoFillBackground(False)
    return area
