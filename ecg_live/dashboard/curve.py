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
from ecg_live.dashboard.legend import LegendEntry, PlacedEntry, draw_legend, place_legend, row_height
from ecg_live.dashboard.text_scale import style_text
from ecg_live.dashboard.theme import Palette, class_pen
from ecg_live.dashboard.timeline.annotations import draw_markers, draw_spans
from ecg_live.dashboard.timeline.session_timeline import SessionTimeline, shown_lines
from ecg_live.events import F64
from ecg_live.presentation.status import DisplayState, result_state
from ecg_live.results import HeadInfo, HeadResult

TIME_SPANS_S = ((60, 15), (120, 30), (300, 60))  # shown, and between ticks: the first that holds all points
HISTORY_S = TIME_SPANS_S[-1][0]
RIGHT_MARGIN_PX = 12
AXIS_FONT_PT = 8
BAND_OPACITY = 0.25
HATCH_OPACITY = 0.55  # so that the hatching is not louder than the line
MIN_SHADE_KEY_PX = 320  # in a narrower chart the key names the lines alone
SHADE_NAMES: dict[DisplayState, str] = {"low": "undecided", "abstain": "no estimate"}
TIME_LABEL_SPACING = 1.4  # widths of a label


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

    def __init__(self, head: HeadInfo, palette: Palette, timeline: SessionTimeline | None = None) -> None:
        super().__init__()
        self._head = head
        self._palette = palette
        self._timeline = timeline or SessionTimeline((head,))
        self._shown = shown_lines(head)
        self.points: deque[CurvePoint] = deque(maxlen=4 * HISTORY_S)
        self.now = 0.0
        self.hop = 1.0
        self.end_label = "now"
        self.setMinimumSize(110, 70)
        shown = "probability" if head.scale is None else "rating"
        self.setAccessibleName(f"{head.name}: {shown} over the last five minutes")
        style_text(self, AXIS_FONT_PT)

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

    @property
    def plot(self) -> QtCore.QRectF:
        """The area of the lines, below the key and right of the axis."""
        metrics = self.fontMetrics()
        top = self.legend()[-1].y + row_height(metrics) + 3
        left, bottom = metrics.horizontalAdvance("0.0 ") + 8, metrics.height() + 5
        return QtCore.QRectF(left, top, self.width() - left - RIGHT_MARGIN_PX, self.height() - top - bottom)

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw shading, axes, markers, lines and key."""
        with painter_on(self) as painter:
            plot = self.plot
            self._draw_shading(painter, plot)
            self._draw_axes(painter, plot)
            draw_spans(painter, plot, lambda at: self._pixel(plot, at), self._timeline, self._palette, names=True)
            draw_markers(
                painter, plot, lambda at: self._pixel(plot, at), self._timeline.markers, self._palette, texts=True
            )
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            self._draw_bands(painter, plot)
            for which in self._shown:
                painter.setPen(self._pen(which))
                times, values = self.line(which)
                x = self._x(plot, np.array(times))
                draw_line(painter, x, plot.bottom() - np.array(values) * plot.height())
            self._draw_changes(painter, plot)
            draw_legend(painter, self.legend(), self._legend_entries(), self._palette.muted)

    def _x(self, plot: QtCore.QRectF, at: F64) -> F64:
        return plot.right() - (self.now - at) / self.span[0] * plot.width()

    def _pixel(self, plot: QtCore.QRectF, at: float) -> float:
        return plot.right() - (self.now - at) / self.span[0] * plot.width()

    def _pen(self, which: int) -> QtGui.QPen:
        return class_pen(self._palette, which, alone=len(self._shown) == 1)

    def _brushes(self) -> dict[DisplayState, QtGui.QBrush]:
        """How times without an answer, and those with an unsure one, are shaded."""
        hatch = QtGui.QColor(self._palette.hatch)
        hatch.setAlphaF(HATCH_OPACITY)
        return {
            "abstain": QtGui.QBrush(QtGui.QColor(self._palette.shade)),
            "low": QtGui.QBrush(hatch, QtCore.Qt.BrushStyle.BDiagPattern),
        }

    def _draw_shading(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        brushes = self._brushes()
        for run, kind in self.runs():
            if kind in brushes:
                edges = self._x(plot, np.array([run[0].at - self.hop, run[-1].at]))
                left, right = np.clip(edges, plot.left(), plot.right())
                painter.fillRect(QtCore.QRectF(left, plot.top(), right - left, plot.height()), brushes[kind])

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
        """Draw a vertical line at each change of set, with the new set's name at its side, below texts of markers."""
        baseline = plot.top() + self.fontMetrics().height() + self.fontMetrics().ascent() + 1
        for at, name in self.changes():
            x = self._pixel(plot, at)
            if x < plot.left():
                continue
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.text), 1, QtCore.Qt.PenStyle.DashLine))
            painter.drawLine(QtCore.QLineF(x, plot.top(), x, plot.bottom()))
            wide = self.fontMetrics().horizontalAdvance(name)
            left = x + 4 if x + 4 + wide <= plot.right() else x - 4 - wide
            painter.setPen(QtGui.QColor(self._palette.text))
            painter.drawText(QtCore.QPointF(left, baseline), name)

    def _draw_axes(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        row = self.fontMetrics().height()
        beside = (QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter).value
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), 1))
            painter.drawLine(QtCore.QLineF(plot.left(), y, plot.right(), y))
            painter.setPen(QtGui.QColor(self._palette.muted))
            painter.drawText(QtCore.QRectF(0, y - row / 2, plot.left() - 6, row), beside, self._axis_text(share))
        self._draw_times(painter, plot)

    def _draw_times(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        centre, right = QtCore.Qt.AlignmentFlag.AlignHCenter.value, QtCore.Qt.AlignmentFlag.AlignRight.value
        span, step = self.span
        row, wide = self.fontMetrics().height(), self.fontMetrics().horizontalAdvance("-45 s ")
        every = step * math.ceil(span / step * TIME_LABEL_SPACING * wide / max(1.0, plot.width()))
        for back in range(0, span + 1, step):
            x = plot.right() - back / span * plot.width()
            painter.drawLine(QtCore.QLineF(x, plot.bottom(), x, plot.bottom() + 3))
            if 0 < back < span and back % every == 0:
                text = f"-{back} s" if span < HISTORY_S else f"-{back // 60} min"
                painter.drawText(QtCore.QRectF(x - wide, plot.bottom() + 3, 2 * wide, row), centre, text)
        painter.drawText(QtCore.QRectF(plot.right() - wide, plot.bottom() + 3, wide, row), right, self.end_label)

    def _axis_text(self, share: float) -> str:
        """A probability, or the rating at this share of the scale."""
        if self._head.scale is None:
            return f"{share:.1f}"
        low, high = self._head.scale
        return f"{low + share * (high - low):g}"

    def legend(self) -> list[PlacedEntry]:
        """Lay out the key."""
        metrics = self.fontMetrics()
        names = [entry.name for entry in self._legend_entries()]
        return place_legend(metrics, names, self.size(), metrics.horizontalAdvance("0.0 ") + 8)

    def _legend_entries(self) -> list[LegendEntry]:
        """The lines, and the shadings that are to be seen."""
        lines = [LegendEntry(self._legend_text(which), self._pen(which)) for which in self._shown]
        seen = {point.kind for point in self.points} if self.width() >= MIN_SHADE_KEY_PX else set()
        brushes = self._brushes()
        return lines + [LegendEntry(name, brushes[kind]) for kind, name in SHADE_NAMES.items() if kind in seen]

    def _legend_text(self, which: int) -> str:
        if self._head.scale is not None:
            return f"{self._head.name.replace('_', ' ')}, with its 80 % interval"
        name = self._head.classes[which].replace("_", " ")
        return f"probability of {name}" if len(self._shown) == 1 else name
