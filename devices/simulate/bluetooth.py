"""A simulated device on a Bluetooth adapter, or on a virtual one: bumble plays the peripheral."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator

from devices.simulate.advertisement import advertisement, short_uuid
from devices.simulate.emulator import Characteristic, Emulator, Packet
from ecg_live.errors import ConfigError, DeviceError
from ecg_live.events import Clock

try:
    from bumble import device, gatt, hci
    from bumble.transport import open_transport
    from bumble.transport.common import Transport
except ModuleNotFoundError as missing:
    raise ConfigError("simulating over Bluetooth needs the package bumble", "pip install bumble") from missing

PUMP_INTERVAL_S = 0.015  # s between looks for what is due: a Bluetooth connection interval of a wearable
ADVERTISING_INTERVAL_MS = (
    20.0  # ms between advertisements, the fastest that Bluetooth allows (Core 5.4, Vol 6 Part B, 4.4.2.2)
)
_DEVICE_ADDRESS = (
    "F0:0D:EC:60:11:FE"  # random static, so its two highest bits are set (Core 5.4, Vol 6 Part B, 1.3.2.1)
)
_START_TIMEOUT_S = 5.0  # s that an adapter may take to start
_STOP_TIMEOUT_S = 1.0  # s that one that is gone may keep us
_ADAPTER_REMEDY = (
    "name a free adapter, such as usb:0 or hci-socket:0; hci-socket needs it down and root: hciconfig hci0 down"
)
_ATT_HEADER_BYTES = 3  # bytes of a notification that are not value (Core 5.4, Vol 3 Part F, 3.4.7.1)
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
        self._queue: asyncio.Queue[Packet] = asyncio.Queue()  # for this central; the next one gets a new one
        self._central: device.Connection | None = None
        self._told = False  # whether the emulator knows of the central
        self._sender: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pump: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # done: the emulator failed
        self._attributes: dict[str, gatt.Characteristic[bytes]] = {}
        for service in emulator.services:
            radio.add_service(
                gatt.Service(short_uuid(service.uuid), [self._attribute(one) for one in service.characteristics])
            )
        radio.gatt_server.max_mtu = mtu
        radio.on(radio.EVENT_CONNECTION, self._connected)

    @property
    def connected(self) -> bool:
        """Whether a central is connected."""
        return self._central is not None

    async def power_on(self) -> None:
        """Start the adapter, the emulator's clock and the advertisements."""
        await self._radio.power_on()
        self.pump = asyncio.create_task(self._keep_pumping())
        await self.advertise()

    async def advertise(self) -> None:
        """Be found and connected, and again after each disconnect."""
        first, second = advertisement(self._emulator)
        await self._radio.start_advertising(
            auto_restart=True,
            advertising_data=first,
            scan_response_data=second,
            advertising_interval_min=ADVERTISING_INTERVAL_MS,
            advertising_interval_max=ADVERTISING_INTERVAL_MS,
        )

    async def stop_advertising(self) -> None:
        """Be found no more; a connection stays."""
        await self._radio.stop_advertising()

    async def drop(self) -> None:
        """Disconnect politely."""
        if self._central is not None:
            await self._central.disconnect()

    async def power_off(self) -> None:
        """Stop; a power-on cannot follow."""
        self.pump.cancel()
        await self.stop_advertising()
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
        self._attributes[uuid] = gatt.Characteristic(short_uuid(uuid), properties, _READABLE | _WRITEABLE, value)
        return self._attributes[uuid]

    def _connected(self, central: device.Connection) -> None:
        self._central, self._told, self._queue = central, False, asyncio.Queue()
        self._sender = asyncio.create_task(self._keep_sending(central, self._queue))
        central.on(central.EVENT_DISCONNECTION, self._disconnected)
        central.on(central.EVENT_CONNECTION_ATT_MTU_UPDATE, self._tell)

    def _disconnected(self, _reason: int) -> None:
        self._sender.cancel()
        if self._told:
            self._emulator.disconnect(self._clock())
        self._central, self._told = None, False

    def _tell(self) -> None:
        """Tell the emulator of the central once the size of packets is settled, at the latest when it writes."""
        if self._central is not None and not self._told:
            self._told = True
            self._emulator.connect(self._clock(), self._central.att_mtu)

    def _written(self, uuid: str, data: bytes) -> None:
        self._tell()
        self._put(self._emulator.write(uuid, data, self._clock()))

    def _put(self, packets: Iterable[Packet]) -> None:
        if self._central is not None:
            for packet in self.outgoing(packets, self._central.att_mtu - _ATT_HEADER_BYTES):
                self._queue.put_nowait(packet)

    async def _keep_pumping(self) -> None:
        while True:
            self._put(self._emulator.due(self._clock()))
            if self._told and not getattr(self._emulator, "linked", True):  # a strap hangs up some time off the skin
                await self.drop()
            await asyncio.sleep(PUMP_INTERVAL_S)

    async def _keep_sending(self, central: device.Connection, queue: asyncio.Queue[Packet]) -> None:
        """Send in order; a central that does not confirm is dropped (Core 5.4, Vol 3 Part F, 3.3.3)."""
        try:
            while True:
                await self.send(central, await queue.get())
        except TimeoutError:
            await central.disconnect()

    async def send(self, central: device.Connection, packet: Packet) -> None:
        """Notify or indicate, as the characteristic does, if the central subscribed."""
        attribute = self._attributes[packet.uuid]
        if attribute.properties & gatt.Characteristic.Properties.NOTIFY:
            await self._radio.notify_subscriber(central, attribute, packet.data)
        else:
            await self._radio.indicate_subscriber(central, attribute, packet.data)


async def host_on_adapter(emulator: Emulator, adapter: str, on_air: Callable[[], object] = lambda: None) -> None:
    """Play a device on a real adapter until cancelled.

    Parameters
    ----------
    emulator : Emulator
    adapter : str
        In bumble's words: ``usb:0``, ``hci-socket:0``, ``serial:/dev/ttyACM0,1000000``. Nothing else may use it.
    on_air : callable
        Called once the device can be found.

    Raises
    ------
    DeviceError
        There is no such adapter, it is in use or does not answer.
    """
    async with await _open_adapter(adapter) as transport:
        radio = device.Device.with_hci(emulator.name, hci.Address(_DEVICE_ADDRESS), transport.source, transport.sink)
        peripheral = Peripheral(emulator, radio)
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await peripheral.power_on()
            on_air()
            await asyncio.wait({transport.source.terminated, peripheral.pump}, return_when=asyncio.FIRST_COMPLETED)
            if peripheral.pump.done():
                peripheral.pump.result()
        except TimeoutError as error:
            raise DeviceError(f"{adapter} does not answer as a Bluetooth adapter does", _ADAPTER_REMEDY) from error
        finally:
            await asyncio.wait({asyncio.ensure_future(peripheral.power_off())}, timeout=_STOP_TIMEOUT_S)
    raise DeviceError(f"{adapter} is gone", "plug it in again")


async def _open_adapter(adapter: str) -> Transport:
    try:
        return await open_transport(adapter)
    except Exception as error:  # each of bumble's transports has errors of its own
        raise DeviceError(f"{adapter} cannot be used as a Bluetooth adapter: {error}", _ADAPTER_REMEDY) from error
