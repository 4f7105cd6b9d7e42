"""The lanes of the timeline: each draws one thing of a session between two times, into a band of the picture."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6 import QtCore, QtGui

from ecg_live.dashboard.chart_fills import device_ratio, draw_band, hatch_brush, shade_columns
from ecg_live.dashboard.ecg_grid import draw_line
from ecg_live.dashboard.theme import TONE_COLOURS, Palette, class_pen
from ecg_live.dashboard.timeline.annotations import NamedArea, place_names, place_texts, span_area, span_colour
from ecg_live.dashboard.timeline.session_timeline import HeadSeries, SessionTimeline, TimelineMarker, shown_lines
from ecg_live.dashboard.trend import MAX_JOINED, broken_line
from ecg_live.presentation.binned_series import BinnedSeries, SeriesPart
from ecg_live.presentation.formatting import number_text, title_text
from ecg_live.presentation.status import Tone

LINE_WIDTH_PX = 1.3
MOST_OF_ENTRY = 0.5  # an entry is shaded if more than this share of its answers was so
GRADE_TONES: tuple[Tone, ...] = ("live", "warn", "unusable")  # of `session_timeline.GRADES`
BLOCK_OPACITY = 0.55
HATCH_OPACITY = 0.55
MIN_HATCHED_PX = 6  # less shows no pattern


@dataclass(frozen=True, slots=True)
class LanePart:
    """Where and of what time a lane draws: ``area`` (px) shows ``start`` to ``stop`` (s)."""

    area: QtCore.QRectF
    start: float
    stop: float
    timeline: SessionTimeline
    palette: Palette

    @property
    def columns(self) -> int:
        """Pixels of width, which is how many entries are worth drawing."""
        return max(2, int(self.area.width()))

    def x(self, at: float) -> float:
        """Pixel of a time."""
        return self.area.left() + (at - self.start) / (self.stop - self.start) * self.area.width()

    def read(self, series: BinnedSeries) -> tuple[SeriesPart, np.ndarray]:
        """Return the part of a series that is shown, with a little beyond either end, and its pixels."""
        beyond = 2 * max(self.timeline.hop, (self.stop - self.start) / self.columns)
        part = series.read(self.start - beyond, self.stop + beyond, self.columns + 4)
        return part, self._pixels(part.at)

    def entry_width(self, found: SeriesPart) -> float:
        """Pixels that an entry spans."""
        return found.width / (self.stop - self.start) * self.area.width()

    def smooth(self, painter: QtGui.QPainter, found: SeriesPart) -> float:
        """Smooth the lines to come and return their width, px.

        Where each column of pixels is a thinned entry, lines are a pixel wide and not smooth, at a third of the time.
        """
        whole = found.width <= self.timeline.hop
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, whole)
        return LINE_WIDTH_PX if whole else 1.0

    def runs(self, found: SeriesPart, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return first and last pixel of each run of entries of one value without a hole, and the value."""
        if not len(values):
            return np.empty(0), np.empty(0), values
        width = max(found.width, self.timeline.hop)
        ends = np.flatnonzero((np.diff(values) != 0) | (np.diff(found.at) > MAX_JOINED * width)) + 1
        firsts, lasts = np.append(0, ends), np.append(ends, len(values)) - 1
        starts = np.maximum(self._pixels(found.at[firsts] - width / 2), self.area.left())
        stops = np.minimum(self._pixels(found.at[lasts] + width / 2), self.area.right())
        return starts, stops, values[firsts]

    def _pixels(self, at: np.ndarray) -> np.ndarray:
        """Pixels of times."""
        return self.area.left() + (at - self.start) / (self.stop - self.start) * self.area.width()


class Lane(ABC):
    """A lane with its name at the left; ``stretch`` shares the height that lanes of one line (0) leave."""

    def __init__(self, name: str, stretch: int) -> None:
        self.name = name
        self.stretch = stretch

    @abstractmethod
    def draw(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw what there is."""

    def axis(self, part: LanePart) -> tuple[str, str]:  # noqa: ARG002 - of other lanes
        """Return the texts at the bottom and at the top of the lane's axis."""
        return "", ""


class HeadLane(Lane):
    """The probability of a head, or its number, with abstentions in grey and unsure answers hatched."""

    def __init__(self, series: HeadSeries) -> None:
        super().__init__(title_text(series.head.name), 1)
        self._series = series

    def axis(self, part: LanePart) -> tuple[str, str]:  # noqa: ARG002
        """Return the ends of the scale."""
        low, high = self._series.head.scale or (0.0, 1.0)
        return f"{low:g}", f"{high:g}"

    def draw(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw shading, then the lines."""
        hatch = QtGui.QColor(part.palette.hatch)
        hatch.setAlphaF(HATCH_OPACITY)
        self._shade(painter, part, self._series.unsure, hatch, MIN_HATCHED_PX)
        self._shade(painter, part, self._series.abstained, QtGui.QColor(part.palette.shade), math.inf)
        which_lines = shown_lines(self._series.head)
        for which, line in zip(which_lines, self._series.lines, strict=True):
            found, x = part.read(line)
            pen = class_pen(part.palette, which, alone=len(which_lines) == 1, width=part.smooth(painter, found))
            heights = [part.area.bottom() - values * part.area.height() for values in found[1:4]]
            if len(which_lines) == 1:
                draw_band(painter, x, heights[0], heights[1], part.entry_width(found), pen.color())
            painter.setPen(pen)
            broken = broken_line(x, heights[2], found, part.timeline.hop, self._series.changes)
            draw_line(painter, *broken)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, on=False)

    def _shade(
        self, painter: QtGui.QPainter, part: LanePart, share: BinnedSeries, colour: QtGui.QColor, hatched_from: float
    ) -> None:
        """Shade where most answers were so; what is wider than ``hatched_from`` px is hatched."""
        found, _ = part.read(share)
        starts, stops, shaded = part.runs(found, found.mean > MOST_OF_ENTRY)
        plain = shaded & (stops - starts <= hatched_from)
        shade_columns(painter, part.area, starts[plain], stops[plain], colour)
        wide = shaded & ~plain
        hatch = hatch_brush(colour, device_ratio(painter))
        for start, stop in zip(starts[wide].tolist(), stops[wide].tolist(), strict=True):
            painter.fillRect(QtCore.QRectF(start, part.area.top(), stop - start, part.area.height()), hatch)


class NumberLane(Lane):
    """A number with its range, on an axis from the least to the largest that is shown."""

    def __init__(self, name: str, series: BinnedSeries) -> None:
        super().__init__(name, 1)
        self._series = series
        self._read: tuple[LanePart, SeriesPart, np.ndarray] | None = None  # what axis and lines are drawn from

    def _found(self, part: LanePart) -> tuple[SeriesPart, np.ndarray]:
        """Read the series once for a part."""
        if self._read is None or self._read[0] is not part:
            self._read = (part, *part.read(self._series))
        return self._read[1:]

    def axis(self, part: LanePart) -> tuple[str, str]:
        """Return the least and the largest number shown."""
        low, high = self._limits(self._found(part)[0])
        return number_text(low), number_text(high)

    @staticmethod
    def _limits(found: SeriesPart) -> tuple[float, float]:
        if not np.isfinite(found.mean).any():
            return np.nan, np.nan
        low, high = float(np.nanmin(found.low)), float(np.nanmax(found.high))
        room = max(1.0, 0.02 * abs(high), high - low)  # a steady number lies in the middle
        middle = (low + high) / 2
        return middle - room / 2, middle + room / 2

    def draw(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw range and mean."""
        found, x = self._found(part)
        low, high = self._limits(found)
        if not low < high:
            return
        scale = part.area.height() / (high - low)
        heights = [part.area.bottom() - (values - low) * scale for values in found[1:4]]
        colour = QtGui.QColor(part.palette.text)
        width = part.smooth(painter, found)
        draw_band(painter, x, heights[0], heights[1], part.entry_width(found), colour)
        painter.setPen(QtGui.QPen(colour, width))
        draw_line(painter, *broken_line(x, heights[2], found, part.timeline.hop))
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, on=False)


class QualityLane(Lane):
    """The signal quality: good low, poor half as high, unusable as high as the lane, each in its colour."""

    def __init__(self) -> None:
        super().__init__("Quality", 0)

    def draw(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw the worst grade of each entry."""
        found, _ = part.read(part.timeline.quality)
        runs = part.runs(found, np.nan_to_num(found.high))
        for start, stop, grade in zip(*(each.tolist() for each in runs), strict=True):
            height = part.area.height() * (0.34 + 0.33 * grade)
            area = QtCore.QRectF(start, part.area.bottom() - height, stop - start, height)
            painter.fillRect(area, QtGui.QColor(TONE_COLOURS[GRADE_TONES[int(grade)]][0]))


class SpanLane(Lane):
    """Blocks, intervals and baselines, with their names."""

    def __init__(self) -> None:
        super().__init__("Blocks", 0)

    def draw(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw a bar for each span."""
        named: list[NamedArea] = []
        for span in part.timeline.spans:
            area = span_area(part.area, part.x, span, part.timeline.now)
            if area is None:
                continue
            colour = QtGui.QColor(span_colour(span.kind, part.palette))
            colour.setAlphaF(BLOCK_OPACITY)
            painter.fillRect(area.adjusted(0, 1, 0, -1), colour)
            named.append((area.left(), area.right(), span.name))
        painter.setPen(QtGui.QColor(part.palette.text))
        _draw_texts(painter, place_names(painter.fontMetrics(), named), part)


class MarkLane(Lane):
    """Markers, or self-reports, with their texts; ``marks`` are kept up to date by the timeline."""

    def __init__(self, name: str, marks: Callable[[SessionTimeline], Sequence[TimelineMarker]]) -> None:
        super().__init__(name, 0)
        self._marks = marks

    def draw(self, painter: QtGui.QPainter, part: LanePart) -> None:
        """Draw a stroke for each, and the texts that have room."""
        marks = [mark for mark in self._marks(part.timeline) if part.start <= mark.at <= part.stop]
        shown = {round(part.x(mark.at)): mark.text for mark in marks}
        for x in shown:
            stroke = QtCore.QRectF(x - 1, part.area.top(), 2, part.area.height())
            painter.fillRect(stroke, QtGui.QColor(part.palette.marker))
        painter.setPen(QtGui.QColor(part.palette.text))
        ends = part.area.left(), part.area.right()
        _draw_texts(painter, place_texts(painter.fontMetrics(), sorted(shown.items()), *ends), part)


def _draw_texts(painter: QtGui.QPainter, texts: Sequence[tuple[float, str]], part: LanePart) -> None:
    middle = part.area.center().y() + (painter.fontMetrics().ascent() - painter.fontMetrics().descent()) / 2
    for left, text in texts:
        painter.drawText(QtCore.QPointF(left, middle), text)


def lanes_of(timeline: SessionTimeline) -> list[Lane]:
    """Return the lanes of a session, from top to bottom."""
    heads = [HeadLane(series) for series in timeline.heads]
    numbers = NumberLane("Heart rate", timeline.heart_rate)
    reports = [MarkLane("Reports", lambda timeline: timeline.reports)] if timeline.reports else []
    return [
        *heads,
        numbers,
        QualityLane(),
        SpanLane(),
        MarkLane("Markers", lambda timeline: timeline.markers),
        *reports,
    ]
