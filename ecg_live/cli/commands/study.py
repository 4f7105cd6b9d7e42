"""``ecg-live study``: check a study file and show its plan."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Debug, Json
from ecg_live.text import sanitize


def study(
    file: Annotated[Path, typer.Argument(readable=False, metavar="FILE", help="Study file (study.toml).")],
    participant: Annotated[str | None, typer.Option(help="Only the order of this participant.")] = None,
    as_json: Json = False,
    edit: Annotated[
        bool, typer.Option("--edit", help="Edit the file on the screen; one that is not there is a new study.")
    ] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Check a study file, and show which blocks each participant gets in which order; or edit it.

    Example: ecg-live study study.toml --participant P01
    """
    if edit:
        _edit(file)
        return
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    from ecg_live.study.block_order import order_blocks
    from ecg_live.study.file import load_study

    plan = load_study(file)
    wanted = (participant,) if participant is not None else plan.participants or ("any",)
    orders = {each: order_blocks(plan, each) for each in wanted}
    if as_json:
        print(json.dumps({each: [block.name for block in blocks] for each, blocks in orders.items()}))
        return
    rows = {each: [_described(block.name, block.seconds) for block in blocks] for each, blocks in orders.items()}
    table = Table(title=Text(plan.name), title_justify="left")
    table.add_column("participant")
    for number in range(1, len(plan.blocks) + 1):
        table.add_column(str(number))
    for each, cells in rows.items():
        table.add_row(Text(each), *map(Text, cells))
    console = Console()
    unlimited = console.options.update(max_width=sys.maxsize)
    if Measurement.get(console, unlimited, table).maximum <= console.width:
        console.print(table)
        return
    print(sanitize(plan.name))  # the names would be cut to nothing
    for each, cells in rows.items():
        listed = (f"{number} {sanitize(cell)}" for number, cell in enumerate(cells, start=1))
        print(f"\n{sanitize(each)}: {', '.join(listed)}")


def _edit(file: Path) -> None:
    """Edit the file until the editor is closed."""
    from ecg_live.cli.qt_check import why_no_display
    from ecg_live.errors import ConfigError

    if reason := why_no_display(os.environ):
        raise ConfigError(f"no editor: {reason}", f"write {file} in a text editor; ecg-live study {file} checks it")
    from ecg_live.dashboard.study_editor.run import run_editor

    run_editor(file)


def _described(name: str, seconds: float | None) -> str:
    return name if seconds is None else f"{name} ({seconds:g} s)"
