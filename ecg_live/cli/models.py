"""``ecg-live models``: the bundled models and their cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from ecg_live.bundled import DEFAULT_MODEL, MODELS
from ecg_live.model.bundle import Card, load_bundle


def show_models(*, as_json: bool) -> None:
    """Print every bundled model's card.

    Raises
    ------
    BundleError
        If one is missing or damaged.
    """
    cards = {path.stem: load_bundle(path).card for path in sorted({DEFAULT_MODEL, *MODELS.glob("*.safetensors")})}
    if as_json:
        print(json.dumps({name: asdict(card) for name, card in cards.items()}))
        return
    console = Console()
    for name, card in cards.items():
        _print(console, name, card)


def _print(console: Console, name: str, card: Card) -> None:
    console.print(f"[bold]{name}[/]: {card.name}")
    console.print(f"encoder: {card.padding} padding; trained on {card.data}")
    console.print(f"licence: {card.licence}; made {card.created} by {card.software}")
    for head_name, head in card.heads.items():
        console.print(f"\nhead [bold]{head_name}[/]: {' or '.join(head.classes)}; {head.data}")
        console.print(_table(head.scores))
        for caveat in head.caveats:
            console.print(f"- {caveat}")


def _table(scores: Mapping[str, Any]) -> Table:
    table = Table(title=str(scores.get("protocol", "")), title_justify="left")
    rows = scores.get("rows", [])
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for column in columns:
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list):
        return " to ".join(_cell(entry) for entry in value)
    return "" if value is None else str(value)
