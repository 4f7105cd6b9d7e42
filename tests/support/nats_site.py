"""A NATS server of the tests' own, sites on it, and bridges that publish what a test writes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ecg_live.events import Chunk, StreamEvent, StreamInfo
from ecg_live.nats.bridge import WearerBridge
from ecg_live.nats.connection import Connection, connect
from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames
from ecg_live.nats.lease import Holder
from ecg_live.nats.names import SiteNames
from ecg_live.nats.options import ServerOptions
from ecg_live.nats.payloads import event_of, prediction_of
from ecg_live.nats.reader import StreamReader, latest_messages
from ecg_live.nats.server import EmbeddedServer
from ecg_live.nats.site import make_site
from ecg_live.nats.spool import Spool
from ecg_live.results import Item, Prediction
from ecg_live.serve.engine import ServedItem

_numbers = itertools.count()


class Place(NamedTuple):
    """A connection, and a site of its own."""

    connection: Connection
    names: SiteNames
    options: ServerOptions


def options_of(server: EmbeddedServer) -> ServerOptions:
    return ServerOptions(server.running.url, token=server.running.token)


@asynccontextmanager
async def site(server: EmbeddedServer, partitions: int = 2, max_bytes: int = -1) -> AsyncIterator[Place]:
    """A new site, and a connection."""
    options = options_of(server)
    async with await connect(options, "test") as connection:
        names = await make_site(connection, f"t{next(_numbers)}", partitions, max_bytes)
        yield Place(connection, names, options)


def run(work: Callable[[], Coroutine[Any, Any, None]], seconds: float = 30.0) -> None:
    """Run a test's coroutine, for no longer than so many seconds."""

    async def limited() -> None:
        async with asyncio.timeout(seconds):
            await work()

    asyncio.run(limited())


async def until(ready: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not ready():  # noqa: ASYNC110 - it may change anywhere
            await asyncio.sleep(0.01)


def bridge_of(place: Place, wearer: str, folder: Path, **options: Any) -> WearerBridge:
    reported: list[Item] = options.pop("reported", [])
    source = options.pop("source", "test")
    spool = Spool(folder / f"{wearer}.frames", options.pop("limit", 10_000_000))
    return WearerBridge(place.connection, place.names, wearer, source, spool, reported.append, **options)


async def publish(
    place: Place,
    wearer: str,
    info: StreamInfo,
    items: Sequence[Chunk | StreamEvent],
    folder: Path,
    end: str | None = "done",
    **options: Any,
) -> WearerBridge:
    """Publish items, and wait until they are stored; without ``end`` the bridge vanishes as if it were killed."""
    bridge = bridge_of(place, wearer, folder, **options)
    await bridge.claim()
    await bridge.begin(info)
    sending = asyncio.create_task(bridge.send())
    for item in items:
        bridge.put(item)
    if end is not None:
        bridge.finish(end)
        await sending
    else:
        await until(lambda: sending.done() or not bridge.waiting_bytes)
        sending.cancel()
    await bridge.close()
    return bridge


async def stored_frames(place: Place, wearer: str, *, results: bool = False) -> list[StreamFrame]:
    """All frames of a wearer that are stored."""
    stream = place.names.result_stream if results else place.names.raw_stream
    subject = place.names.result_subject(wearer) if results else place.names.raw_subject(wearer)
    if not await latest_messages(place.connection, stream, subject):
        return []
    frames: list[StreamFrame] = []
    reader = StreamReader(place.connection, stream, subject, 1)
    async for message in reader.messages():
        if message is not None:
            frames += decode_frames(message.data)
            if not reader.pending:
                return frames
    return frames


def served_item(frame: StreamFrame) -> ServedItem:
    """The result in a frame that a worker stored."""
    if frame.kind is FrameKind.PREDICTION:
        return prediction_of(frame.payload)
    return event_of(frame.kind, frame.payload)  # type: ignore[return-value]  # a worker stores no other


def without_clock(item: ServedItem) -> ServedItem:
    """A result without what differs from run to run: its time on a clock, and its latency."""
    if isinstance(item, Prediction):
        return replace(item, time=0.0, latency=0.0)
    return replace(item, time=0.0)


STRANGER = Holder("elsewhere", 1, "stranger")  # a program on another machine
