"""An adapter as software meets one in hardware: HCI packets over a socket, the virtual radio behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bumble.link import LocalLink
from bumble.transport.common import StreamPacketSink, StreamPacketSource

from tests.emulators.radio.controller import VirtualController


class Hardware(StreamPacketSource):
    def __init__(self, link: LocalLink) -> None:
        super().__init__()
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._controller = VirtualController("hardware", self, StreamPacketSink(transport), self._link)

    def connection_lost(self, _error: Exception | None) -> None:
        self._controller.lose()
        for advertisements in self._controller.advertising_sets.values():
            advertisements.stop()
        self._link.remove_controller(self._controller)


async def serve(socket: Path, link: LocalLink) -> asyncio.Server:
    """Offer an adapter at a path."""
    return await asyncio.get_running_loop().create_unix_server(lambda: Hardware(link), socket)
