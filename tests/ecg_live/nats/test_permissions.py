"""A server with users: a wearer's credentials publish and show that wearer, and read nothing of another's."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nats.errors
import nats.js.errors
import numpy as np
import pytest

from devices.nats.source import NatsSource
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, StreamInfo
from ecg_live.nats.connection import Connection, connect, site_names
from ecg_live.nats.names import SiteNames
from ecg_live.nats.options import ServerOptions
from ecg_live.nats.permissions import user_permissions
from ecg_live.nats.reader import StreamReader
from ecg_live.nats.resume import read_record
from ecg_live.nats.server import end_process, free_port, server_program
from ecg_live.nats.server_file import RunningServer
from ecg_live.nats.site import make_site
from tests.support.nats_site import Place, bridge_of, publish, run, until

RATE = 100.0
INFO = StreamInfo(RATE, ("ECG",), name="strap", source_id="a")
NAMES = SiteNames("lab", 4)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerOptions]:
    """A server whose users may do what the manual's configuration lets them do."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    users = ",\n".join(
        [
            '{ user: "operator", password: "o" }',
            f'{{ user: "P1", password: "1", permissions: {user_permissions(NAMES, "P1", "P1")} }}',
            f'{{ user: "P2", password: "2", permissions: {user_permissions(NAMES, "P2", "P2")} }}',
        ]
    )
    settings = folder / "server.conf"
    settings.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder}", sync_interval: "10s" }}\n'
        f"authorization {{ users: [{users}] }}\n"
    )
    process = subprocess.Popen([server_program(), "-c", str(settings)], stderr=subprocess.DEVNULL)
    url = f"nats://127.0.0.1:{port}"
    while not RunningServer(url, "", process.pid, 0).answers():
        assert process.poll() is None
    yield ServerOptions(url)
    end_process(process)


def of(options: ServerOptions, user: str, password: str) -> ServerOptions:
    return replace(options, user=user, password=password)


async def refused(connection: Connection, action: object) -> None:
    """What is not permitted gets no answer."""
    connection.js._timeout = 0.4
    with pytest.raises((nats.errors.Error, nats.js.errors.Error, asyncio.TimeoutError)):
        await action  # type: ignore[misc]  # a coroutine


def items(count: int) -> list[Chunk]:
    return [Chunk(np.arange(k * 25, k * 25 + 25.0)[:, None], k * 25, 100 + k / 4) for k in range(count)]


def test_a_wearers_user_publishes_and_shows_that_wearer_and_reads_no_other(
    guarded: ServerOptions, tmp_path: Path
) -> None:
    async def work() -> None:
        async with await connect(of(guarded, "operator", "o"), "operator") as operator:
            names = await make_site(operator, NAMES.site, NAMES.partitions)
            await publish(Place(operator, names, guarded), "P2", INFO, items(4), tmp_path / "operator")
        first = of(guarded, "P1", "1")
        async with await connect(first, "P1") as connection:
            assert await site_names(connection, NAMES.site) == NAMES
            bridge = bridge_of(Place(connection, NAMES, first), "P1", tmp_path)
            await bridge.claim()
            await bridge.begin(INFO)
            sending = asyncio.create_task(bridge.send())
            await until(lambda: not bridge.waiting_bytes)
            record = await read_record(connection, NAMES, "P1")
            assert record is not None
            source = NatsSource(first, NAMES, "P1", record, ReadOptions(), "start")
            for item in items(6):
                bridge.put(item)
            bridge.finish("done")
            await sending
            await bridge.close()
            with source:
                got = await asyncio.to_thread(lambda: [item for item in source if isinstance(item, Chunk)])
            np.testing.assert_array_equal(np.concatenate([chunk.samples[:, 0] for chunk in got]), np.arange(150))
            await nothing_of(connection, "P2")
        with pytest.raises(ConfigError, match="refuses the credentials"):
            await connect(of(guarded, "P1", "2"), "P1")

    async def nothing_of(connection: Connection, other: str) -> None:
        raw, kept = NAMES.raw_subject(other), f"KV_{NAMES.bucket}"
        await refused(connection, connection.last_message(NAMES.raw_stream, raw))
        await refused(connection, connection.js.get_msg(NAMES.raw_stream, seq=1))
        await refused(connection, connection.js.get_msg(NAMES.raw_stream, seq=1, direct=True))
        await refused(connection, connection.js.get_msg(kept, subject=f"$KV.{NAMES.bucket}.{NAMES.wearer_key(other)}"))
        await refused(connection, read_record(connection, NAMES, other))
        await refused(connection, connection.js.publish(raw, b"x"))
        await refused(connection, connection.js.pull_subscribe(raw, stream=NAMES.raw_stream))
        own = NAMES.raw_subject("P1")  # a permitted request whose content asks for more
        for filters in ({"filter_subject": raw}, {"filter_subjects": [own, raw]}, {"filter_subject": "ecg.>"}, {}):
            config = {"name": "x", "ack_policy": "none", "deliver_subject": "_INBOX_P1.x"} | filters
            asked = json.dumps({"stream_name": NAMES.raw_stream, "config": config}).encode()
            subject = f"$JS.API.CONSUMER.CREATE.{NAMES.raw_stream}.x.{own}"
            await refused(connection, connection.js._api_request(subject, asked, timeout=0.4))
        for stream, subjects in (
            (NAMES.raw_stream, raw),
            (NAMES.raw_stream, NAMES.raw_subjects()),
            (NAMES.result_stream, NAMES.result_subjects()),
            (kept, f"$KV.{NAMES.bucket}.>"),
        ):
            heard = await heard_in(StreamReader(connection, stream, subjects, 1), 0.8)
            assert heard == 0, (stream, subjects)
        subscription = await connection.client.subscribe("ecg.>")
        spy = await connection.client.subscribe("_INBOX_P2.>")
        async with await connect(of(guarded, "P2", "2"), "P2") as theirs:
            await publish(Place(theirs, NAMES, guarded), "P2", INFO, items(4), tmp_path / "P2")
        for each in (subscription, spy):
            with pytest.raises(nats.errors.TimeoutError):
                await each.next_msg(0.2)

    async def heard_in(reader: StreamReader, seconds: float) -> int:
        heard = 0
        try:
            async with asyncio.timeout(seconds):
                async for message in reader.messages():
                    heard += message is not None
        except TimeoutError:
            pass
        return heard

    run(work, 40)
