"""A simulated device on a pseudo-terminal, where any program finds it as a serial port."""

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

_POLL_INTERVAL_S = 0.005  # s between two looks at what the device sends
_WRITE_BYTES = 1024  # bytes that are written at once
_READ_BYTES = 4096  # bytes


class SerialHost:
    """Plays a device on a pseudo-terminal while it is entered; opening `port` connects it, closing disconnects.

    Parameters
    ----------
    emulator : Emulator
        Its first characteristics that can be written and notified are the serial line.
    clock : Clock
        Monotonic seconds.
    """

    def __init__(self, emulator: Emulator, clock: Clock = time.monotonic) -> None:
        self._emulator, self._clock = emulator, clock
        every = [one for service in emulator.services for one in service.characteristics]
        self._pipe = next(one.uuid for one in every if one.properties & {"write", "write-without-response"})
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"simulated {emulator.name}", daemon=True)
        self._own = -1  # descriptor of our end
        self.port = ""

    def __enter__(self) -> Self:
        """Open the pseudo-terminal.

        Raises
        ------
        DeviceError
            This system has none.
        """
        if not hasattr(os, "openpty"):
            raise DeviceError("this system has no pseudo-terminals", "use Linux or macOS")
        import tty  # noqa: PLC0415 - Windows has none

        self._own, theirs = os.openpty()
        tty.setraw(theirs)
        self.port = os.ttyname(theirs)
        os.close(theirs)
        os.set_blocking(self._own, False)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def unplug(self) -> None:
        """End as a plug that is pulled out does."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._thread.join()
            os.close(self._own)

    def _run(self) -> None:
        connected = False
        poll = select.poll()
        poll.register(self._own, select.POLLIN | select.POLLHUP)
        while not self._stopping.is_set():
            happened = sum(event for _, event in poll.poll(1000 * _POLL_INTERVAL_S))
            open_now = not happened & select.POLLHUP
            if open_now != connected:
                connected = open_now
                if connected:
                    self._emulator.connect(self._clock(), _WRITE_BYTES)
                else:
                    self._emulator.disconnect(self._clock())
            if not connected:
                self._stopping.wait(_POLL_INTERVAL_S)  # a hang-up is told again at once
            elif happened & select.POLLIN:
                self._take()
            else:
                self._send(self._emulator.due(self._clock()))
        if connected:
            self._emulator.disconnect(self._clock())

    def _take(self) -> None:
        with suppress(OSError):  # closed meanwhile
            self._send(self._emulator.write(self._pipe, os.read(self._own, _READ_BYTES), self._clock()))

    def _send(self, packets: list[Packet]) -> None:
        """Write what the other side has room for; a device does not wait for it either."""
        data = b"".join(packet.data for packet in packets)
        with suppress(OSError):  # full, or closed meanwhile
            os.write(self._own, data)
