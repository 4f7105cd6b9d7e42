"""A small chart of one number over the whole session, with its range, the markers and the baselines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.chart_fills import draw_band
from ecg_live.dashboard.ecg_grid import draw_line, painter_on
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.annotations import draw_markers, draw_spans
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline
from ecg_live.presentation.binned_series import BinnedSeries, SeriesPart
from ecg_live.presentation.formatting import clock_text, number_text

AXIS_PT = 8
MIN_SPAN_S = 60.0
GAP_PX = 4
MAX_JOINED = 1.6  # hops, or bins, between two points that a line joins


class TrendChart(QtWidgets.QWidget):
    """Draws a series from the session's start until now; drawn again only if something is new.

    Parameters
    ----------
    name : str
        What the series shows.
    series : BinnedSeries
    timeline : SessionTimeline
        Gives time, markers and baselines.
    palette : Palette
    """

    def __init__(self, name: str, series: BinnedSeries, timeline: SessionTimeline, palette: Palette) -> None:
        super().__init__()
        self._series = series
        self._timeline = timeline
        self._palette = palette
        self._shown: tuple[int, ...] = ()
        self.setAccessibleName(f"{name} over the session")
        self.setMinimumSize(90, 34)
        style_text(self, AXIS_PT)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    def show_new(self) -> None:
        """Draw again if there is something new."""
        seconds_per_pixel = self.span / max(1, self.width())
        places = (self._timeline.now, self._timeline.cursor or 0.0)
        state = (self._timeline.revision, *(math.floor(place / seconds_per_pixel) for place in places))
        if state != self._shown:
            self._shown = state
            self.update()

    @property
    def span(self) -> float:
        """Seconds shown."""
        return max(MIN_SPAN_S, self._timeline.now)

    def part(self, plot: QtCore.QRectF) -> SeriesPart:
        """Return the series as far as it is drawn."""
        return self._series.read(0.0, self.span, max(2, int(plot.width())))

    def limits(self, part: SeriesPart) -> tuple[float, float] | None:
        """Return the least and the largest number shown; None without any."""
        if not np.isfinite(part.mean).any():
            return None
        return float(np.nanmin(part.low)), float(np.nanmax(part.high))

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw axis, markers, range and mean."""
        with painter_on(self) as painter:
            metrics = self.fontMetrics()
            left = metrics.horizontalAdvance("0000") + GAP_PX
            plot = QtCore.QRectF(left, 3, self.width() - left - 2, self.height() - metrics.height() - 6)
            if plot.width() < 20 or plot.height() < 12:
                return
            self._draw_frame(painter, plot)
            draw_spans(painter, plot, lambda at: self._x(plot, at), self._timeline, self._palette)
            part = self.part(plot)
            if (limits := self.limits(part)) is not None:
                self._draw_series(painter, plot, part, limits)
            draw_markers(painter, plot, lambda at: self._x(plot, at), self._timeline.markers, self._palette)
            if self._timeline.cursor is not None:
                x = self._x(plot, self._timeline.cursor)
                painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.text), 1.5))
                painter.drawLine(QtCore.QLineF(x, plot.top(), x, plot.bottom()))

    def _x(self, plot: QtCore.QRectF, at: float) -> float:
        return plot.left() + at / self.span * plot.width()

    def _draw_frame(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setPen(QtGui.QColor(self._palette.muted))
        right = QtCore.Qt.AlignmentFlag.AlignRight.value
        below = QtCore.QRectF(plot.left(), plot.bottom() + 2, plot.width(), self.fontMetrics().height())
        painter.drawText(below, 0, clock_text(0.0))
        painter.drawText(below, right, clock_text(self.span))

    def _draw_series(
        self, painter: QtGui.QPainter, plot: QtCore.QRectF, part: SeriesPart, limits: tuple[float, float]
    ) -> None:
        low, high = limits
        middle, room = (low + high) / 2, max((high - low) / 2, 0.02 * abs(high), 1.0)  # a steady number lies still
        scale = plot.height() / (2.2 * room)

        def heights(values: np.ndarray) -> np.ndarray:
            return plot.center().y() - (values - middle) * scale

        painter.setPen(QtGui.QColor(self._palette.muted))
        beside = (QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter).value
        row = self.fontMetrics().height()
        for value in dict.fromkeys((round(high), round(low))):
            y = min(max(float(heights(np.array(value))), plot.top() + row / 2), plot.bottom() - row / 2)
            painter.drawText(QtCore.QRectF(0, y - row / 2, plot.left() - GAP_PX, row), beside, number_text(value))
        x = plot.left() + part.at / self.span * plot.width()
        colour = QtGui.QColor(self._palette.text)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        draw_band(painter, x, heights(part.low), heights(part.high), part.width / self.span * plot.width(), colour)
        painter.setPen(QtGui.QPen(colour, 1.5))
        draw_line(painter, *broken_line(x, heights(part.mean), part, self._timeline.hop))


def broken_line(
    x: np.ndarray, y: np.ndarray, part: SeriesPart, hop: float, changes: Sequence[float] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Put a NaN wherever the series has a hole, or at a change (s of stream time), so that no line crosses it."""
    holes = np.flatnonzero(np.diff(part.at) > MAX_JOINED * max(hop, part.width)) + 1
    breaks = np.union1d(holes, np.searchsorted(part.at, np.asarray(changes))).astype(int)
    return np.insert(x, breaks, np.nan), np.insert(y, breaks, np.nan)
