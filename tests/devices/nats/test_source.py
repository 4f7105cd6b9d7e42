"""``nats:SITE/WEARER``: what was published comes out, once, whatever happens to the server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from devices.nats.opening import open_nats
from devices.nats.source import NatsSource
from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.errors import ConfigError, DeviceError, DeviceLost, DeviceNotFound
from ecg_live.events import Chunk, Gap, Marker, State, StreamEvent, StreamInfo
from ecg_live.nats.options import CREDENTIALS_VARIABLE, SERVER_VARIABLE, TOKEN_VARIABLE
from ecg_live.nats.server import EmbeddedServer
from tests.support.nats_site import Place, bridge_of, publish, run, site, until

RATE = 100.0
INFO = StreamInfo(RATE, ("ECG", "resp"), (-5.0, 5.0), "strap", "a")


def ramp(start: int, stop: int) -> list[Chunk | StreamEvent]:
    """Samples that are their own index; a marker and a gap of 20 at 100."""
    items: list[Chunk | StreamEvent] = []
    for at in range(start, stop, 10):
        if at == 100:
            items += [Marker(1000 + at / RATE, "hundred"), Gap(100, 20, "radio", time=1001.0)]
        if not 100 <= at < 120:
            index = np.arange(at, at + 10, dtype=np.float64)
            items.append(Chunk(np.stack((index, -index), axis=1), at, 1000 + at / RATE))
    return items


@pytest.fixture(autouse=True)
def server_in_environment(nats_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVER_VARIABLE, nats_server.running.url)
    monkeypatch.setenv(TOKEN_VARIABLE, nats_server.running.token)
    monkeypatch.delenv(CREDENTIALS_VARIABLE, raising=False)


class Listener:
    """Read a source on a thread."""

    def __init__(self, source: NatsSource) -> None:
        self.source = source
        self.items: list[Chunk | StreamEvent] = []
        self.error: Exception | None = None
        self._thread = Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            with self.source as source:
                for item in source:
                    self.items.append(item)
        except DeviceError as error:
            self.error = error

    @property
    def streams(self) -> bool:
        return any(isinstance(item, State) and item.state == "connecting" for item in self.items)

    @property
    def chunks(self) -> list[Chunk]:
        return [item for item in self.items if isinstance(item, Chunk)]

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        self.source.close()
        self._thread.join(60)
        assert self.over


def index_of(chunks: Sequence[Chunk]) -> np.ndarray:
    samples = np.concatenate([chunk.samples for chunk in chunks])
    np.testing.assert_array_equal(samples[:, 1], -samples[:, 0])
    return samples[:, 0]


def opened(place: Place, text: str = "", options: ReadOptions | None = None) -> NatsSource:
    return open_nats(f"{place.names.site}/P1{text}", options or ReadOptions())


def test_a_recorded_run_is_what_was_published(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            await publish(place, "P1", INFO, ramp(0, 300), tmp_path)
            listener = await asyncio.to_thread(lambda: Listener(opened(place, ",from=start")))
            await until(lambda: listener.over)
            np.testing.assert_array_equal(index_of(listener.chunks), [n for n in range(300) if not 100 <= n < 120])
            (gap,) = [item for item in listener.items if isinstance(item, Gap)]
            assert (gap.start, gap.lost, gap.cause) == (100, 20, "radio")
            assert [item.text for item in listener.items if isinstance(item, Marker)] == ["hundred"]
            assert listener.source.info.replay
            assert (listener.source.info.channels, listener.source.info.full_scale) == (INFO.channels, INFO.full_scale)

    run(work)


def test_a_live_run_comes_with_times_of_this_machines_clock(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            bridge = bridge_of(place, "P1", tmp_path, wall=lambda: 5e9)  # a machine whose date is far off
            await bridge.claim()
            await bridge.begin(INFO)
            sending = asyncio.create_task(bridge.send())
            for item in ramp(0, 50):
                bridge.put(item)
            await until(lambda: not bridge.waiting_bytes)
            listener = await asyncio.to_thread(lambda: Listener(opened(place)))
            await until(lambda: listener.streams)
            await asyncio.sleep(0.3)
            for item in ramp(50, 400):
                bridge.put(item)
            bridge.finish("done")
            await sending
            await bridge.close()
            await until(lambda: listener.over)
            got = index_of(listener.chunks)
            assert got[0] in {30, 50}  # 20 samples waited for their frame to be full
            np.testing.assert_array_equal(got, [n for n in range(int(got[0]), 400) if not 100 <= n < 120])
            times = [chunk.time for chunk in listener.chunks]
            assert times == sorted(times)
            now = listener.source._clock()
            assert all(now - 30 < time < now for time in times)
            assert not listener.source.info.replay

    run(work)


def test_nothing_is_missing_after_the_server_was_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        with EmbeddedServer(tmp_path / "server", sync="10") as server:
            monkeypatch.setenv(SERVER_VARIABLE, server.running.url)
            monkeypatch.setenv(TOKEN_VARIABLE, server.running.token)
            async with site(server) as place:
                bridge = bridge_of(place, "P1", tmp_path)
                await bridge.claim()
                await bridge.begin(INFO)
                sending = asyncio.create_task(bridge.send())
                await until(lambda: not bridge.waiting_bytes)
                listener = await asyncio.to_thread(lambda: Listener(opened(place)))
                await until(lambda: listener.streams)
                await asyncio.sleep(0.3)
                for k, item in enumerate(ramp(0, 600)):
                    bridge.put(item)
                    if k == 30:
                        server.kill()
                    await asyncio.sleep(0.005)
                bridge.finish("done")
                await sending
                await bridge.close()
                await until(lambda: listener.over)
                np.testing.assert_array_equal(index_of(listener.chunks), [n for n in range(600) if not 100 <= n < 120])
                assert "lost" in [item.state for item in listener.items if isinstance(item, State)]

    run(work, 60)


def test_another_run_ends_it_with_one_line(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            await publish(place, "P1", INFO, ramp(0, 50), tmp_path, end=None)
            listener = await asyncio.to_thread(lambda: Listener(opened(place)))
            await until(lambda: listener.streams)
            await asyncio.sleep(0.3)
            await publish(place, "P1", StreamInfo(50.0, ("ECG",)), [], tmp_path)
            await until(lambda: listener.over)
            assert isinstance(listener.error, DeviceLost)
            assert "began again, from another device" in str(listener.error)

    run(work)


def test_a_channel_and_closing(nats_server: EmbeddedServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            await publish(place, "P1", INFO, ramp(0, 50), tmp_path, end=None)
            source = await asyncio.to_thread(lambda: opened(place, options=ReadOptions(channel="resp")))
            assert source.info.ecg == 1
            with pytest.raises(ConfigError, match="there is no channel 'x'"):
                await asyncio.to_thread(lambda: opened(place, options=ReadOptions(channel="x")))
            listener = Listener(source)
            await until(lambda: listener.streams)
            await asyncio.to_thread(listener.end)

    run(work)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("nats:lab", "names no wearer"),
        ("nats:lab/P 1", "letters"),
        ("nats:a.b/P1", "letters"),
        ("nats:lab/P1,since=3", "unknown setting"),
        ("nats:nowhere/P1", "has no site nowhere"),
    ],
)
def test_what_cannot_be_opened(uri: str, message: str) -> None:
    with pytest.raises((ConfigError, DeviceError), match=message) as caught:
        open_source(uri, ReadOptions())
    assert caught.value.remedy


def test_a_wearer_that_was_never_published(nats_server: EmbeddedServer) -> None:
    async def work() -> None:
        async with site(nats_server) as place:
            with pytest.raises(DeviceNotFound, match="has no wearer P1"):
                await asyncio.to_thread(lambda: opened(place))
            with pytest.raises(ConfigError, match="at speed 2"):
                await asyncio.to_thread(lambda: opened(place, options=ReadOptions(speed=2.0)))

    run(work)


def test_without_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(SERVER_VARIABLE)
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path))
    with pytest.raises(DeviceError, match="no NATS server runs on this machine") as caught:
        open_source("nats:lab/P1", ReadOptions())
    assert "ecg-live serve" in caught.value.remedy


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecg_live.nats.options.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="nats is not installed") as caught:
        open_source("nats:lab/P1", ReadOptions())
    assert "ecg-live[nats]" in caught.value.remedy
