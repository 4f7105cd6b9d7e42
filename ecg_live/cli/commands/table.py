"""``ecg-live table``: one row for each participant, session and block."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_notice, print_problems
from ecg_live.cli.commands.options import Debug
from ecg_live.text import sanitize


def table(
    files: Annotated[
        list[Path],
        typer.Argument(readable=False, metavar="FILE...", help="Sessions' recordings (.xdf), or folders of them."),
    ],
    out: Annotated[Path, typer.Option(help="Table to write: .csv or .parquet. Its codebook is written beside it.")],
    by: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="What a row is: block of the study, interval, marker (from each to the next), or session.",
        ),
    ] = "block",
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Make one table of many sessions, for statistics: quality, heart rate, answers of the heads, exclusions.

    Example: ecg-live table recordings --out group.csv
    """
    from ecg_live.recorded.table import write_group_table
    from ecg_live.recorded.table.recordings import find_recordings
    from ecg_live.recorded.table.row_spans import check_row_kind

    kind = check_row_kind(by)
    written = write_group_table(find_recordings(files), out, kind, force=force)
    for path in (written.paths.table, written.paths.codebook, written.paths.files):
        print(sanitize(str(path)))
    for remark in written.remarks:
        print_notice(remark)
    print_problems(written.problems)
    if written.exit_code:
        raise typer.Exit(written.exit_code)
