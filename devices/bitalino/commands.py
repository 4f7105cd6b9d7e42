"""Commands to a BITalino over one connection, and the sequence that starts its stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from devices.bitalino.framer import BitalinoFramer, BitalinoSkippedBytes, DataFrame
from devices.bitalino.protocol import (
    PORT_NAMES,
    STATE_COMMAND,
    STOP_COMMAND,
    VERSION_COMMAND,
    BitalinoFirmware,
    battery_level,
    has_valid_crc,
    rate_command,
    start_command,
)
from devices.bitalino.settings import BitalinoSettings
from devices.link import LinkLost
from ecg_live.errors import ProtocolError

_REPLY_TIMEOUT_S = 0.7  # a radio's round trip takes 0.1 s, and longer with retries
_MAX_TRIES = 3
_QUIET_S = 0.15  # without a byte: a stream for an earlier program has ended
_DRAIN_TIMEOUT_S = 1.5
_COMMAND_INTERVAL_S = 0.15  # the firmware has no queue for commands, and the vendor's programs wait as long
_MAX_SHOWN_BYTES = 24  # of an unexpected reply, in a message
_MAX_HELD_BYTES = 4096  # of a reply: another device may send without end
WriteBytes = Callable[[bytes], Awaitable[None]]


class BitalinoCommands:
    """Command exchange on one connection, until the stream runs.

    Parameters
    ----------
    name : str
        Name of the device, for messages.
    write : callable
        Sends bytes. Raises `LinkLost`.
    """

    def __init__(self, name: str, write: WriteBytes) -> None:
        self._name = name
        self._write = write
        self._received = b""
        self._arrival = asyncio.Event()
        self._framer: BitalinoFramer | None = None

    def feed(self, data: bytes) -> list[DataFrame | BitalinoSkippedBytes]:
        """Add received bytes; return the frames that they complete."""
        if self._framer is not None:
            return self._framer.push(data)
        self._received = (self._received + data)[-_MAX_HELD_BYTES:]
        self._arrival.set()
        return []

    async def start(self, settings: BitalinoSettings) -> float | None:
        """Identify the device and start its stream; return its charge (0 to 1), or None if it does not tell.

        Raises
        ------
        LinkLost
            There was no reply in time.
        ProtocolError
            The device is not a BITalino.
        """
        await self._drain()
        battery = await self._read_battery(await self._identify())
        await self._write(rate_command(round(settings.rate)))
        await asyncio.sleep(_COMMAND_INTERVAL_S)
        self._framer = BitalinoFramer(settings.layout)
        await self._write(start_command([PORT_NAMES.index(port) for port in settings.ports]))
        return battery

    async def _drain(self) -> None:
        """Stop a running stream, and wait until the device is silent."""
        await self._write(STOP_COMMAND)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _DRAIN_TIMEOUT_S
        while loop.time() < deadline:
            self._received = b""
            await asyncio.sleep(_QUIET_S)
            if not self._received:
                break

    async def _identify(self) -> BitalinoFirmware:
        for _ in range(_MAX_TRIES):
            reply = await self._query(VERSION_COMMAND, lambda received: BitalinoFirmware.parse(received) is not None)
            if reply is not None and (firmware := BitalinoFirmware.parse(reply)):
                return firmware
        received = self._received[:_MAX_SHOWN_BYTES]
        if not received:
            raise LinkLost(f"{self._name} does not answer", "switch the BITalino on, near the computer")
        shown = repr(received.decode()) if received.isascii() and received.strip() else received.hex(" ")
        raise ProtocolError(f"{self._name} is not a BITalino: it says {shown}", "name another port")

    async def _read_battery(self, firmware: BitalinoFirmware) -> float | None:
        await asyncio.sleep(_COMMAND_INTERVAL_S)
        size = firmware.state_bytes
        if not size:
            return None
        state = await self._query(STATE_COMMAND, lambda received: len(received) >= size)
        if state is None or not has_valid_crc(state[:size]):
            return None
        await asyncio.sleep(_COMMAND_INTERVAL_S)
        return battery_level(state)

    async def _query(self, command: bytes, is_complete: Callable[[bytes], bool]) -> bytes | None:
        """Send a command; return its reply, or None if it is not complete in time."""
        self._received = b""
        await self._write(command)
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                while not is_complete(self._received):
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            return None
        return self._received
