"""Bluetooth Low Energy transport, built on bleak."""

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

from devices.bluetooth.errors import translate_bleak_errors
from devices.link import FoundDevice, Link, LinkLost, NotifyCallback
from ecg_live.errors import ProtocolError
from ecg_live.event_loop import call_on_loop

_SERVICE_GRACE_S = 2.0  # that the system's Bluetooth service may take beyond a time-out
_BUSY_RETRY_INTERVAL_S = 0.25  # between searches while the adapter is busy
_ATT_TIMEOUT_S = 30.0  # transaction time-out (Bluetooth Core 5.4, Vol 3 Part F, 3.3.3)
_DISCONNECT_TIMEOUT_S = 2.0
_RSSI_UNKNOWN_DBM = -127  # from bleak, where the system reports no RSSI

logging.getLogger("bleak").addHandler(logging.NullHandler())  # its warnings would break the terminal's display


class BleTransport:
    """Finds and connects Bluetooth Low Energy devices; callers make one connection attempt at a time."""

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        """Return the first advertising device for which ``wanted`` is true, or None after ``seconds``.

        Raises
        ------
        DeviceError
            There is no adapter, it is off, no Bluetooth service runs, or this process may not use it.
        LinkLost
            The adapter stayed busy, or this computer is already connected to the device.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            try:
                with translate_bleak_errors("searching by Bluetooth"):
                    found = await _first_match(wanted, deadline)
                    if found is None:
                        await _raise_if_connected(wanted)
                    return found
            except LinkLost:
                if loop.time() + _BUSY_RETRY_INTERVAL_S > deadline:
                    raise
            await asyncio.sleep(_BUSY_RETRY_INTERVAL_S)

    async def connect(self, found: FoundDevice, seconds: float) -> Link:
        """Connect to a device.

        Raises
        ------
        LinkLost
            The device did not answer, or the adapter was busy, off or unplugged.
        """
        link = BleLink(found, seconds)
        await link.open(seconds)
        return link


class BleLink:
    """A connected device."""

    def __init__(self, found: FoundDevice, seconds: float) -> None:
        self.services: frozenset[str] = frozenset()
        self.lost = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._name = found.name or found.address
        self._address = found.address
        device = found.handle if isinstance(found.handle, BLEDevice) else found.address
        self._client = BleakClient(device, disconnected_callback=self._on_disconnect, timeout=seconds)

    async def open(self, seconds: float) -> None:
        """Connect and discover the services. Raises `LinkLost`."""
        with translate_bleak_errors(f"connecting to {self._name}", self._address):
            async with asyncio.timeout(seconds + _SERVICE_GRACE_S):
                await self._client.connect()
            self.services = frozenset(service.uuid.lower() for service in self._client.services)

    async def subscribe(self, uuid: str, on_data: NotifyCallback) -> None:
        """Call ``on_data`` with each notification. Raises `LinkLost`, and `ProtocolError` for an unknown UUID."""
        async with self._request() as characteristic:
            await self._client.start_notify(characteristic(uuid), lambda _, data: on_data(bytes(data)))

    async def write(self, uuid: str, data: bytes) -> None:
        """Write in parts that fit, without response where that is possible. Raises as `subscribe`."""
        async with self._request() as characteristic:
            target = characteristic(uuid)
            without_response = "write-without-response" in target.properties
            size = max(target.max_write_without_response_size if without_response else len(data), 1)
            for start in range(0, len(data), size):
                part = data[start : start + size]
                await self._client.write_gatt_char(target, part, response=not without_response)

    async def read(self, uuid: str) -> bytes:
        """Read a value. Raises as `subscribe`."""
        async with self._request() as characteristic:
            return bytes(await self._client.read_gatt_char(characteristic(uuid)))

    async def close(self) -> None:
        """Disconnect, within a bounded time; never raises."""
        with suppress(Exception):
            async with asyncio.timeout(_DISCONNECT_TIMEOUT_S):
                await self._client.disconnect()
        self.lost.set()

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[Callable[[str], BleakGATTCharacteristic]]:
        """Translate errors and bound the time of one ATT request; yields the look-up of a characteristic by UUID."""
        if self.lost.is_set():
            raise LinkLost(f"{self._name}: the connection is lost")
        with translate_bleak_errors(self._name, self._address):
            async with asyncio.timeout(_ATT_TIMEOUT_S):
                yield self._characteristic

    def _characteristic(self, uuid: str) -> BleakGATTCharacteristic:
        found = self._client.services.get_characteristic(uuid)
        if found is None:
            known = ", ".join(sorted(self.services)) or "none"
            raise ProtocolError(
                f"{self._name} has no characteristic {uuid}; its services: {known}", "is it the right device?"
            )
        return found

    def _on_disconnect(self, _client: BleakClient) -> None:
        """Mark the link as lost; some systems call this on another thread, or after the loop has ended."""
        call_on_loop(self._loop, self.lost.set)


async def scan(seconds: float) -> list[FoundDevice]:
    """Return all devices that advertise within ``seconds``, sorted by falling RSSI.

    Raises
    ------
    DeviceError
        There is no adapter, it is off, no Bluetooth service runs, or this process may not use it.
    """
    with translate_bleak_errors("searching by Bluetooth"):
        async with asyncio.timeout(seconds + _SERVICE_GRACE_S):
            advertisements = await BleakScanner.discover(seconds, return_adv=True)
    found = [_found_device(device, data) for device, data in advertisements.values()]
    return sorted(found, key=lambda one: -(_RSSI_UNKNOWN_DBM if one.rssi is None else one.rssi))


async def _first_match(wanted: Callable[[FoundDevice], bool], deadline: float) -> FoundDevice | None:
    async with asyncio.timeout_at(deadline + _SERVICE_GRACE_S), BleakScanner() as scanner:
        try:
            async with asyncio.timeout_at(deadline), aclosing(scanner.advertisement_data()) as advertisements:
                async for device, data in advertisements:
                    if wanted(found := _found_device(device, data)):
                        return found
        except TimeoutError:
            pass
    return None


async def _raise_if_connected(wanted: Callable[[FoundDevice], bool]) -> None:
    """Explain why a device does not advertise: a program here holds it, or held it when it was killed (BlueZ).

    Raises
    ------
    LinkLost
        A wanted device is connected to this computer.
    """
    if not hasattr(bleak, "BleakAdapter"):  # bleak < 3.1
        return
    with suppress(NotImplementedError):
        adapter = await bleak.BleakAdapter.get()
        for device in await adapter.get_connected_devices():
            services = device.details.get("props", {}).get("UUIDs", ()) if isinstance(device.details, dict) else ()
            if wanted(FoundDevice(device.name or "", device.address, tuple(services))):
                raise LinkLost(
                    f"{device.name or device.address} is connected to this computer already",
                    f"close the program that uses it; when there is none: bluetoothctl disconnect {device.address}",
                )


def _found_device(device: BLEDevice, data: AdvertisementData) -> FoundDevice:
    return FoundDevice(
        name=data.local_name or device.name or "",
        address=device.address,
        services=tuple(uuid.lower() for uuid in data.service_uuids),
        rssi=None if data.rssi <= _RSSI_UNKNOWN_DBM else data.rssi,
        handle=device,
    )
