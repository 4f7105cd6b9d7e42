"""All wearers of a site in the terminal: label, heart rate, quality, lag."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from ecg_live.cli.terminal_texts import head_suffix
from ecg_live.serve.overview import WearerOverview
from ecg_live.sinks.jsonl import line_fields, round_floats

STALE_AFTER_S = 5.0  # without a result: the wearer's values are old
GRADE_STYLES = {"good": "green", "poor": "yellow", "unusable": "bold magenta"}


def overview_table(site: str, rows: Sequence[WearerOverview], now: float) -> Table:
    """Table of all wearers; values that are old are dim."""
    table = Table(title=f"site {site} · {len(rows)} wearers · research use only", expand=True)
    for name in ("wearer", "result", "heart rate", "quality", "lag", "last"):
        table.add_column(name)
    for row in rows:
        grade = row.prediction.quality.grade
        cells = _cells(row, now)
        style = "dim" if now - row.came > STALE_AFTER_S else ""
        texts = [Text(cell, style=style) for cell in cells]
        texts[3] = Text(cells[3], style=style or GRADE_STYLES[grade])
        table.add_row(*texts)
    return table


def overview_lines(rows: Sequence[WearerOverview], now: float) -> Iterator[str]:
    """One plain line a wearer."""
    for row in rows:
        yield "  ".join(_cells(row, now))


def overview_json(rows: Sequence[WearerOverview], now: float) -> Iterator[str]:
    """One JSON object a wearer: its latest prediction, its lag and its age in s."""
    for row in rows:
        fields = line_fields(row.prediction, 1.0) or {}
        entry = {"wearer": row.wearer} | fields | {"type": "overview", "lag": row.lag, "age": now - row.came}
        yield json.dumps(round_floats(entry), allow_nan=False)


def _cells(row: WearerOverview, now: float) -> list[str]:
    prediction = row.prediction
    heads = ", ".join(f"{name.replace('_', ' ')}{head_suffix(head)}" for name, head in prediction.heads.items())
    rate = "--" if prediction.heart_rate is None else f"{prediction.heart_rate:.0f} bpm"
    age = now - row.came
    reasons = ", ".join(prediction.quality.reasons)
    quality = prediction.quality.grade + (f" ({reasons})" if reasons else "")
    return [row.wearer, heads, rate, quality, f"{row.lag:.1f} s", "now" if age < STALE_AFTER_S else f"{age:.0f} s ago"]
