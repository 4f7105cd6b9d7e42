"""The time axis that all figures of a session share, with gaps and markers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from ecg_live.html.charts import Plot, straight_line, text_at
from ecg_live.html.markup import tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.downsample import DownsampledLine, DownsampledShare
from ecg_live.recorded.report.session import RecordedGap, RecordedMarker

AXIS_LEFT_PX, AXIS_WIDTH_PX, FIGURE_WIDTH_PX = 108.0, 790.0, 920.0
MARKER_ROW_PX, MARKER_ROWS = 13.0, 3  # of marker names above the panels
LETTER_WIDTH_PX = 6.3
MAX_MARKER_LETTERS, MAX_LANE_LETTERS = 22, 16
TICK_STEPS_S = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    21600,
    43200,
    86400,
)
MAX_TICKS = 11
MIN_BOX_WIDTH_PX = 1.0  # keeps short events visible


@dataclass(frozen=True, slots=True)
class FigureAxis:
    """The time axis of a session of ``duration`` s, with its gaps and markers; ``numbers`` of these, or 1 and so on."""

    duration: float
    gaps: Sequence[RecordedGap] = ()
    markers: Sequence[RecordedMarker] = ()
    numbers: Sequence[int] = ()

    @property
    def top(self) -> float:
        """Upper edge of the first panel (pixels), below the names of markers."""
        return 6 + MARKER_ROW_PX * MARKER_ROWS if self.markers else 8

    def panel(self, top: float, height: float, ylim: tuple[float, float]) -> Plot:
        """Return a plot area that spans the whole time; ``top`` and ``height`` in pixels."""
        return Plot(AXIS_LEFT_PX, top, AXIS_WIDTH_PX, height, (0.0, max(self.duration, 1e-3)), ylim)

    def time_labels(self, bottom: float) -> list[Markup]:
        """Draw the times below the lowest panel."""
        plot = self.panel(0, bottom, (0, 1))
        marks = time_ticks(self.duration)
        texts = [text_at(_tick_text(mark, self.duration), plot.x(mark), bottom + 16, "middle") for mark in marks]
        unit = "h:mm:ss" if self.duration >= 3600 else "min:s" if self.duration >= 60 else "s"
        return [
            *texts,
            text_at(
                f"time from the first sample ({unit})", AXIS_LEFT_PX + AXIS_WIDTH_PX / 2, bottom + 34, "middle", "axis"
            ),
        ]

    def background(self, plot: Plot) -> list[Markup]:
        """Draw the time grid and the shaded gaps of a panel."""
        bottom = plot.top + plot.height
        grid = [straight_line(plot.x(mark), plot.top, plot.x(mark), bottom) for mark in time_ticks(self.duration)]
        return [*grid, *self._gap_boxes([gap for gap in self.gaps if not gap.bridged], plot, "gap")]

    def gap_lane(self, plot: Plot) -> list[Markup]:
        """Draw a lane with all gaps, bridged ones as well."""
        return [*_lane_name(plot, "gap"), *self._gap_boxes(self.gaps, plot, "fill lost")]

    def _gap_boxes(self, gaps: Sequence[RecordedGap], plot: Plot, class_: str) -> list[Markup]:
        inside = [gap for gap in gaps if gap.stop >= 0 and gap.start <= self.duration]
        spans = [(plot.x(max(gap.start, 0)), plot.x(min(gap.stop, self.duration))) for gap in inside]
        boxes = [(left, plot.top, max(right - left, MIN_BOX_WIDTH_PX), plot.height) for left, right in spans]
        return [filled_boxes(boxes, class_)] if boxes else []

    def marker_lines(self, plot: Plot) -> list[Markup]:
        """Draw the markers as vertical lines through a panel."""
        columns = sorted({round(plot.x(marker.time)) for marker in self.markers if 0 <= marker.time <= self.duration})
        steps = "".join(f"M{x} {plot.top:.0f}V{plot.top + plot.height:.0f}" for x in columns)
        return [tag("path", d=steps, class_="mark")] if columns else []

    def marker_names(self) -> list[Markup]:
        """Draw numbers and names of markers above the panels, as far as there is room; the table has all of them."""
        plot = self.panel(0, 1, (0, 1))
        row_ends = [0.0] * MARKER_ROWS
        names = []
        for k, marker in zip(self.numbers or range(1, len(self.markers) + 1), self.markers, strict=True):
            x = plot.x(min(max(marker.time, 0), self.duration))
            for text in (f"{k} {shorten(marker.text)}", f"{k}"):
                width = LETTER_WIDTH_PX * len(text)
                left = x if x + width <= FIGURE_WIDTH_PX else x - width
                row = next((row for row in range(MARKER_ROWS) if row_ends[row] + LETTER_WIDTH_PX < left), None)
                if row is not None:
                    names.append(text_at(text, left, 10 + MARKER_ROW_PX * row, class_="small named"))
                    row_ends[row] = left + width
                    break
        return names


def shorten(text: str, max_letters: int = MAX_MARKER_LETTERS) -> str:
    """Return a text on one line, of at most ``max_letters``."""
    line = " ".join(text.split())
    return line if len(line) <= max_letters else f"{line[: max_letters - 1]}\u2026"


def time_ticks(duration: float) -> list[float]:
    """Return round times (s), at most `MAX_TICKS` or so."""
    days = 86400 * math.ceil(duration / 86400 / MAX_TICKS) if math.isfinite(duration) else math.inf
    step = next((step for step in TICK_STEPS_S if duration / step <= MAX_TICKS), days)
    return [k * step for k in range(int(duration / step) + 1)] if math.isfinite(step) and step > 0 else []


def share_lane(plot: Plot, name: str, found: DownsampledShare, class_: str) -> list[Markup]:
    """Draw a lane that is as high as the share of windows for which a condition holds.

    Parameters
    ----------
    plot : Plot
        Plot area of the lane.
    name : str
        Name of the condition.
    found : DownsampledShare
    class_ : str
        Class in the style sheet.
    """
    has = found.share > 0
    edges = np.flatnonzero(np.diff(np.where(has, found.share, 0.0), prepend=0.0, append=0.0)).tolist()
    boxes: list[tuple[float, float, float, float]] = []
    for begin, end in pairwise(edges):
        if not has[begin]:
            continue
        high = plot.height * float(found.share[begin])
        for first, last in _touching_columns(found, begin, end):
            left, right = plot.x(float(found.start[first])), plot.x(float(found.stop[last]))
            boxes.append((left, plot.top + plot.height - high, max(right - left, MIN_BOX_WIDTH_PX), high))
    return [*_lane_name(plot, name), *([filled_boxes(boxes, class_)] if boxes else [])]


def _lane_name(plot: Plot, name: str) -> list[Markup]:
    """Draw base line and name of a lane."""
    bottom = plot.top + plot.height
    label = text_at(shorten(name, MAX_LANE_LETTERS), AXIS_LEFT_PX - 8, bottom - 2, "end", "small")
    return [straight_line(AXIS_LEFT_PX, bottom, AXIS_LEFT_PX + AXIS_WIDTH_PX, bottom), label]


def _touching_columns(found: DownsampledShare, begin: int, end: int) -> Iterable[tuple[int, int]]:
    """Yield first and last index of runs of columns that touch, in ``begin .. end``."""
    start, stop = found.start[begin:end], found.stop[begin:end]
    cuts = (np.flatnonzero(start[1:] - stop[:-1] > 1e-6 + 0.6 * (stop[:-1] - start[:-1])) + 1 + begin).tolist()
    return zip([begin, *cuts], [*(cut - 1 for cut in cuts), end - 1], strict=True)


def filled_boxes(boxes: Sequence[tuple[float, float, float, float]], class_: str) -> Markup:
    """Draw boxes (left, top, width, height; pixels) of one kind."""
    steps = "".join(f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z" for x, y, w, h in boxes)
    return tag("path", d=steps, class_=class_)


def line_with_band(plot: Plot, found: DownsampledLine, style: int) -> list[Markup]:
    """Draw a line, with the band between its lowest and highest values."""
    columns = np.isfinite(found.middle) & bool(found.width)
    half = found.width / 2
    boxes = [
        (plot.x(at - half), plot.y(high), plot.x(at + half) - plot.x(at - half), plot.y(low) - plot.y(high))
        for at, low, high in zip(found.at[columns], found.low[columns], found.high[columns], strict=True)
    ]
    band = [filled_boxes(boxes, f"band c{style}")] if boxes else []
    return [*band, plot.line(found.at.tolist(), found.middle.tolist(), style)]


def _tick_text(time: float, duration: float) -> str:
    if duration < 60:
        return f"{time:g}"
    text = clock_text(time)
    return text if duration >= 3600 else text.removeprefix("0:").removeprefix("0")
