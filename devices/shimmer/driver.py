"""A Shimmer3 or 3R with an ECG board as a driver: what it says becomes chunks and events."""

from __future__ import annotations

import time
from contextlib import suppress

from devices.bluetooth.gatt import describe_services, notify_on_loop
from devices.link import Emit, FoundDevice, Link, LinkLost
from devices.shimmer.commands import CommandChannel
from devices.shimmer.decoder import ShimmerDecoder
from devices.shimmer.framer import DataPacket, Framer, Reply, SkippedBytes
from devices.shimmer.protocol import LEADS, TICK_RATE_HZ, UARTS, Command, ReplyCode, StatusBits, Uart
from devices.shimmer.settings import ShimmerSettings
from ecg_live.errors import ProtocolError
from ecg_live.events import Clock, State, StreamInfo

_SERIAL_UART = Uart("", "", "")  # a serial line has one pipe a direction
_DEFAULT_NAME_PREFIX = "Shimmer3"  # how names begin that nobody changed
_STATUS_WARNINGS = {
    StatusBits.DOCKED: "the Shimmer stands in its dock",
    StatusBits.SD_ERROR: "the Shimmer reports an error of its SD card; the stream goes on",
}


class ShimmerDriver:
    """See `devices.link.Driver`. All leads go into the chunks; ``lead`` is the one to be judged.

    Parameters
    ----------
    name : str
        Name or address, or the part of a name behind a dash; empty: the first Shimmer in reach.
    rate : float
        In Hz, 128 to 1024; 32768 / rate must be whole.
    gain : int
        1, 2, 3, 4, 6, 8 or 12.
    lead : str
        LL-RA, LA-RA or Vx-RL.
    bits : int
        24 or 16.
    clock : Clock
        Session clock in s.

    Raises
    ------
    ConfigError
        A setting cannot be.
    """

    def __init__(
        self,
        name: str = "",
        rate: float = 512,
        gain: int = 4,
        lead: str = "LL-RA",
        bits: int = 24,
        clock: Clock = time.monotonic,
    ) -> None:
        self._settings = ShimmerSettings(rate, gain, lead, bits)
        self._name, self._clock = name.strip(), clock
        self._stream = ShimmerDecoder(self._settings)
        self._talk: CommandChannel | None = None
        self._status = 0

    @property
    def info(self) -> StreamInfo:
        """The leads, at the rate that was chosen."""
        settings = self._settings
        return StreamInfo(
            TICK_RATE_HZ / settings.divider,
            tuple(LEADS),
            settings.full_scale,
            self.description,
            self._name,
            ecg=list(LEADS).index(settings.lead),
        )

    @property
    def description(self) -> str:
        """What it looks for."""
        return f"Shimmer {self._name}".strip()

    def matches(self, found: FoundDevice) -> bool:
        """Whether a device is the one that was named; without a name, whether it is a Shimmer at all."""
        if self._name:
            name = found.name.casefold()
            return self._name.casefold() in (name, found.address.casefold(), *name.split("-")[1:])
        offers = any(uart.service in found.services for uart in UARTS.values())
        return offers or found.name.startswith(_DEFAULT_NAME_PREFIX)

    async def start(self, link: Link, emit: Emit) -> None:
        """See `devices.link.Driver.start`."""
        name = self._name or "the device"
        uart = _uart(name, link)
        talk = CommandChannel(name, lambda data: link.write(uart.write, data), Framer())
        self._talk, self._status = talk, 0
        take = notify_on_loop(lambda data, arrived: self._receive(talk, data, arrived, emit), self._clock)
        await link.subscribe(uart.notify, take)
        await talk.start(self._settings)

    async def stop(self, link: Link) -> None:
        """See `devices.link.Driver.stop`."""
        with suppress(LinkLost, ProtocolError):
            await link.write(_uart(self.description, link).write, bytes([Command.STOP]))

    def _receive(self, talk: CommandChannel, data: bytes, arrived: float, emit: Emit) -> None:
        if talk is not self._talk:
            return  # it was under way when an earlier connection broke
        packets: list[bytes | None] = []
        for message in talk.hear(data):
            if isinstance(message, DataPacket):
                packets.append(message.packet)
            elif isinstance(message, SkippedBytes):
                packets.append(None)
            elif isinstance(message, Reply) and message.kind == ReplyCode.STATUS:
                self._remark(message.payload[1], arrived, emit)
        if talk.framer.layout is None:
            return
        if packets and not talk.streams:
            talk.streams = True
            self._stream.resume(talk.framer.layout.tick_bits)
        for item in self._stream.push(packets, talk.framer.layout, arrived):
            emit(item)

    def _remark(self, status: int, arrived: float, emit: Emit) -> None:
        """Say what a status has that the last one had not."""
        for bit, remark in _STATUS_WARNINGS.items():
            if status & bit & ~self._status:
                emit(State("warning", remark, arrived))
        self._status = status


def _uart(name: str, link: Link) -> Uart:
    """Give the pipes to a device.

    Raises
    ------
    ProtocolError
        It is something else.
    """
    if not link.services:
        return _SERIAL_UART
    for uart in UARTS.values():
        if uart.service in link.services:
            return uart
    raise ProtocolError(f"{name} is no Shimmer: it offers {describe_services(link)}", "name another device")
