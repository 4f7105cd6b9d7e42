from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from ecg_live.nats.client import Client

INFO = b'INFO {"server_id":"made","version":"2.11.0","max_payload":1048576,"proto":1}\r\n'


class MadeServer:
    """Answers each connection as ``answers`` says, in turn: False hangs up before the first word."""

    def __init__(self, answers: Iterator[bool]) -> None:
        self._answers = answers
        self.opened = 0
        self.open = 0
        self.closed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        try:
            if next(self._answers):
                writer.write(INFO)
                while line := await reader.readline():
                    writer.write(b"PONG\r\n" if line == b"PING\r\n" else b"")
            else:
                writer.write_eof()  # the client is not told to go: its socket stays its own to close
                await reader.read()
        finally:
            self.open -= 1
            self.closed.set()
            writer.close()


def test_each_socket_is_closed_that_was_opened() -> None:
    """Three attempts are not answered, the fourth is: one socket is open, and none after `close_soon`."""

    async def main() -> None:
        server = MadeServer(iter([True, False, False, False, True]))
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        client, back = Client(), asyncio.Event()

        async def note_back() -> None:
            back.set()

        async def note_error(_: Exception) -> None: ...

        await client.connect(
            f"nats://127.0.0.1:{port}", error_cb=note_error, reconnected_cb=note_back, reconnect_time_wait=0
        )
        gc.disable()  # it would close what is forgotten
        try:
            assert client._transport is not None
            client._transport.close()  # type: ignore[no-untyped-call]
            await asyncio.wait_for(back.wait(), 60)
            while server.open > 1:
                server.closed.clear()
                await asyncio.wait_for(server.closed.wait(), 60)
            assert (server.opened, server.open) == (5, 1)
            await client.close_soon()
            while server.open:
                server.closed.clear()
                await asyncio.wait_for(server.closed.wait(), 60)
        finally:
            gc.enable()
        listening.close()
        await listening.wait_closed()

    asyncio.run(main())


def test_client_whose_last_words_cannot_be_sent_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        server = MadeServer(iter([True]))
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        client = Client()
        await client.connect(f"nats://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        transport = client._transport
        assert transport is not None

        async def fails() -> None:
            raise ConnectionResetError

        monkeypatch.setattr(transport, "drain", fails)
        await client.publish("a", b"b")
        client._pending_data_size = 1
        await client.close_soon()
        await asyncio.wait_for(server.closed.wait(), 60)
        listening.close()
        await listening.wait_closed()

    asyncio.run(main())
