"""Bluetooth through bleak's own BlueZ backend, over a virtual radio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from devices.ble import BleTransport, scan
from devices.link import Found, Link, LinkLost
from ecg_live.errors import DeviceError, ProtocolError
from tests.emulators.counter import ASK, BATTERY, LEVEL, NOTIFY, SERVICE, START, WRITE, Counter

if TYPE_CHECKING:
    from tests.emulators.radio.radio import Radio

T = TypeVar("T")
ELSEWHERE = "F2:F2:F2:F2:F2:F2"
PATIENCE = 5.0  # s


def run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(15):
            return await work

    return asyncio.run(bounded())


async def connected(wanted: Callable[[Found], bool] = lambda found: found.name == "Counter-1") -> Link:
    transport = BleTransport()
    found = await transport.find(wanted, PATIENCE)
    assert found is not None
    return await transport.connect(found, PATIENCE)


def test_find_tells_name_services_and_strength(radio: Radio) -> None:
    radio.add(Counter())
    found = run(BleTransport().find(lambda one: SERVICE in one.services, PATIENCE))
    assert found == Found("Counter-1", "F1:F1:F1:F1:F1:F1", found.services if found else (), -50)
    assert set(found.services) == {SERVICE, BATTERY}


def test_bytes_go_both_ways(radio: Radio) -> None:
    counter = Counter()
    radio.add(counter)

    async def talk() -> None:
        link = await connected()
        assert {SERVICE, BATTERY} <= link.services
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        await link.subscribe(ASK, answers.put_nowait)
        await link.write(ASK, b"abc")
        assert await answers.get() == b"cba"
        assert await link.read(LEVEL) == b"\x58"
        await link.write(WRITE, bytes(range(250)))
        await link.close()

    run(talk())
    assert counter.heard[0] == (ASK, b"abc")
    assert [len(data) for uuid, data in counter.heard if uuid == WRITE] == [244, 6]
