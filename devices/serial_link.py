"""A serial port as a link: classic Bluetooth (``/dev/rfcomm0``, ``COM5``), or a device in its dock."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

import serial
from serial.tools.list_ports import comports

from devices.link import FoundDevice, LinkLost, NotifyCallback
from ecg_live.errors import DeviceError, DeviceNotFound
from ecg_live.event_loop import call_on_loop

_log = logging.getLogger(__name__)

_BAUD_RATE = 115200  # of a dock; Bluetooth ignores it
_WRITE_TIMEOUT_S = 0.5
_READ_TIMEOUT_S = 0.2  # after which the reader checks if the link is closed
_PORT_POLL_INTERVAL_S = 0.2
_BIND_REMEDY = "pair the device, and bind it: sudo rfcomm bind 0 ADDRESS"
_GROUP_REMEDY = "sudo usermod -a -G dialout $USER, then log in again"


class SerialTransport:
    """One serial port, by its name.

    Parameters
    ----------
    port : str
        Such as ``/dev/rfcomm0``, ``/dev/ttyUSB0`` or ``COM5``.
    """

    def __init__(self, port: str) -> None:
        self._port = port
        self._existed = False

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        """See `DeviceTransport.find`; waits for a port that existed before.

        Raises
        ------
        DeviceNotFound
            The port does not exist.
        """
        found = FoundDevice(self._port, self._port)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not _port_exists(self._port):
            if not self._existed:
                raise _port_not_found(self._port)
            if loop.time() >= deadline:
                return None
            await asyncio.sleep(_PORT_POLL_INTERVAL_S)
        self._existed = True
        return found if wanted(found) else None

    async def connect(self, found: FoundDevice, seconds: float) -> SerialLink:
        """See `DeviceTransport.connect`; opening a Bluetooth port calls the device, and may take long.

        Raises
        ------
        LinkLost
            The device does not answer, or the port does not exist any more.
        DeviceError
            This process may not use the port, or another process uses it.
        """
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[serial.Serial] = loop.create_future()
        Thread(
            target=_open_port, args=(found.address, loop, pending), name=f"open {found.address}", daemon=True
        ).start()
        link: SerialLink | None = None
        try:
            async with asyncio.timeout(seconds):
                link = SerialLink(await pending, loop)
        except TimeoutError:
            raise LinkLost(f"{found.address} does not open within {seconds:g} s", "switch the device on") from None
        except (OSError, ValueError) as error:  # pyserial: the port does not take these settings
            raise _open_error(found.address, error) from error
        finally:
            if link is None and pending.done() and not pending.cancelled() and pending.exception() is None:
                pending.result().close()  # opened just after the time-out
        self._existed = True
        return link


class SerialLink:
    """See `devices.link.Link`. A thread reads the port."""

    def __init__(self, port: serial.Serial, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._loop = loop
        self._on_data: NotifyCallback | None = None
        self._closed = Event()
        self.lost = asyncio.Event()
        self._reader = Thread(target=self._read, name="serial reader", daemon=True)

    @property
    def services(self) -> frozenset[str]:
        """Empty: a serial line announces no services."""
        return frozenset()

    async def subscribe(self, uuid: str, on_data: NotifyCallback) -> None:  # noqa: ARG002 - one pipe a direction
        """See `Link.subscribe`; ``on_data`` is called on the reader's thread."""
        self._on_data = on_data
        if not self._reader.is_alive():
            self._reader.start()

    async def write(self, uuid: str, data: bytes) -> None:  # noqa: ARG002 - one pipe a direction
        """See `Link.write`."""
        try:
            if not self._closed.is_set():
                self._port.write(data)
                return
        except OSError as error:
            self._lose()
            raise LinkLost(f"the serial port cannot be written to: {error}") from error
        raise LinkLost("the serial port is closed")

    async def read(self, uuid: str) -> bytes:
        """Raise `LinkLost`: a serial line has no characteristics."""
        raise LinkLost(f"a serial line has no characteristic {uuid}")

    async def close(self) -> None:
        """See `Link.close`; returns after the reader has ended."""
        self._lose()
        with suppress(OSError, AttributeError):
            self._port.cancel_read()
        if self._reader.is_alive():
            self._reader.join(2 * _READ_TIMEOUT_S)
        with suppress(OSError):
            self._port.close()

    def _read(self) -> None:
        try:
            while not self._closed.is_set():
                data = self._port.read(max(1, self._port.in_waiting))
                if data and self._on_data is not None and not self._closed.is_set():
                    self._on_data(data)
        except (OSError, TypeError) as error:  # pyserial: unplugged, or closed under a read
            if not self._closed.is_set():
                _log.warning("the serial port cannot be read", exc_info=error)
        call_on_loop(self._loop, self._lose)

    def _lose(self) -> None:
        self._closed.set()
        self.lost.set()


def _open_port(port: str, loop: asyncio.AbstractEventLoop, pending: asyncio.Future[serial.Serial]) -> None:
    """Open a port on its own thread; after a time-out no one awaits it, and it is closed again."""
    opened: serial.Serial | None = None
    error: Exception | None = None
    try:
        exclusive = None if sys.platform == "win32" else True
        opened = serial.Serial(
            port, _BAUD_RATE, timeout=_READ_TIMEOUT_S, write_timeout=_WRITE_TIMEOUT_S, exclusive=exclusive
        )
    except (OSError, ValueError) as caught:
        error = caught

    def deliver() -> None:
        if pending.done():
            if opened is not None:
                opened.close()
        elif opened is not None:
            pending.set_result(opened)
        elif error is not None:
            pending.set_exception(error)

    if not call_on_loop(loop, deliver) and opened is not None:
        opened.close()


def _port_exists(port: str) -> bool:
    if os.path.sep in port and sys.platform != "win32":
        return os.path.exists(port)  # noqa: PTH110 - Path.exists raises for a name that is too long
    return any(one.device.casefold() == port.casefold() for one in comports())


def _port_not_found(port: str) -> DeviceNotFound:
    known = ", ".join(sorted(one.device for one in comports())) or "none"
    remedy = _BIND_REMEDY if "rfcomm" in port else "plug it in, or pair the device; then name a port that exists"
    return DeviceNotFound(f"there is no serial port {port}, only: {known}", remedy)


def _open_error(port: str, error: Exception) -> DeviceError:
    """Return the reason why a port does not open, with a remedy."""
    code = error.errno if isinstance(error, OSError) else None
    text = str(error)
    if code in (errno.EACCES, errno.EPERM) and "PermissionError" not in text:
        return DeviceError(f"{port}: this user may not use it", _GROUP_REMEDY)
    if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text or "PermissionError" in text:
        return DeviceError(f"{port}: another program has it", "close that program, or name another port")
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return LinkLost(f"{port} is gone", "plug it in again")
    if code == errno.ENOTTY or "Could not configure" in text:
        return DeviceError(f"{port} is not a serial port", "name one; ecg-live devices lists them")
    return LinkLost(f"{port} does not open: {os.strerror(code) if code else text}", "switch the device on")
