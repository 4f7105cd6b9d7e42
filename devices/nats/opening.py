"""Open ``nats:SITE/WEARER``: find the wearer's stream on the server, and read its description."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from devices.nats.source import NatsSource, SourceStart
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, DeviceError, DeviceNotFound
from ecg_live.events import Clock
from ecg_live.nats.connection import connect, site_names
from ecg_live.nats.names import SiteNames, check_name
from ecg_live.nats.options import SERVER_VARIABLE, ServerOptions, server_options
from ecg_live.nats.resume import WearerRecord, read_record

_STARTS: Mapping[str, SourceStart] = {"now": "now", "start": "start"}


def open_nats(text: str, options: ReadOptions, clock: Clock = time.monotonic) -> NatsSource:
    """Open a wearer's stream.

    Parameters
    ----------
    text : str
        ``SITE/WEARER``: what comes from now on; ``SITE/WEARER,from=start``: the wearer's whole run as a recording, as
        fast as it can be read, up to what is there by then.
    options : ReadOptions
        ``channel``.
    clock : Clock
        Session clock in s.

    Raises
    ------
    ConfigError
        The text, or an option, does not fit.
    DeviceNotFound
        The site has no such wearer.
    DeviceError
        No server answers.
    """
    site, wearer, start = _parse(text)
    if options.speed != 1:
        raise ConfigError(f"nats: at speed {options.speed:g}; a stream runs at real time", "leave --speed out")
    server = server_options()
    if server is None:
        raise DeviceError("no NATS server runs on this machine", f"start ecg-live serve, or set {SERVER_VARIABLE}")
    names, record = asyncio.run(_find(server, site, wearer))
    return NatsSource(server, names, wearer, record, options, start, clock)


async def _find(server: ServerOptions, site: str, wearer: str) -> tuple[SiteNames, WearerRecord]:
    async with await connect(server, "ecg-live run") as connection:
        names = await site_names(connection, site)
        record = await read_record(connection, names, wearer)
    if record is None:
        raise DeviceNotFound(
            f"site {site} has no wearer {wearer}",
            f"publish one: ecg-live publish SOURCE --site {site} --wearer {wearer}",
        )
    return names, record


def _parse(text: str) -> tuple[str, str, SourceStart]:
    place, *settings = text.split(",")
    site, slash, wearer = place.partition("/")
    if not slash:
        raise ConfigError(f"nats:{text} names no wearer", "write nats:SITE/WEARER, for example nats:lab/P01")
    start: SourceStart = "now"
    for setting in settings:
        key, _, value = setting.partition("=")
        if key.strip() != "from" or value.strip() not in _STARTS:
            raise ConfigError(f"nats:{text}: unknown setting {setting!r}", "from=now and from=start are known")
        start = _STARTS[value.strip()]
    return check_name("site", site), check_name("wearer", wearer), start
