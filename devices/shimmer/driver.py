"""Driver of a Shimmer3 or 3R with an ECG board: its bytes become chunks and events."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress

from devices.bluetooth.gatt import describe_services, notify_on_loop
from devices.link import Emit, FoundDevice, Link, LinkLost
from devices.shimmer.battery import charge_of
from devices.shimmer.command_channel import ShimmerCommandChannel
from devices.shimmer.decoder import ShimmerDecoder
from devices.shimmer.framer import DataPacket, Reply, ShimmerFramer, ShimmerSkippedBytes
from devices.shimmer.protocol import LEADS, STATUS_REPLY, TICK_RATE_HZ, UARTS, Command, ReplyCode, StatusBits, Uart
from devices.shimmer.settings import ShimmerSettings
from ecg_live.errors import DeviceError, ProtocolError
from ecg_live.events import Battery, Clock, State, StreamInfo

_SERIAL_UART = Uart("", "", "")  # a serial line has no characteristics
_DEFAULT_NAME_PREFIX = "Shimmer3"  # of devices whose name was not changed
_BATTERY_INTERVAL_S = 600.0  # a full one lasts for a day or so
_STATUS_WARNINGS = {
    StatusBits.DOCKED: "the Shimmer stands in its dock",
    StatusBits.SD_ERROR: "the Shimmer reports an error of its SD card; the stream goes on",
}


class ShimmerDriver:
    """See `devices.link.Driver`. Chunks hold all leads; ``lead`` is the one to be classified.

    Parameters
    ----------
    name : str
        Name, address, or the part of a name after a dash; empty for the first Shimmer in reach.
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
        A setting is invalid.
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
        self._name = name.strip()
        self._clock = clock
        self._decoder = ShimmerDecoder(self._settings)
        self._channel: ShimmerCommandChannel | None = None
        self._status = 0
        self._battery_percent: int | None = None
        self._battery_asked = math.inf  # session time; inf for a device that does not report it
        self._battery_request: asyncio.Future[None] | None = None

    @property
    def info(self) -> StreamInfo:
        """All leads at the chosen rate."""
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
        """The device searched for."""
        return f"Shimmer {self._name}".strip()

    def matches(self, found: FoundDevice) -> bool:
        """Whether name or address match; without a name, whether it is a Shimmer."""
        if self._name:
            name = found.name.casefold()
            return self._name.casefold() in (name, found.address.casefold(), *name.split("-")[1:])
        has_uart = any(uart.service in found.services for uart in UARTS.values())
        return has_uart or found.name.startswith(_DEFAULT_NAME_PREFIX)

    async def start(self, link: Link, emit: Emit) -> None:
        """See `devices.link.Driver.start`."""
        name = self._name or "the device"
        uart = _uart(name, link)
        channel = ShimmerCommandChannel(name, lambda data: link.write(uart.write, data), ShimmerFramer())
        self._channel, self._status, self._battery_asked = channel, 0, math.inf
        on_data = notify_on_loop(lambda data, arrived: self._receive(channel, data, arrived, emit), self._clock)
        await link.subscribe(uart.notify, on_data)
        await channel.start(self._settings)

    async def stop(self, link: Link) -> None:
        """See `devices.link.Driver.stop`."""
        with suppress(LinkLost, ProtocolError):
            await link.write(_uart(self.description, link).write, bytes([Command.STOP]))

    def _receive(self, channel: ShimmerCommandChannel, data: bytes, arrived: float, emit: Emit) -> None:
        if channel is not self._channel:
            return  # from an earlier connection
        packets: list[bytes | None] = []
        for message in channel.feed(data):
            if isinstance(message, DataPacket):
                packets.append(message.packet)
            elif isinstance(message, ShimmerSkippedBytes):
                packets.append(None)
            elif isinstance(message, Reply) and message.kind == ReplyCode.STATUS:
                self._report_reply(channel, message.payload, arrived, emit)
        if channel.framer.layout is None:
            return
        if packets and not channel.has_data:
            channel.has_data = True
            self._decoder.resume(channel.framer.layout.tick_bits)
        for item in self._decoder.push(packets, channel.framer.layout, arrived):
            emit(item)
        if packets and arrived - self._battery_asked >= _BATTERY_INTERVAL_S:
            self._ask_for_battery(channel, arrived)

    def _report_reply(self, channel: ShimmerCommandChannel, payload: bytes, arrived: float, emit: Emit) -> None:
        """Report a status, or the battery's charge where it changed by a percent."""
        if payload[0] == STATUS_REPLY:
            self._report_status(payload[1], arrived, emit)
            return
        if not channel.has_data:
            self._battery_asked = arrived
        charge = charge_of(payload[1:])
        if charge is not None and round(charge * 100) != self._battery_percent:
            self._battery_percent = round(charge * 100)
            emit(Battery(arrived, charge))

    def _ask_for_battery(self, channel: ShimmerCommandChannel, now: float) -> None:
        """Ask a device that reported it at the start; the reply comes between packets."""
        self._battery_asked = now
        self._battery_request = asyncio.ensure_future(self._write_quietly(channel, Command.BATTERY))

    @staticmethod
    async def _write_quietly(channel: ShimmerCommandChannel, command: Command) -> None:
        with suppress(DeviceError):
            await channel.write(bytes([command]))

    def _report_status(self, status: int, arrived: float, emit: Emit) -> None:
        """Emit a warning for each status bit that was set since the last status."""
        for bit, warning in _STATUS_WARNINGS.items():
            if status & bit & ~self._status:
                emit(State("warning", warning, arrived))
        self._status = status


def _uart(name: str, link: Link) -> Uart:
    """Return the characteristics of a device's serial line.

    Raises
    ------
    ProtocolError
        It is not a Shimmer.
    """
    if not link.services:
        return _SERIAL_UART
    for uart in UARTS.values():
        if uart.service in link.services:
            return uart
    raise ProtocolError(f"{name} is not a Shimmer: it offers {describe_services(link)}", "name another device")
