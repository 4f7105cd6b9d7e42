"""``ecg-live devices``: the devices in reach, and the source to write for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli.commands.options import Json, Log
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from rich.console import Console

    from devices.discovery import Discovery

DEFAULT_SCAN_S = 4.0  # a strap advertises about once a second, and a scan may miss some


def devices(
    as_json: Json = False,
    seconds: Annotated[str | None, typer.Option(help="How long to look (default 4).")] = None,
    log: Log = None,
) -> None:
    """List the devices in reach: LSL streams, Bluetooth devices, serial ports, each with the SOURCE to use.

    Example: ecg-live devices --seconds 10
    """
    show_devices(seconds, log, as_json=as_json)


def show_devices(seconds: str | None, log: str | None = None, *, as_json: bool) -> None:
    """Discover devices and print them.

    Raises
    ------
    ConfigError
        The time is not a positive number, or the log cannot be written.
    """
    from dataclasses import asdict

    from devices.discovery import discover
    from ecg_live.cli.log_file import log_option, log_to
    from ecg_live.config import load_settings

    with log_to(log_option(log)):
        found = discover(load_settings({"seconds": seconds}, {}).seconds or DEFAULT_SCAN_S)
    if as_json:
        print(json.dumps(asdict(found)), flush=True)
    else:
        _print_tables(found)


def _print_tables(found: Discovery) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    streams = [
        (
            stream.source,
            stream.name,
            stream.type,
            str(stream.channels),
            f"{stream.rate:g}" if stream.rate else "-",
            stream.host,
            stream.source_id,
        )
        for stream in found.lsl
    ]
    bluetooth = [
        (each.source, each.kind, each.name, each.address, "" if each.rssi is None else f"{each.rssi}")
        for each in found.bluetooth
    ]
    ports = [(port.source, port.port, port.description) for port in found.serial]
    columns = ("SOURCE", "name", "type", "channels", "Hz", "host", "source_id")
    _print_table(console, "LSL streams", columns, streams)
    _print_table(console, "Bluetooth devices", ("SOURCE", "kind", "name", "address", "dBm"), bluetooth)
    _print_table(console, "Serial ports", ("SOURCE", "port", "description"), ports)
    for note in found.notes:
        console.print(f"- {escape(sanitize(note))}", highlight=False, soft_wrap=True)


def _print_table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(sanitize(cell)) for cell in row))
    console.print(table)
