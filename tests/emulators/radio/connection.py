"""One connection of the stand-in BlueZ: its GATT objects, and what is read, written and notified."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bumble.core import UUID
from bumble.device import Device, Peer
from bumble.gatt import Characteristic
from bumble.gatt_client import CharacteristicProxy, ServiceProxy
from bumble.hci import Address, HCI_LE_Create_Connection_Cancel_Command
from dbus_fast import Variant

from tests.emulators.radio.objects import CHARACTERISTIC, DEVICE, SERVICE, Objects, Refused

MTU = 247  # bytes that the adapter's side asks for
_FLAGS = {
    "read": Characteristic.Properties.READ,
    "write": Characteristic.Properties.WRITE,
    "write-without-response": Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": Characteristic.Properties.NOTIFY,
    "indicate": Characteristic.Properties.INDICATE,
}


class Connection:
    def __init__(self, path: str, central: Device, objects: Objects, ended: Callable[[], object]) -> None:
        self._path, self._central, self._objects, self._ended = path, central, objects, ended
        self._peer: Peer | None = None
        self._characteristics: dict[str, CharacteristicProxy[bytes]] = {}
        self._subscribers: dict[str, Callable[[bytes], None]] = {}

    async def open(self, address: str) -> None:
        """Connect, and go on trying until the task that does it is cancelled."""
        try:
            link = await self._central.connect(Address(address), timeout=None)
            self._peer = Peer(link)
            link.on(link.EVENT_DISCONNECTION, self._gone)
            self._objects.change(self._path, DEVICE, Connected=Variant("b", True))
            await self._discover(self._peer)
        except BaseException:
            await self._give_up()
            raise
        self._objects.change(self._path, DEVICE, ServicesResolved=Variant("b", True))

    async def _discover(self, peer: Peer) -> None:
        await peer.request_mtu(MTU)
        for service in await peer.discover_services():
            await peer.discover_characteristics(service=service)
            self._add(service)
        uuids = [full_uuid(service.uuid) for service in peer.services]
        self._objects.change(self._path, DEVICE, UUIDs=Variant("as", uuids))

    async def _give_up(self) -> None:
        if self._peer is None:
            await self._central.send_sync_command(HCI_LE_Create_Connection_Cancel_Command())
        else:
            await self.close()

    async def close(self) -> None:
        if self._peer is not None and self._peer.connection.handle in self._central.connections:
            with suppress(TimeoutError):  # bumble waits for ever for a link that broke while it was being made
                async with asyncio.timeout(1):
                    await self._peer.connection.disconnect()

    async def read(self, path: str) -> bytes:
        """Read; BlueZ tells the value to subscribers as well."""
        value = bytes(await self._at(path).read_value())
        self._objects.change(path, CHARACTERISTIC, Value=Variant("ay", value))
        return value

    async def write(self, path: str, data: bytes, *, request: bool) -> None:
        characteristic = self._at(path)
        if not request and self._peer is not None and len(data) > self._peer.gatt_client.mtu - 3:
            raise Refused("InvalidArguments", "Invalid Length")
        wanted = Characteristic.Properties.WRITE if request else Characteristic.Properties.WRITE_WITHOUT_RESPONSE
        if not characteristic.properties & wanted:
            raise Refused("NotSupported", "Operation is not supported")
        await characteristic.write_value(data, with_response=request)

    async def notify(self, path: str, *, on: bool) -> None:
        characteristic = self._at(path)
        if not characteristic.properties & (_FLAGS["notify"] | _FLAGS["indicate"]):
            raise Refused("NotSupported", "Operation is not supported")
        if on:
            self._subscribers[path] = lambda value: self._objects.change(
                path, CHARACTERISTIC, Value=Variant("ay", bytes(value))
            )
            await characteristic.subscribe(self._subscribers[path])
        else:
            await characteristic.unsubscribe(self._subscribers.pop(path))
        self._objects.change(path, CHARACTERISTIC, Notifying=Variant("b", on))

    def _at(self, path: str) -> CharacteristicProxy[bytes]:
        if path not in self._characteristics:
            raise Refused("Failed", "Not connected")
        return self._characteristics[path]

    def _add(self, service: ServiceProxy) -> None:
        parent = f"{self._path}/service{service.handle:04x}"
        described = {"UUID": Variant("s", full_uuid(service.uuid)), "Primary": Variant("b", True)}
        described |= {"Device": Variant("o", self._path), "Includes": Variant("ao", [])}
        self._objects.add(parent, SERVICE, described)
        for characteristic in service.characteristics:
            path = f"{parent}/char{characteristic.handle:04x}"
            self._characteristics[path] = characteristic
            self._objects.add(path, CHARACTERISTIC, self._described(characteristic, parent))

    def _described(self, characteristic: CharacteristicProxy[bytes], parent: str) -> dict[str, Variant]:
        flags = [name for name, bit in _FLAGS.items() if characteristic.properties & bit]
        mtu = self._peer.gatt_client.mtu if self._peer is not None else 23
        return {
            "UUID": Variant("s", full_uuid(characteristic.uuid)),
            "Service": Variant("o", parent),
            "Value": Variant("ay", b""),
            "Notifying": Variant("b", False),
            "Flags": Variant("as", flags),
            "MTU": Variant("q", mtu),
            "Handle": Variant("q", characteristic.handle),
        }

    def _gone(self, _reason: int) -> None:
        self._ended()
        self._objects.change(self._path, DEVICE, ServicesResolved=Variant("b", False), Connected=Variant("b", False))
        for path in [
            one for one in self._objects.tree if one.startswith(f"{self._path}/service") and "/char" not in one
        ]:
            self._objects.remove(path)


def full_uuid(uuid: UUID) -> str:
    """Give the 128-bit form, in lower case."""
    return (
        str(uuid.to_hex_str("-")).lower()
        if len(uuid.uuid_bytes) == 16
        else f"0000{uuid.to_hex_str().lower()[-4:]}-0000-1000-8000-00805f9b34fb"
    )
