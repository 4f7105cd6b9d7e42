"""``ecg-live verify``: check recordings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_error
from ecg_live.cli.commands.options import Debug, Json
from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.text import sanitize


def verify(
    files: Annotated[list[Path], typer.Argument(readable=False, metavar="FILE...", help="Recordings (.xdf).")],
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Check recordings: whether they are complete and every byte is as it was written, and what they hold.

    Example: ecg-live verify session.xdf
    """
    raise typer.Exit(verify_files(files, as_json=as_json))


def verify_files(files: Sequence[Path], *, as_json: bool) -> int:
    """Check recordings and print what was found; return the exit code. One unreadable file does not stop the others."""
    from ecg_live.recorded.annotated import check_annotations
    from ecg_live.recorded.verify import verify as verify_recording

    all_sound = True
    for path in files:
        try:
            report = verify_recording(path)
        except EcgLiveError as error:
            print_error(error)
            all_sound = False
            continue
        notes = check_annotations(path)
        lines = [*report.lines(), *(notes.lines() if notes else ())]
        added = {"annotations": notes.as_json()} if notes else {}
        print(json.dumps(report.as_json() | added) if as_json else "\n".join(map(sanitize, lines)))
        all_sound = all_sound and report.sound and not (notes and notes.problem)
    return 0 if all_sound else RecordingError.exit_code
