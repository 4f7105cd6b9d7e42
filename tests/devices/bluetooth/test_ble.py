"""Bluetooth through bleak's own BlueZ backend, over a virtual radio."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from devices.bluetooth.ble import BleTransport, scan
from devices.link import FoundDevice, Link, LinkLost
from ecg_live.errors import DeviceError, ProtocolError
from tests.emulators.counting_device import ASK, BATTERY, LEVEL, NOTIFY, SERVICE, START, STOP, WRITE, Counter
from tests.emulators.radio.bus import Bus, dying_bus, private_bus

if TYPE_CHECKING:
    from tests.emulators.radio.radio import Radio

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="BlueZ is Linux's")

T = TypeVar("T")
HERE, THERE = "F1:F1:F1:F1:F1:F1", "F2:F2:F2:F2:F2:F2"
PATIENCE = 5.0  # s


def run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(15):
            return await work

    return asyncio.run(bounded())


def named(found: FoundDevice) -> bool:
    return found.name == "Counter-1"


async def seen(wanted: Callable[[FoundDevice], bool] = named) -> FoundDevice:
    found = await BleTransport().find(wanted, PATIENCE)
    assert found is not None
    return found


async def connected(wanted: Callable[[FoundDevice], bool] = named) -> Link:
    return await BleTransport().connect(await seen(wanted), PATIENCE)


async def eventually_connected() -> Link:
    while True:
        try:
            return await connected()
        except DeviceError:
            await asyncio.sleep(0.01)  # what happened to the adapter takes its way over the bus


async def counted(link: Link, least: int) -> list[int]:
    """Start the counter, wait for so many numbers, and stop it."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    await link.subscribe(NOTIFY, heard.put_nowait)
    await link.write(WRITE, START)
    data = bytearray()
    while len(data) < 4 * least:
        data += await heard.get()
    await link.write(WRITE, STOP)
    return [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - len(data) % 4, 4)]


def in_a_row(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_find_reports_name_services_and_strength(radio: Radio) -> None:
    radio.add(Counter()).move(-71)
    found = run(seen(lambda one: SERVICE in one.services))
    assert (found.name, found.address, found.rssi) == ("Counter-1", HERE, -71)
    assert set(found.services) == {SERVICE, BATTERY}


def test_no_one_wanted_is_none_in_time(radio: Radio) -> None:
    radio.add(Counter())
    assert run(BleTransport().find(lambda one: one.name == "Shimmer3", 0.2)) is None


def test_a_device_that_this_computer_holds_is_reported(radio: Radio) -> None:
    radio.add(Counter())

    async def talk() -> None:
        link = await connected()
        with pytest.raises(LinkLost, match=f"Counter-1 is connected .*bluetoothctl disconnect {HERE}"):
            await BleTransport().find(lambda one: SERVICE in one.services, 0.1)
        await link.close()

    run(talk())


def test_scan_lists_the_loudest_first(radio: Radio) -> None:
    radio.add(Counter("far"), HERE).move(-90)
    radio.add(Counter("near"), THERE).move(-40)
    assert [(one.name, one.rssi) for one in run(scan(0.2))] == [("near", -40), ("far", -90)]


def test_the_address_decides_between_two_of_one_name(radio: Radio) -> None:
    here, there = Counter(), Counter()
    radio.add(here, HERE)
    radio.add(there, THERE)

    async def talk() -> None:
        link = await connected(lambda one: named(one) and one.address == THERE)
        await link.write(ASK, b"you")
        await link.close()

    run(talk())
    assert (here.heard, there.heard) == ([], [(ASK, b"you")])


def test_two_searches_at_once_both_find(radio: Radio) -> None:
    radio.add(Counter("one"), HERE)
    radio.add(Counter("two"), THERE)

    async def both() -> list[str]:
        searches = seen(lambda found: found.name == "one"), seen(lambda found: found.name == "two")
        return [found.name for found in await asyncio.gather(*searches)]

    assert run(both()) == ["one", "two"]


@pytest.mark.parametrize(("mtu", "parts"), [(247, [244, 6]), (23, [20] * 12 + [10])])
def test_bytes_go_both_ways(radio: Radio, mtu: int, parts: list[int]) -> None:
    counter = Counter()
    radio.add(counter, mtu=mtu)

    async def talk() -> None:
        link = await connected()
        assert {SERVICE, BATTERY} <= link.services
        assert counter.mtu == mtu
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        await link.subscribe(ASK, answers.put_nowait)
        await link.write(ASK, b"abc")
        assert await answers.get() == b"cba"
        assert await link.read(LEVEL) == b"\x58"
        await link.write(WRITE, bytes(range(250)))
        await link.write(ASK, b"done")  # answered, so that all before it has arrived
        await link.close()

    run(talk())
    written = [data for uuid, data in counter.heard if uuid == WRITE]
    assert b"".join(written) == bytes(range(250))
    assert [len(data) for data in written] == parts


def test_every_number_comes_however_it_is_sliced(radio: Radio) -> None:
    sizes = itertools.cycle([1, 20, 3, 7])
    radio.add(Counter()).slices = lambda: next(sizes)

    async def talk() -> list[int]:
        link = await connected()
        numbers = await counted(link, 200)
        await link.close()
        return numbers

    assert in_a_row(run(talk()))


def test_a_stalled_device_stays_connected_and_loses_nothing(radio: Radio) -> None:
    wearer = radio.add(Counter())

    async def talk() -> tuple[bool, list[int]]:
        link = await connected()
        radio.call(lambda: wearer.stall(True))
        count = asyncio.ensure_future(counted(link, 50))
        await asyncio.wait({count}, timeout=0.2)
        silent = not count.done() and not link.lost.is_set()
        radio.call(lambda: wearer.stall(False))
        numbers = await count
        await link.close()
        return silent, numbers

    silent, numbers = run(talk())
    assert silent
    assert in_a_row(numbers)


@pytest.mark.parametrize("polite", [True, False])
def test_a_lost_link_is_seen_at_once_and_can_be_made_again(radio: Radio, polite: bool) -> None:
    counter = Counter()
    wearer = radio.add(counter)

    async def talk() -> None:
        link = await connected()
        await counted(link, 10)
        if polite:
            radio.run(wearer.disconnect())
        else:
            radio.call(wearer.lose)
        async with asyncio.timeout(1):
            await link.lost.wait()
        heard: list[bytes] = []
        for use in (link.write(WRITE, START), link.read(LEVEL), link.subscribe(NOTIFY, heard.append)):
            with pytest.raises(LinkLost):
                await use
        await link.close()
        again = await connected()
        assert in_a_row(await counted(again, 10))
        await again.close()

    run(talk())
    assert counter.connections == 2


def test_a_device_that_leaves_before_it_is_connected(radio: Radio) -> None:
    wearer = radio.add(Counter())

    async def talk() -> None:
        found = await seen()
        radio.run(wearer.leave())
        with pytest.raises(LinkLost, match=f"connecting to Counter-1: no answer in time .*remove {HERE}"):
            await BleTransport().connect(found, 0.3)
        radio.run(wearer.advertise())
        link = await connected()
        assert in_a_row(await counted(link, 10))
        await link.close()

    run(talk())


def test_a_device_that_bluez_has_forgotten(radio: Radio) -> None:
    radio.add(Counter())

    async def talk() -> None:
        found = await seen()
        radio.call(radio.bluez.discovery.forget)
        with pytest.raises(LinkLost, match=r"connecting to Counter-1: .*not found"):
            await BleTransport().connect(found, 1)

    run(talk())


def test_a_device_may_hang_up_by_itself(radio: Radio) -> None:
    class Strap(Counter):
        holds_link = True

    strap = Strap()
    radio.add(strap)

    async def talk() -> None:
        link = await connected()
        strap.holds_link = False
        await link.lost.wait()
        await link.close()

    run(talk())


def test_a_link_that_is_lost_while_the_services_are_read(radio: Radio) -> None:
    class Shy(Counter):
        def connect(self, now: float, mtu: int) -> None:
            super().connect(now, mtu)
            if self.connections == 1:
                wearer.lose()

    wearer = radio.add(Shy())

    async def talk() -> None:
        with pytest.raises(LinkLost, match="connecting to Counter-1"):
            await connected()
        link = await connected()
        assert in_a_row(await counted(link, 10))
        await link.close()

    run(talk())


def test_a_device_without_the_characteristic_says_what_it_has(radio: Radio) -> None:
    radio.add(Counter())

    async def talk() -> None:
        link = await connected()
        with pytest.raises(ProtocolError, match=f"no characteristic 6533.*; its services: .*{SERVICE}"):
            await link.write("65333333-a115-11e2-9e9a-0800200ca102", b"\x07")
        await link.close()

    run(talk())


def test_an_adapter_that_is_busy_is_worth_another_try(radio: Radio) -> None:
    from tests.emulators.radio.objects import Refused

    radio.add(Counter())

    async def talk() -> None:
        radio.bluez.refusals = [Refused("InProgress", "Operation already in progress")]
        with pytest.raises(LinkLost, match=f"already in progress.*bluetoothctl remove {HERE}"):
            await connected()
        radio.bluez.refusals = [Refused("Failed", "le-connection-abort-by-local")] * 2  # bleak tries again itself
        await (await connected()).close()

    run(talk())
    assert radio.bluez.refusals == []


def test_an_adapter_that_goes_off_loses_its_links(radio: Radio) -> None:
    radio.add(Counter())
    radio.add(Counter("other"), THERE)

    async def talk() -> None:
        link, other = await connected(), await seen(lambda found: found.name == "other")
        radio.run(radio.bluez.power(on=False))
        async with asyncio.timeout(1):
            await link.lost.wait()
        with pytest.raises(DeviceError, match="the Bluetooth adapter is off"):
            await BleTransport().connect(other, 1)
        with pytest.raises(DeviceError, match=r"the Bluetooth adapter is off .*bluetoothctl power on"):
            await scan(0.1)
        await link.close()
        radio.run(radio.bluez.power(on=True))
        await (await eventually_connected()).close()

    run(talk())


def test_bluez_that_goes_and_comes_again(radio: Radio) -> None:
    radio.add(Counter())

    async def talk() -> None:
        link = await connected()
        radio.restart()
        with pytest.raises(LinkLost):
            await link.write(WRITE, START)
        await link.close()
        again = await eventually_connected()
        assert in_a_row(await counted(again, 10))
        await again.close()

    run(talk())


def test_a_bus_that_dies_takes_its_links_along(radio: Radio, system_bus: Bus) -> None:
    radio.add(Counter())

    async def talk() -> None:
        link = await connected()
        system_bus.kill()
        async with asyncio.timeout(1):
            await link.lost.wait()
        await link.close()
        with pytest.raises(DeviceError, match="no D-Bus system bus"):
            await connected()

    run(talk())


@pytest.mark.parametrize("octets", [0, 10, 50, 150, 250, 400, 1000])
def test_a_bus_that_dies_while_it_is_asked(
    radio: Radio, system_bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: int
) -> None:
    radio.add(Counter())
    with dying_bus(tmp_path, system_bus, octets) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with pytest.raises(DeviceError, match="no D-Bus system bus"):
            run(seen())


def test_without_an_adapter(radio: Radio) -> None:
    radio.run(radio.bluez.unplug())
    with pytest.raises(DeviceError, match=r"no Bluetooth adapter \(plug one in"):
        run(seen())


def test_without_bluez(system_bus: Bus) -> None:
    with pytest.raises(DeviceError, match=r"BlueZ.* is not running \(install bluez"):
        run(seen())


def test_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.emulators.radio.radio import Radio

    with private_bus(tmp_path, '<deny send_destination="org.bluez"/>') as bus, Radio(bus.address):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        with pytest.raises(DeviceError, match=r"may not use Bluetooth .*group bluetooth"):
            run(seen())


@pytest.mark.parametrize("address", ["unix:path=/nowhere/bus", "nonsense"])
def test_without_a_bus(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    with pytest.raises(DeviceError, match="Bluetooth") as caught:
        run(seen())
    assert not isinstance(caught.value, LinkLost)
    assert caught.value.remedy
