"""Discovery by the stand-in BlueZ: who asked for it, and a Device1 for each that is heard."""

from __future__ import annotations

from bumble.core import AdvertisingData
from bumble.device import Advertisement, Device
from dbus_fast import Variant

from tests.emulators.radio.connection import full_uuid
from tests.emulators.radio.objects import DEVICE, Objects, Refused

_UUIDS = (
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


class Discovery:
    def __init__(self, adapter: str, central: Device, objects: Objects) -> None:
        self._adapter, self._central, self._objects = adapter, central, objects
        self._clients: set[str] = set()
        central.on(central.EVENT_ADVERTISEMENT, self._heard)

    async def start(self, client: str) -> None:
        if client in self._clients:
            raise Refused("InProgress", "Operation already in progress")
        self._clients.add(client)
        if len(self._clients) == 1:
            await self._central.start_scanning()

    async def stop(self, client: str) -> None:
        if client not in self._clients:
            raise Refused("Failed", "No discovery started")
        self._clients.discard(client)
        if not self._clients:
            await self._central.stop_scanning()

    async def end(self) -> None:
        """Stop for all."""
        self._clients.clear()
        await self._central.stop_scanning()

    def close(self) -> None:
        self._central.remove_listener(self._central.EVENT_ADVERTISEMENT, self._heard)

    def forget(self) -> None:
        """Have heard of nobody, as some time after a search."""
        for path in [one for one, interfaces in self._objects.tree.items() if DEVICE in interfaces]:
            self._objects.remove(path)

    def _heard(self, advertisement: Advertisement) -> None:
        address = advertisement.address.to_string(with_type_qualifier=False)
        path = f"{self._adapter}/dev_{address.replace(':', '_')}"
        rssi = Variant("n", advertisement.rssi)
        if not self._clients:
            return
        if path in self._objects:
            self._objects.change(path, DEVICE, RSSI=rssi)
            return
        name = advertisement.data.get(AdvertisingData.COMPLETE_LOCAL_NAME)
        texts = {"Address": address, "AddressType": "random", "Alias": name or address.replace(":", "-")}
        texts |= {"Name": name} if name else {}
        properties = {key: Variant("s", str(text)) for key, text in texts.items()}
        properties |= {key: Variant("b", False) for key in ("Connected", "ServicesResolved", "Paired", "Trusted")}
        properties |= {
            "Adapter": Variant("o", self._adapter),
            "RSSI": rssi,
            "UUIDs": Variant("as", _uuids(advertisement)),
        }
        self._objects.add(path, DEVICE, properties)


def _uuids(advertisement: Advertisement) -> list[str]:
    found = [advertisement.data.get(kind) for kind in _UUIDS]
    return [full_uuid(uuid) for some in found if isinstance(some, list) for uuid in some]
