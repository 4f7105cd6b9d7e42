"""Plot of a sweep: the score over one setting beside the pretext task's accuracy, or heat maps over two and more."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from ecg_live.events import F64
from training.results import always_no_accuracy
from training.sweep.plan import SweepPlan
from training.sweep.tables import INTERVAL_SUFFIXES, PRETEXT_PREFIX, score_names, value_labels, value_text
from training.sweep.trial import read_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Same sweep, same bytes; a dollar in a label's name begins no formula.
SVG_STYLE: Any = {"svg.hashsalt": "ecg-live", "svg.fonttype": "none", "text.parse_math": False, "font.size": 9}
MAX_PANELS = 12  # heat maps in one figure
LOG_AXIS_RATIO = 20  # largest over smallest value from which an axis is logarithmic
MAX_AXIS_LETTERS = 40  # of labels side by side under an axis; longer ones are rotated
LINE_COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8a7f00",
    "#000000",
)  # Okabe & Ito 2008
MARKER_SHAPES = "osD^vPX*"


def plot_scores(plan: SweepPlan, path: Path) -> bool:
    """Plot the first score of all cells as SVG; false if there is no score, or too many panels would be needed."""
    found = [read_scores(cell) or {} for cell in plan.cells]
    score = next(iter(score_names(found)), None)
    shape = tuple(len(values) for values in plan.axes.values())
    if score is None or math.prod(shape[2:]) > MAX_PANELS:
        return False
    with mpl.rc_context(SVG_STYLE):
        if len(shape) == 1:
            figure = _line(*next(iter(plan.axes.items())), score, found)
        else:
            figure = _maps(
                plan.axes, score, [_column(found, score + end).reshape(shape) for end in ("", *INTERVAL_SUFFIXES)]
            )
        figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return True


def _column(found: Sequence[Mapping[str, float]], name: str) -> F64:
    return np.array([scores.get(name, math.nan) for scores in found])


def _line(name: str, values: Sequence[Any], score: str, found: Sequence[Mapping[str, float]]) -> Figure:
    """One setting: the score with its interval, and beside it the accuracy of each pretext task."""
    tasks = [each for each in score_names(found) if each.startswith(PRETEXT_PREFIX) and each != score]
    figure = Figure(figsize=(5 + 5.6 * bool(tasks), 3.2), layout="constrained")
    panels: list[Axes] = list(figure.subplots(1, 1 + bool(tasks), squeeze=False)[0])
    middle, low, high = (_column(found, score + end) for end in ("", *INTERVAL_SUFFIXES))
    x = _value_axis(panels[0], name, values)
    panels[0].vlines(x, low, high, color=LINE_COLOURS[0], alpha=0.6)
    _points(panels[0], x, middle, 0, _numeric(values))
    panels[0].set_ylabel(score)
    if tasks:
        _pretext(panels[1], _value_axis(panels[1], name, values), tasks, found, _numeric(values))
    return figure


def _pretext(panel: Axes, x: F64, tasks: Sequence[str], found: Sequence[Mapping[str, float]], joined: bool) -> None:
    """Accuracy of each task, and that of always saying no, which depends on the number of tasks."""
    for i, task in enumerate(tasks):
        _points(panel, x, _column(found, task), i, joined, task.removeprefix(PRETEXT_PREFIX))
    own = [[task.removeprefix(PRETEXT_PREFIX) for task in tasks if task in scores] for scores in found]
    no = np.array([always_no_accuracy(each) if each else math.nan for each in own])
    panel.plot(x, no, color="#777777", linestyle="none", marker="_", markersize=14, label="always no")
    panel.set_ylabel("accuracy of pretext tasks")
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def _points(panel: Axes, x: F64, y: F64, i: int, joined: bool, label: str | None = None) -> None:
    order = np.argsort(x)
    style = f"{MARKER_SHAPES[i % len(MARKER_SHAPES)]}{'-' if joined else ''}"
    panel.plot(x[order], y[order], style, color=LINE_COLOURS[i % len(LINE_COLOURS)], markersize=4, label=label)


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _value_axis(panel: Axes, name: str, values: Sequence[Any]) -> F64:
    """Positions of a setting's values: numbers on a linear or logarithmic axis, words side by side."""
    numeric = _numeric(values)
    x = np.array(values if numeric else range(len(values)), dtype=float)
    if numeric and x.min() > 0 and x.max() >= LOG_AXIS_RATIO * x.min():
        panel.set_xscale("log")
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.xaxis.set_minor_locator(NullLocator())
    if not numeric:
        panel.set_xlim(-0.5, len(values) - 0.5)
    _ticks(panel, x, values)
    panel.set_xlabel(name)
    panel.grid(axis="y", alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
    return x


def _ticks(panel: Axes, x: Sequence[float] | F64, values: Sequence[Any], letters: int = MAX_AXIS_LETTERS) -> None:
    """Labels side by side if they fit, one line per item of a list; else rotated."""
    stacked = value_labels(values, "\n")
    if sum(max(map(len, label.split("\n"))) + 1 for label in stacked) <= letters:
        panel.set_xticks(x, stacked)
    else:
        panel.set_xticks(x, value_labels(values), rotation=35, ha="right", rotation_mode="anchor")


def _maps(axes: Mapping[str, Sequence[Any]], score: str, numbers: Sequence[F64]) -> Figure:
    """Heat maps: the first two settings down and across, a panel for each combination of the others."""
    names, values = list(axes), list(axes.values())
    combinations = list(itertools.product(*(range(len(each)) for each in values[2:])))
    wide = 1.6 + 1.0 * len(values[1])
    figure = Figure(figsize=(wide * len(combinations), 1.4 + 0.55 * len(values[0])), layout="constrained")
    panels: list[Axes] = list(figure.subplots(1, len(combinations), squeeze=False)[0])
    finite = numbers[0][np.isfinite(numbers[0])]
    limits = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    for panel, at in zip(panels, combinations, strict=True):
        _map(panel, [np.moveaxis(each, (0, 1), (-2, -1))[at] for each in numbers], limits)
        _ticks(panel, range(len(values[1])), values[1], 12 * len(values[1]))
        panel.set_yticks(range(len(values[0])), value_labels(values[0], "\n"))
        panel.set_xlabel(names[1])
        panel.set_title(
            "\n".join(f"{names[i + 2]} = {value_text(values[i + 2][j])}" for i, j in enumerate(at)), fontsize=9
        )
    panels[0].set_ylabel(names[0])
    figure.suptitle(score)
    return figure


def _map(panel: Axes, numbers: Sequence[F64], limits: tuple[float, float]) -> None:
    """One heat map with numbers and intervals; a dash where a cell failed."""
    middle, low, high = numbers
    panel.imshow(middle, cmap="cividis", vmin=limits[0], vmax=limits[1], aspect="auto")
    for (row, column), number in np.ndenumerate(middle):
        colour = "black" if not np.isfinite(number) or number > sum(limits) / 2 else "white"
        shown = f"{number:.3f}" if np.isfinite(number) else "-"
        panel.text(column, row, shown, ha="center", va="bottom", color=colour)
        if np.isfinite(low[row, column] + high[row, column]):
            edges = f"{low[row, column]:.2f} to {high[row, column]:.2f}"
            panel.text(column, row, edges, ha="center", va="top", color=colour, fontsize=6.5)
