"""One connection's talk with a Shimmer: commands with time-outs and retries, and the sequence that starts its ECG."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from devices.link import LinkLost
from devices.shimmer.framer import Ack, Framer, Message, Nack, Reply
from devices.shimmer.protocol import (
    REPLY_CODES,
    SHIMMER3,
    SHIMMER3R,
    Command,
    Firmware,
    Inquiry,
    PacketLayout,
    ReplyCode,
    config_bytes,
)
from devices.shimmer.settings import ShimmerSettings
from ecg_live.errors import ProtocolError

_REPLY_TIMEOUT_S = 0.7  # s; a radio takes 0.1 s there and back, and retries within
_MAX_TRIES = 3
_QUIET_S = 0.12  # s without a byte: what an earlier program had asked for has ended
_DRAIN_TIMEOUT_S = 1.5  # s that it may take at most
_BUSY_REMEDY = "it is logging to its SD card, or SD sync is on: end the logging, or switch sync off in Consensys"
_NO_EXG_REMEDY = "fit an ECG board, and LogAndStream as firmware"
_MAX_SHOWN_BYTES = 24  # bytes of what is no protocol, in a message
WriteBytes = Callable[[bytes], Awaitable[None]]


class CommandRefused(ProtocolError):
    """The device answers a command with ``FE``, time and again."""


class CommandChannel:
    """What is said on a connection until the stream runs.

    Parameters
    ----------
    name : str
        The device, for messages.
    write : callable
        Sends bytes. Raises `LinkLost`.
    framer : Framer
    """

    def __init__(self, name: str, write: WriteBytes, framer: Framer) -> None:
        self._name, self._write, self.framer = name, write, framer
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._heard = bytearray()  # the first bytes since the device was last asked something
        self._draining = True
        self.streams = False  # data came

    def hear(self, data: bytes) -> list[Message]:
        """Take what came; give the messages in it, answers among them."""
        self._heard += data[: _MAX_SHOWN_BYTES - len(self._heard)]
        if self._draining:
            return []
        messages = self.framer.push(data)
        for message in messages:
            if isinstance(message, Ack | Nack) or (isinstance(message, Reply) and message.kind == self.framer.expect):
                self._answers.put_nowait(message)
        return messages

    async def start(self, settings: ShimmerSettings) -> None:
        """Set the device up from scratch and start its stream.

        Raises
        ------
        LinkLost
            It does not answer, or not as it should, in time.
        ProtocolError
            It is no Shimmer, or one that cannot give an ECG.
        """
        await self._drain()
        await self._choose_crc()
        await self._identify()
        firmware = Firmware.of(await self._ask(Command.FIRMWARE))
        await self._configure(settings, firmware)
        layout = await self._verify(settings, firmware)
        if self.framer.crc:  # firmware that knows no CRC knows no prefix either
            await self._offer(bytes([Command.ACK_PREFIX, 0]))
        self.framer.layout, self.framer.divider = layout, settings.divider
        await self._tell(bytes([Command.START]))

    async def _drain(self) -> None:
        """Stop what may be running, and wait until nothing comes any more."""
        await self._write(bytes([Command.STOP]))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _DRAIN_TIMEOUT_S
        while loop.time() < deadline:
            self._heard.clear()
            await asyncio.sleep(_QUIET_S)
            if not self._heard:
                break
        self._draining = False

    async def _choose_crc(self) -> None:
        """Have each packet checked, where the firmware can."""
        self.framer.crc = 2  # the answer to this already carries it
        if not await self._offer(bytes([Command.SET_CRC, 2])):
            self.framer.crc = 0
            self.framer.clear()

    async def _identify(self) -> None:
        hardware = (await self._ask(Command.HARDWARE))[0]
        if hardware not in (SHIMMER3, SHIMMER3R):
            raise ProtocolError(
                f"{self._name} is hardware {hardware}, neither a Shimmer3 ({SHIMMER3}) nor a Shimmer3R ({SHIMMER3R})",
                "name another device",
            )
        self.framer.hardware = hardware

    async def _configure(self, settings: ShimmerSettings, firmware: Firmware) -> None:
        await self._tell(bytes([Command.POWER, 1]))
        await self._tell(bytes([Command.SET_RATE]) + settings.divider.to_bytes(2, "little"))
        await self._tell(bytes([Command.SET_SENSORS]) + settings.sensors)
        for chip in (0, 1):
            registers = settings.registers(chip)
            head = bytes([chip, 0, len(registers)])
            try:
                await self._tell(bytes([Command.SET_EXG]) + head + registers)
                read = await self._ask(Command.GET_EXG, head)
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

    async def _verify(self, settings: ShimmerSettings, firmware: Firmware) -> PacketLayout:
        """See that the device is set as it was told; give what its packets will hold."""
        inquiry = Inquiry.of(await self._ask(Command.INQUIRY), config_bytes(self.framer.hardware))
        layout = PacketLayout(inquiry.channels, settings.bits, firmware.tick_bits)
        if inquiry.divider != settings.divider:
            raise LinkLost(f"{self._name}: takes a sample every {inquiry.divider} ticks, not {settings.divider}")
        return layout

    async def _offer(self, command: bytes) -> bool:
        """Say what old firmware may not understand; whether it did."""
        try:
            await self._tell(command, tries=2)
        except (LinkLost, CommandRefused):
            return False
        return True

    async def _tell(self, command: bytes, tries: int = _MAX_TRIES) -> None:
        await self._exchange(command, None, tries)

    async def _ask(self, command: Command, arguments: bytes = b"") -> bytes:
        return await self._exchange(bytes([command]) + arguments, REPLY_CODES[command], _MAX_TRIES)

    async def _exchange(self, command: bytes, expect: ReplyCode | None, tries: int) -> bytes:
        refused = False
        for _ in range(tries):
            self.framer.clear()
            self.framer.expect = expect
            self._heard.clear()
            while not self._answers.empty():
                self._answers.get_nowait()
            await self._write(command)
            try:
                async with asyncio.timeout(_REPLY_TIMEOUT_S):
                    return await self._answer(expect)
            except TimeoutError:
                refused = False
            except CommandRefused:
                refused = True
                await self._write(bytes([Command.STOP]))  # configuration is refused while it streams
                await asyncio.sleep(_QUIET_S)
        if refused:
            raise CommandRefused(f"{self._name} refuses command {command[0]:02X}", _BUSY_REMEDY)
        raise self._unanswered(command, expect)

    async def _answer(self, expect: ReplyCode | None) -> bytes:
        while True:
            message = await self._answers.get()
            if isinstance(message, Nack):
                raise CommandRefused(self._name)
            if isinstance(message, Ack) and expect is None:
                return b""
            if isinstance(message, Reply):
                return message.payload

    def _unanswered(self, command: bytes, expect: ReplyCode | None) -> LinkLost | ProtocolError:
        """Say what came instead of an answer."""
        heard = bytes(self._heard)
        if not heard:
            return LinkLost(f"{self._name} does not answer command {command[0]:02X}")
        if expect is ReplyCode.INQUIRY and self.framer.pending:
            return ProtocolError(
                f"{self._name}: its answer to the inquiry is cut short: {self.framer.pending.hex(' ')}",
                "install another version of LogAndStream",
            )
        said = repr(heard.decode()) if heard.isascii() and heard.strip() else heard.hex(" ")
        if expect is ReplyCode.HARDWARE:
            return ProtocolError(f"{self._name} is no Shimmer: it says {said}", "name another device or port")
        return LinkLost(f"{self._name} answers command {command[0]:02X} with {said}")
