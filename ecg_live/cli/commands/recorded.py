"""Commands on what was recorded: verify, report, export, forget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Channel, Debug, Json, Unit


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings (.xdf).")],
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Check recordings: are they whole, is every byte as it was written, what do they hold."""
    from ecg_live.cli.recording import verify_files

    raise typer.Exit(verify_files(files, as_json=as_json))


def report(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="A session's recording (.xdf); of several files the first, or all."),
    ],
    out: Annotated[Path | None, typer.Option(help="Page to write (FILE.html).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that is there.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Make a page about a recorded session: quality, gaps, markers, heart rate and predictions over time."""
    from ecg_live.cli.report import report_session

    raise typer.Exit(report_session(files, out, force=force))


def export(
    file: Annotated[Path, typer.Argument(help="A recording.")],
    to: Annotated[str, typer.Option(help="csv, edf, or xdf (closes an XDF file that was cut).")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; for csv what the files' names begin with (beside FILE).")
    ] = None,
    channel: Channel = None,
    rate: Annotated[float | None, typer.Option(help="Sampling rate in Hz, for a file that states none.")] = None,
    unit: Unit = None,
    gain: Annotated[
        float, typer.Option(help="Gain of a PLUX ECG sensor: 1000, or 1019 as in PLUX's own export.")
    ] = 1000,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Write a recording as CSV or EDF+, or close an XDF file."""
    from devices.read_options import ReadOptions
    from ecg_live.cli.export import export_file

    raise typer.Exit(export_file(file, to, out, ReadOptions(channel, rate, unit, gain=gain), force=force))


def forget(
    participant: Annotated[str, typer.Argument(metavar="ID", help="Whom, as run --participant named them.")],
    folders: Annotated[
        list[Path] | None, typer.Option("--in", help="Look into this folder, too, and all below it; several times.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is found without being asked.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The list as one JSON object.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Remove a participant's recordings, their exports and the profile, after listing them."""
    from ecg_live.cli.forget import forget_participant

    raise typer.Exit(forget_participant(participant, folders or [], yes=yes, dry_run=dry_run, as_json=as_json))
