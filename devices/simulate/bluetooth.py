"""A simulated device on a Bluetooth adapter, or on a virtual one: bumble plays the peripheral."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from uuid import UUID

from devices.simulate.emulator import Characteristic, Emulator, Packet
from ecg_live.errors import ConfigError
from ecg_live.types import Clock

try:
    from bumble import device, gatt
except ModuleNotFoundError as missing:
    raise ConfigError("simulating over Bluetooth needs the package bumble", "pip install bumble") from missing

TICK = 0.015  # s between looks for what is due: a Bluetooth connection interval of a wearable
INTERVAL = 20.0  # ms between advertisements, the fastest that Bluetooth allows (Core 5.4, Vol 6 Part B, 4.4.2.2)
_FLAGS, _SERVICES_16, _SERVICES_128, _NAME = 0x01, 0x03, 0x07, 0x09  # Bluetooth Assigned Numbers, 2.3 Common Data Types
_BASE = "-0000-1000-8000-00805f9b34fb"  # of UUIDs that the SIG assigned (Core 5.4, Vol 3 Part B, 2.5.1)
_ATT_HEADER = 3  # bytes of a notification that are not value (Core 5.4, Vol 3 Part F, 3.4.7.1)
_READABLE, _WRITEABLE = gatt.Characteristic.READABLE, gatt.Characteristic.WRITEABLE
_PROPERTIES = {
    "read": gatt.Characteristic.Properties.READ,
    "write": gatt.Characteristic.Properties.WRITE,
    "write-without-response": gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": gatt.Characteristic.Properties.NOTIFY,
    "indicate": gatt.Characteristic.Properties.INDICATE,
}


class Peripheral:
    """An emulator as a peripheral of ``radio``, which is a bumble device that nothing else uses.

    Parameters
    ----------
    mtu : int
        The largest ATT packet that it takes.
    """

    def __init__(self, emulator: Emulator, radio: device.Device, mtu: int = 247, clock: Clock = time.monotonic) -> None:
        self._emulator, self._radio, self._clock = emulator, radio, clock
        self._sent: asyncio.Queue[Packet] = asyncio.Queue()
        self._central: device.Connection | None = None
        self._told = False  # whether the emulator knows of the central
        self._tasks: list[asyncio.Task[None]] = []
        self._attributes: dict[str, gatt.Characteristic[bytes]] = {}
        for service in emulator.services:
            radio.add_service(
                gatt.Service(_short(service.uuid), [self._attribute(one) for one in service.characteristics])
            )
        radio.gatt_server.max_mtu = mtu
        radio.on(radio.EVENT_CONNECTION, self._connected)

    async def power_on(self) -> None:
        """Start the adapter, the emulator's clock and the advertisements."""
        await self._radio.power_on()
        self._tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._send())]
        await self.advertise()

    async def advertise(self) -> None:
        """Be found and connected, and again after each disconnect."""
        first, second = advertisement(self._emulator)
        await self._radio.start_advertising(
            auto_restart=True,
            advertising_data=first,
            scan_response_data=second,
            advertising_interval_min=INTERVAL,
            advertising_interval_max=INTERVAL,
        )

    async def hush(self) -> None:
        """Be found no more; a connection stays."""
        await self._radio.stop_advertising()

    async def drop(self) -> None:
        """Disconnect politely."""
        if self._central is not None:
            await self._central.disconnect()

    async def power_off(self) -> None:
        """Stop; a power-on cannot follow."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hush()
        await self.drop()
        await self._radio.power_off()

    def outgoing(self, packets: Iterable[Packet], room: int) -> Iterator[Packet]:
        """Cut what is longer than the ``room`` of one notification."""
        for packet in packets:
            for at in range(0, max(len(packet.data), 1), room):
                yield Packet(packet.uuid, packet.data[at : at + room])

    def _attribute(self, described: Characteristic) -> gatt.Characteristic[bytes]:
        """Make bumble's characteristic of an emulator's."""
        uuid, properties = described.uuid, gatt.Characteristic.Properties(0)
        for name in described.properties:
            properties |= _PROPERTIES[name]
        value = gatt.CharacteristicValue(
            read=lambda _connection: described.value, write=lambda _connection, data: self._written(uuid, bytes(data))
        )
        self._attributes[uuid] = gatt.Characteristic(_short(uuid), properties, _READABLE | _WRITEABLE, value)
        return self._attributes[uuid]

    def _connected(self, central: device.Connection) -> None:
        self._central, self._told = central, False
        central.on(central.EVENT_DISCONNECTION, self._disconnected)
        central.on(central.EVENT_CONNECTION_ATT_MTU_UPDATE, self._tell)

    def _disconnected(self, _reason: int) -> None:
        if self._told:
            self._emulator.disconnect(self._clock())
        self._central, self._told = None, False
        while not self._sent.empty():
            self._sent.get_nowait()

    def _tell(self) -> None:
        """Tell the emulator of the central once the size of packets is settled, at the latest when it writes."""
        if self._central is not None and not self._told:
            self._told = True
            self._emulator.connect(self._clock(), self._central.att_mtu)

    def _written(self, uuid: str, data: bytes) -> None:
        self._tell()
        self._queue(self._emulator.write(uuid, data, self._clock()))

    def _queue(self, packets: Iterable[Packet]) -> None:
        if self._central is None:
            return
        for packet in self.outgoing(packets, self._central.att_mtu - _ATT_HEADER):
            self._sent.put_nowait(packet)

    async def _pump(self) -> None:
        while True:
            self._queue(self._emulator.due(self._clock()))
            await asyncio.sleep(TICK)

    async def _send(self) -> None:
        while True:
            await self.send(await self._sent.get())

    async def send(self, packet: Packet) -> None:
        """Notify or indicate, as the characteristic does, if the central subscribed."""
        attribute = self._attributes[packet.uuid]
        if attribute.properties & gatt.Characteristic.Properties.NOTIFY:
            await self._radio.notify_subscribers(attribute, packet.data)
        else:
            await self._radio.indicate_subscribers(attribute, packet.data)


def advertisement(emulator: Emulator) -> tuple[bytes, bytes]:
    """Return advertisement with the services and scan response with the name: one of 31 bytes seldom takes both."""
    uuids = [_short(uuid) for uuid in emulator.advertised]
    brief = b"".join(bytes.fromhex(uuid)[::-1] for uuid in uuids if len(uuid) == 4)
    full = b"".join(UUID(uuid).bytes[::-1] for uuid in uuids if len(uuid) > 4)
    services = b"".join(_field(kind, data) for kind, data in ((_SERVICES_16, brief), (_SERVICES_128, full)) if data)
    return _field(_FLAGS, b"\x06") + services, _field(_NAME, emulator.name.encode()[:29])


def _field(kind: int, data: bytes) -> bytes:
    return bytes([len(data) + 1, kind]) + data


def _short(uuid: str) -> str:
    """Give the 16-bit form of a UUID that the Bluetooth SIG assigned."""
    return uuid[4:8] if uuid.startswith("0000") and uuid.endswith(_BASE) else uuid
