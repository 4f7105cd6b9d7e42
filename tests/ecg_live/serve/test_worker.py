"""Workers of a site: they share partitions, agree on a model, and go on from each other's states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, State, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.payloads import info_payload, samples_payload
from ecg_live.nats.server import EmbeddedServer
from ecg_live.nats.writer import SubjectWriter
from ecg_live.results import Prediction
from ecg_live.serve.engine import PipelineEngine, ServedItem
from ecg_live.serve.overview import SiteOverview
from ecg_live.serve.state import pack_state
from ecg_live.serve.wearer import decode_progress, encode_progress
from ecg_live.serve.worker import Worker
from tests.support.chunk_cutting import cut
from tests.support.nats_site import (
    STRANGER,
    Place,
    bridge_of,
    publish,
    run,
    served_item,
    site,
    stored_frames,
    until,
    without_clock,
)
from tests.support.random_bundles import random_bundle
from tests.support.synthetic_signals import ecg

RATE = 256.0
INFO = StreamInfo(RATE, ("ECG",), name="strap", source_id="a")


@cache
def bundle() -> Bundle:
    return random_bundle()


def engine(digest: str = "a" * 64) -> PipelineEngine:
    return PipelineEngine(bundle(), digest, show_unproven=True)


def chunks(seconds: float = 14) -> list[Chunk]:
    return list(cut(ecg(seconds, RATE), RATE, [64] * round(4 * seconds - 1)))


def alone(items: Sequence[Chunk]) -> list[ServedItem]:
    """Results of an engine that nothing interrupts."""
    one = engine()
    one.open("P", INFO)
    return [item for _, item in [*one.push([("P", items)]), *one.flush("P")]]


def plain(items: Sequence[ServedItem]) -> list[ServedItem]:
    return [without_clock(one) for one in items]


async def results(place: Place, wearer: str) -> list[ServedItem]:
    frames = await stored_frames(place, wearer, results=True)
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    return [served_item(frame) for frame in frames]


class Running:
    """A worker that runs, and what it reported."""

    def __init__(self, place: Place, **options: Any) -> None:
        self.reported: list[State] = []
        self.served: list[tuple[str, ServedItem]] = []
        made = options.pop("engine", None) or engine()
        self.worker = Worker(
            place.connection,
            place.names,
            made,
            self.reported.append,
            lambda wearer, item: self.served.append((wearer, item)),
            **options,
        )
        self.task = asyncio.create_task(self.worker.run())

    async def end(self) -> None:
        self.worker.stop()
        await self.task

    async def vanish(self) -> None:
        """As if it were killed: nothing is stored, or given back, any more."""
        self.worker._hand_over = _nothing  # type: ignore[method-assign, assignment]
        self.worker._members._lease.release = _nothing  # type: ignore[method-assign]
        for _, task in self.worker._serving.values():
            task.cancel()
        self.task.cancel()
        await asyncio.wait({self.task})


async def _nothing(*_: object) -> None:
    """Do nothing."""


@asynccontextmanager
async def working(place: Place, **options: Any) -> AsyncIterator[Running]:
    one = Running(place, **options)
    try:
        yield one
    finally:
        await one.end()


def test_a_worker_stores_what_an_engine_alone_predicts(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place, working(place) as one:
            overview = SiteOverview(place.connection, place.names)
            following = asyncio.create_task(overview.follow())
            items = chunks()
            for wearer in ("P1", "P2"):
                await publish(place, wearer, INFO, items, tmp_path)
            expected = alone(items)
            await until(lambda: len(one.served) >= 2 * len(expected))
            for wearer in ("P1", "P2"):
                found = await results(place, wearer)
                assert plain(found) == plain(expected)
                assert [item for name, item in one.served if name == wearer] == found
            assert any(isinstance(item, Prediction) for item in expected)
            await until(lambda: len(overview.rows) == 2)
            assert [row.wearer for row in overview.rows] == ["P1", "P2"]
            assert overview.rows[0].prediction.stop == max(i.stop for i in expected if isinstance(i, Prediction))
            following.cancel()

    run(work)


@pytest.mark.parametrize("killed", [False, True])
def test_another_worker_goes_on_from_the_stored_state(
    nats_server: EmbeddedServer, tmp_path: Path, killed: bool
) -> None:
    async def work() -> None:
        async with site(nats_server, partitions=1) as place:
            items, half = chunks(), 44
            first = Running(place, checkpoint=0.0 if killed else 1e6)
            bridge = bridge_of(place, "P1", tmp_path)
            await bridge.claim()
            await bridge.begin(INFO)
            sending = asyncio.create_task(bridge.send())
            for item in items[:half]:
                bridge.put(item)
            await until(lambda: any(isinstance(item, Prediction) for _, item in first.served))
            await (first.vanish() if killed else first.end())
            for item in items[half:]:
                bridge.put(item)
            bridge.finish("done")
            await sending
            await bridge.close()
            expected = alone(items)
            async with working(place) as second:
                await until(lambda: len(first.served) + len(second.served) >= len(expected))
                assert plain(await results(place, "P1")) == plain(expected)
                assert plain([item for _, item in [*first.served, *second.served]]) == plain(expected)
                assert "rebuilt" not in " ".join(state.detail for state in second.reported)
                assert second.worker.counts.messages < 50  # not the whole stream again

    run(work, 60)


def test_a_state_of_an_older_version_is_rebuilt_from_the_stream(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server, partitions=1) as place:
            items = chunks()
            async with working(place, checkpoint=0.0) as first:
                await publish(place, "P1", INFO, items[:44], tmp_path, end=None)
                await until(lambda: any(isinstance(item, Prediction) for _, item in first.served))
            bucket = place.connection.bucket(place.names.bucket)
            entry = await bucket.get(place.names.state_key("P1"))
            progress, info, _ = decode_progress(entry.value or b"")
            old = pack_state([], [], "ecg-live 0.1.0, layout x, model y")
            await bucket.put(place.names.state_key("P1"), encode_progress(progress, info, old))
            async with working(place) as second:
                await until(lambda: any("is served" in state.detail for state in second.reported))
                rebuilt = [state.detail for state in second.reported if "rebuilt" in state.detail]
                assert len(rebuilt) == 1
                assert rebuilt[0].startswith(
                    "wearer P1: the stored state is of ecg-live 0.1.0, layout x, model y, this is"
                )
                frames = await stored_frames(place, "P1", results=True)
                assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))

    run(work)


def test_what_a_wearers_bridge_sends_wrong_ends_no_other_wearers_results(
    nats_server: EmbeddedServer, tmp_path: Path
) -> None:
    items = chunks()
    two = replace(items[8], samples=np.zeros((64, 3)))
    bad: list[list[tuple[FrameKind, bytes]]] = [
        [(FrameKind.INFO, info_payload(INFO, "x")), (FrameKind.EVENT, b'{"type": "tomorrow"}')],
        [(FrameKind.INFO, info_payload(replace(INFO, ecg=2), "x")), (FrameKind.SAMPLES, samples_payload(items[:8]))],
        [(FrameKind.INFO, info_payload(INFO, "x")), (FrameKind.SAMPLES, samples_payload([two]))],
        [(FrameKind.INFO, info_payload(INFO, "x")), (FrameKind.SAMPLES, samples_payload(items[:1])[:-3])],
        [(FrameKind.INFO, b'{"info": {"rate": 256, "tomorrow": 1}}'), (FrameKind.SAMPLES, samples_payload(items[:1]))],
        [(FrameKind.INFO, info_payload(replace(INFO, rate=0.0), "x"))],
    ]

    async def work() -> None:
        async with site(nats_server, partitions=1) as place:
            for k, frames in enumerate(bad):
                writer = SubjectWriter(place.connection, "", place.names.raw_subject(f"B{k}"), "test")
                made = [StreamFrame(kind, 1, number, payload) for number, (kind, payload) in enumerate(frames, 1)]
                await writer.write(made)
            key = place.names.wearer_key("B9")  # of a bridge of another version
            await place.connection.bucket(place.names.bucket).put(key, b'{"info": {"tomorrow": 1}}')
            async with working(place) as one:
                await publish(place, "P1", INFO, items, tmp_path)
                expected = alone(items)
                await until(lambda: sum(name == "P1" for name, _ in one.served) >= len(expected))
                assert plain(await results(place, "P1")) == plain(expected)
                told = [state.detail for state in one.reported if state.state in ("warning", "error")]
                for k in (*range(len(bad)), 9):
                    assert any(f"wearer B{k}" in text for text in told), (k, told)

    run(work)


def test_workers_share_partitions_and_take_over_from_one_that_leaves(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server, partitions=4) as place:
            first = Running(place)
            await until(lambda: first.worker.counts.partitions == 4)
            second = Running(place, holder=STRANGER)
            await until(lambda: (first.worker.counts.partitions, second.worker.counts.partitions) == (2, 2))
            await first.end()
            await until(lambda: second.worker.counts.partitions == 4)
            await second.end()

    run(work)


def test_a_worker_and_a_bridge_of_another_machine_that_die_are_replaced_once_their_leases_expire(
    nats_server: EmbeddedServer, tmp_path: Path
) -> None:
    async def work() -> None:
        async with site(nats_server, partitions=2) as place:
            first = Running(place, holder=STRANGER)
            await until(lambda: first.worker.counts.partitions == 2)
            await first.vanish()
            theirs = bridge_of(place, "P1", tmp_path / "theirs", holder=STRANGER)
            await theirs.claim()
            theirs._keeping.cancel()  # type: ignore[union-attr]  # it was claimed
            mine = bridge_of(place, "P1", tmp_path / "mine")
            with pytest.raises(ConfigError, match="published already"):
                await mine.claim()
            async with working(place) as second:
                await asyncio.sleep(2.0)
                assert second.worker.counts.partitions == 0  # it may still live
                await until(lambda: second.worker.counts.partitions == 2)
                await mine.claim()
                await mine.close()

    run(work)


def test_a_worker_with_another_model_is_refused_in_one_line(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            async with working(place, holder=STRANGER) as first:
                await until(lambda: first.worker.counts.partitions == 2)
                other = Running(place, engine=engine("b" * 64))
                with pytest.raises(
                    ConfigError, match=r"the other workers of site .* predict with a{64}.*, this one with b"
                ):
                    await other.task
                other = Running(place, engine=PipelineEngine(bundle(), "a" * 64, hop=2.0))
                with pytest.raises(ConfigError, match="hop=2"):
                    await other.task
            async with working(place, engine=engine("b" * 64)) as alone_again:  # nobody predicts with the old one
                await until(lambda: alone_again.worker.counts.partitions == 2)

    run(work)


def test_pulse_is_refused_by_a_model_of_ecg_and_others_are_served(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place, working(place, checkpoint=0.0) as one:
            await publish(place, "P1", replace(INFO, signal="ppg"), chunks(), tmp_path)
            await publish(place, "P2", INFO, chunks(), tmp_path)
            expected = alone(chunks())
            await until(lambda: len(one.served) == len(expected) + 1)
            (refused,) = await results(place, "P1")
            assert isinstance(refused, State)
            assert "wearer P1 is pulse" in refused.detail
            assert plain(await results(place, "P2")) == plain(expected)
            assert any(state.detail == refused.detail for state in one.reported)

    run(work)


def test_a_message_that_is_no_frame_is_skipped_with_one_line(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place, working(place) as one:
            await place.connection.js.publish(place.names.raw_subject("P1"), b"EL\x02 of a newer version")
            await publish(place, "P2", INFO, chunks(), tmp_path)
            await until(lambda: any(isinstance(item, Prediction) for _, item in one.served))
            await until(lambda: any("version 2" in state.detail for state in one.reported))

    run(work)
