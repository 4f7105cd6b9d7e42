"""nats-py's client, which leaves no socket open that it gave up."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import nats.errors
from nats.aio import client as nats_client

CLOSE_TIMEOUT_S = 0.5  # nats-py waits for a farewell over TLS, for which asyncio allows 30 s


class Client(nats_client.Client):
    """A client that closes each socket that it opened.

    nats-py 2.16 forgets the socket of an attempt that the server did not answer, and that of a client whose
    last data could not be sent: each stayed open until the garbage collector came by.
    """

    async def _connect_to_server(self, s: nats_client.Srv) -> None:
        self._hang_up()
        await super()._connect_to_server(s)

    async def close_soon(self) -> None:
        """Close, but do not wait for a server that is slow to see it."""
        try:
            with suppress(TimeoutError, OSError, nats.errors.Error):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self.close()
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._transport:  # false until it has connected
            self._transport.close()  # type: ignore[no-untyped-call]  # nats-py types only a part of it
