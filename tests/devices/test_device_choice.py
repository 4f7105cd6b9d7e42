"""Two devices of one name: the message lists both; after a loss only the same one is taken again."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from devices.bluetooth.heart_rate import HeartRateDriver
from devices.bluetooth.polar import PolarDriver
from devices.bluetooth.polar_frames import POLAR_RATE_HZ
from devices.device_choice import DeviceChoice
from devices.link import Driver, FoundDevice, LinkLost
from devices.shimmer import ShimmerDriver
from devices.simulate.player import Player
from devices.simulate.polar import SimulatedPolar
from devices.supervisor import DeviceTimeouts, Supervisor
from ecg_live.errors import DeviceError
from ecg_live.events import Chunk, State, StreamEvent
from tests.emulators.wire_in_memory import Wire
from tests.support.hand_timed_loop import HandTime, run

ONE = FoundDevice("Shimmer3-7A21", "00:06:66:00:00:01")
OTHER = FoundDevice("Shimmer3-7A21", "00:06:66:00:00:02")
LONGER = FoundDevice("Shimmer3-7A21-7A21", "00:06:66:00:00:03")


class Air:
    """A transport with devices in reach, in the order in which they advertise."""

    def __init__(self, *in_reach: FoundDevice, connected: bool = False) -> None:
        self.in_reach, self.connected = in_reach, connected
        self.finds = 0

    async def find(self, wanted: object, seconds: float) -> FoundDevice | None:
        assert callable(wanted)
        self.finds += 1
        found = next((one for one in self.in_reach if wanted(one)), None)
        if found is not None and self.connected:
            raise LinkLost(f"{found.name} is connected to this computer already")
        return found

    async def connect(self, found: FoundDevice, seconds: float) -> object:
        raise AssertionError("it only looks")


def check(driver: Driver, air: Air) -> None:
    asyncio.run(DeviceChoice(driver).check_unique(air.in_reach[0], air))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["7A21", "shimmer3-7a21"])
def test_a_name_of_two_lists_both_with_what_to_write(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        check(ShimmerDriver(name), Air(ONE, OTHER))
    assert str(caught.value) == (
        f"two devices in reach match Shimmer {name}: Shimmer3-7A21 at 00:06:66:00:00:01 and Shimmer3-7A21 at "
        "00:06:66:00:00:02 (write the address in place of the name: address=00:06:66:00:00:01 or "
        "address=00:06:66:00:00:02)"
    )


@pytest.mark.parametrize(
    ("driver", "air", "finds"),
    [
        (ShimmerDriver("00:06:66:00:00:01"), Air(ONE, OTHER), 0),
        (ShimmerDriver(""), Air(ONE, OTHER), 0),  # the first in reach
        (ShimmerDriver("Shimmer3-7A21"), Air(ONE, LONGER), 1),  # the whole name is that of one
        (ShimmerDriver("7A21"), Air(ONE), 1),
        (ShimmerDriver("7A21"), Air(ONE, OTHER, connected=True), 1),  # another session has the twin
    ],
)
def test_what_is_not_ambiguous(driver: Driver, air: Air, finds: int) -> None:
    check(driver, air)
    assert air.finds == finds


def test_after_it_streamed_only_the_same_device_is_taken() -> None:
    choice = DeviceChoice(PolarDriver(""))
    mine, other = FoundDevice("Polar H10 1", "00:0A"), FoundDevice("Polar H10 2", "00:0B")
    assert choice.matches(other)
    choice.pin(mine)
    assert choice.matches(FoundDevice("Polar H10 1", "00:0a"))
    assert not choice.matches(other)


def test_a_watch_that_changes_its_address_is_known_by_its_name() -> None:
    choice = DeviceChoice(HeartRateDriver("watch"))
    choice.pin(FoundDevice("My watch", "41:00"))
    assert choice.matches(FoundDevice("My watch", "42:00"))
    assert not choice.matches(FoundDevice("Your watch", "42:00"))


def test_a_session_does_not_go_on_with_the_strap_of_another_wearer() -> None:
    time = HandTime()
    straps = [SimulatedPolar(Player(np.zeros(500), POLAR_RATE_HZ), f"Polar H10 {number}") for number in (1, 2)]
    wire = Wire(time, *straps)
    items: list[Chunk | StreamEvent] = []

    async def main() -> None:
        supervisor = Supervisor(PolarDriver("", time), wire, items.append, time, DeviceTimeouts(), random.Random(1))  # noqa: S311
        supervising = asyncio.ensure_future(supervisor.run())
        await asyncio.sleep(5)
        wire.away.add("Polar H10 1")
        wire.lose("Polar H10 1")
        await asyncio.sleep(60)
        assert "Polar H10 2" not in wire.links
        wire.away.clear()
        await asyncio.sleep(5)
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)

    run(time, main())
    assert [item.state for item in items if isinstance(item, State) and item.state == "streaming"] == 2 * ["streaming"]
