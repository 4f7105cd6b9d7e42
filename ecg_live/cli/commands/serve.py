"""``ecg-live serve``: predict for the wearers of a site on NATS, or watch all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from ecg_live.cli.commands.options import Baseline, Debug, Hop, Json, Model, Seconds, ShowUnproven
from ecg_live.cli.commands.publish import Ca, Creds, Server, Site


def serve(
    site: Site = "lab",
    model: Model = None,
    hop: Hop = None,
    baseline: Baseline = None,
    show_unproven: ShowUnproven = False,
    server: Server = None,
    creds: Creds = None,
    ca: Ca = None,
    sync: Annotated[
        str,
        typer.Option(
            metavar="always|S", help="When this machine's own server syncs its disk: before each answer, or every S s."
        ),
    ] = "always",
    store_gb: Annotated[
        float, typer.Option(metavar="N", help="Gigabytes of raw data that the site may hold; then bridges wait.")
    ] = 10.0,
    partitions: Annotated[
        int, typer.Option(min=1, max=1024, help="Partitions of a new site: as many workers can share it.")
    ] = 32,
    replicas: Annotated[int, typer.Option(min=1, max=5, help="Copies in a cluster that a new site's data has.")] = 1,
    overview: Annotated[bool, typer.Option("--overview", help="Do not predict; show all wearers of the site.")] = False,
    seconds: Seconds = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Predict for all wearers that are published to a site, together with the site's other workers.

    Without --server, a NATS server for this machine's own programs is started, and ended with the command.

    Example: ecg-live serve --site lab --sync 1
    """
    from ecg_live.cli.one_thread import use_one_thread

    use_one_thread()
    from ecg_live.cli.serving import ServeOptions, serve_site
    from ecg_live.freed_memory import keep_freed_memory

    keep_freed_memory()

    settings = {
        "model": model,
        "hop": hop,
        "baseline": baseline,
        "show_unproven": show_unproven or None,
        "seconds": seconds,
        "json": as_json or None,
    }
    options = ServeOptions(site, server, creds, ca, sync, store_gb, partitions, replicas, overview)
    raise typer.Exit(serve_site(settings, options))
