"""Commands to a Movesense over one connection: references, time-outs, at most two in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from devices.bluetooth.gsp import GspCommand, GspMessage, GspReply, GspStatus, Hello
from devices.link import LinkLost

MAX_IN_FLIGHT = 2  # commands: a sensor whose few request slots are used up answers 429 to everything until it reboots
_REPLY_TIMEOUT_S = 3.0
_SLOTS_USED_UP_REPLY = GspStatus.SLOTS_USED_UP.to_bytes(2, "little")
WriteBytes = Callable[[bytes], Awaitable[None]]


class SlotsUsedUp(LinkLost):
    """The sensor answers 429: its request slots are used up, which only a reboot cures."""


class GspClient:
    """Command exchange on one connection; its owner passes on the replies.

    Parameters
    ----------
    write : callable
        Sends bytes. Raises `LinkLost`.
    """

    def __init__(self, write: WriteBytes) -> None:
        self._write = write
        self._free = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._pending: dict[int, asyncio.Future[bytes]] = {}
        self._last_reference = 0

    def new_reference(self) -> int:
        """Return a reference that this connection has not used; it sends a few commands of 255."""
        self._last_reference += 1
        return self._last_reference

    def feed(self, reply: GspMessage) -> None:
        """Give a reply to the command that waits for it."""
        waiting = self._pending.get(reply.reference)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply.payload)

    async def hello(self) -> Hello:
        """Ask the sensor what it is. Raises as `request`."""
        payload = await self._exchange(GspCommand.HELLO, b"", self.new_reference())
        if payload == _SLOTS_USED_UP_REPLY:
            raise _slots_used_up()
        return Hello.parse(payload)

    async def request(self, command: GspCommand, payload: bytes = b"", reference: int | None = None) -> GspReply:
        """Send a command and return its reply, whatever its status.

        Raises
        ------
        SlotsUsedUp
            Its status is 429.
        LinkLost
            There is no reply in time, or the connection is lost.
        ProtocolError
            The reply is malformed.
        """
        used = self.new_reference() if reference is None else reference
        reply = GspReply.parse(await self._exchange(command, payload, used))
        if reply.status == GspStatus.SLOTS_USED_UP:
            raise _slots_used_up()
        return reply

    async def _exchange(self, command: GspCommand, payload: bytes, reference: int) -> bytes:
        async with self._free:
            reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._pending[reference] = reply
            try:
                await self._write(bytes([command, reference]) + payload)
                async with asyncio.timeout(_REPLY_TIMEOUT_S):
                    return await reply
            except TimeoutError as error:
                raise LinkLost(
                    f"no answer to {command.name} within {_REPLY_TIMEOUT_S:g} s", "bring it nearer, or restart it"
                ) from error
            finally:
                del self._pending[reference]


def _slots_used_up() -> SlotsUsedUp:
    return SlotsUsedUp("it answers 429: its request slots are used up", "take its battery out for ten seconds")
