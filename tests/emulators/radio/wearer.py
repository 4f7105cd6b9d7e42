"""A simulated device on the virtual radio, and what happens to real ones: out of reach, stalled, cut to slices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from bumble.device import Connection, Device

from devices.simulate.bluetooth import Peripheral
from devices.simulate.emulator import Emulator, Packet
from tests.emulators.radio.controller import VirtualController

Slices = Callable[[], int]  # bytes of the next slice


class Wearer(Peripheral):
    """Call from the radio's loop only; `Radio` does."""

    def __init__(self, emulator: Emulator, radio: Device, controller: VirtualController, mtu: int = 247) -> None:
        super().__init__(emulator, radio, mtu)
        self.slices: Slices | None = None
        self._controller = controller
        self._flowing = asyncio.Event()
        self._flowing.set()

    def move(self, rssi: int) -> None:
        """Be heard with so many dBm."""
        self._controller.rssi = rssi

    def lose(self) -> None:
        """Lose the link as by a wall: both sides notice; advertisements go on."""
        self._controller.lose()

    async def leave(self) -> None:
        """Go out of reach: no advertisements any more, and the link is lost."""
        await self.stop_advertising()
        self.lose()

    def stall(self, on: bool) -> None:
        """Send nothing, though connected; what is due waits."""
        (self._flowing.clear if on else self._flowing.set)()

    def split(self, packets: Iterable[Packet], size: int) -> Iterator[Packet]:
        for packet in super().split(packets, size):
            yield from [packet] if self.slices is None else self._sliced(packet, self.slices)

    async def send(self, central: Connection, packet: Packet) -> None:
        await self._flowing.wait()
        await super().send(central, packet)

    def _sliced(self, packet: Packet, size: Slices) -> Iterator[Packet]:
        rest = packet.data
        while rest:
            step = size()
            yield Packet(packet.uuid, rest[:step])
            rest = rest[step:]
