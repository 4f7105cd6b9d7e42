"""The valence-arousal plane: where the wearer is now, how sure that is, and the last minute as a fading trail."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from PyQt6 import QtCore, QtGui, QtWidgets

from ecg_live.dashboard.ecg_grid import painter_on
from ecg_live.dashboard.text_scale import fix_width, style_text
from ecg_live.dashboard.theme import Palette
from ecg_live.dashboard.timeline.session_timeline import line_value, shown_lines
from ecg_live.dashboard.widgets import Panel
from ecg_live.presentation.status import result_state
from ecg_live.results import HeadInfo, HeadResult, Prediction

AXES = ("valence", "arousal")  # heads with these names span the plane: x and y
TRAIL_S = 60.0
MAX_JOINED_S = 5.0  # between two points of the trail that a line joins
KEPT_POINTS = 600
TEXT_PT = 8
PANEL_WIDTH_PX = 232
POINT_PX = 5.0
OLDEST_OPACITY = 0.08


class PlanePoint(NamedTuple):
    """A place at stream time ``at`` (s): ``x`` and ``y`` from 0 to 1, with half-axes ``rx`` and ``ry`` of its ellipse.

    Both places are NaN where a head gave no answer, or another set of a head answered than before.
    """

    at: float
    x: float
    y: float
    rx: float
    ry: float


def plane_heads(heads: Sequence[HeadInfo]) -> tuple[HeadInfo, HeadInfo] | None:
    """Return the heads of valence and arousal; None unless there are both, each with two classes or a scale."""
    found = {head.name.casefold(): head for head in heads if head.scale is not None or len(head.classes) == 2}
    return (found[AXES[0]], found[AXES[1]]) if all(name in found for name in AXES) else None


def place_of(head: HeadInfo, result: HeadResult) -> tuple[float, float]:
    """Return the place of an answer from 0 (low) to 1 (high), and the half-axis of its uncertainty.

    Of a number it is half of the interval that holds 80 % of ratings; of two classes the standard deviation of the
    class itself, sqrt(p (1 - p)), which is widest where the head is undecided.
    """
    if result_state(result) == "abstain":
        return math.nan, math.nan
    value = line_value(head, result, shown_lines(head)[0])
    if head.scale is None:
        return value, math.sqrt(max(0.0, value * (1 - value)))
    low, high = result.interval or (math.nan, math.nan)
    return value, (high - low) / 2 / (head.scale[1] - head.scale[0])


class ValenceArousalPlane(QtWidgets.QWidget):
    """Draws valence from left to right and arousal from bottom to top.

    Parameters
    ----------
    heads : tuple of HeadInfo
        Those of valence and of arousal.
    palette : Palette
    """

    def __init__(self, heads: tuple[HeadInfo, HeadInfo], palette: Palette) -> None:
        super().__init__()
        self._heads = heads
        self._palette = palette
        self._now = 0.0
        self._sets: tuple[str, ...] = ()
        self.dim = False
        self.points: deque[PlanePoint] = deque(maxlen=KEPT_POINTS)
        self.setAccessibleName("Valence and arousal")
        self.setMinimumSize(150, 130)
        style_text(self, TEXT_PT)

    def restyle(self, palette: Palette) -> None:
        """Change colours."""
        self._palette = palette
        self.update()

    def add(self, prediction: Prediction) -> None:
        """Add a prediction to the trail."""
        results = [prediction.heads.get(head.name) for head in self._heads]
        if any(result is None for result in results):
            return
        known = [result for result in results if result is not None]
        (x, rx), (y, ry) = (place_of(head, result) for head, result in zip(self._heads, known, strict=True))
        sets = tuple(result.set for result in known)
        if self._sets and sets != self._sets:  # answers of two sets do not compare
            self.points.append(PlanePoint(prediction.stop, math.nan, math.nan, math.nan, math.nan))
        self._sets = sets
        known_place = math.isfinite(x) and math.isfinite(y)
        self.points.append(PlanePoint(prediction.stop, *((x, y, rx, ry) if known_place else (math.nan,) * 4)))

    def show_at(self, now: float, *, dim: bool) -> None:
        """Redraw for stream time ``now`` (s); dimmed when the newest answer is not live."""
        self._now, self.dim = now, dim
        while self.points and self.points[0].at < now - TRAIL_S:
            self.points.popleft()
        newest = self.newest
        words = "no estimate" if newest is None else f"valence {newest.x:.2f}, arousal {newest.y:.2f}, of 0 to 1"
        self.setAccessibleDescription(words)
        self.update()

    @property
    def newest(self) -> PlanePoint | None:
        """The newest place; None if the heads gave none."""
        return self.points[-1] if self.points and math.isfinite(self.points[-1].x) else None

    @property
    def plot(self) -> QtCore.QRectF:
        """The area of the plane, a square."""
        row = self.fontMetrics().height()
        side = max(20.0, min(self.width() - row - 6, self.height() - row - 6))
        return QtCore.QRectF((self.width() - side + row) / 2, 3, side, side)

    def paintEvent(self, _event: QtGui.QPaintEvent | None) -> None:
        """Draw axes, ellipse, trail and point."""
        with painter_on(self) as painter:
            plot = self.plot
            self._draw_axes(painter, plot)
            painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
            painter.setClipRect(plot.adjusted(-1, -1, 1, 1))
            newest = self.newest
            if newest is not None:
                self._draw_ellipse(painter, plot, newest)
            self._draw_trail(painter, plot)
            if newest is not None:
                painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.card), 1.5))
                painter.setBrush(self._colour(0.4 if self.dim else 1.0))
                painter.drawEllipse(self._at(plot, newest), POINT_PX, POINT_PX)
            else:
                painter.setPen(QtGui.QColor(self._palette.muted))
                painter.drawText(plot, QtCore.Qt.AlignmentFlag.AlignCenter.value, "No estimate")

    def _colour(self, opacity: float) -> QtGui.QColor:
        colour = QtGui.QColor(self._palette.classes[0])
        colour.setAlphaF(opacity)
        return colour

    @staticmethod
    def _at(plot: QtCore.QRectF, point: PlanePoint) -> QtCore.QPointF:
        return QtCore.QPointF(plot.left() + point.x * plot.width(), plot.bottom() - point.y * plot.height())

    def _draw_axes(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        painter.setPen(QtGui.QPen(QtGui.QColor(self._palette.border), 1))
        painter.drawRect(plot)
        painter.drawLine(QtCore.QLineF(plot.center().x(), plot.top(), plot.center().x(), plot.bottom()))
        painter.drawLine(QtCore.QLineF(plot.left(), plot.center().y(), plot.right(), plot.center().y()))
        painter.setPen(QtGui.QColor(self._palette.muted))
        flag, row = QtCore.Qt.AlignmentFlag, self.fontMetrics().height()
        for place, text in ((flag.AlignLeft, "low"), (flag.AlignHCenter, AXES[0]), (flag.AlignRight, "high")):
            below = QtCore.QRectF(plot.left(), plot.bottom() + 2, plot.width(), row)
            painter.drawText(below, place.value, text)
        painter.save()
        painter.translate(plot.left() - row - 1, plot.bottom())
        painter.rotate(-90)
        for place, text in ((flag.AlignLeft, "low"), (flag.AlignHCenter, AXES[1]), (flag.AlignRight, "high")):
            painter.drawText(QtCore.QRectF(0, 0, plot.height(), row), place.value, text)
        painter.restore()

    def _draw_ellipse(self, painter: QtGui.QPainter, plot: QtCore.QRectF, point: PlanePoint) -> None:
        if not (math.isfinite(point.rx) and math.isfinite(point.ry)):
            return
        painter.setPen(QtGui.QPen(self._colour(0.5), 1, QtCore.Qt.PenStyle.DashLine))
        painter.setBrush(self._colour(0.12))
        painter.drawEllipse(self._at(plot, point), point.rx * plot.width(), point.ry * plot.height())

    def _draw_trail(self, painter: QtGui.QPainter, plot: QtCore.QRectF) -> None:
        """Draw the trail, fainter with its age."""
        for before, point in pairwise(self.points):
            if math.isnan(before.x + point.x) or point.at - before.at > MAX_JOINED_S:
                continue
            freshness = max(0.0, 1 - (self._now - point.at) / TRAIL_S)
            pen = QtGui.QPen(self._colour(OLDEST_OPACITY + (0.75 - OLDEST_OPACITY) * freshness), 2)
            pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(self._at(plot, before), self._at(plot, point))


class PlanePanel(Panel):
    """The plane in a frame of its own."""

    def __init__(self, heads: tuple[HeadInfo, HeadInfo], palette: Palette) -> None:
        super().__init__("Valence and arousal panel")
        self.plane = ValenceArousalPlane(heads, palette)
        kind = "80 % interval" if heads[0].scale is not None else "standard deviation of the class"
        self.setToolTip(f"The last minute; ellipse: {kind}")
        fix_width(self, PANEL_WIDTH_PX)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 4)
        column.addWidget(self.plane)
