"""Lines of UTF-8 over a connection: reading one, and answering it."""

from __future__ import annotations

import asyncio

from ecg_live.markers.protocol import MAX_LINE_BYTES, RequestRefused


async def read_line(reader: asyncio.StreamReader) -> bytes:
    """The next line, also one that ends with the connection; empty at its end.

    Raises
    ------
    RequestRefused
        It is too long.
    """
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        raise RequestRefused(f"the line is longer than {MAX_LINE_BYTES} bytes") from None


async def send_line(writer: asyncio.StreamWriter, answer: str) -> None:
    """Send one line."""
    writer.write(f"{answer}\n".encode())
    await writer.drain()
