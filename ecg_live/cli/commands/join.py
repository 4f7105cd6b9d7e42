"""``ecg-live join``: the recordings of several wearers in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Debug
from ecg_live.text import sanitize


def join(
    recordings: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]FILE...", help="Recordings of ecg-live (.xdf), each a wearer's."),
    ],
    out: Annotated[Path, typer.Option(help="File to write.")],
    seconds: Annotated[int, typer.Option(metavar="S", min=60, max=1800, help="Window of the pairs' synchrony.")] = 180,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Join the recordings of several wearers in one XDF file, with the synchrony of all pairs.

    Example: ecg-live join ann=ann.xdf bob=bob.xdf --out both.xdf
    """
    from ecg_live.cli.recorded_wearers import recorded_wearers
    from ecg_live.recorded.joined.join import join_recordings

    files = join_recordings(recorded_wearers(recordings), out, seconds)
    print(sanitize(f"{out}: {len(files)} file{'s' if len(files) != 1 else ''}, checked; they are kept"))
