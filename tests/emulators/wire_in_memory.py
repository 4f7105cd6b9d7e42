"""Simulated devices on a wire in memory; on a `HandLoop`, hours of streaming take no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.link import FoundDevice, Link, LinkLost, NotifyCallback
from devices.simulate.emulator import Characteristic, Emulator, Packet
from ecg_live.events import Clock

PERIOD = 0.015  # s between two looks at what a device sends, as on a radio's connection interval


class Wire:
    """Transport to simulated devices, that a test may cut.

    Bytes move every ``period`` seconds of the loop's time, or at each `pump` where ``period`` is None. A device is out
    of reach while its name is in ``away``, and silent, though connected, while it is in ``stalled``.
    """

    def __init__(self, clock: Clock, *emulators: Emulator, mtu: int = 247, period: float | None = PERIOD) -> None:
        self.clock, self.mtu, self.period = clock, mtu, period
        self._emulators = {f"02:00:00:00:00:{i:02X}": emulator for i, emulator in enumerate(emulators)}
        self.links: dict[str, WireLink] = {}  # by the device's name; the last one of each
        self.away: set[str] = set()
        self.stalled: set[str] = set()
        self.connects = 0

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        deadline = self.clock() + seconds
        while True:
            for address, emulator in self._emulators.items():
                found = FoundDevice(emulator.name, address, emulator.advertised, -50, emulator)
                if emulator.name not in self.away and wanted(found):
                    return found
            if self.clock() >= deadline:
                return None
            await asyncio.sleep(min(0.1, seconds))

    async def connect(self, found: FoundDevice, seconds: float) -> Link:
        emulator = self._emulators[found.address]
        if emulator.name in self.away:
            await asyncio.sleep(seconds)
            raise LinkLost(f"{found.name}: out of reach")
        self.connects += 1
        self.links[emulator.name] = link = WireLink(self, emulator)
        return link

    def pump(self) -> None:
        """Move what the devices have sent until now."""
        for link in self.links.values():
            link.pump()

    def drop(self, name: str) -> None:
        """End a device's connection gracefully: what it sent by now still comes."""
        self.links[name].pump()
        self.links[name].end()

    def lose(self, name: str) -> None:
        """Lose a device's connection: what is on its way is lost."""
        self.links[name].end()


class WireLink:
    """A connection on a `Wire`."""

    def __init__(self, wire: Wire, emulator: Emulator) -> None:
        self._wire, self._emulator = wire, emulator
        self._takes: dict[str, NotifyCallback] = {}
        self.written: list[tuple[str, bytes]] = []
        self.lost = asyncio.Event()
        emulator.connect(wire.clock(), wire.mtu)
        self._pumping = asyncio.create_task(self._pump_on(wire.period)) if wire.period is not None else None

    @property
    def services(self) -> frozenset[str]:
        return frozenset(service.uuid for service in self._emulator.services)

    async def subscribe(self, uuid: str, take: NotifyCallback) -> None:
        self._check()
        self._characteristic(uuid)
        self._takes[uuid] = take

    async def write(self, uuid: str, data: bytes) -> None:
        self._check()
        self._characteristic(uuid)
        self.written.append((uuid, data))
        if self._emulator.name not in self._wire.stalled:
            self._give(self._emulator.write(uuid, data, self._wire.clock()))

    async def read(self, uuid: str) -> bytes:
        self._check()
        return self._characteristic(uuid).value

    async def close(self) -> None:
        self.end()

    def pump(self) -> None:
        if not self.lost.is_set() and self._emulator.name not in self._wire.stalled:
            self._give(self._emulator.due(self._wire.clock()))

    def end(self) -> None:
        if self.lost.is_set():
            return
        self.lost.set()
        self._emulator.disconnect(self._wire.clock())
        if self._pumping is not None:
            self._pumping.cancel()

    async def _pump_on(self, period: float) -> None:
        while True:
            await asyncio.sleep(period)
            self.pump()

    def _give(self, packets: list[Packet]) -> None:
        for packet in packets:
            if packet.uuid in self._takes:
                self._takes[packet.uuid](packet.data)

    def _characteristic(self, uuid: str) -> Characteristic:
        every = (one for service in self._emulator.services for one in service.characteristics)
        found = next((one for one in every if one.uuid == uuid), None)
        if found is None:
            raise LinkLost(f"{self._emulator.name}: there is no characteristic {uuid}")
        return found

    def _check(self) -> None:
        if self.lost.is_set():
            raise LinkLost(f"{self._emulator.name}: not connected")
