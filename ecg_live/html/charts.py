"""Axes, lines and dots as SVG. Colours are classes of the page's style sheet, so that they suit its theme."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ecg_live.html.markup import tag

COLOUR_CLASSES = 8  # classes c0 to c7 of the style sheet
LINE_DASHES = ("none", "6 3", "2 3", "8 3 2 3")  # lines differ in style as well as in colour
AxisLimits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot area: a rectangle in a picture (pixels), and the data limits of its axes."""

    left: float
    top: float
    width: float
    height: float
    xlim: AxisLimits
    ylim: AxisLimits

    def x(self, value: float) -> float:
        """Return the horizontal position of a value, pixels."""
        return self.left + self.width * (value - self.xlim[0]) / (self.xlim[1] - self.xlim[0] or 1)

    def y(self, value: float) -> float:
        """Return the vertical position of a value, pixels."""
        return self.top + self.height * (1 - (value - self.ylim[0]) / (self.ylim[1] - self.ylim[0] or 1))

    def axes(self, xlabel: str, ylabel: str, xticks: Sequence[float], yticks: Sequence[float]) -> list[Markup]:
        """Draw grid, tick labels and names of both axes.

        Parameters
        ----------
        xlabel, ylabel : str
            Names of the axes.
        xticks, yticks : sequence of float
            Values with a grid line and a label.
        """
        bottom, right = self.top + self.height, self.left + self.width
        across, down = _tick_decimals(xticks), _tick_decimals(yticks)
        return [
            *(straight_line(self.x(tick), self.top, self.x(tick), bottom) for tick in xticks),
            *(straight_line(self.left, self.y(tick), right, self.y(tick)) for tick in yticks),
            *(text_at(f"{tick:.{across}f}", self.x(tick), bottom + 16, "middle") for tick in xticks),
            *(text_at(f"{tick:.{down}f}", self.left - 7, self.y(tick) + 4, "end") for tick in yticks),
            text_at(xlabel, self.left + self.width / 2, bottom + 34, "middle", "axis"),
            vertical_text(ylabel, self.left - 42, self.top + self.height / 2),
        ]

    def line(self, xs: Sequence[float], ys: Sequence[float], style: int = 0, class_: str = "line") -> Markup:
        """Draw a line, broken at NaN.

        Parameters
        ----------
        xs, ys : sequence of float
            Points, shape (n,) each.
        style : int
            Number of the colour and dash pattern.
        class_ : str
            Class in the style sheet.
        """
        steps: list[str] = []
        known = [math.isfinite(x) and math.isfinite(y) for x, y in zip(xs, ys, strict=False)]
        for i, (x, y) in enumerate(zip(xs, ys, strict=False)):
            joined, followed = i > 0 and known[i - 1], known[i + 1 : i + 2] == [True]
            if known[i] and (joined or followed):
                steps.append(f"{'L' if joined else 'M'}{self.x(x):.1f} {self.y(y):.1f}")
            elif known[i]:  # a single point between two breaks is drawn as a short dash
                steps.append(f"M{self.x(x) - 0.5:.1f} {self.y(y):.1f}h1")
        dash = LINE_DASHES[style // 2 % len(LINE_DASHES)]
        colour = f"{class_} c{style % COLOUR_CLASSES}"
        return tag("path", d="".join(steps), class_=colour, stroke_dasharray=None if dash == "none" else dash)

    def cloud(self, points: Iterable[tuple[float, float]], name: str, **attributes: object) -> Markup:
        """Draw many dots of one kind, as strokes of length 0."""
        drawn = "".join(
            f"M{self.x(x):.1f} {self.y(y):.1f}h0" for x, y in points if math.isfinite(x) and math.isfinite(y)
        )
        return tag("path", tag("title", name), d=drawn, **attributes)


def svg(width: float, height: float, description: str, parts: Iterable[Markup]) -> Markup:
    """Make a picture.

    Parameters
    ----------
    width, height : float
        Size, pixels.
    description : str
        Text for screen readers.
    parts : iterable of Markup
        Elements of the picture.
    """
    return tag(
        "svg",
        list(parts),
        viewBox=f"0 0 {width:g} {height:g}",
        style=f"max-width:{width:g}px",
        role="img",
        aria_label=description,
    )


def legend_swatch(style: int) -> Markup:
    """Draw a piece of a line, for a legend."""
    return svg(30, 10, "", [Plot(0, 0, 30, 10, (0, 1), (0, 1)).line([0, 1], [0.5, 0.5], style)])


def straight_line(x1: float, y1: float, x2: float, y2: float, class_: str = "grid") -> Markup:
    """Draw a line from (x1, y1) to (x2, y2), pixels, with a class of the style sheet."""
    return tag("path", d=f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", class_=class_)


def text_at(text: str, x: float, y: float, anchor: str = "start", class_: str | None = None) -> Markup:
    """Draw horizontal text.

    Parameters
    ----------
    text : str
    x, y : float
        Position of its anchor on the baseline, pixels.
    anchor : str
        ``start``, ``middle`` or ``end``.
    class_ : str, optional
        Class in the style sheet.
    """
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=class_)


def vertical_text(text: str, x: float, y: float, anchor: str = "middle", class_: str = "axis") -> Markup:
    """Draw text that runs upwards; parameters as in `text_at`."""
    place = f"translate({x:.1f} {y:.1f}) rotate(-90)"
    return tag("text", text, transform=place, text_anchor=anchor, class_=class_)


def dot(x: float, y: float, radius: float, class_: str, title: str = "") -> Markup:
    """Draw a dot with a title (tool tip).

    Parameters
    ----------
    x, y, radius : float
        Position and size, pixels.
    class_ : str
        Class in the style sheet.
    title : str
    """
    inside = [tag("title", title)] if title else []
    return tag("circle", inside, cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{radius:.1f}", class_=class_)


def axis_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values from low to high, at most ``most`` of them."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low] if math.isfinite(low) else []
    rough = span / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def data_limits(values: Iterable[float], *include: float) -> AxisLimits:
    """Return lowest and highest of the finite values and of those to ``include``."""
    finite = [value for value in (*values, *include) if math.isfinite(value)] or [0.0, 1.0]
    return min(finite), max(finite)


def _tick_decimals(numbers: Sequence[float]) -> int:
    """Return how many decimals distinguish ticks."""
    step = min((b - a for a, b in itertools.pairwise(numbers)), default=1.0)
    return max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
