"""Shared by Bluetooth drivers: UUIDs, notifications on the loop's thread, the battery service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from devices.link import Emit, FoundDevice, Link, NotifyCallback
from ecg_live.errors import DeviceError
from ecg_live.event_loop import call_on_loop
from ecg_live.events import Battery, Clock


def assigned_uuid(number: int) -> str:
    """Return the full UUID of a 16-bit number assigned by the Bluetooth SIG (Core 5.4, vol. 3 part B, 2.5.1)."""
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


BATTERY_SERVICE_UUID, BATTERY_LEVEL_UUID = assigned_uuid(0x180F), assigned_uuid(0x2A19)
_SERVICE_NAMES = {
    assigned_uuid(0x180D): "heart rate",
    "fb005c80-02e7-f387-1cad-8acd2d8df0c8": "Polar's ECG",
    "34802252-7185-4d5d-b431-630e7050e8f0": "Movesense's ECG",
    "65333333-a115-11e2-9e9a-0800200ca100": "a Shimmer's line",
    "49535343-fe7d-4ae5-8fa9-9fafd205e455": "a Shimmer's line",
}  # docs/pages/protocols.md
# Most devices have these: GAP, GATT, device information, battery.
_GENERIC_SERVICES = {assigned_uuid(number) for number in (0x1800, 0x1801, 0x180A, 0x180F)}


def notify_on_loop(handle: Callable[[bytes, float], None], clock: Clock) -> NotifyCallback:
    """Return a callback for any thread; it calls ``handle(data, arrival)`` in order on the running loop's thread."""
    loop = asyncio.get_running_loop()

    def on_data(data: bytes) -> None:
        call_on_loop(loop, handle, data, clock())

    return on_data


def name_matches(name: str, found: FoundDevice) -> bool:
    """Whether ``name`` is a device's address or part of its name."""
    wanted = name.strip().casefold()
    return wanted == found.address.casefold() or wanted in found.name.casefold()


def describe_services(link: Link) -> str:
    """Name a device's services, for the message that the expected one is missing."""
    names = sorted({_SERVICE_NAMES.get(uuid, uuid) for uuid in link.services - _GENERIC_SERVICES})
    return ", ".join(names[:3]) or "nothing of the kind"


async def watch_battery(link: Link, emit: Emit, clock: Clock) -> None:
    """Emit the charge now and at every change, if the device has the battery service and lets it be read."""
    if BATTERY_SERVICE_UUID not in link.services:
        return

    def emit_level(data: bytes, now: float) -> None:
        if len(data) == 1 and data[0] <= 100:
            emit(Battery(now, data[0] / 100))

    with suppress(DeviceError):
        emit_level(await link.read(BATTERY_LEVEL_UUID), clock())
        await link.subscribe(BATTERY_LEVEL_UUID, notify_on_loop(emit_level, clock))
