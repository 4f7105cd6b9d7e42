"""``ecg-live export``: a recording in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli import print_error, print_notice
from ecg_live.cli.commands.options import Channel, Debug, Unit
from ecg_live.text import sanitize


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
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Write a recording as CSV or EDF+, or close an XDF file.

    Example: ecg-live export session.xdf --to edf
    """
    from devices.read_options import ReadOptions
    from ecg_live.recorded.export import export as export_recording

    result = export_recording(file, to, out, ReadOptions(channel, rate, unit, gain=gain), force=force)
    for path in result.files:
        print(sanitize(str(path)))
    for remark in result.remarks:
        print_notice(remark)
    if result.error is not None:
        print_error(result.error)
        raise typer.Exit(result.error.exit_code)
