"""Serial ports for real, on pseudo-terminals, with a simulated Shimmer behind them."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import Iterator

import pytest

from devices.link import FoundDevice, LinkLost
from devices.serial_link import SerialTransport, _open_error
from devices.shimmer import ShimmerDriver
from devices.shimmer.settings import ShimmerSettings
from devices.simulate.serial_host import SerialHost
from devices.simulate.shimmer import SimulatedShimmer
from ecg_live.errors import DeviceError, DeviceNotFound
from ecg_live.events import Chunk, Gap, StreamEvent
from tests.support.shimmer_rig import counting, exact

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")


@pytest.fixture
def host() -> Iterator[SerialHost]:
    with SerialHost(SimulatedShimmer(counting(), 3)) as entered:
        yield entered


def found(port: str) -> FoundDevice:
    return FoundDevice(port, port)


class Items(list[Chunk | StreamEvent]):
    """What a driver gave, and when there is enough of it."""

    def __init__(self) -> None:
        super().__init__()
        self._enough = asyncio.Event()
        self._wanted = 0

    def take(self, item: Chunk | StreamEvent) -> None:
        self.append(item)
        if sum(len(one.samples) for one in self if isinstance(one, Chunk)) >= self._wanted:
            self._enough.set()

    async def until(self, samples: int) -> None:
        self._wanted = samples
        self._enough.clear()
        async with asyncio.timeout(5):
            await self._enough.wait()


def test_shimmer_over_a_serial_port_twice() -> None:
    emulator = SimulatedShimmer(counting(), 3)
    items = Items()

    async def main(port: str) -> None:
        transport, driver = SerialTransport(port), ShimmerDriver(port)
        for samples in (100, 200):
            there = await transport.find(driver.matches, 1.0)
            assert there is not None
            link = await transport.connect(there, 1.0)
            assert link.services == frozenset()
            await driver.start(link, items.take)
            await items.until(samples)
            await driver.stop(link)
            await link.close()
            assert link.lost.is_set()

    with SerialHost(emulator) as host:
        asyncio.run(main(host.port))
    assert 200 <= exact(items, ShimmerSettings()) <= emulator.played
    assert sum(isinstance(item, Gap) for item in items) == 1
    times = [item.arrived for item in items if isinstance(item, Chunk) and item.arrived is not None]
    assert times == sorted(times)
    assert time.monotonic() - 10 < times[0] < time.monotonic()


def test_unplugged_in_mid_stream(host: SerialHost) -> None:
    async def main() -> None:
        items = Items()
        transport, driver = SerialTransport(host.port), ShimmerDriver()
        link = await transport.connect(found(host.port), 1.0)
        await driver.start(link, items.take)
        await items.until(1)
        await asyncio.to_thread(host.unplug)
        async with asyncio.timeout(2):
            await link.lost.wait()
        with pytest.raises(LinkLost):
            await link.write("", b"\x20")
        await link.close()
        assert await transport.find(lambda _: True, 0.0) in (None, found(host.port))

    asyncio.run(main())
    assert not [thread for thread in threading.enumerate() if thread.name == "serial reader"]


def test_port_in_use(host: SerialHost) -> None:
    async def main() -> None:
        transport = SerialTransport(host.port)
        link = await transport.connect(found(host.port), 1.0)
        with pytest.raises(DeviceError, match=r"another program has it.*close that program") as caught:
            await transport.connect(found(host.port), 1.0)
        assert not isinstance(caught.value, LinkLost)
        await link.close()
        again = await transport.connect(found(host.port), 1.0)
        await again.close()

    asyncio.run(main())


@pytest.mark.parametrize(("port", "remedy"), [("/dev/rfcomm99", "rfcomm bind"), ("/dev/ttyNONE", "name a port")])
def test_no_such_port(port: str, remedy: str) -> None:
    with pytest.raises(DeviceNotFound, match=f"no serial port {port}.*{remedy}"):
        asyncio.run(SerialTransport(port).find(lambda _: True, 1.0))


def test_port_that_was_there_is_waited_for(host: SerialHost) -> None:
    async def main() -> None:
        transport = SerialTransport(host.port)
        assert await transport.find(lambda _: True, 1.0) == found(host.port)
        transport._port = "/dev/rfcomm99"
        assert await transport.find(lambda _: True, 0.0) is None

    asyncio.run(main())


def test_no_serial_port_at_all() -> None:
    with pytest.raises(DeviceError, match="/dev/null is not a serial port"):
        asyncio.run(SerialTransport("/dev/null").connect(found("/dev/null"), 1.0))


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (errno.EACCES, DeviceError, "may not use it .*dialout"),
        (errno.EBUSY, DeviceError, "another program has it"),
        (errno.ENOENT, LinkLost, "is gone"),
        (errno.EHOSTDOWN, LinkLost, "switch the device on"),
        (errno.ECONNREFUSED, LinkLost, "switch the device on"),
    ],
)
def test_what_the_system_says_in_words(number: int, kind: type[DeviceError], text: str) -> None:
    error = _open_error("/dev/rfcomm0", OSError(number, "could not open port"))
    assert type(error) is kind
    with pytest.raises(kind, match=text):
        raise error


def test_silent_port_is_another_try() -> None:
    own, theirs = os.openpty()
    port = os.ttyname(theirs)

    async def main() -> None:
        link = await SerialTransport(port).connect(found(port), 1.0)
        began = time.monotonic()
        task = asyncio.create_task(ShimmerDriver().start(link, lambda _: None))
        await asyncio.wait({task}, timeout=0.1)
        assert not task.done()
        task.cancel()
        await link.close()
        assert time.monotonic() - began < 2.0  # a reply is waited for longer

    asyncio.run(main())
    os.close(own)
    os.close(theirs)


def test_host_reports_the_device_when_somebody_opens_and_closes() -> None:
    left = threading.Event()

    class Watched(SimulatedShimmer):
        def disconnect(self, now: float) -> None:
            super().disconnect(now)
            left.set()

    async def main(port: str) -> None:
        items = Items()
        link = await SerialTransport(port).connect(found(port), 1.0)
        await ShimmerDriver().start(link, items.take)
        await items.until(1)
        assert emulator.streaming
        await link.close()

    emulator = Watched(counting(), 3)
    with SerialHost(emulator) as host:
        asyncio.run(main(host.port))
        assert left.wait(60)
        assert not emulator.streaming
