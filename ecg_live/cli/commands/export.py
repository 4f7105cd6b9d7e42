"""``ecg-live export``: a recording in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_error, print_notice
from ecg_live.cli.commands.options import Channel, Debug, Unit
from ecg_live.text import sanitize


def export(
    file: Annotated[Path, typer.Argument(readable=False, help="A recording.")],
    to: Annotated[str, typer.Option(help="csv, edf, bids, or xdf (repairs an XDF file).")],
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; for csv what the files' names begin with, for bids a folder (beside FILE)."),
    ] = None,
    channel: Channel = None,
    rate: Annotated[float | None, typer.Option(help="Sampling rate in Hz, for a file that states none.")] = None,
    unit: Unit = None,
    gain: Annotated[
        float, typer.Option(help="Gain of a PLUX ECG sensor: 1000, or 1019 as in PLUX's own export.")
    ] = 1000,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Task of a BIDS data set: letters and digits.")
    ] = None,
    participant: Annotated[
        str | None, typer.Option(metavar="ID", help="Participant in a BIDS data set, if not that of the recording.")
    ] = None,
    session: Annotated[
        str | None, typer.Option(metavar="ID", help="Session in a BIDS data set, if not that of the recording.")
    ] = None,
    datatype: Annotated[
        str | None, typer.Option(metavar="NAME", help="Folder in a BIDS data set: beh (default), or func beside fMRI.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Write a recording as CSV, EDF+ or into a BIDS data set, or repair an XDF file.

    Example: ecg-live export session.xdf --to edf
    """
    from devices.read_options import ReadOptions
    from ecg_live.recorded.export import export as export_recording
    from ecg_live.recorded.export.bids import BidsNames

    given = any(each is not None for each in (task, participant, session, datatype))
    names = BidsNames(task, participant, session, datatype or "beh") if given else None
    options = ReadOptions(channel, rate, unit, gain=gain)
    result = export_recording(file, to, out, options, force=force, names=names)
    for path in result.files:
        print(sanitize(str(path)))
    for remark in result.remarks:
        print_notice(remark)
    if result.error is not None:
        print_error(result.error)
        raise typer.Exit(result.error.exit_code)
