"""Readers and writers of a stream: order, no duplicates, one writer, a server that dies."""

import asyncio
from pathlib import Path

import pytest

from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames
from ecg_live.nats.lease import Holder, Lease, LeaseTaken
from ecg_live.nats.reader import StreamReader, latest_messages
from ecg_live.nats.server import EmbeddedServer
from ecg_live.nats.site import make_site
from ecg_live.nats.writer import SubjectWriter, Superseded
from tests.support.nats_site import STRANGER, Place, run, site, stored_frames, until


def frame(number: int, run_number: int = 1, size: int = 200) -> StreamFrame:
    return StreamFrame(FrameKind.EVENT, run_number, number, b"x" * size)


def writer_of(place: Place, wearer: str, name: str = "me", reported: list[str] | None = None) -> SubjectWriter:
    stream, subject = place.names.raw_stream, place.names.raw_subject(wearer)
    report = (lambda _: None) if reported is None else reported.append
    return SubjectWriter(place.connection, stream, subject, name, report)


def test_a_message_that_is_sent_twice_is_stored_once(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            writer = writer_of(place, "P1")
            assert await writer.open() == []
            await writer.write([frame(1), frame(2)])
            again = writer_of(place, "P1")  # as after a crash: the acknowledgement was never seen
            assert await again.write([frame(1), frame(2)]) == writer.sequence
            await again.write([frame(3)])
            assert [one.number for one in await stored_frames(place, "P1")] == [1, 2, 3]

    run(work)


def test_a_second_writer_is_superseded_before_it_changes_anything(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            old, new = writer_of(place, "P1", "old"), writer_of(place, "P1", "new")
            await old.open()
            await new.open()
            await new.write([frame(1, 2)])
            with pytest.raises(Superseded, match="another program writes"):
                await old.write([frame(1, 1)])
            assert [one.run for one in await stored_frames(place, "P1")] == [2]

    run(work)


def test_a_full_store_is_reported_once_and_goes_on_when_there_is_room(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server, max_bytes=3000) as place:
            reported: list[str] = []
            writer = writer_of(place, "P1", "me", reported)

            async def write() -> None:
                for number in range(1, 9):
                    await writer.write([frame(number, size=600)])

            writing = asyncio.create_task(write())
            await until(lambda: bool(reported))
            await asyncio.sleep(0.3)
            assert len(reported) == 1
            assert "the store is full" in reported[0]
            assert len(await stored_frames(place, "P1")) < 8
            await make_site(place.connection, place.names.site, 2, 100_000)
            await until(writing.done)
            assert "room again" in reported[1]
            assert [one.number for one in await stored_frames(place, "P1")] == list(range(1, 9))

    run(work)


def test_a_reader_misses_nothing_while_the_server_dies_again_and_again(tmp_path: Path) -> None:
    async def work() -> None:
        with EmbeddedServer(tmp_path / "server", sync="10") as server:
            async with site(server) as place:
                got: list[int] = []
                fresh: list[int] = []
                readers = [
                    asyncio.create_task(read(place, 1, got)),
                    asyncio.create_task(read(place, None, fresh)),
                ]
                await asyncio.sleep(0.2)
                writer = writer_of(place, "P1")
                for number in range(1, 301):
                    await writer.write([frame(number)])
                    if number in {100, 200}:
                        server.kill()
                await until(lambda: len(got) >= 300 and len(fresh) >= 300)
                assert got == fresh == list(range(1, 301))
                for reader in readers:
                    reader.cancel()
                await asyncio.gather(*readers, return_exceptions=True)

    async def read(place: Place, start: int | None, into: list[int]) -> None:
        async for message in StreamReader(
            place.connection, place.names.raw_stream, place.names.raw_subjects(), start
        ).messages():
            if message is not None:
                into.extend(one.number for one in decode_frames(message.data))

    run(work, 60)


def test_the_latest_of_each_subject(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            stream = place.names.raw_stream
            assert await latest_messages(place.connection, stream, place.names.raw_subjects()) == []
            for wearer in ("P1", "P2", "P3"):
                writer = writer_of(place, wearer)
                await writer.write([frame(1)])
                await writer.write([frame(2)])
            found = await latest_messages(place.connection, stream, place.names.raw_subjects())
            assert [decode_frames(message.data)[0].number for message in found] == [2, 2, 2]

    run(work)


def test_a_lease_is_held_by_one(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            now = [0.0]
            bucket = place.connection.bucket(place.names.lease_bucket)
            mine = Lease(bucket, "bridge.P1", Holder(), lambda: now[0])
            assert not mine.trusted
            await mine.take()
            assert mine.trusted
            with pytest.raises(LeaseTaken, match="held by process"):
                await Lease(bucket, "bridge.P1", STRANGER).take()
            now[0] = 5.0  # six seconds is when the server forgets it
            assert not mine.trusted
            await mine.renew()
            assert mine.trusted
            await mine.release()
            await Lease(bucket, "bridge.P1", STRANGER).take()
            with pytest.raises(LeaseTaken, match="process 1 on elsewhere"):
                await mine.renew()

    run(work)


def test_a_lease_of_a_process_that_died_here_is_free(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            bucket = place.connection.bucket(place.names.lease_bucket)
            await Lease(bucket, "bridge.P1", Holder(pid=2**22 + 1)).take()  # no such process
            await Lease(bucket, "bridge.P1", Holder()).take()

    run(work)


def test_a_site_keeps_its_number_of_partitions(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server, partitions=5) as place:
            again = await make_site(place.connection, place.names.site, 9, 5_000_000)
            assert again == place.names
            info = await place.connection.js.stream_info(again.raw_stream)
            assert info.config.max_bytes == 5_000_000

    run(work)
