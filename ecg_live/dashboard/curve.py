"""The probability of a head over the last five minutes."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import draw_line, painter_on
from ecg_live.dashboard.theme import LINE_STYLES, Palette
from ecg_live.events import F64
from ecg_live.presentation.status import DisplayState, result_state
from ecg_live.results import HeadInfo, HeadResult

TIME_SPANS_S = ((60, 15), (120, 30), (300, 60))  # shown, and between ticks: the first that holds all points
HISTORY_S = TIME_SPANS_S[-1][0]
LEFT_MARGIN_PX, RIGHT_MARGIN_PX, BOTTOM_MARGIN_PX = 34, 12, 18
AXIS_FONT_PT = 8
LEGEND_ROW_PX = 16
LEGEND_LINE_PX = 22
BAND_OPACITY = 0.25
LEGEND_NAME_WIDTHS_PX = (400, 60, 40, 24)  # the first with which the plot has half of the height
TIME_LABEL_SPACING_PX = 48


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A result of a ``set`` at stream time ``at`` (s); ``probs`` in the order of the classes, NaN if it abstained.

    Of a head that gives a number, ``probs`` holds its place on the scale (0 to 1), and ``band`` those of its interval.
    """

    at: float
    kind: DisplayState
    probs: tuple[float, ...]
    set: str = "population"
    band: tuple[float, float] = (math.nan, math.nan)


class ProbabilityCurve(QtWidgets.QWidget):
    """One line for each class (of two classes only for the second, since the first mirrors it).

    Low confidence is hatched and abstention grey; abstentions and times without results have no line. Results of two
    sets do not compare: no line joins them, and a vertical line with the name of the new set marks the change. A head
    that gives a number has one line on the rating's own scale, with its interval as a band.
    """

    def __init__(self, head: HeadInfo, palette: Palette) -> None:
        super().__init__()
        self._head = head
        self._palette = palette
        self._shown = range(1, 2) if len(head.classes) == 2 else range(len(head.classes))
        self._shown = range(1) if head.scale is not None else self._shown
        self.points: deque[CurvePoint] = deque(maxlen=4 * HISTORY_S)
        self.now = 0.0
        self.hop = 1.0
        self.end_label = "now"
        self.setMinimumSize(110, 70)
        shown = "probability" if head.scale is None else "rating"
        self.setAccessibleName(f"{head.name}: {shown} over the last five minutes")
        small = self.font()
        small.setPointSize(AXIS_FONT_PT)
        self.setFont(small)

    def add(self, stop: float, result: HeadResult) -> None:
        """Add the result of the window that ends at stream time ``stop`` (s)."""
        kind = result_state(result)
        if self._head.scale is not None:
            value, *band = self._shares((result.value, *(result.interval or (None, None))))
            self.points.append(CurvePoint(stop, kind, (value,), result.set, (band[0], band[1])))
            return
        probs = result.probs if kind != "abstain" and result.probs is not None else {}
        values = tuple(probs.get(name, float("nan")) for name in self._head.classes)
        self.points.append(CurvePoint(stop, kind, values, result.set))

    def _shares(self, values: Iterable[float | None]) -> list[float]:
        """Places of numbers on the head's scale, 0 to 1; NaN for None."""
        low, high = self._head.scale or (0.0, 1.0)
        return [math.nan if value is None else (value - low) / (high - low) for value in values]

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    def show_at(self, now: float, hop: float, end_label: str = "now") -> None:
        """Move the right end of the time axis and redraw.

        Parameters
        ----------
        now : float
            Stream time at the right end, s.
        hop : float
            Interval between results, s.
        end_label : str
            Label of the right end.
        """
        self.now = now
        self.hop = hop
        self.end_label = end_label
        while self.points and self.points[0].at < now - HISTORY_S:
            self.points.popleft()
        self.update()

    @property
    def span(self) -> tuple[int, int]:
        """Seconds shown, and seconds between ticks."""
        oldest = self.now - self.points[0].at if self.points else 0.0
        return next((pair for pair in TIME_SPANS_S if oldest <= pair[0]), TIME_SPANS_S[-1])

    def runs(self) -> Iterator[tuple[list[CurvePoint], DisplayState]]:
        """Yield runs of points of one state without a break in time."""
        run: list[CurvePoint] = []
        for point in self.points:
            if run and (point.kind != run[-1].kind or self._line_breaks(run[-1], point)):
                yield run, run[-1].kind
                run = []
            run.append(point)
        if run:
            yield run, run[-1].kind

    def _line_breaks(self, before: CurvePoint, point: CurvePoint) -> bool:
        """Return whether the line breaks between two points."""
        return point.set != before.set or point.at - before.at > 1.5 * self.hop

    def changes(self) -> list[tuple[float, str]]:
        """Return stream time (s) and name of each change of set, between the last result of one and the next."""
        pairs = [(before, point) for before, point in pairwise(self.points) if point.set != before.set]
        return [(max((before.at + point.at) / 2, point.at - self.hop / 2), point.set) for before, point in pairs]

    def line(self, which: int) -> tuple[list[float], list[float]]:
        """Return times and probabilities of a class, with NaN wherever the line breaks."""
        times: list[float] = []
        values: list[float] = []
        for before, point in zip([None, *self.points], self.points, strict=False):
            if before is not None and self._line_breaks(before, point):
                times.append(before.at)
                values.append(float("nan"))
            times.append(point.at)
            values.append(point.probs[which])
        return times, values

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw shading, axes, lines and legend."""
        with painter_on(self) as painter:
            legend = self.legend(self.fontMetrics())
            top = legend[-1][2] + LEGEND_ROW_PX + 3
            plot = QtCore.QRectF(
                LEFT_MARGIN_PX,
                top,
                self.width() - LEFT_MARGIN_PX - RIGHT_MARGIN_PX,
                self.height() - top - BOTTOM_MARGIN_PX,
            )
            self._draw_shading(painter, plot)
            self._draw_axes(painter, plot)
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            self._draw_bands(painter, plot)
            for which in self._shown:
                painter.setPen(self._pen(which))
                times, values = self.line(which)
                x = self._x(plot, np.array(times))
                draw_line(painter, x, plot.bottom() - np.array(values) * plot.height())
            self._draw_changes(painter, plot)
            self._draw_legend(painter, legend)

    def _x(self, plot: QtCore.QRectF, at: F64) -> F64:
        return plot.right() - (self.now - at) / self.span[0] * plot.width()

    def _pen(self, which: int) -> QtGui.QPen:
        colour = QtGui.QColor(self._palette.classes[which % len(self._palette.classes)])
        style = which + which // len(self._palette.classes)  # a repeated colour has another style
        pen = QtGui.QPen(colour, 2, LINE_STYLES[style % len(LINE_STYLES)] if len(self._shown) > 1 else LINE_STYLES[0])
        pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
        return pen

    def _draw_shading(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        styles = {
            "abstain": QtGui.QBrush(QtGui.QColor(self._palette.shade)),
            "low": QtGui.QBrush(QtGui.QColor(self._palette.hatch), QtCore.Qt.BrushStyle.BDiagPattern),
        }
        for run, kind in self.runs():
            if kind in styles:
                edges = self._x(plot, np.array([run[0].at - self.hop, run[-1].at]))
                left, right = np.clip(edges, plot.left(), plot.right())
                painter.fillRect(QtCore.QRectF(left, plot.top(), right - left, plot.height()), styles[kind])

    def _draw_bands(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        """Draw the interval of a number, a polygon for each run of answers."""
        colour = QtGui.QColor(self._palette.classes[0])
        colour.setAlphaF(BAND_OPACITY)
        for run, kind in self.runs():
            if kind != "number" or len(run) < 2:
                continue
            x = self._x(plot, np.array([point.at for point in run])).tolist()
            ends = [[plot.bottom() - point.band[end] * plot.height() for point in run] for end in (0, 1)]
            corners = [*zip(x, ends[0], strict=True), *reversed(list(zip(x, ends[1], strict=True)))]
            painter.save()
            painter.setClipRect(plot)
            painter.setPen(QtCore.Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(QtGui.QPolygonF([QtCore.QPointF(*corner) for corner in corners]))
            painter.restore()

    def _draw_changes(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        """Draw a vertical line at each change of set, with the name of the new set at its side."""
        for at, name in self.changes():
            x = float(self._x(plot, np.array([at]))[0])
            if x < plot.left():
                continue
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.text), 1, QtCore.Qt.PenStyle.DashLine))
            painter.drawLine(QtCore.QLineF(x, plot.top(), x, plot.bottom()))
            wide = self.fontMetrics().horizontalAdvance(name)
            left = x + 4 if x + 4 + wide <= plot.right() else x - 4 - wide
            painter.setPen(QtGui.QColor(self._palette.text))
            painter.drawText(QtCore.QPointF(left, plot.top() + self.fontMetrics().ascent() + 1), name)

    def _draw_axes(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        centre, right = QtCore.Qt.AlignmentFlag.AlignHCenter, QtCore.Qt.AlignmentFlag.AlignRight
        beside = right | QtCore.Qt.AlignmentFlag.AlignVCenter
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), 1))
            painter.drawLine(QtCore.QLineF(plot.left(), y, plot.right(), y))
            painter.setPen(QtGui.QColor(self._palette.muted))
            painter.drawText(QtCore.QRectF(0, y - 8, LEFT_MARGIN_PX - 6, 16), beside.value, self._axis_text(share))
        span, step = self.span
        every = step * math.ceil(span / step * TIME_LABEL_SPACING_PX / max(1.0, plot.width()))
        for back in range(0, span + 1, step):
            x = plot.right() - back / span * plot.width()
            painter.drawLine(QtCore.QLineF(x, plot.bottom(), x, plot.bottom() + 3))
            if 0 < back < span and back % every == 0:
                text = f"-{back} s" if span < HISTORY_S else f"-{back // 60} min"
                painter.drawText(QtCore.QRectF(x - 30, plot.bottom() + 3, 60, 15), centre.value, text)
        painter.drawText(QtCore.QRectF(plot.right() - 60, plot.bottom() + 3, 60, 15), right.value, self.end_label)

    def _axis_text(self, share: float) -> str:
        """A probability, or the rating at this share of the scale."""
        if self._head.scale is None:
            return f"{share:.1f}"
        low, high = self._head.scale
        return f"{low + share * (high - low):g}"

    def legend(self, metrics: QtGui.QFontMetrics) -> list[tuple[int, int, int, str]]:
        """Lay out the legend in as many rows as it needs: class, x, y and text, shortened if necessary."""
        for room in LEGEND_NAME_WIDTHS_PX:
            placed = self._lay_out_legend(metrics, room)
            if placed[-1][2] + LEGEND_ROW_PX <= self.height() / 2:
                break
        return placed

    def _lay_out_legend(self, metrics: QtGui.QFontMetrics, room: int) -> list[tuple[int, int, int, str]]:
        placed: list[tuple[int, int, int, str]] = []
        left = LEFT_MARGIN_PX if room == LEGEND_NAME_WIDTHS_PX[0] else 0
        x, y = left, 0
        for which in self._shown:
            text = self._legend_text(which)
            while text and metrics.horizontalAdvance(text) > min(room, self.width() - left - LEGEND_LINE_PX - 6):
                text = text[:-1]
            wide = LEGEND_LINE_PX + 6 + metrics.horizontalAdvance(text)
            if placed and x + wide > self.width():
                x, y = left, y + LEGEND_ROW_PX
            placed.append((which, x, y, text))
            x += wide + 10
        return placed

    def _legend_text(self, which: int) -> str:
        if self._head.scale is not None:
            return f"{self._head.name.replace('_', ' ')}, with its 80 % interval"
        name = self._head.classes[which].replace("_", " ")
        return f"probability of {name}" if len(self._shown) == 1 else name

    def _draw_legend(self, painter: QtGui.QPainter, legend: list[tuple[int, int, int, str]]) -> None:
        for which, x, y, text in legend:
            painter.setPen(self._pen(which))
            painter.drawLine(QtCore.QLineF(x, y + 9, x + LEGEND_LINE_PX, y + 9))
            painter.setPen(QtGui.QColor(self._palette.muted))
            painter.drawText(QtCore.QPointF(x + LEGEND_LINE_PX + 6, y + 13), text)
