"""``ecg-live split``: a file of each wearer again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Debug
from ecg_live.text import sanitize


def split(
    file: Annotated[Path, typer.Argument(readable=False, help="A file that join, or run --one-file, made.")],
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder for the files (beside FILE).")] = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Make a recording of each wearer out of a file of several, as they were before they were joined.

    Example: ecg-live split both.xdf
    """
    from devices.files.unreadable import regular_file
    from ecg_live.recorded.joined.split import split_recording

    for path in split_recording(regular_file(file), out):
        print(sanitize(str(path)))
