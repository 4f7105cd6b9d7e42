"""``ecg-live publish``: a source's samples and events to a site on NATS, for one wearer."""

from __future__ import annotations

from typing import Annotated

import typer

from ecg_live.cli.commands.options import (
    Annotations,
    Channel,
    Debug,
    Gain,
    Json,
    Rate,
    Seconds,
    Signal,
    Source,
    Speed,
    Unit,
)

Site = Annotated[str, typer.Option(metavar="NAME", help="Site, such as a laboratory: its wearers share workers.")]
Server = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="NATS server, tls://HOST:4222 (secrets: see the manual); this machine's own without it."
    ),
]
Creds = Annotated[str | None, typer.Option(metavar="FILE", help="NATS .creds file to show to the server.")]
Ca = Annotated[str | None, typer.Option(metavar="FILE", help="PEM file of the authority behind the server's TLS.")]


def publish(
    source: Source,
    wearer: Annotated[str, typer.Option(metavar="ID", help="Pseudonym of the wearer: letters, digits, - and _.")],
    site: Site = "lab",
    server: Server = None,
    creds: Creds = None,
    ca: Ca = None,
    frame: Annotated[float, typer.Option(metavar="S", help="Seconds of samples in a message (0.02 to 10).")] = 0.25,
    spool_mb: Annotated[
        float, typer.Option(metavar="N", help="Megabytes that may wait on disk while the server is away.")
    ] = 1000.0,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    annotations: Annotations = None,
    gain: Gain = None,
    signal: Signal = None,
    speed: Speed = None,
    seconds: Seconds = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Publish a source to a NATS server, where ecg-live serve predicts and ecg-live run nats:SITE/WEARER looks.

    What the server has not stored yet waits in a file on this machine, also across a crash of either.

    Example: ecg-live publish recordings/supine_1min.txt --wearer P01
    """
    from ecg_live.cli.publishing import PublishOptions, run_bridge

    settings = {
        "channel": channel,
        "rate": rate,
        "unit": unit,
        "annotations": annotations,
        "gain": gain,
        "signal": signal,
        "speed": speed,
        "seconds": seconds,
        "json": as_json or None,
    }
    raise typer.Exit(run_bridge(source, settings, PublishOptions(wearer, site, server, creds, ca, frame, spool_mb)))
