"""Host a simulated device on a Bluetooth adapter, real or virtual; bumble is the peripheral's stack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from devices.simulate.emulator import Characteristic, Emulator, Packet
from ecg_live.errors import ConfigError, DeviceError
from ecg_live.events import Clock

try:
    from bumble import device, gatt, hci
    from bumble.transport import open_transport
    from bumble.transport.common import Transport
except ModuleNotFoundError as missing:
    raise ConfigError("simulating over Bluetooth needs the package bumble", "pip install bumble") from missing

PUMP_INTERVAL_S = 0.015  # a Bluetooth connection interval of a wearable
ADVERTISING_INTERVAL_MS = 20.0  # the shortest that Bluetooth allows (Core 5.4, Vol 6 Part B, 4.4.2.2)
# Random static, so its two highest bits are set (Core 5.4, Vol 6 Part B, 1.3.2.1).
_DEVICE_ADDRESS = "F0:0D:EC:60:11:FE"
_START_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 1.0  # of an adapter that may be unplugged
_ADAPTER_REMEDY = (
    "name a free adapter, such as usb:0 or hci-socket:0; hci-socket needs it down and root: hciconfig hci0 down"
)
_ATT_HEADER_BYTES = 3  # before the value in a notification (Core 5.4, Vol 3 Part F, 3.4.7.1)
_AD_FLAGS, _AD_SERVICES_16, _AD_SERVICES_128, _AD_NAME = 0x01, 0x03, 0x07, 0x09  # Assigned Numbers, 2.3
_SIG_UUID_SUFFIX = "-0000-1000-8000-00805f9b34fb"  # of assigned UUIDs (Core 5.4, Vol 3 Part B, 2.5.1)
_MAX_NAME_BYTES = 29  # in the 31 bytes of a scan response
_READABLE, _WRITEABLE = gatt.Characteristic.READABLE, gatt.Characteristic.WRITEABLE
_PROPERTIES = {
    "read": gatt.Characteristic.Properties.READ,
    "write": gatt.Characteristic.Properties.WRITE,
    "write-without-response": gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": gatt.Characteristic.Properties.NOTIFY,
    "indicate": gatt.Characteristic.Properties.INDICATE,
}


class Peripheral:
    """An emulator as a peripheral on a bumble device.

    Parameters
    ----------
    emulator : Emulator
        The simulated device.
    radio : bumble.device.Device
        For this peripheral alone.
    mtu : int
        Largest ATT packet that it accepts, in bytes.
    clock : Clock
        Monotonic seconds.
    """

    def __init__(self, emulator: Emulator, radio: device.Device, mtu: int = 247, clock: Clock = time.monotonic) -> None:
        self._emulator = emulator
        self._radio = radio
        self._clock = clock
        self._queue: asyncio.Queue[Packet] = asyncio.Queue()  # of this central; the next one gets a new queue
        self._central: device.Connection | None = None
        self._emulator_connected = False
        self._sender: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pump: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # done only if the emulator failed
        self._characteristics: dict[str, gatt.Characteristic[bytes]] = {}
        for service in emulator.services:
            characteristics = [self._add_characteristic(one) for one in service.characteristics]
            radio.add_service(gatt.Service(_short_uuid(service.uuid), characteristics))
        radio.gatt_server.max_mtu = mtu
        radio.on(radio.EVENT_CONNECTION, self._on_connect)

    @property
    def connected(self) -> bool:
        """Whether a central is connected."""
        return self._central is not None

    async def power_on(self) -> None:
        """Start the adapter, the emulator's clock and advertising."""
        await self._radio.power_on()
        self.pump = asyncio.create_task(self._pump_forever())
        await self.advertise()

    async def advertise(self) -> None:
        """Advertise, and again after each disconnect."""
        first, second = advertisement(self._emulator)
        await self._radio.start_advertising(
            auto_restart=True,
            advertising_data=first,
            scan_response_data=second,
            advertising_interval_min=ADVERTISING_INTERVAL_MS,
            advertising_interval_max=ADVERTISING_INTERVAL_MS,
        )

    async def stop_advertising(self) -> None:
        """Stop advertising; a connection persists."""
        await self._radio.stop_advertising()

    async def disconnect(self) -> None:
        """Disconnect the central, if any."""
        if self._central is not None:
            await self._central.disconnect()

    async def power_off(self) -> None:
        """Stop for good: `power_on` cannot follow."""
        self.pump.cancel()
        await self.stop_advertising()
        await self.disconnect()
        await self._radio.power_off()

    def split(self, packets: Iterable[Packet], size: int) -> Iterator[Packet]:
        """Split packets into notifications of at most ``size`` bytes."""
        for packet in packets:
            for start in range(0, max(len(packet.data), 1), size):
                yield Packet(packet.uuid, packet.data[start : start + size])

    def _add_characteristic(self, described: Characteristic) -> gatt.Characteristic[bytes]:
        """Create bumble's counterpart of an emulator's characteristic."""
        uuid, properties = described.uuid, gatt.Characteristic.Properties(0)
        for name in described.properties:
            properties |= _PROPERTIES[name]
        value = gatt.CharacteristicValue(
            read=lambda _connection: described.value, write=lambda _connection, data: self._on_write(uuid, bytes(data))
        )
        self._characteristics[uuid] = gatt.Characteristic(_short_uuid(uuid), properties, _READABLE | _WRITEABLE, value)
        return self._characteristics[uuid]

    def _on_connect(self, central: device.Connection) -> None:
        self._central, self._emulator_connected, self._queue = central, False, asyncio.Queue()
        self._sender = asyncio.create_task(self._send_forever(central, self._queue))
        central.on(central.EVENT_DISCONNECTION, self._on_disconnect)
        central.on(central.EVENT_CONNECTION_ATT_MTU_UPDATE, self._connect_emulator)

    def _on_disconnect(self, _reason: int) -> None:
        self._sender.cancel()
        if self._emulator_connected:
            self._emulator.disconnect(self._clock())
        self._central, self._emulator_connected = None, False

    def _connect_emulator(self) -> None:
        """Connect the emulator once the MTU is known, at the latest at the central's first write."""
        if self._central is not None and not self._emulator_connected:
            self._emulator_connected = True
            self._emulator.connect(self._clock(), self._central.att_mtu)

    def _on_write(self, uuid: str, data: bytes) -> None:
        self._connect_emulator()
        self._enqueue(self._emulator.write(uuid, data, self._clock()))

    def _enqueue(self, packets: Iterable[Packet]) -> None:
        if self._central is not None:
            for packet in self.split(packets, self._central.att_mtu - _ATT_HEADER_BYTES):
                self._queue.put_nowait(packet)

    async def _pump_forever(self) -> None:
        while True:
            self._enqueue(self._emulator.due(self._clock()))
            holds_link = getattr(self._emulator, "holds_link", True)  # a strap disconnects some time off the skin
            if self._emulator_connected and not holds_link:
                await self.disconnect()
            await asyncio.sleep(PUMP_INTERVAL_S)

    async def _send_forever(self, central: device.Connection, queue: asyncio.Queue[Packet]) -> None:
        """Send in order; disconnect a central that does not confirm (Core 5.4, Vol 3 Part F, 3.3.3)."""
        try:
            while True:
                await self.send(central, await queue.get())
        except TimeoutError:
            await central.disconnect()

    async def send(self, central: device.Connection, packet: Packet) -> None:
        """Notify or indicate, whichever the characteristic supports, if the central has subscribed."""
        characteristic = self._characteristics[packet.uuid]
        if characteristic.properties & gatt.Characteristic.Properties.NOTIFY:
            await self._radio.notify_subscriber(central, characteristic, packet.data)
        else:
            await self._radio.indicate_subscriber(central, characteristic, packet.data)


async def host_on_adapter(emulator: Emulator, adapter: str, on_air: Callable[[], object] = lambda: None) -> None:
    """Host a device on a real adapter until cancelled.

    Parameters
    ----------
    emulator : Emulator
        The simulated device.
    adapter : str
        Transport name of bumble: ``usb:0``, ``hci-socket:0``, ``serial:/dev/ttyACM0,1000000``. No other program may
        use it.
    on_air : callable
        Called once the device advertises.

    Raises
    ------
    DeviceError
        The adapter does not exist, is in use or does not answer.
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
    except Exception as error:  # each transport of bumble has its own errors
        raise DeviceError(f"{adapter} cannot be used as a Bluetooth adapter: {error}", _ADAPTER_REMEDY) from error


def advertisement(emulator: Emulator) -> tuple[bytes, bytes]:
    """Return the advertisement, with the services, and the scan response, with the name: 31 bytes seldom fit both."""
    uuids = [_short_uuid(uuid) for uuid in emulator.advertised]
    short = b"".join(bytes.fromhex(uuid)[::-1] for uuid in uuids if len(uuid) == 4)
    full = b"".join(UUID(uuid).bytes[::-1] for uuid in uuids if len(uuid) > 4)
    lists = ((_AD_SERVICES_16, short), (_AD_SERVICES_128, full))
    services = b"".join(_ad_structure(kind, data) for kind, data in lists if data)
    name = emulator.name.encode()[:_MAX_NAME_BYTES]
    return _ad_structure(_AD_FLAGS, b"\x06") + services, _ad_structure(_AD_NAME, name)


def _ad_structure(kind: int, data: bytes) -> bytes:
    return bytes([len(data) + 1, kind]) + data


def _short_uuid(uuid: str) -> str:
    """Return the 16-bit form of a UUID assigned by the Bluetooth SIG; others unchanged."""
    return uuid[4:8] if uuid.startswith("0000") and uuid.endswith(_SIG_UUID_SUFFIX) else uuid
