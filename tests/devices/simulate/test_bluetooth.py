"""A simulated device on an adapter that it is given; and what it advertises."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devices.bluetooth.ble import BleTransport
from ecg_live.errors import ConfigError, DeviceError
from tests.emulators.counting_device import ASK, Counter

if TYPE_CHECKING:
    from tests.emulators.radio.radio import Radio


def test_a_device_on_an_adapter_until_it_is_cancelled(radio: Radio, tmp_path: Path) -> None:
    from devices.simulate.bluetooth import host_on_adapter

    counter, socket = Counter(), tmp_path / "hci"
    radio.plug_in(socket)

    async def play() -> None:
        async with asyncio.timeout(10):
            on_air = asyncio.Event()
            playing = asyncio.create_task(host_on_adapter(counter, f"unix-client:{socket}", on_air.set))
            await on_air.wait()
            transport = BleTransport()
            found = await transport.find(lambda one: one.name == counter.name, 5)
            assert found is not None
            link = await transport.connect(found, 5)
            await link.write(ASK, b"abc")
            playing.cancel()
            await link.lost.wait()
            await link.close()
            with pytest.raises(asyncio.CancelledError):
                await playing

    asyncio.run(play())
    assert counter.heard == [(ASK, b"abc")]


@pytest.mark.parametrize("adapter", ["nonsense", "unix-client:/nowhere", "hci-socket:99"])
def test_an_adapter_that_is_none(adapter: str) -> None:
    from devices.simulate.bluetooth import host_on_adapter

    with pytest.raises(DeviceError, match=f"{adapter} cannot be used as a Bluetooth adapter.*usb:0"):
        asyncio.run(host_on_adapter(Counter(), adapter, lambda: pytest.fail("it is not on the air")))


def test_without_bumble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bumble", None)
    monkeypatch.delitem(sys.modules, "devices.simulate.bluetooth", raising=False)
    with pytest.raises(ConfigError, match=r"needs the package bumble \(pip install bumble"):
        import_module("devices.simulate.bluetooth")


def test_services_are_advertised_and_the_name_is_in_the_scan_response() -> None:
    from devices.simulate.bluetooth import advertisement

    first, second = advertisement(Counter("X" * 40))
    assert first == bytes.fromhex("02010603030f1811079ecadc240ee5a9e093f3a3b50100406e")
    assert second == b"\x1e\x09" + b"X" * 29
    assert max(len(first), len(second)) <= 31
