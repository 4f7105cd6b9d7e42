"""Tables of a sweep: a complete one for CSV, short ones for a terminal."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from training.paper import CONTRASTIVE_TASK, PRETEXT_TASKS
from training.sweep.plan import SweepPlan
from training.sweep.trial import read_problem, read_scores

INTERVAL_SUFFIXES = ("_low", "_high")  # a score's interval is in columns of its name with these
PRETEXT_PREFIX = "pretext "  # of the names of pretext tasks' accuracies
MAX_SHOWN_ITEMS, MAX_SHOWN_LETTERS = 3, 30  # of a value


class ScoreTable(NamedTuple):
    """A table of text; an empty cell where there is no score. Its first ``keys`` columns say which cell a row is."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: int = 0

    def fitted(self, width: int, between: int = 2) -> list[ScoreTable]:
        """The table as several of at most ``width`` letters, each with the key columns, ``between`` spaces apart."""
        columns = list(zip(self.header, *self.rows, strict=True))
        keys = range(self.keys)
        wide = [max(map(len, column)) + between for column in columns]
        room = width + between - sum(wide[: self.keys])
        groups: list[list[int]] = []
        for i in range(self.keys, len(columns)):
            if not groups or sum(wide[each] for each in groups[-1]) + wide[i] > room:
                groups.append([])
            groups[-1].append(i)
        return [
            ScoreTable(
                tuple(self.header[i] for i in (*keys, *group)),
                tuple(tuple(row[i] for i in (*keys, *group)) for row in self.rows),
                self.keys,
            )
            for group in groups
        ]


def tabulate(plan: SweepPlan) -> ScoreTable:
    """A row for each cell: name, values, scores, and the reason if it failed."""
    scores = [read_scores(cell) for cell in plan.cells]
    names = tuple(dict.fromkeys(name for found in scores for name in found or {}))
    rows = []
    for cell, found in zip(plan.cells, scores, strict=True):
        numbers = [(found or {}).get(name, math.nan) for name in names]
        shown = ["" if math.isnan(number) else f"{number:.4f}" for number in numbers]
        problem = read_problem(cell) if found is None else ""
        rows.append((cell.name, *map(value_text, cell.values.values()), *shown, problem))
    return ScoreTable(("cell", *plan.axes, *names, "problem"), tuple(rows))


def summary_tables(plan: SweepPlan) -> tuple[ScoreTable, ...]:
    """Narrow tables: scores, the first with its interval; and accuracies of the pretext tasks, if there are any."""
    found = [read_scores(cell) for cell in plan.cells]
    names = score_names([scores or {} for scores in found])
    tasks = [name for name in names if name.startswith(PRETEXT_PREFIX)]
    own = [name for name in names if name not in tasks]
    values = list(itertools.product(*map(value_labels, plan.axes.values())))
    rows, more = [], []
    for cell, value, scores in zip(plan.cells, values, found, strict=True):
        problem = [read_problem(cell) if scores is None else ""] if None in found else []
        rows.append((*value, *(_score(scores or {}, name, interval=name == own[0]) for name in own), *problem))
        more.append((*value, *(_score(scores or {}, name) for name in tasks)))
    scored = ScoreTable((*plan.axes, *own, *(["problem"] if None in found else [])), tuple(rows), len(plan.axes))
    if not tasks:
        return (scored,)
    header = (*plan.axes, *(name.removeprefix(PRETEXT_PREFIX) for name in tasks))
    return scored, ScoreTable(header, tuple(more), len(plan.axes))


def write_csv(table: ScoreTable, path: Path) -> None:
    """Write the table, comma-separated."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows((table.header, *table.rows))


def score_names(found: Sequence[Mapping[str, float]]) -> list[str]:
    """Names of scores in order, without ends of intervals; pretext tasks last, in their own order."""
    names = dict.fromkeys(name for scores in found for name in scores)
    own = [
        name
        for name in names
        if not any(name.endswith(end) and name.removesuffix(end) in names for end in INTERVAL_SUFFIXES)
    ]
    tasks = [PRETEXT_PREFIX + task for task in (*PRETEXT_TASKS, CONTRASTIVE_TASK)]
    return sorted(own, key=lambda name: tasks.index(name) if name in tasks else -1)


def value_text(value: Any) -> str:
    """A setting's value as a word."""
    if isinstance(value, list):
        return "+".join(map(value_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_labels(values: Sequence[Any], between: str = "+") -> list[str]:
    """A setting's values as short words that differ; a long list by what it lacks, or else by its first items."""
    every = {item for value in values if isinstance(value, list) for item in value if isinstance(item, str)}
    short = [between.join(_items(value, every)) for value in values]
    return [label if short.count(label) == 1 else f"{label} [{i}]" for i, label in enumerate(short, start=1)]


def _items(value: Any, every: set[str]) -> list[str]:
    items = list(map(value_text, value)) if isinstance(value, list) else [value_text(value)]
    if len(items) <= MAX_SHOWN_ITEMS:
        return [item if len(item) <= MAX_SHOWN_LETTERS else f"{item[: MAX_SHOWN_LETTERS - 3]}..." for item in items]
    lacking = sorted(every.difference(items))
    if every and len(lacking) <= 1:
        return [f"all but {lacking[0]}"] if lacking else [f"all {len(items)}"]
    return [*items[: MAX_SHOWN_ITEMS - 1], f"... ({len(items)})"]


def _score(scores: Mapping[str, float], name: str, *, interval: bool = False) -> str:
    """A score as text, with its ``interval`` if wanted; empty if there is no score."""
    value, low, high = (scores.get(name + end, math.nan) for end in ("", *INTERVAL_SUFFIXES))
    if math.isnan(value):
        return ""
    return f"{value:.3f} ({low:.2f} to {high:.2f})" if interval and not math.isnan(low + high) else f"{value:.3f}"
