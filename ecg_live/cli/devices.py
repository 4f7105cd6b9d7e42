"""``ecg-live devices``: what is in reach, and the source to write for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from devices.discovery import Discovery, discover
from ecg_live.cli.log_file import log_option, log_to
from ecg_live.config import load_settings
from ecg_live.text import sanitize

DEFAULT_SCAN_S = 4.0  # a strap advertises about once a second, and a scan may miss some


def show_devices(seconds: str | None, log: str | None = None, *, as_json: bool) -> None:
    """Look around and print it.

    Raises
    ------
    ConfigError
        The time is no positive number, or the log cannot be written.
    """
    with log_to(log_option(log)):
        reach = discover(load_settings({"seconds": seconds}, {}).seconds or DEFAULT_SCAN_S)
    if as_json:
        print(json.dumps(asdict(reach)), flush=True)
    else:
        _print(reach)


def _print(reach: Discovery) -> None:
    console = Console()
    streams = [
        (
            one.source,
            one.name,
            one.type,
            str(one.channels),
            f"{one.rate:g}" if one.rate else "-",
            one.host,
            one.source_id,
        )
        for one in reach.lsl
    ]
    radio = [
        (one.source, one.kind, one.name, one.address, "" if one.rssi is None else f"{one.rssi}")
        for one in reach.bluetooth
    ]
    ports = [(one.source, one.port, one.description) for one in reach.serial]
    columns = ("SOURCE", "name", "type", "channels", "Hz", "host", "source_id")
    _table(console, "LSL streams", columns, streams)
    _table(console, "Bluetooth devices", ("SOURCE", "kind", "name", "address", "dBm"), radio)
    _table(console, "Serial ports", ("SOURCE", "port", "description"), ports)
    for note in reach.notes:
        console.print(f"- {escape(sanitize(note))}", highlight=False, soft_wrap=True)


def _table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(sanitize(cell)) for cell in row))
    console.print(table)
