"""A sweep's scores as a table and as a plot: a line over one setting, heat maps over two or more."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from .cell import read_problem, read_scores
from .plan import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = 12  # heat maps that one picture holds


class Table(NamedTuple):
    """Text only; an empty cell where there is no score."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tabulate(plan: Plan) -> Table:
    """A row for each cell: its name, its values, its scores, and why it failed."""
    scores = [read_scores(cell) for cell in plan.cells]
    names = tuple(dict.fromkeys(name for found in scores for name in found or {}))
    rows = []
    for cell, found in zip(plan.cells, scores, strict=True):
        numbers = [(found or {}).get(name, math.nan) for name in names]
        shown = ["" if math.isnan(number) else f"{number:.4f}" for number in numbers]
        problem = read_problem(cell) if found is None else ""
        rows.append((cell.name, *map(text, cell.values.values()), *shown, problem))
    return Table(("cell", *plan.axes, *names, "problem"), tuple(rows))


def write_csv(table: Table, path: Path) -> None:
    """Write the table, comma-separated."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows((table.header, *table.rows))


def draw(plan: Plan, path: Path) -> bool:
    """Plot the first score of all cells as SVG; false if there is none, or too many panels would be needed."""
    found = [read_scores(cell) or {} for cell in plan.cells]
    score = next((name for scores in found for name in scores), None)
    shape = tuple(len(values) for values in plan.axes.values())
    if score is None or math.prod(shape[2:]) > PANELS:
        return False
    middle, low, high = (
        np.array([scores.get(score + end, math.nan) for scores in found]).reshape(shape)
        for end in ("", "_low", "_high")
    )
    with mpl.rc_context({"svg.hashsalt": "ecg-live", "svg.fonttype": "none", "font.size": 9}):  # same sweep, same bytes
        if len(shape) == 1:
            figure = _line(*next(iter(plan.axes.items())), score, (middle, low, high))
        else:
            figure = _maps(plan.axes, score, middle)
        figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return True


def text(value: Any, between: str = "+") -> str:
    """A setting's value as a word."""
    return between.join(map(text, value)) if isinstance(value, list) else str(value)


def _line(name: str, values: Sequence[Any], score: str, numbers: Sequence[np.ndarray[Any, Any]]) -> Figure:
    """One setting: points with intervals, joined if the setting is a number."""
    figure = Figure(figsize=(5, 3.2))
    axes = figure.subplots()
    middle, low, high = numbers
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    x = np.array(values, dtype=float) if numeric else np.arange(len(values), dtype=float)
    order = np.argsort(x)
    axes.plot(x[order], middle[order], "o-" if numeric else "o", color="#0072b2", markersize=4)
    axes.vlines(x, low, high, color="#0072b2", alpha=0.6)
    axes.set_xticks(x, [text(value, "\n") for value in values])
    axes.set_xlabel(name)
    axes.set_ylabel(score)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _maps(axes: Mapping[str, Sequence[Any]], score: str, middle: np.ndarray[Any, Any]) -> Figure:
    """The first two settings down and across, a panel for each combination of the others."""
    names, values = list(axes), list(axes.values())
    combinations = list(itertools.product(*(range(len(each)) for each in values[2:])))
    wide = 1.6 + 0.8 * len(values[1])
    figure = Figure(figsize=(wide * len(combinations), 1.2 + 0.5 * len(values[0])), layout="constrained")
    panels: list[Axes] = list(figure.subplots(1, len(combinations), squeeze=False)[0])
    finite = middle[np.isfinite(middle)]
    limits = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    for panel, at in zip(panels, combinations, strict=True):
        _map(panel, np.moveaxis(middle, (0, 1), (-2, -1))[at], limits)
        panel.set_xticks(range(len(values[1])), [text(value, "\n") for value in values[1]])
        panel.set_yticks(range(len(values[0])), [text(value, "\n") for value in values[0]])
        panel.set_xlabel(names[1])
        panel.set_title("\n".join(f"{names[i + 2]} = {text(values[i + 2][j])}" for i, j in enumerate(at)), fontsize=9)
    panels[0].set_ylabel(names[0])
    figure.suptitle(score)
    return figure


def _map(panel: Axes, numbers: np.ndarray[Any, Any], limits: tuple[float, float]) -> None:
    """Colours with their numbers; a dash where a cell failed."""
    panel.imshow(numbers, cmap="cividis", vmin=limits[0], vmax=limits[1], aspect="auto")
    for (row, column), number in np.ndenumerate(numbers):
        bright = not np.isfinite(number) or number > sum(limits) / 2
        shown = f"{number:.3f}" if np.isfinite(number) else "-"
        panel.text(column, row, shown, ha="center", va="center", color="black" if bright else "white")
