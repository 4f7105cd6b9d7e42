"""``ecg-live check``: go or no-go for a source's signal, before a session."""

from __future__ import annotations

from typing import Annotated

import typer

from ecg_live.cli.commands.options import Channel, Debug, Gain, Json, Log, Rate, Source, Unit


def check(
    source: Source,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    gain: Gain = None,
    seconds: Annotated[
        str | None, typer.Option(metavar="S", help="Give up after so many seconds without a go (default 60).")
    ] = None,
    as_json: Json = False,
    log: Log = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Check a source's signal: 10 s without a fault are a go (exit code 0), otherwise the faults are named (1).

    Example: ecg-live check recordings/supine_1min.txt
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.cli.signal_check import check_source_signal

    options = {"channel": channel, "rate": rate, "unit": unit, "gain": gain, "seconds": seconds, "log": log}
    raise typer.Exit(check_source_signal(source, {**options, "json": as_json or None}))
