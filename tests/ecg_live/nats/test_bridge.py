"""Bridges: every sample is stored once and in order, or reported lost, whoever dies."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.errors import ConfigError
from ecg_live.events import Chunk, Gap, Marker, State, StreamEvent, StreamInfo
from ecg_live.nats.frames import FrameKind, StreamFrame
from ecg_live.nats.lease import Holder
from ecg_live.nats.payloads import chunks_of, event_of
from ecg_live.nats.resume import AWAY_CAUSE
from ecg_live.nats.server import EmbeddedServer
from ecg_live.results import Item
from tests.support.nats_site import STRANGER, bridge_of, publish, run, site, stored_frames, until

RATE = 100.0
DEVICE = StreamInfo(RATE, ("ECG",), name="strap", source_id="a")
FILE = StreamInfo(RATE, ("ECG",), name="file", replay=True)


def ramp(start: int, stop: int, size: int = 7) -> list[Chunk | StreamEvent]:
    """Samples that are their own index, and a marker after every 50."""
    items: list[Chunk | StreamEvent] = []
    for at in range(start, stop, size):
        end = min(at + size, stop)
        items.append(Chunk(np.arange(at, end, dtype=np.float64)[:, None], at, 1000 + at / RATE))
        if at // 50 != end // 50:
            items.append(Marker(1000 + end / RATE, f"m{end // 50}"))
    return items


def samples_of(frames: Sequence[StreamFrame]) -> np.ndarray:
    chunks = [chunk for frame in frames if frame.kind is FrameKind.SAMPLES for chunk in chunks_of(frame.payload)]
    return np.concatenate([chunk.samples[:, 0] for chunk in chunks]) if chunks else np.zeros(0)


def events_of(frames: Sequence[StreamFrame]) -> list[StreamEvent]:
    return [event_of(frame.kind, frame.payload) for frame in frames if frame.kind is FrameKind.EVENT]


def test_samples_and_events_are_stored_in_order(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            bridge = await publish(place, "P1", DEVICE, ramp(0, 300), tmp_path)
            frames = await stored_frames(place, "P1")
            np.testing.assert_array_equal(samples_of(frames), np.arange(300))
            assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
            assert [frame.kind for frame in (frames[0], frames[-1])] == [FrameKind.INFO, FrameKind.END]
            stops = [frame.stop for frame in frames]
            assert stops == sorted(stops)
            assert [event.text for event in events_of(frames) if isinstance(event, Marker)] == [
                f"m{k}" for k in range(1, 7)
            ]
            assert bridge.counts == (300, 0, len(frames), len(frames))
            assert not bridge._spool.path.exists()

    run(work)


@pytest.mark.parametrize("stops", [(130,), (0, 7, 50, 51, 200)])
def test_a_files_bridge_that_is_killed_goes_on_where_it_stopped(
    nats_server: EmbeddedServer, tmp_path: Path, stops: Sequence[int]
) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            items = ramp(0, 300)
            await publish(place, "P2", FILE, items, tmp_path)
            for stop in stops:
                given = [item for item in items if getattr(item, "stop", 0) <= stop]
                await publish(place, "P1", FILE, given[: len(given) - 3], tmp_path, end=None)
            await publish(place, "P1", FILE, items, tmp_path)
            once, again = await stored_frames(place, "P2"), await stored_frames(place, "P1")
            np.testing.assert_array_equal(samples_of(again), samples_of(once))
            assert [getattr(e, "text", e) for e in events_of(again)] == [getattr(e, "text", e) for e in events_of(once)]
            assert {frame.run for frame in again} == {1}
            assert [frame.number for frame in again] == list(range(1, len(again) + 1))

    run(work)


@pytest.mark.parametrize(("away", "least"), [(2.0, 190), (-500.0, 5)])
def test_a_devices_bridge_that_is_killed_leaves_a_gap_by_the_clock(
    nats_server: EmbeddedServer, tmp_path: Path, away: float, least: int
) -> None:
    """Also where the machine's clock was set back: order is the counter's, and the gap is never bridged."""

    async def work() -> None:
        async with site(nats_server) as place:
            wall = [5000.0]
            clock: dict[str, Any] = {"clock": lambda: 1000.0, "wall": lambda: wall[0]}
            await publish(place, "P1", DEVICE, ramp(0, 100), tmp_path, end=None, **clock)
            wall[0] += 1.0 + away  # one second of signal
            reported: list[Item] = []
            await publish(place, "P1", DEVICE, ramp(0, 100), tmp_path, reported=reported, **clock)
            frames = await stored_frames(place, "P1")
            (gap,) = [event for event in events_of(frames) if isinstance(event, Gap)]
            assert gap.start == 100 - 100 % 25
            assert least <= gap.lost <= least + 40
            assert gap.cause == AWAY_CAUSE
            assert gap.lost in [item.lost for item in reported if isinstance(item, Gap)]
            starts = [chunk.start for f in frames if f.kind is FrameKind.SAMPLES for chunk in chunks_of(f.payload)]
            assert starts == sorted(starts)
            assert min(start for start in starts if start >= gap.stop) == gap.stop
            assert {frame.run for frame in frames} == {1}

    run(work)


def test_another_device_or_an_ended_run_begins_a_new_run(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            await publish(place, "P1", DEVICE, ramp(0, 50), tmp_path)
            await publish(place, "P1", DEVICE, ramp(0, 50), tmp_path, end=None)
            await publish(place, "P1", FILE, ramp(0, 50), tmp_path)
            frames = await stored_frames(place, "P1")
            assert sorted({frame.run for frame in frames}) == [1, 2, 3]
            assert [frame.run for frame in frames] == sorted(frame.run for frame in frames)

    run(work)


def test_no_message_is_larger_than_a_server_takes(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    wide = replace(DEVICE, channels=tuple(f"ECG {k}" for k in range(16)))
    rows = np.arange(20_000, dtype=np.float64)[:, None] + np.arange(16) / 3  # 2.6 MB, which no float32 holds

    async def work() -> None:
        async with site(nats_server) as place:
            items = [Chunk(rows[:18_000], 0, 1000.0), Chunk(rows[18_000:], 18_000, 1180.0)]
            bridge = await publish(place, "P1", wide, items, tmp_path, seconds=1e6)
            frames = await stored_frames(place, "P1")
            chunks = [each for one in frames if one.kind is FrameKind.SAMPLES for each in chunks_of(one.payload)]
            np.testing.assert_array_equal(np.concatenate([each.samples for each in chunks]), rows)
            assert max(frame.size for frame in frames) < 600_000
            assert bridge.counts.samples == 20_000
            times = [each.time - chunks[0].time for each in chunks]
            assert times == pytest.approx([each.start / RATE for each in chunks], abs=1e-6)

    run(work)


def test_a_second_bridge_of_a_wearer_is_refused(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            first = bridge_of(place, "P1", tmp_path / "a", holder=STRANGER)
            await first.claim()
            await first.begin(DEVICE)
            second = bridge_of(place, "P1", tmp_path / "b", holder=Holder())
            with pytest.raises(ConfigError, match=r"wearer P1 of .* published already: .* 1 on elsewhere") as caught:
                await second.claim()
            assert "--wearer" in caught.value.remedy
            await second.close()
            await first.close()

    run(work)


def test_frames_wait_in_the_spool_while_the_server_is_dead_and_across_a_crash(tmp_path: Path) -> None:
    async def work() -> None:
        with EmbeddedServer(tmp_path / "server", sync="10") as server:
            async with site(server) as place:
                items, reported = ramp(0, 600), list[Item]()
                me = Holder()
                bridge = bridge_of(place, "P1", tmp_path, reported=reported, holder=me)
                await bridge.claim()
                await bridge.begin(FILE)
                sending = asyncio.create_task(bridge.send())
                for k, item in enumerate(items):
                    bridge.put(item)
                    if k == 30:
                        await until(lambda: not bridge.waiting_bytes)
                        server.kill()
                        await until(lambda: not place.connection.connected)
                    await asyncio.sleep(0)
                assert bridge.waiting_bytes
                sending.cancel()  # and now the bridge dies as well, with frames in its spool
                await asyncio.sleep(0)
                bridge._keeping.cancel()  # type: ignore[union-attr]  # it was claimed
                bridge._spool.close()
                await until(lambda: place.connection.connected)
                await publish(place, "P1", FILE, items, tmp_path, holder=me)
                frames = await stored_frames(place, "P1")
                np.testing.assert_array_equal(samples_of(frames), np.arange(600))
                assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
                states = [item.state for item in reported if isinstance(item, State)]
                assert "lost" in states

    run(work, 60)


def test_a_full_spool_loses_samples_and_says_so(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            reported: list[Item] = []
            bridge = bridge_of(place, "P1", tmp_path, reported=reported, limit=3000)
            await bridge.claim()
            await bridge.begin(DEVICE)
            items = ramp(0, 2000)
            for item in items[:-20]:  # nothing is sent meanwhile
                bridge.put(item)
            sending = asyncio.create_task(bridge.send())
            await until(lambda: not bridge.waiting_bytes)
            for item in items[-20:]:
                bridge.put(item)
            bridge.finish("done")
            await sending
            await bridge.close()
            frames = await stored_frames(place, "P1")
            (gap,) = [event for event in events_of(frames) if isinstance(event, Gap)]
            kept = samples_of(frames)
            np.testing.assert_array_equal(kept, [n for n in range(2000) if not gap.start <= n < gap.stop])
            assert bridge.counts.samples == len(kept)
            assert bridge.counts.lost == gap.lost > 0
            assert any(isinstance(item, State) and "spool is full" in item.detail for item in reported)
            assert Gap(gap.start, gap.lost, gap.cause) in [
                Gap(g.start, g.lost, g.cause) for g in reported if isinstance(g, Gap)
            ]

    run(work)
