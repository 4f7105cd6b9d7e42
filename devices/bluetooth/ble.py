"""Bluetooth Low Energy through bleak, over whatever Bluetooth stack the system has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress

import bleak
from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from devices.bluetooth.errors import explained
from devices.link import Found, Link, LinkLost, Take
from ecg_live.errors import ProtocolError
from ecg_live.event_loop import call_on_loop

_GRACE = 2.0  # s that the system's service may take to start or stop what was asked
_PAUSE = 0.25  # s before a search that the adapter was too busy for is tried again
_ANSWER = 30.0  # s, ATT's transaction time-out (Bluetooth Core 5.4, Vol 3 Part F, 3.3.3)
_FAREWELL = 2.0  # s that a disconnect may take
_SILENT = -127  # dBm, which bleak gives where the system tells no RSSI

logging.getLogger("bleak").addHandler(logging.NullHandler())  # its warnings would land amid the terminal's lines


class BleTransport:
    """Finds and connects Bluetooth Low Energy devices; whoever uses it makes one connection attempt at a time."""

    async def find(self, wanted: Callable[[Found], bool], seconds: float) -> Found | None:
        """Scan until a wanted device is heard, or None when the time is up.

        Raises
        ------
        DeviceError
            There is no adapter, it is off, no Bluetooth service runs, or this process may not use it.
        LinkLost
            The adapter was busy all the time, or this computer is connected to the device already.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            try:
                with explained("searching by Bluetooth"):
                    found = await _first(wanted, until)
                    if found is None:
                        await _refuse_held(wanted)
                    return found
            except LinkLost:
                if loop.time() + _PAUSE > until:
                    raise
            await asyncio.sleep(_PAUSE)

    async def connect(self, found: Found, seconds: float) -> Link:
        """Connect to a device.

        Raises
        ------
        LinkLost
            The device did not answer, or the adapter was busy, off or gone.
        """
        link = BleLink(found, seconds)
        await link.open(seconds)
        return link


class BleLink:
    """A connected device."""

    def __init__(self, found: Found, seconds: float) -> None:
        self.services: frozenset[str] = frozenset()
        self.lost = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._name, self._address = found.name or found.address, found.address
        device = found.handle if isinstance(found.handle, BLEDevice) else found.address
        self._client = BleakClient(device, disconnected_callback=self._gone, timeout=seconds)

    async def open(self, seconds: float) -> None:
        """Connect and learn the services. Raises `LinkLost`."""
        with explained(f"connecting to {self._name}", self._address):
            async with asyncio.timeout(seconds + _GRACE):
                await self._client.connect()
            self.services = frozenset(service.uuid.lower() for service in self._client.services)

    async def subscribe(self, uuid: str, take: Take) -> None:
        """Have ``take`` called with each notification. Raises `LinkLost`, and `ProtocolError` for an unknown uuid."""
        async with self._asked() as characteristic:
            await self._client.start_notify(characteristic(uuid), lambda _, data: take(bytes(data)))

    async def write(self, uuid: str, data: bytes) -> None:
        """Write, without response where that is offered, in parts that fit. Raises as `subscribe` does."""
        async with self._asked() as characteristic:
            to = characteristic(uuid)
            plain = "write-without-response" in to.properties
            step = max(to.max_write_without_response_size if plain else len(data), 1)
            for at in range(0, len(data), step):
                await self._client.write_gatt_char(to, data[at : at + step], response=not plain)

    async def read(self, uuid: str) -> bytes:
        """Read a value. Raises as `subscribe` does."""
        async with self._asked() as characteristic:
            return bytes(await self._client.read_gatt_char(characteristic(uuid)))

    async def close(self) -> None:
        """Disconnect, within a bounded time; never raises."""
        with suppress(Exception):
            async with asyncio.timeout(_FAREWELL):
                await self._client.disconnect()
        self.lost.set()

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[Callable[[str], BleakGATTCharacteristic]]:
        if self.lost.is_set():
            raise LinkLost(f"{self._name}: the connection is gone")
        with explained(self._name, self._address):
            async with asyncio.timeout(_ANSWER):
                yield self._characteristic

    def _characteristic(self, uuid: str) -> BleakGATTCharacteristic:
        found = self._client.services.get_characteristic(uuid)
        if found is None:
            known = ", ".join(sorted(self.services)) or "none"
            raise ProtocolError(
                f"{self._name} has no characteristic {uuid}; its services: {known}", "is it the right device?"
            )
        return found

    def _gone(self, _client: BleakClient) -> None:
        """Note that the link is gone; some systems tell it from another thread, or after our loop has ended."""
        call_on_loop(self._loop, self.lost.set)


async def scan(seconds: float) -> list[Found]:
    """Return all devices heard within ``seconds``, the loudest first.

    Raises
    ------
    DeviceError
        There is no adapter, it is off, no Bluetooth service runs, or this process may not use it.
    """
    with explained("searching by Bluetooth"):
        async with asyncio.timeout(seconds + _GRACE):
            heard = await BleakScanner.discover(seconds, return_adv=True)
    found = [_found(device, data) for device, data in heard.values()]
    return sorted(found, key=lambda one: -(_SILENT if one.rssi is None else one.rssi))


async def _first(wanted: Callable[[Found], bool], until: float) -> Found | None:
    async with asyncio.timeout_at(until + _GRACE), BleakScanner() as scanner:
        try:
            async with asyncio.timeout_at(until), aclosing(scanner.advertisement_data()) as heard:
                async for device, data in heard:
                    if wanted(found := _found(device, data)):
                        return found
        except TimeoutError:
            pass
    return None


async def _refuse_held(wanted: Callable[[Found], bool]) -> None:
    """Say so when a device does not advertise because a program here has it, or had it when it died (BlueZ).

    Raises
    ------
    LinkLost
        There is such a device.
    """
    if not hasattr(bleak, "BleakAdapter"):  # bleak < 3.1
        return
    with suppress(NotImplementedError):
        adapter = await bleak.BleakAdapter.get()
        for device in await adapter.get_connected_devices():
            services = device.details.get("props", {}).get("UUIDs", ()) if isinstance(device.details, dict) else ()
            if wanted(Found(device.name or "", device.address, tuple(services))):
                raise LinkLost(
                    f"{device.name or device.address} is connected to this computer already",
                    f"close the program that uses it; when there is none: bluetoothctl disconnect {device.address}",
                )


def _found(device: BLEDevice, data: AdvertisementData) -> Found:
    return Found(
        name=data.local_name or device.name or "",
        address=device.address,
        services=tuple(uuid.lower() for uuid in data.service_uuids),
        rssi=None if data.rssi <= _SILENT else data.rssi,
        handle=device,
    )
