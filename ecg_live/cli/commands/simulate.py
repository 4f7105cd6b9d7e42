"""``ecg-live simulate``: play a recording as the device that might have made it."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecg_live.cli.commands.options import Channel, Debug, Gain, Rate, Seconds, Unit
from ecg_live.cli.signals import CaughtSignals
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from threading import Event

    from devices.read_options import ReadOptions
    from devices.simulate.emulator import Emulator
    from devices.simulate.player import Player
    from ecg_live.config import LiveSettings

SIMULATED_DEVICES = ("lsl", "shimmer", "bitalino", "polar", "movesense")
SERIAL_DEVICES = ("shimmer", "bitalino")
DEVICE_RATES_HZ = {  # the rate that ecg-live run sets; the only one of a Polar H10
    "shimmer": 512.0,
    "bitalino": 1000.0,
    "polar": 130.0,
    "movesense": 256.0,
}
DEFAULT_ADAPTER = "hci-socket:0" if sys.platform == "linux" else "usb:0"  # bumble's names of transports


def simulate(
    device: Annotated[str, typer.Argument(help="lsl, shimmer, bitalino, polar or movesense.")],
    file: Annotated[Path, typer.Argument(readable=False, help="Recording to play.")],
    name: Annotated[str | None, typer.Option(help="Name of the device.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="LSL: begin again at the end; radio devices always do.")] = False,
    seconds: Seconds = None,
    channel: Channel = None,
    rate: Rate = None,
    unit: Unit = None,
    gain: Gain = None,
    serial: Annotated[
        bool, typer.Option("--serial", help="A Shimmer on a pseudo-terminal, without Bluetooth; a BITalino always.")
    ] = False,
    adapter: Annotated[
        str | None, typer.Option(help="Bluetooth adapter to play on, by bumble's name, such as usb:0.")
    ] = None,
    debug: Debug = False,  # noqa: ARG001 - main looks for it
) -> None:
    """Play a recording as a device, to try ecg-live without one: LSL, Shimmer, BITalino, Polar H10, Movesense.

    Example: ecg-live simulate lsl recordings/supine_1min.txt --loop
    """
    options = {"seconds": seconds, "channel": channel, "rate": rate, "unit": unit, "gain": gain}
    raise typer.Exit(play(device, file, name, options, loop=loop, serial=serial, adapter=adapter))


def play(
    device: str,
    file: Path,
    name: str | None,
    options: Mapping[str, object],
    *,
    loop: bool,
    serial: bool,
    adapter: str | None,
) -> int:
    """Play a recording until its end, or until it is stopped; return the exit code.

    Parameters
    ----------
    device : str
        ``lsl``, ``shimmer``, ``bitalino``, ``polar`` or ``movesense``.
    file : Path
        The recording.
    name : str, optional
        Name of the device; the file's name without it.
    options : mapping
        Channel, rate, unit and seconds; see `ecg_live.config`.
    loop : bool
        Begin again at the end; a radio device always does.
    serial : bool
        Play a Shimmer on a pseudo-terminal; a BITalino always.
    adapter : str, optional
        Bluetooth adapter to play on.

    Raises
    ------
    EcgLiveError
        The device is unknown, the recording cannot be played, or there is no adapter.
    """
    from threading import Event

    from devices.read_options import ReadOptions
    from ecg_live.config import load_settings

    if device not in SIMULATED_DEVICES:
        raise ConfigError(f"there is no simulated {device!r}", f"choose one of {', '.join(SIMULATED_DEVICES)}")
    if serial and device not in SERIAL_DEVICES:
        raise ConfigError(f"{device} has no serial port", "leave --serial out; a Shimmer or BITalino has one")
    settings = load_settings(options)
    read_options = ReadOptions(settings.channel, settings.rate, settings.unit, gain=settings.gain)
    closed, caught = Event(), CaughtSignals()
    with caught.handled(closed.set, signal.SIGINT, signal.SIGTERM):
        if device == "lsl":
            _play_lsl(file, read_options, settings, name or file.stem, closed, loop=loop)
        elif serial or device == "bitalino":
            _play_on_serial_port(device, _emulator(device, file, read_options, name), settings, closed)
        else:
            _play_by_bluetooth(
                device, _emulator(device, file, read_options, name), adapter or DEFAULT_ADAPTER, settings, closed
            )
    return caught.exit_code


def _play_lsl(
    file: Path, options: ReadOptions, settings: LiveSettings, name: str, closed: Event, *, loop: bool
) -> None:
    from devices.files import open_recording
    from devices.simulate.lsl import SimulatedLsl

    recording = open_recording(file, options)
    with contextlib.closing(recording):
        player = SimulatedLsl(recording, name)
        _print_status(f"LSL streams {name!r} ({recording.info.rate:g} Hz) and '{name} markers'", f"lsl:{name}")
        player.play(closed, settings.seconds, loop=loop)
        _print_status(f"played {player.played} samples")


def _play_on_serial_port(device: str, emulator: Emulator, settings: LiveSettings, closed: Event) -> None:
    from devices.simulate.serial_host import SerialHost

    with SerialHost(emulator) as host:
        _print_status(f"{emulator.name} on a serial port", f"{device}:{host.port}")
        closed.wait(settings.seconds)
    _print_status(f"{emulator.name} took {emulator.played} samples")


def _play_by_bluetooth(device: str, emulator: Emulator, adapter: str, settings: LiveSettings, closed: Event) -> None:
    import asyncio

    from devices.simulate.bluetooth import host_on_adapter

    def on_air() -> None:
        _print_status(f"{emulator.name} by Bluetooth, on adapter {adapter}", f"{device}:{emulator.name}")

    async def main() -> None:
        playing = asyncio.ensure_future(host_on_adapter(emulator, adapter, on_air))
        stopped = asyncio.ensure_future(asyncio.to_thread(closed.wait, settings.seconds))
        try:
            await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.set()
            playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing

    asyncio.run(main())
    _print_status(f"{emulator.name} took {emulator.played} samples")


def _emulator(device: str, file: Path, options: ReadOptions, name: str | None) -> Emulator:
    from devices.simulate.player import Player

    player = _at_rate(Player.load(file, options), DEVICE_RATES_HZ[device])
    if device == "polar":
        from devices.simulate.polar import SimulatedPolar

        return SimulatedPolar(player, name or "Polar H10 12345678")
    if device == "movesense":
        from devices.simulate.movesense import SimulatedMovesense

        return SimulatedMovesense(player, name or "Movesense 174430000123")
    if device == "bitalino":
        from devices.simulate.bitalino import SimulatedBitalino

        return SimulatedBitalino(player.samples, name=name)
    from devices.simulate.shimmer import SimulatedShimmer

    return SimulatedShimmer(player.samples, name=name)


def _at_rate(player: Player, rate: float) -> Player:
    """Resample a player."""
    if player.rate == rate:
        return player
    from fractions import Fraction

    from scipy.signal import resample_poly

    ratio = Fraction(rate / player.rate).limit_denominator(10_000)
    return type(player)(resample_poly(player.samples, ratio.numerator, ratio.denominator, axis=0, padtype="line"), rate)


def _print_status(text: str, source: str = "") -> None:
    print(f"ecg-live: {text}" + (f"; watch it with: ecg-live run {shlex.quote(source)}" if source else ""), flush=True)
