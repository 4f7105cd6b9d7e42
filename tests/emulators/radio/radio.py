"""A virtual radio on a thread of its own: wearers on the air, and an adapter that BlueZ's stand-in offers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink
from dbus_fast.aio import MessageBus

from devices.simulate.emulator import Emulator
from tests.emulators.radio.bluez import BlueZ
from tests.emulators.radio.controller import VirtualController
from tests.emulators.radio.hardware import serve
from tests.emulators.radio.objects import patient
from tests.emulators.radio.wearer import Wearer

T = TypeVar("T")
PATIENCE = 10.0  # s for anything that a test asks of the radio


class Radio:
    """Call from the test's thread. ``bus`` is the address of the bus that BlueZ's stand-in goes to."""

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._link = LocalLink()  # type: ignore[no-untyped-call]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="virtual radio", daemon=True)
        self._wearers: list[Wearer] = []
        self._adapters: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self.bluez = self.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    @property
    def cpu(self) -> float:
        """Seconds of processor time that the radio's thread has used: not the client's."""
        assert self._thread.ident is not None
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something on the radio's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def call(self, work: Callable[[], T]) -> T:
        """Call something on the radio's loop, where emulators live."""

        async def called() -> T:
            return work()

        return self.run(called())

    def add(self, emulator: Emulator, address: str = "F1:F1:F1:F1:F1:F1", mtu: int = 247) -> Wearer:
        """Put a simulated device on the air."""
        return self.run(self._add(emulator, address, mtu))

    def plug_in(self, socket: Path) -> None:
        """Offer one more adapter as hardware does: as a socket of HCI packets."""
        self._adapters.append(self.run(serve(socket, self._link)))

    def restart(self) -> None:
        """Have BlueZ die without a word, and start anew."""
        self.run(self.bluez.die())
        self.bluez = self.run(self._bluez())

    async def _add(self, emulator: Emulator, address: str, mtu: int) -> Wearer:
        device, controller = self._device(emulator.name, address)
        wearer = Wearer(emulator, device, controller, mtu)
        self._wearers.append(wearer)
        await wearer.power_on()
        return wearer

    def _device(self, name: str, address: str) -> tuple[Device, VirtualController]:
        public = f"C0:00:00:00:00:{len(self._wearers):02X}"
        controller = VirtualController(name, link=self._link, public_address=public)
        return Device(name=name, address=Address(address), host=Host(controller, AsyncPipeSink(controller))), controller

    async def _start(self) -> BlueZ:
        self._central, _ = self._device("adapter", "F0:F0:F0:F0:F0:F0")
        await self._central.power_on()
        return await self._bluez()

    async def _bluez(self) -> BlueZ:
        bluez = BlueZ(await patient(MessageBus(bus_address=self._bus)), self._central)
        await bluez.start()
        return bluez

    async def _stop(self) -> None:
        await self.bluez.stop()
        for wearer in self._wearers:
            if wearer.pump.done():
                wearer.pump.result()
            await wearer.power_off()
        await self._central.power_off()
        for adapter in self._adapters:
            adapter.close()
            await adapter.wait_closed()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
