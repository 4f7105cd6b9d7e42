"""The objects of a stand-in org.bluez: a tree of interfaces and properties, told to the bus as it changes."""

from __future__ import annotations

import socket

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

Properties = dict[str, Variant]

ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
SERVICE, CHARACTERISTIC, DESCRIPTOR = (f"org.bluez.Gatt{kind}1" for kind in ("Service", "Characteristic", "Descriptor"))
OBJECTS, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"


class _Patient:
    """A socket that has sent nothing where its buffer is full; dbus-fast 5.2 would take that for the bus's end."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real

    def send(self, data: memoryview) -> int:
        try:
            return self._real.send(data)
        except BlockingIOError:
            return 0


async def patient(bus: MessageBus) -> MessageBus:
    """Connect a bus that waits for a bus daemon that is busy."""
    await bus.connect()
    assert bus._writer is not None
    assert bus._sock is not None
    bus._writer.sock = _Patient(bus._sock)  # type: ignore[assignment]
    return bus


class Refused(Exception):
    """A call that BlueZ answers with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name, self.text = f"org.bluez.Error.{name}", text


class Objects:
    def __init__(self, bus: MessageBus) -> None:
        self.tree: dict[str, dict[str, Properties]] = {}
        self._bus = bus

    def __contains__(self, path: object) -> bool:
        return path in self.tree

    def add(self, path: str, interface: str, properties: Properties) -> None:
        self.tree[path] = {interface: properties}
        self._signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, self.tree[path]])

    def remove(self, path: str) -> None:
        """Take an object away, with all below it."""
        for below in sorted((one for one in self.tree if one == path or one.startswith(f"{path}/")), reverse=True):
            self._signal("/", OBJECTS, "InterfacesRemoved", "oas", [below, list(self.tree.pop(below))])

    def change(self, path: str, interface: str, **changed: Variant) -> None:
        if path in self.tree:
            self.tree[path][interface].update(changed)
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changed, []])

    def value(self, path: str, interface: str, name: str) -> object:
        return self.tree[path][interface][name].value

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[object]) -> None:
        if self._bus.connected:
            message = Message.new_signal(path=path, interface=interface, member=member, signature=signature, body=body)
            self._bus.send(message)
