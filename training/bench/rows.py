"""Rows of the benchmark's table, as parquet, CSV and text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecg_live.tables import Columns, write_rows
from training.bench.cell import CLASS_SCORES, NUMBER_SCORES, VERSUS
from training.data.window_orders import ORDERS
from training.report.text_tables import PaperTable

PLACES = ("dataset", "label", "protocol", "pipeline")
ORDER_SCORES = tuple(f"auroc_{order.replace(' ', '_')}" for order in ORDERS[1:])  # of the adaptive set
_INTERVALS = (*CLASS_SCORES, *NUMBER_SCORES, VERSUS)
BENCH_COLUMNS: Columns = {
    **dict.fromkeys(PLACES, "text"),
    "windows": "integer",
    "subjects": "integer",
    **{f"{name}{end}": "number" for name in _INTERVALS for end in ("", "_low", "_high")},
    **dict.fromkeys(ORDER_SCORES, "number"),
    "permuted_true": "number",
    "permuted_own": "number",
    "seconds": "number",
    "better_than_constant": "flag",
    "split_sha256": "text",
    "problem": "text",
}
NO_BETTER = "no better than a constant"


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One cell: where it stands, its scores by name, and why there are none."""

    place: Mapping[str, str]
    scores: Mapping[str, float]
    split: str
    problem: str = ""

    @property
    def better_than_constant(self) -> bool | None:
        """Whether the 95 % interval of its error minus a constant's lies below 0; None without scores."""
        high = self.scores.get(f"{VERSUS}_high", math.nan)
        return None if math.isnan(high) else high < 0

    @property
    def numbers(self) -> bool:
        """Whether the label is a number."""
        return "rmse" in self.scores

    def cell(self, name: str) -> str:
        """A score with its interval as text; empty without one."""
        value, low, high = (self.scores.get(name + end, math.nan) for end in ("", "_low", "_high"))
        if math.isnan(value):
            return ""
        return f"{value:.3f}" if math.isnan(low + high) else f"{value:.3f} ({low:.2f} to {high:.2f})"

    def remark(self) -> str:
        """What a reader must know of it: why it failed, other orders, that a constant does as well."""
        if self.problem:
            return self.problem
        orders = [
            f"{self.scores[name]:.3f} {name[6:].replace('_', ' ')}" for name in ORDER_SCORES if name in self.scores
        ]
        found = [f"AUROC in other orders: {', '.join(orders)}"] if orders else []
        return "; ".join([*found, *([] if self.better_than_constant else [NO_BETTER])])


def make_row(values: Mapping[str, Any], scores: Mapping[str, float] | None, problem: str, split: str) -> BenchRow:
    """The row of a cell that is done, or failed with a problem."""
    place = {name: str(values[name]) for name in PLACES}
    return BenchRow(place, scores or {}, split, "" if scores is not None else problem.splitlines()[0])


def write_bench_table(path: Path, rows: Sequence[BenchRow]) -> None:
    """Write all rows; errors are those of `ecg_live.tables.write_table`."""
    more = [
        {"better_than_constant": row.better_than_constant, "split_sha256": row.split, "problem": row.problem or None}
        for row in rows
    ]
    write_rows(path, BENCH_COLUMNS, ({**row.place, **row.scores, **own} for row, own in zip(rows, more, strict=True)))


def paper_tables(rows: Sequence[BenchRow]) -> list[PaperTable]:
    """A table for each data set and protocol."""
    parts: dict[str, list[BenchRow]] = {}
    for row in rows:
        parts.setdefault(", ".join(row.place[name] for name in PLACES[:3]), []).append(row)
    return [_paper_table(title, own) for title, own in parts.items()]


def _paper_table(title: str, rows: Sequence[BenchRow]) -> PaperTable:
    numbers = any(row.numbers for row in rows)
    names = NUMBER_SCORES if numbers else CLASS_SCORES
    heads = {
        "auroc": "AUROC",
        "auroc_within": "AUROC per subject",
        "balanced_accuracy": "balanced accuracy",
        "brier": "Brier",
        "ccc": "CCC",
        "within": "correlation per subject",
        "rmse": "RMSE",
        VERSUS: "RMSE minus a constant's" if numbers else "Brier minus a constant's",
    }
    header = ("pipeline", "remark", *(heads[name] for name in (*names, VERSUS)))
    body = [(row.place["pipeline"], row.remark(), *(row.cell(name) for name in (*names, VERSUS))) for row in rows]
    subjects = max((row.scores.get("subjects", 0.0) for row in rows), default=0.0)
    return PaperTable(f"{title} (95 % interval over {subjects:.0f} subjects)", header, tuple(body), 2)
