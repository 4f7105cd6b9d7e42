"""A stand-in for org.bluez on a private bus: what bleak's BlueZ backend asks of it, over a virtual radio.

Source: BlueZ 5.79, doc/org.bluez.{Adapter,Device,GattCharacteristic}.rst; errors as in its src/error.c.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from bumble.device import Device
from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.emulators.radio.connection import Connection
from tests.emulators.radio.discovery import Discovery
from tests.emulators.radio.objects import ADAPTER, CHARACTERISTIC, DEVICE, OBJECTS, Objects, Refused

HCI0 = "/org/bluez/hci0"
Reply = tuple[str, list[Any]]  # signature and body
Call = Callable[[Message], Awaitable[Reply]]
_NOTHING: Reply = ("", [])


class BlueZ:
    """Call from the radio's loop only.

    ``refusals`` are answers to the next calls of Connect, first one first.
    """

    def __init__(self, bus: MessageBus, central: Device) -> None:
        self.refusals: list[Refused] = []
        self._bus, self._central = bus, central
        self._objects = Objects(bus)
        self._connections: dict[str, Connection] = {}
        self._attempt: tuple[str, asyncio.Task[Any]] | None = None
        self.discovery = Discovery(HCI0, central, self._objects)
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: dict[tuple[str, str], Call] = {
            (OBJECTS, "GetManagedObjects"): self._managed_objects,
            (ADAPTER, "SetDiscoveryFilter"): self._nothing,
            (ADAPTER, "StartDiscovery"): self._start_discovery,
            (ADAPTER, "StopDiscovery"): self._stop_discovery,
            (DEVICE, "Connect"): self._connect,
            (DEVICE, "Disconnect"): self._disconnect,
            (CHARACTERISTIC, "ReadValue"): self._read,
            (CHARACTERISTIC, "WriteValue"): self._write,
            (CHARACTERISTIC, "StartNotify"): self._start_notify,
            (CHARACTERISTIC, "StopNotify"): self._stop_notify,
        }

    async def start(self) -> None:
        self.plug_in()
        self._bus.add_message_handler(self._take)
        await self._bus.request_name("org.bluez")

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._bus.disconnect()
        with suppress(EOFError, OSError):  # the bus was killed, maybe while something was on its way to it
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    async def die(self) -> None:
        """Stop without a word; the kernel ends the connections."""
        await self.stop()
        self.discovery.close()
        for connection in list(self._connections.values()):
            await connection.close()

    def plug_in(self) -> None:
        """Have an adapter."""
        strings = {"Address": "F0:F0:F0:F0:F0:F0", "AddressType": "random", "Name": "hci0", "Alias": "hci0"}
        properties = {name: Variant("s", text) for name, text in strings.items()}
        properties |= {name: Variant("b", False) for name in ("Discovering", "Discoverable", "Pairable")}
        properties |= {"Powered": Variant("b", True), "Roles": Variant("as", ["central"]), "UUIDs": Variant("as", [])}
        self._objects.add(HCI0, ADAPTER, properties)

    async def unplug(self) -> None:
        """Have no adapter any more; what was connected is lost."""
        await self.power(on=False)
        self._objects.remove(HCI0)

    async def power(self, *, on: bool) -> None:
        """Turn the adapter on or off; what was connected is lost."""
        self._objects.change(HCI0, ADAPTER, Powered=Variant("b", on))
        if not on:
            await self.discovery.end()
            for connection in list(self._connections.values()):
                await connection.close()

    def _take(self, message: Message) -> bool:
        """Answer a call, in a task of its own: it may take long."""
        if message.message_type is not MessageType.METHOD_CALL or message.path is None:
            return False
        task = asyncio.get_running_loop().create_task(self._answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _answer(self, message: Message) -> None:
        try:
            signature, body = await self._call(message)
            reply = Message.new_method_return(message, signature, body)
        except Refused as refused:
            reply = Message.new_error(message, refused.name, refused.text)
        except (asyncio.CancelledError, Exception) as error:  # noqa: BLE001 - bumble cancels requests when the link is lost
            reply = Message.new_error(message, "org.bluez.Error.Failed", str(error) or "Not connected")
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            await self._bus.send(reply)

    async def _call(self, message: Message) -> Reply:
        if message.path != "/" and message.path not in self._objects:
            reply = Refused("", "object does not exist")
            reply.name = "org.freedesktop.DBus.Error.UnknownObject"
            raise reply
        return await self._calls[message.interface or "", message.member or ""](message)

    async def _nothing(self, _message: Message) -> Reply:
        return _NOTHING

    async def _managed_objects(self, _message: Message) -> Reply:
        return "a{oa{sa{sv}}}", [self._objects.tree]

    async def _start_discovery(self, message: Message) -> Reply:
        self._need_power()
        await self.discovery.start(message.sender or "")
        return _NOTHING

    async def _stop_discovery(self, message: Message) -> Reply:
        self._need_power()
        await self.discovery.stop(message.sender or "")
        return _NOTHING

    async def _connect(self, message: Message) -> Reply:
        self._need_power()
        path = message.path or ""
        if self.refusals:
            raise self._refusal(path)
        if self._attempt is not None:
            raise Refused("InProgress", "Operation already in progress")
        address = str(self._objects.value(path, DEVICE, "Address"))
        connection = Connection(path, self._central, self._objects, lambda: self._connections.pop(path, None))
        task = asyncio.get_running_loop().create_task(connection.open(address))
        self._attempt = path, task
        try:
            self._connections[path] = connection
            await task
        except BaseException:
            self._connections.pop(path, None)
            raise
        finally:
            self._attempt = None
        return _NOTHING

    def _refusal(self, path: str) -> Refused:
        """Answer as told beforehand; BlueZ tells of a connection before it tells that it broke it off."""
        refused = self.refusals.pop(0)
        if refused.text == "le-connection-abort-by-local":
            self._objects.change(path, DEVICE, Connected=Variant("b", True))
            self._objects.change(path, DEVICE, Connected=Variant("b", False))
        return refused

    async def _disconnect(self, message: Message) -> Reply:
        path = message.path or ""
        if self._attempt is not None and self._attempt[0] == path:
            self._attempt[1].cancel()
        elif path in self._connections:
            await self._connections[path].close()
        return _NOTHING

    async def _read(self, message: Message) -> Reply:
        return "ay", [await self._connection(message).read(message.path or "")]

    async def _write(self, message: Message) -> Reply:
        data, options = message.body
        request = options["type"].value == "request"
        await self._connection(message).write(message.path or "", bytes(data), request=request)
        return _NOTHING

    async def _start_notify(self, message: Message) -> Reply:
        await self._connection(message).notify(message.path or "", on=True)
        return _NOTHING

    async def _stop_notify(self, message: Message) -> Reply:
        await self._connection(message).notify(message.path or "", on=False)
        return _NOTHING

    def _connection(self, message: Message) -> Connection:
        """Find the connection that a characteristic's path belongs to."""
        for path, connection in self._connections.items():
            if (message.path or "").startswith(f"{path}/"):
                return connection
        raise Refused("Failed", "Not connected")

    def _need_power(self) -> None:
        if not self._objects.value(HCI0, ADAPTER, "Powered"):
            raise Refused("NotReady", "Resource Not Ready")
