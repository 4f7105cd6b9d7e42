"""``ecg-live simulate``: a recording as the device that might have made it, for those who have none at hand."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from devices.read_options import ReadOptions
from ecg_live.cli.signals import CaughtSignals
from ecg_live.config import LiveSettings, load_settings
from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from devices.simulate.emulator import Emulator
    from devices.simulate.player import Player

SIMULATED_DEVICES = ("lsl", "shimmer", "polar")
DEVICE_RATES_HZ = {
    "shimmer": 512.0,
    "polar": 130.0,
}  # Hz: what ecg-live run asks a Shimmer for, and the only one of a Polar H10
DEFAULT_ADAPTER = "hci-socket:0" if sys.platform == "linux" else "usb:0"  # in bumble's words


def simulate(
    device: str,
    file: Path,
    name: str | None,
    options: Mapping[str, object],
    *,
    loop: bool,
    serial: bool,
    adapter: str | None,
) -> int:
    """Play a recording until its end, or until it is stopped; give the exit code.

    Parameters
    ----------
    device : str
        ``lsl``, ``shimmer`` or ``polar``.
    file : Path
        The recording.
    name : str, optional
        What it is called; the file's name without it.
    options : mapping
        Channel, rate, unit and seconds; see `ecg_live.config`.
    loop : bool
        Begin again at the end; a radio device always does.
    serial : bool
        Play a Shimmer on a pseudo-terminal.
    adapter : str, optional
        Bluetooth adapter to play on.

    Raises
    ------
    EcgLiveError
        The device is unknown, the recording cannot be played, or there is no adapter.
    """
    if device not in SIMULATED_DEVICES:
        raise ConfigError(f"there is no simulated {device!r}", f"choose one of {', '.join(SIMULATED_DEVICES)}")
    if serial and device != "shimmer":
        raise ConfigError(f"{device} has no serial port", "leave --serial out; a Shimmer has one")
    settings = load_settings(options)
    opening = ReadOptions(settings.channel, settings.rate, settings.unit, gain=settings.gain)
    closed, caught = Event(), CaughtSignals()
    with caught.handled(closed.set, signal.SIGINT, signal.SIGTERM):
        if device == "lsl":
            _lsl(file, opening, settings, name or file.stem, closed, loop=loop)
        elif serial:
            _serial(_emulator(device, file, opening, name), settings, closed)
        else:
            _bluetooth(device, _emulator(device, file, opening, name), adapter or DEFAULT_ADAPTER, settings, closed)
    return caught.exit_code


def _lsl(file: Path, opening: ReadOptions, settings: LiveSettings, name: str, closed: Event, *, loop: bool) -> None:
    from devices.files import open_recording
    from devices.simulate.lsl import SimulatedLsl

    recording = open_recording(file, opening)
    with contextlib.closing(recording):
        player = SimulatedLsl(recording, name)
        _say(f"LSL streams {name!r} ({recording.info.rate:g} Hz) and '{name} markers'", f"lsl:{name}")
        player.play(closed, settings.seconds, loop=loop)
        _say(f"played {player.played} samples")


def _serial(emulator: Emulator, settings: LiveSettings, closed: Event) -> None:
    from devices.simulate.serial_host import SerialHost

    with SerialHost(emulator) as host:
        _say(f"{emulator.name} on a serial port", f"shimmer:{host.port}")
        closed.wait(settings.seconds)
    _say(f"{emulator.name} took {emulator.played} samples")


def _bluetooth(device: str, emulator: Emulator, adapter: str, settings: LiveSettings, closed: Event) -> None:
    from devices.simulate.bluetooth import host_on_adapter

    def on_air() -> None:
        _say(f"{emulator.name} by Bluetooth, on adapter {adapter}", f"{device}:{emulator.name}")

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
    _say(f"{emulator.name} took {emulator.played} samples")


def _emulator(device: str, file: Path, opening: ReadOptions, name: str | None) -> Emulator:
    from devices.simulate.player import Player

    player = _at_rate(Player.of(file, opening), DEVICE_RATES_HZ[device])
    if device == "polar":
        from devices.simulate.polar import SimulatedPolar

        return SimulatedPolar(player, name or "Polar H10 12345678")
    from devices.simulate.shimmer import SimulatedShimmer

    return SimulatedShimmer(player.samples, name=name)


def _at_rate(player: Player, rate: float) -> Player:
    """The same at another rate."""
    if player.rate == rate:
        return player
    from scipy.signal import resample_poly

    ratio = Fraction(rate / player.rate).limit_denominator(10_000)
    return type(player)(resample_poly(player.samples, ratio.numerator, ratio.denominator, axis=0, padtype="line"), rate)


def _say(what: str, source: str = "") -> None:
    print(f"ecg-live: {what}" + (f"; watch it with: ecg-live run {shlex.quote(source)}" if source else ""), flush=True)
