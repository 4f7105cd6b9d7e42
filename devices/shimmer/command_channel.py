"""Commands to a Shimmer over one connection, with time-outs and retries, and the sequence that starts its ECG."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from devices.link import LinkLost
from devices.shimmer.framer import Ack, Message, Nack, Reply, ShimmerFramer
from devices.shimmer.protocol import (
    REPLY_CODES,
    SHIMMER3,
    SHIMMER3R,
    Command,
    Inquiry,
    PacketLayout,
    ReplyCode,
    ShimmerFirmware,
    config_bytes,
)
from devices.shimmer.settings import ShimmerSettings
from ecg_live.errors import ProtocolError

_REPLY_TIMEOUT_S = 0.7  # a radio's round trip takes 0.1 s, and longer with retries
_MAX_TRIES = 3
_QUIET_S = 0.12  # without a byte: replies to an earlier program have ended
_DRAIN_TIMEOUT_S = 1.5
_BUSY_REMEDY = "it is logging to its SD card, or SD sync is on: end the logging, or switch sync off in Consensys"
_NO_EXG_REMEDY = "fit an ECG board, and LogAndStream as firmware"
_MAX_SHOWN_BYTES = 24  # of an unexpected reply, in a message
WriteBytes = Callable[[bytes], Awaitable[None]]


class CommandRefused(ProtocolError):
    """The device replies ``FE`` to a command, at every attempt."""


class ShimmerCommandChannel:
    """Command exchange on one connection, until the stream runs.

    Parameters
    ----------
    name : str
        Name of the device, for messages.
    write : callable
        Sends bytes. Raises `LinkLost`.
    framer : Framer
        Splits received bytes into messages.
    """

    def __init__(self, name: str, write: WriteBytes, framer: ShimmerFramer) -> None:
        self._name = name
        self.write = write
        self.framer = framer
        self._replies: asyncio.Queue[Message] = asyncio.Queue()
        self._received = bytearray()  # the first bytes since the last command
        self._draining = True
        self.has_data = False  # data packets arrived

    def feed(self, data: bytes) -> list[Message]:
        """Add received bytes; return the messages in them, replies included."""
        self._received += data[: _MAX_SHOWN_BYTES - len(self._received)]
        if self._draining:
            return []
        messages = self.framer.push(data)
        for message in messages:
            if isinstance(message, Ack | Nack) or (isinstance(message, Reply) and message.kind == self.framer.expect):
                self._replies.put_nowait(message)
        return messages

    async def start(self, settings: ShimmerSettings) -> None:
        """Configure the device from scratch and start its stream.

        Raises
        ------
        LinkLost
            There was no reply, or no valid one, in time.
        ProtocolError
            The device is not a Shimmer, or has no ECG.
        """
        await self._drain()
        await self._choose_crc()
        await self._identify()
        firmware = ShimmerFirmware.parse(await self._query(Command.FIRMWARE))
        await self._configure(settings, firmware)
        layout = await self._verify(settings, firmware)
        if self.framer.crc:  # firmware without CRC has no prefix either
            with suppress(LinkLost, ProtocolError):  # firmware that does not report it
                await self._exchange(bytes([Command.BATTERY]), ReplyCode.STATUS, 1)
            await self._try_command(bytes([Command.ACK_PREFIX, 0]))
        self.framer.layout, self.framer.divider = layout, settings.divider
        await self._command(bytes([Command.START]))

    async def _drain(self) -> None:
        """Stop a running stream, and wait until the device is silent."""
        await self.write(bytes([Command.STOP]))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _DRAIN_TIMEOUT_S
        while loop.time() < deadline:
            self._received.clear()
            await asyncio.sleep(_QUIET_S)
            if not self._received:
                break
        self._draining = False

    async def _choose_crc(self) -> None:
        """Switch to CRC mode 2, where the firmware supports it."""
        self.framer.crc = 2  # the reply to this command already has one
        if not await self._try_command(bytes([Command.SET_CRC, 2])):
            self.framer.crc = 0
            self.framer.clear()

    async def _identify(self) -> None:
        hardware = (await self._query(Command.HARDWARE))[0]
        if hardware not in (SHIMMER3, SHIMMER3R):
            raise ProtocolError(
                f"{self._name} is hardware {hardware}, neither a Shimmer3 ({SHIMMER3}) nor a Shimmer3R ({SHIMMER3R})",
                "name another device",
            )
        self.framer.hardware = hardware

    async def _configure(self, settings: ShimmerSettings, firmware: ShimmerFirmware) -> None:
        await self._command(bytes([Command.POWER, 1]))
        await self._command(bytes([Command.SET_RATE]) + settings.divider.to_bytes(2, "little"))
        await self._command(bytes([Command.SET_SENSORS]) + settings.sensors)
        for chip in (0, 1):
            registers = settings.registers(chip)
            head = bytes([chip, 0, len(registers)])
            try:
                await self._command(bytes([Command.SET_EXG]) + head + registers)
                read = await self._query(Command.GET_EXG, head)
            except CommandRefused as error:
                raise ProtocolError(
                    f"{self._name} has no ExG: its firmware, {firmware}, refuses its registers",
                    _NO_EXG_REMEDY,
                ) from error
            if not settings.accepts(chip, read[1:]):
                raise LinkLost(
                    f"{self._name}: chip {chip + 1} reads back {read[1:].hex(' ')}, not {registers.hex(' ')}",
                    "switch the Shimmer off and on; if that does not help, its ECG board is broken",
                )

    async def _verify(self, settings: ShimmerSettings, firmware: ShimmerFirmware) -> PacketLayout:
        """Check the device's settings; return the layout of its packets."""
        inquiry = Inquiry.parse(await self._query(Command.INQUIRY), config_bytes(self.framer.hardware))
        layout = PacketLayout(inquiry.channels, settings.bits, firmware.tick_bits)
        if inquiry.divider != settings.divider:
            raise LinkLost(f"{self._name}: takes a sample every {inquiry.divider} ticks, not {settings.divider}")
        return layout

    async def _try_command(self, command: bytes) -> bool:
        """Send a command that old firmware may not know; return whether it was accepted."""
        try:
            await self._command(command, tries=2)
        except (LinkLost, CommandRefused):
            return False
        return True

    async def _command(self, command: bytes, tries: int = _MAX_TRIES) -> None:
        await self._exchange(command, None, tries)

    async def _query(self, command: Command, arguments: bytes = b"") -> bytes:
        return await self._exchange(bytes([command]) + arguments, REPLY_CODES[command], _MAX_TRIES)

    async def _exchange(self, command: bytes, expect: ReplyCode | None, tries: int) -> bytes:
        refused = False
        for _ in range(tries):
            self.framer.clear()
            self.framer.expect = expect
            self._received.clear()
            while not self._replies.empty():
                self._replies.get_nowait()
            await self.write(command)
            try:
                async with asyncio.timeout(_REPLY_TIMEOUT_S):
                    return await self._await_reply(expect)
            except TimeoutError:
                refused = False
            except CommandRefused:
                refused = True
                await self.write(bytes([Command.STOP]))  # configuration is refused while it streams
                await asyncio.sleep(_QUIET_S)
        if refused:
            raise CommandRefused(f"{self._name} refuses command {command[0]:02X}", _BUSY_REMEDY)
        raise self._no_reply_error(command, expect)

    async def _await_reply(self, expect: ReplyCode | None) -> bytes:
        while True:
            message = await self._replies.get()
            if isinstance(message, Nack):
                raise CommandRefused(self._name)
            if isinstance(message, Ack) and expect is None:
                return b""
            if isinstance(message, Reply):
                return message.payload

    def _no_reply_error(self, command: bytes, expect: ReplyCode | None) -> LinkLost | ProtocolError:
        """Return an error that describes what was received instead of a reply."""
        received = bytes(self._received)
        if not received:
            return LinkLost(f"{self._name} does not answer command {command[0]:02X}")
        if expect is ReplyCode.INQUIRY and self.framer.pending:
            return ProtocolError(
                f"{self._name}: its answer to the inquiry is cut short: {self.framer.pending.hex(' ')}",
                "install another version of LogAndStream",
            )
        is_text = received.isascii() and received.strip()
        shown = repr(received.decode()) if is_text else received.hex(" ")
        if expect is ReplyCode.HARDWARE:
            return ProtocolError(f"{self._name} is not a Shimmer: it says {shown}", "name another device or port")
        return LinkLost(f"{self._name} answers command {command[0]:02X} with {shown}")
