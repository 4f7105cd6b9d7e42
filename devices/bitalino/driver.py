"""Driver of a BITalino (r)evolution on a serial port: its bytes become chunks and events."""

from __future__ import annotations

import time
from contextlib import suppress

from devices.bitalino.commands import BitalinoCommands
from devices.bitalino.decoder import BitalinoDecoder
from devices.bitalino.protocol import STOP_COMMAND
from devices.bitalino.settings import BitalinoSettings
from devices.bluetooth.gatt import notify_on_loop
from devices.flush_timer import FlushTimer
from devices.link import Emit, FoundDevice, Link, LinkLost
from ecg_live.events import AuxiliaryStream, Battery, Clock, State, StreamInfo

_PIPE = ""  # a serial line has no characteristics


class BitalinoDriver:
    """See `devices.link.Driver`. Chunks hold the ECG; other ports go to a stream beside it, in mV at the port.

    Parameters
    ----------
    port : str
        Serial port.
    settings : BitalinoSettings, optional
        Rate and ports.
    clock : Clock
        Session clock in s.
    """

    def __init__(self, port: str, settings: BitalinoSettings | None = None, clock: Clock = time.monotonic) -> None:
        self._settings = settings or BitalinoSettings()
        self._port = port
        self._clock = clock
        self._other_ports = self._describe_other_ports()
        self._decoder = BitalinoDecoder(self._settings, self._other_ports)
        self._channel: BitalinoCommands | None = None
        self._flush_timer = FlushTimer()

    @property
    def info(self) -> StreamInfo:
        """One channel at the chosen rate."""
        settings = self._settings
        return StreamInfo(
            settings.rate,
            (settings.ecg,),
            settings.full_scale,
            self.description,
            self._port,
            auxiliary=() if self._other_ports is None else (self._other_ports,),
        )

    @property
    def description(self) -> str:
        """The device searched for."""
        return f"BITalino {self._port}"

    def matches(self, found: FoundDevice) -> bool:
        """Whether it is the serial port."""
        return self._port in (found.address, found.name)

    async def start(self, link: Link, emit: Emit) -> None:
        """See `devices.link.Driver.start`."""
        self._flush(emit)
        channel = BitalinoCommands(self.description, lambda data: link.write(_PIPE, data))
        self._channel = channel
        self._decoder.resume()
        on_data = notify_on_loop(lambda data, arrived: self._receive(channel, data, arrived, emit), self._clock)
        await link.subscribe(_PIPE, on_data)
        battery = await channel.start(self._settings)
        if battery is not None:
            emit(Battery(self._clock(), battery))
        if self._settings.ecg_bits < 10:
            step = 1000 * self._settings.mv_per_count
            detail = f"{self._settings.ecg} is read in steps of {step:.0f} microvolt: choose four channels or fewer"
            emit(State("warning", detail, self._clock()))

    async def stop(self, link: Link) -> None:
        """See `devices.link.Driver.stop`."""
        with suppress(LinkLost):
            await link.write(_PIPE, STOP_COMMAND)

    def _receive(self, channel: BitalinoCommands, data: bytes, arrived: float, emit: Emit) -> None:
        if channel is not self._channel:
            return  # from an earlier connection
        for item in self._decoder.push(channel.feed(data), arrived):
            emit(item)
        self._flush_timer.cancel()
        if self._decoder.holds:
            self._flush_timer.restart(lambda: self._flush(emit))

    def _flush(self, emit: Emit) -> None:
        """Emit held samples."""
        self._flush_timer.cancel()
        for item in self._decoder.flush(self._clock()):
            emit(item)

    def _describe_other_ports(self) -> AuxiliaryStream | None:
        settings = self._settings
        channels = tuple((settings.ports[place], "millivolts") for place in settings.other_places)
        if not channels:
            return None
        name = f"BITalino ports {'+'.join(label for label, _ in channels)}"
        return AuxiliaryStream(name, "Raw", channels, settings.rate, source_id=self._port)
