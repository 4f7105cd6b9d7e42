"""Host a simulated device on a pseudo-terminal, which any program can open as a serial port."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

from devices.simulate.emulator import Emulator, Packet
from ecg_live.errors import DeviceError
from ecg_live.events import Clock

_POLL_INTERVAL_S = 0.005  # of what the device sends
_WRITE_BYTES = 1024  # at once
_READ_BYTES = 4096


class SerialHost:
    """Context in which a device runs on a pseudo-terminal; opening `port` connects it, closing disconnects it.

    Parameters
    ----------
    emulator : Emulator
        Its first writable and first notifying characteristics are the serial line.
    clock : Clock
        Monotonic seconds.
    """

    def __init__(self, emulator: Emulator, clock: Clock = time.monotonic) -> None:
        self._emulator = emulator
        self._clock = clock
        characteristics = [one for service in emulator.services for one in service.characteristics]
        self._write_uuid = next(
            one.uuid for one in characteristics if one.properties & {"write", "write-without-response"}
        )
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"simulated {emulator.name}", daemon=True)
        self._host_end = -1  # file descriptor
        self.port = ""

    def __enter__(self) -> Self:
        """Open the pseudo-terminal.

        Raises
        ------
        DeviceError
            The system has no pseudo-terminals.
        """
        if not hasattr(os, "openpty"):
            raise DeviceError("this system has no pseudo-terminals", "use Linux or macOS")
        import tty  # noqa: PLC0415 - Windows has none

        self._host_end, device_end = os.openpty()
        tty.setraw(device_end)
        self.port = os.ttyname(device_end)
        os.close(device_end)
        os.set_blocking(self._host_end, False)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def unplug(self) -> None:
        """End like an unplugged cable."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._thread.join()
            os.close(self._host_end)

    def _run(self) -> None:
        connected = False
        poll = select.poll()
        poll.register(self._host_end, select.POLLIN | select.POLLHUP)
        while not self._stopping.is_set():
            events = sum(event for _, event in poll.poll(1000 * _POLL_INTERVAL_S))
            is_open = not events & select.POLLHUP
            if is_open != connected:
                connected = is_open
                if connected:
                    self._emulator.connect(self._clock(), _WRITE_BYTES)
                else:
                    self._emulator.disconnect(self._clock())
            if not connected:
                self._stopping.wait(_POLL_INTERVAL_S)  # poll reports a hang-up again at once
            elif events & select.POLLIN:
                self._receive()
            else:
                self._send(self._emulator.due(self._clock()))
        if connected:
            self._emulator.disconnect(self._clock())

    def _receive(self) -> None:
        with suppress(OSError):  # closed meanwhile
            self._send(self._emulator.write(self._write_uuid, os.read(self._host_end, _READ_BYTES), self._clock()))

    def _send(self, packets: list[Packet]) -> None:
        """Write as much as there is room for; a device does not wait for its reader either."""
        data = b"".join(packet.data for packet in packets)
        with suppress(OSError):  # full, or closed meanwhile
            os.write(self._host_end, data)
