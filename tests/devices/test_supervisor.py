"""The supervisor on a loop whose time is moved by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from devices.link import LinkLost
from devices.supervisor import DeviceTimeouts, Supervisor
from ecg_live.errors import DeviceError, DeviceLost, DeviceNotFound, ProtocolError
from ecg_live.events import Chunk, Gap, State, StreamEvent
from tests.support.counting_driver import CountingDriver, Ether
from tests.support.hand_timed_loop import HandTime, run

TIMEOUTS = DeviceTimeouts()
Script = Callable[["World"], Awaitable[None]]


class World:
    def __init__(self, time: HandTime, timeouts: DeviceTimeouts = TIMEOUTS) -> None:
        self.time, self.items = time, list[Chunk | StreamEvent]()
        self.ether = Ether(time)
        self.driver = CountingDriver(self.ether)
        self.supervisor = Supervisor(self.driver, self.ether, self.items.append, time, timeouts, random.Random(1))  # noqa: S311

    async def play(self, script: Script) -> None:
        """Run the supervisor beside a script, to the end of either."""
        playing = asyncio.ensure_future(script(self))
        supervising = asyncio.ensure_future(self.supervisor.run())
        await asyncio.wait({supervising, playing}, return_when=asyncio.FIRST_COMPLETED)
        if supervising.done():
            playing.cancel()
            supervising.result()
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
        await playing

    @property
    def states(self) -> list[str]:
        return [item.state for item in self.items if isinstance(item, State)]

    def details(self, state: str) -> list[str]:
        return [item.detail for item in self.items if isinstance(item, State) and item.state == state]

    @property
    def chunks(self) -> list[Chunk]:
        return [item for item in self.items if isinstance(item, Chunk)]

    def counted(self) -> int:
        """Samples and losses; each must follow the last."""
        stop = self.chunks[0].start
        for item in self.items:
            if isinstance(item, Chunk | Gap):
                assert item.start == stop
                stop = item.stop
        return stop - self.chunks[0].start


def play(script: Script, timeouts: DeviceTimeouts = TIMEOUTS) -> World:
    time = HandTime()
    world = World(time, timeouts)
    run(time, world.play(script))
    return world


async def until(true: Callable[[], bool], every: float = 0.01) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for knows of no Event
        await asyncio.sleep(every)


async def forever(world: World) -> None:
    await asyncio.sleep(1e6)


def test_it_finds_connects_streams_and_stops_politely() -> None:
    world = play(lambda _: asyncio.sleep(3))
    assert world.states == ["searching", "connecting", "streaming"]
    assert world.counted() == pytest.approx(300, abs=20)
    assert (world.driver.stops, world.ether.closes) == (1, 1)


def test_data_come_again_within_two_seconds_of_the_device() -> None:
    back: list[float] = []

    async def script(world: World) -> None:
        for away in (0.5, 3.0, 12.3, 61.7, 300.0):
            await asyncio.sleep(2)
            world.ether.lose()
            await asyncio.sleep(away)
            world.ether.present = True
            came = world.time()
            have = len(world.chunks)
            await until(lambda have=have: len(world.chunks) > have)  # type: ignore[misc]
            back.append(world.time() - came)
        await asyncio.sleep(0.3)

    world = play(script)
    assert max(back) < 2
    assert world.driver.starts == 6  # the whole configuration, each time
    assert world.counted() >= 377 * 100
    assert world.states[:8] == [
        "searching",
        "connecting",
        "streaming",
        "lost",
        "connecting",
        "streaming",
        "lost",
        "connecting",
    ]
    assert any("lost 11 s ago, attempt 3: it is not in reach" in detail for detail in world.details("searching"))


def test_a_stall_on_a_link_that_seems_alive_is_a_loss() -> None:
    async def script(world: World) -> None:
        await asyncio.sleep(2)
        world.ether.stalled = True
        await until(lambda: world.ether.closes > 0)
        assert world.driver.stops == 1
        world.ether.stalled = False
        await asyncio.sleep(2)

    world = play(script)
    assert world.details("lost") == ["Counter, lost 2 s ago, attempt 1: no data for 2.0 s"]
    assert world.states[-1] == "streaming"


def test_failed_connections_are_tried_again_with_growing_pauses() -> None:
    tries: list[float] = []

    async def script(world: World) -> None:
        world.ether.refuse = [LinkLost("InProgress")] * 6
        for k in range(7):
            await until(lambda k=k: world.ether.connects > k, 0.001)  # type: ignore[misc]
            tries.append(world.time())
        await asyncio.sleep(1)

    world = play(script)
    pauses = [b - a for a, b in pairwise(tries)]
    assert pauses[0] < pauses[-1] <= 1.01
    assert min(pauses) > 0.05
    assert len(set(pauses)) == len(pauses)  # jitter
    assert world.states[-1] == "streaming"


def test_nothing_in_reach_ends_within_its_limit() -> None:
    async def script(world: World) -> None:
        world.ether.present = False
        await forever(world)

    with pytest.raises(DeviceNotFound, match="no Counter in reach, looked for 3") as error:
        play(script)
    assert "worn" in error.value.remedy
    assert "not connected to another program or phone" in error.value.remedy


def test_hours_without_the_device_end_no_session_and_are_reported_briefly() -> None:
    back: list[float] = []

    async def script(world: World) -> None:
        await asyncio.sleep(2)
        world.ether.lose()
        await asyncio.sleep(6 * 3600)
        world.ether.present = True
        came, have = world.time(), len(world.chunks)
        await until(lambda: len(world.chunks) > have)
        back.append(world.time() - came)
        await asyncio.sleep(1)

    world = play(script)
    assert world.counted() >= 6 * 3600 * 100
    assert back[0] < 31
    assert [detail.partition(": ")[2] for detail in world.details("lost")] == [
        "the connection broke",
        "it is not in reach",
    ]
    assert 600 < world.ether.finds < 1500  # a search of 5 s, a pause of up to 30 s
    assert world.states[-1] == "streaming"


def test_it_gives_up_after_the_reconnect_timeout() -> None:
    time = HandTime()
    world = World(time, DeviceTimeouts(reconnect=60))

    async def script(world: World) -> None:
        await asyncio.sleep(2)
        world.ether.lose()
        await forever(world)

    with pytest.raises(DeviceLost, match=r"Counter was lost 6\d s ago: it is not in reach"):
        run(time, world.play(script))
    assert world.states[-1] == "gave_up"


def test_a_device_that_is_found_but_never_streams_ends_too() -> None:
    async def script(world: World) -> None:
        world.driver.hangs = True
        await forever(world)

    with pytest.raises(DeviceLost, match="Counter is in reach but does not stream: it does not start"):
        play(script)


def test_the_wrong_device_ends_at_once() -> None:
    async def script(world: World) -> None:
        world.driver.wrong = ProtocolError("Counter 1 has no ECG", "use hr:")
        await forever(world)

    with pytest.raises(ProtocolError, match="Counter 1 has no ECG"):
        play(script)


def test_what_streamed_before_is_the_right_device_whatever_it_says() -> None:
    async def script(world: World) -> None:
        await asyncio.sleep(1)
        world.driver.wrong = ProtocolError("Counter 1 has no ECG", "use hr:")
        world.ether.lose()
        world.ether.present = True
        await asyncio.sleep(5)
        world.driver.wrong = None
        await asyncio.sleep(2)

    world = play(script)
    assert "Counter 1 has no ECG" in world.details("lost")[-1]
    assert world.states[-1] == "streaming"


def test_no_adapter_ends_at_once_at_the_start_and_is_waited_for_later() -> None:
    broken = DeviceError("no Bluetooth adapter", "plug one in")

    async def at_start(world: World) -> None:
        world.ether.broken = broken
        await forever(world)

    with pytest.raises(DeviceError, match="no Bluetooth adapter"):
        play(at_start)

    async def later(world: World) -> None:
        await asyncio.sleep(1)
        world.ether.broken = broken
        world.ether.lose()
        await asyncio.sleep(20)
        world.ether.broken, world.ether.present = None, True
        await asyncio.sleep(2)

    world = play(later)
    assert "no Bluetooth adapter" in world.details("lost")[-1]
    assert world.states[-1] == "streaming"


def test_a_link_that_breaks_while_the_driver_starts_is_noticed_at_once() -> None:
    async def script(world: World) -> None:
        world.driver.hangs = True
        await until(lambda: world.driver.starts > 0)
        assert world.ether.link is not None
        world.ether.link.lost.set()
        world.driver.hangs = False
        await asyncio.sleep(1)

    world = play(script)
    assert world.states[-1] == "streaming"


def test_one_connection_is_made_at_a_time() -> None:
    time = HandTime()

    async def both() -> int:
        one, other = World(time), World(time)
        for world in (one, other):
            world.ether.connect_takes = 0.5
        most = 0

        async def look(_: World) -> None:
            nonlocal most
            for _k in range(300):
                await asyncio.sleep(0.01)
                most = max(most, one.ether.connecting + other.ether.connecting)

        await asyncio.gather(one.play(look), other.play(look))
        assert one.states[-1] == other.states[-1] == "streaming"
        return most

    assert run(time, both()) == 1


def test_it_ends_also_when_it_is_cancelled_in_the_moment_in_which_it_has_connected() -> None:
    world = World(HandTime())

    async def main() -> None:
        supervising = asyncio.ensure_future(world.supervisor.run())
        world.ether.connected = lambda: asyncio.get_running_loop().call_soon(supervising.cancel)
        done, _ = await asyncio.wait({supervising}, timeout=5)
        assert done == {supervising}

    run(world.time, main())
    assert world.ether.closes == world.ether.connects == 1
