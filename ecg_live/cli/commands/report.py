"""``ecg-live report``: a page about a recorded session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_error, print_notice
from ecg_live.cli.commands.options import Debug
from ecg_live.text import sanitize


def report(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False, metavar="FILE...", help="A session's recording (.xdf); of several files the first, or all."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Page to write (FILE.html).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing page.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Make a page about a recorded session: quality, gaps, markers, heart rate and predictions over time.

    Example: ecg-live report session.xdf
    """
    from ecg_live.recorded.report import write_report

    written = write_report(files, out, force=force)
    print(sanitize(str(written.path)))
    for remark in written.remarks:
        print_notice(remark)
    if written.error is not None:
        print_error(written.error)
        raise typer.Exit(written.error.exit_code)
