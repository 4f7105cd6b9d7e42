"""The time axis that all figures of a session share, with what is seen on all of them: gaps and markers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecg_live.html.charts import Plot, rule, write
from ecg_live.html.markup import Html, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.downsample import Line, Share
from ecg_live.recorded.report.session import Hole, Note

LEFT, WIDTH, WHOLE = 108.0, 790.0, 920.0  # pixels: before the axis, of the axis, of a picture
ROW, ROWS = 13.0, 3  # height of a row of marker names, and how many
LETTER = 6.3  # pixels, of a name
LONGEST, LANE_NAME = 22, 16  # letters of a marker's name, and of a strip's
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
MOST = 11  # ticks
THINNEST = 1.0  # pixels of what must be seen however short it was


@dataclass(frozen=True, slots=True)
class Axis:
    """Seconds from the first sample, left to right."""

    duration: float
    gaps: Sequence[Hole] = ()
    markers: Sequence[Note] = ()

    @property
    def top(self) -> float:
        """Where panels may begin, below the names of markers."""
        return 6 + ROW * ROWS if self.markers else 8

    def panel(self, top: float, height: float, ylim: tuple[float, float]) -> Plot:
        """A panel that spans the whole time."""
        return Plot(LEFT, top, WIDTH, height, (0.0, max(self.duration, 1e-3)), ylim)

    def below(self, bottom: float) -> list[Html]:
        """Times under the lowest panel."""
        plot = self.panel(0, bottom, (0, 1))
        marks = time_ticks(self.duration)
        texts = [write(_tick(mark, self.duration), plot.x(mark), bottom + 16, "middle") for mark in marks]
        unit = "h:mm:ss" if self.duration >= 3600 else "min:s" if self.duration >= 60 else "s"
        return [*texts, write(f"time from the first sample ({unit})", LEFT + WIDTH / 2, bottom + 34, "middle", "axis")]

    def behind(self, plot: Plot) -> list[Html]:
        """Grid of times, and gaps as shades, of one panel."""
        bottom = plot.top + plot.height
        grid = [rule(plot.x(mark), plot.top, plot.x(mark), bottom) for mark in time_ticks(self.duration)]
        return [*grid, *self._holes([gap for gap in self.gaps if not gap.bridged], plot, "gap")]

    def gap_lane(self, plot: Plot) -> list[Html]:
        """A strip with all gaps, bridged ones too."""
        return [*_named(plot, "gap"), *self._holes(self.gaps, plot, "fill lost")]

    def _holes(self, gaps: Sequence[Hole], plot: Plot, class_: str) -> list[Html]:
        inside = [gap for gap in gaps if gap.stop >= 0 and gap.start <= self.duration]
        spans = [(plot.x(max(gap.start, 0)), plot.x(min(gap.stop, self.duration))) for gap in inside]
        boxes = [(left, plot.top, max(right - left, THINNEST), plot.height) for left, right in spans]
        return [filled(boxes, class_)] if boxes else []

    def marks(self, plot: Plot) -> list[Html]:
        """Markers as lines through a panel."""
        columns = sorted({round(plot.x(note.time)) for note in self.markers if 0 <= note.time <= self.duration})
        steps = "".join(f"M{x} {plot.top:.0f}V{plot.top + plot.height:.0f}" for x in columns)
        return [tag("path", d=steps, class_="mark")] if columns else []

    def names(self) -> list[Html]:
        """Numbers and names of markers above the panels; those that find no room are in the table only."""
        plot, ends, made = self.panel(0, 1, (0, 1)), [0.0] * ROWS, []
        for k, note in enumerate(self.markers, 1):
            x = plot.x(min(max(note.time, 0), self.duration))
            for text in (f"{k} {short(note.text)}", f"{k}"):
                wide = LETTER * len(text)
                begin = x if x + wide <= WHOLE else x - wide
                row = next((row for row in range(ROWS) if ends[row] + LETTER < begin), None)
                if row is not None:
                    made.append(write(text, begin, 10 + ROW * row, class_="small named"))
                    ends[row] = begin + wide
                    break
        return made


def short(text: str, most: int = LONGEST) -> str:
    """A name on one line, and no longer than there is room for."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}\u2026"


def time_ticks(duration: float) -> list[float]:
    """Round times, no more than there is room for."""
    days = 86400 * math.ceil(duration / 86400 / MOST) if math.isfinite(duration) else math.inf
    step = next((step for step in STEPS if duration / step <= MOST), days)
    return [k * step for k in range(int(duration / step) + 1)] if math.isfinite(step) and step > 0 else []


def lane(plot: Plot, name: str, found: Share, class_: str) -> list[Html]:
    """A strip with a name, full where all windows of a moment have something, lower where some have."""
    has = found.share > 0
    edges = np.flatnonzero(np.diff(np.where(has, found.share, 0.0), prepend=0.0, append=0.0)).tolist()
    runs: list[tuple[float, float, float, float]] = []
    for begin, end in pairwise(edges):
        if not has[begin]:
            continue
        high = plot.height * float(found.share[begin])
        for first, last in _together(found, begin, end):
            left, right = plot.x(float(found.start[first])), plot.x(float(found.stop[last]))
            runs.append((left, plot.top + plot.height - high, max(right - left, THINNEST), high))
    return [*_named(plot, name), *([filled(runs, class_)] if runs else [])]


def _named(plot: Plot, name: str) -> list[Html]:
    """The ground and the name of a strip."""
    bottom = plot.top + plot.height
    label = write(short(name, LANE_NAME), LEFT - 8, bottom - 2, "end", "small")
    return [rule(LEFT, bottom, LEFT + WIDTH, bottom), label]


def _together(found: Share, begin: int, end: int) -> Iterable[tuple[int, int]]:
    """Runs of columns that touch."""
    start, stop = found.start[begin:end], found.stop[begin:end]
    cuts = (np.flatnonzero(start[1:] - stop[:-1] > 1e-6 + 0.6 * (stop[:-1] - start[:-1])) + 1 + begin).tolist()
    return zip([begin, *cuts], [*(cut - 1 for cut in cuts), end - 1], strict=True)


def filled(boxes: Sequence[tuple[float, float, float, float]], class_: str) -> Html:
    """Boxes (left, top, width, height) of one kind."""
    steps = "".join(f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z" for x, y, w, h in boxes)
    return tag("path", d=steps, class_=class_)


def drawn(plot: Plot, found: Line, style: int) -> list[Html]:
    """A line, with the band of what it is the middle of."""
    known = np.isfinite(found.middle) & bool(found.width)
    half = found.width / 2
    boxes = [
        (plot.x(at - half), plot.y(high), plot.x(at + half) - plot.x(at - half), plot.y(low) - plot.y(high))
        for at, low, high in zip(found.at[known], found.low[known], found.high[known], strict=True)
    ]
    band = [filled(boxes, f"band c{style}")] if boxes else []
    return [*band, plot.line(found.at.tolist(), found.middle.tolist(), style)]


def _tick(time: float, duration: float) -> str:
    if duration < 60:
        return f"{time:g}"
    text = clock_text(time)
    return text if duration >= 3600 else text.removeprefix("0:").removeprefix("0")
