"""The key above a chart: a stroke or a swatch, and its name, in as many rows as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PyQt6 import QtCore, QtGui

STROKE_PX = 22
NAME_WIDTHS_PX = (400, 60, 40, 24)  # the first with which the plot has half of the height
_GAP_PX = 6  # between a stroke and its name
_BETWEEN_PX = 10  # entries


class LegendEntry(NamedTuple):
    """What stands for something: a pen for a line, or a brush for an area; and its name."""

    name: str
    stroke: QtGui.QPen | QtGui.QBrush


class PlacedEntry(NamedTuple):
    """The entry ``which`` at ``x``, ``y`` (px), with its name as far as it has room."""

    which: int
    x: int
    y: int
    text: str


def row_height(metrics: QtGui.QFontMetrics) -> int:
    """Height of a row of the key, px."""
    return metrics.height() + 3


def place_legend(
    metrics: QtGui.QFontMetrics, names: Sequence[str], size: QtCore.QSize, indent: int
) -> list[PlacedEntry]:
    """Place the entries in a chart of this size, with names shortened until the plot keeps half of the height."""
    placed: list[PlacedEntry] = []
    for room in NAME_WIDTHS_PX:
        placed = _place(metrics, names, size.width(), room, indent if room == NAME_WIDTHS_PX[0] else 0)
        if placed[-1].y + row_height(metrics) <= size.height() / 2:
            break
    return placed


def _place(metrics: QtGui.QFontMetrics, names: Sequence[str], width: int, room: int, left: int) -> list[PlacedEntry]:
    placed: list[PlacedEntry] = []
    x, y = left, 0
    for which, name in enumerate(names):
        text = name
        while text and metrics.horizontalAdvance(text) > min(room, width - left - STROKE_PX - _GAP_PX):
            text = text[:-1]
        wide = STROKE_PX + _GAP_PX + metrics.horizontalAdvance(text)
        if placed and x + wide > width:
            x, y = left, y + row_height(metrics)
        placed.append(PlacedEntry(which, x, y, text))
        x += wide + _BETWEEN_PX
    return placed


def draw_legend(
    painter: QtGui.QPainter, placed: Sequence[PlacedEntry], entries: Sequence[LegendEntry], colour: str
) -> None:
    """Draw the key; ``colour`` is that of the names."""
    metrics = painter.fontMetrics()
    row = row_height(metrics)
    for which, x, y, text in placed:
        stroke = entries[which].stroke
        if isinstance(stroke, QtGui.QPen):
            painter.setPen(stroke)
            painter.drawLine(QtCore.QLineF(x, y + row / 2, x + STROKE_PX, y + row / 2))
        else:
            painter.fillRect(QtCore.QRectF(x, y + 3, STROKE_PX, row - 6), stroke)
        painter.setPen(QtGui.QColor(colour))
        painter.drawText(QtCore.QPointF(x + STROKE_PX + _GAP_PX, y + 1 + metrics.ascent()), text)
