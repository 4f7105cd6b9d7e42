"""Commands on devices and this machine: devices, simulate, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecg_live.cli.commands.options import Channel, Debug, Gain, Json, Log, Rate, Seconds, Unit


def devices(
    as_json: Json = False,
    seconds: Annotated[str | None, typer.Option(help="How long to look (default 4).")] = None,
    log: Log = None,
) -> None:
    """List what is in reach: LSL streams, Bluetooth devices, serial ports, each with the SOURCE to use."""
    from ecg_live.cli.devices import show_devices

    show_devices(seconds, log, as_json=as_json)


def simulate(
    device: Annotated[str, typer.Argument(help="lsl, shimmer or polar.")],
    file: Annotated[Path, typer.Argument(help="Recording to play.")],
    name: Annotated[str | None, typer.Option(help="What the device is called.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="LSL: begin again at the end; radio devices always do.")] = False,
    seconds: Seconds = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    gain: Gain = None,
    serial: Annotated[
        bool, typer.Option("--serial", help="A Shimmer on a pseudo-terminal, without Bluetooth.")
    ] = False,
    adapter: Annotated[
        str | None, typer.Option(help="Bluetooth adapter to play on, in bumble's words, such as usb:0.")
    ] = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Play a recording as a device, for those who have none at hand: an LSL stream, a Shimmer, a Polar H10."""
    from ecg_live.cli.simulate import simulate as play

    options = {"seconds": seconds, "channel": channel, "rate": rate, "unit": unit, "gain": gain}
    raise typer.Exit(play(device, file, name, options, loop=loop, serial=serial, adapter=adapter))


def doctor(as_json: Json = False) -> None:
    """Check this machine: packages, display, bundled model and recording."""
    from ecg_live.cli.doctor import examine

    raise typer.Exit(examine(as_json=as_json))
