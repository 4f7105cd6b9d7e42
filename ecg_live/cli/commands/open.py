"""``ecg-live open``: play a recorded session back, as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Debug, Headless, Json


def open_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            readable=False,
            metavar="SESSION...",
            help="A session's recording (.xdf), two to compare, or a folder to look through.",
        ),
    ],
    with_model: Annotated[
        bool, typer.Option("--with-model", help="Show beside the recorded answers those of a model of today.")
    ] = False,
    model: Annotated[
        str | None, typer.Option(metavar="FILE", help="That model, if not the bundled one; implies --with-model.")
    ] = None,
    headless: Headless = False,
    as_json: Json = False,
    author: Annotated[str | None, typer.Option(help="Who annotates; without it your name on this machine.")] = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Play a recorded session back with the predictions, baselines and markers that were recorded; look through many.

    Example: ecg-live open session.xdf
    """
    from ecg_live.cli.playback import open_paths

    raise typer.Exit(open_paths(paths, model, with_model=with_model, headless=headless, as_json=as_json, author=author))
