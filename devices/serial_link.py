"""A serial port as a link: Bluetooth classic (``/dev/rfcomm0``, ``COM5``), or a device in its dock."""

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

_BAUD_RATE = 115200  # Bluetooth knows no baud; a dock's serial line runs at this
_WRITE_TIMEOUT_S = 0.5  # s that a few bytes may take
_READ_TIMEOUT_S = 0.2  # s after which a reader looks up whether it is still wanted
_PORT_POLL_INTERVAL_S = 0.2  # s between two looks whether the port is there
_BIND_REMEDY = "pair the device, and bind it: sudo rfcomm bind 0 ADDRESS"
_GROUP_REMEDY = "sudo usermod -a -G dialout $USER, then log in anew"


class SerialTransport:
    """One serial port, by its name.

    Parameters
    ----------
    port : str
        Such as ``/dev/rfcomm0``, ``/dev/ttyUSB0`` or ``COM5``.
    """

    def __init__(self, port: str) -> None:
        self._port = port
        self._seen = False

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:
        """See `Transport.find`; a port that was there once is waited for.

        Raises
        ------
        DeviceNotFound
            There is no such port.
        """
        found = FoundDevice(self._port, self._port)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not _port_exists(self._port):
            if not self._seen:
                raise _port_not_found(self._port)
            if loop.time() >= deadline:
                return None
            await asyncio.sleep(_PORT_POLL_INTERVAL_S)
        self._seen = True
        return found if wanted(found) else None

    async def connect(self, found: FoundDevice, seconds: float) -> SerialLink:
        """See `Transport.connect`; opening a Bluetooth port calls the device, and may take long.

        Raises
        ------
        LinkLost
            The device does not answer, or the port is gone.
        DeviceError
            This process may not use the port, or another one does.
        """
        loop = asyncio.get_running_loop()
        opening: asyncio.Future[serial.Serial] = loop.create_future()
        Thread(
            target=_open_port, args=(found.address, loop, opening), name=f"open {found.address}", daemon=True
        ).start()
        link: SerialLink | None = None
        try:
            async with asyncio.timeout(seconds):
                link = SerialLink(await opening, loop)
        except TimeoutError:
            raise LinkLost(f"{found.address} does not open within {seconds:g} s", "switch the device on") from None
        except (OSError, ValueError) as error:  # pyserial: the settings are not this port's
            raise _open_error(found.address, error) from error
        finally:
            if link is None and opening.done() and not opening.cancelled() and opening.exception() is None:
                opening.result().close()  # opened in the very moment when nobody waited any more
        self._seen = True
        return link


class SerialLink:
    """See `devices.link.Link`. A thread of its own reads."""

    def __init__(self, port: serial.Serial, loop: asyncio.AbstractEventLoop) -> None:
        self._port, self._loop = port, loop
        self._take: NotifyCallback | None = None
        self._closed = Event()
        self.lost = asyncio.Event()
        self._reader = Thread(target=self._read, name="serial reader", daemon=True)

    @property
    def services(self) -> frozenset[str]:
        """None: what is said on it must tell."""
        return frozenset()

    async def subscribe(self, uuid: str, take: NotifyCallback) -> None:  # noqa: ARG002 - there is one pipe
        """See `Link.subscribe`; ``take`` is called on the reader's thread."""
        self._take = take
        if not self._reader.is_alive():
            self._reader.start()

    async def write(self, uuid: str, data: bytes) -> None:  # noqa: ARG002 - there is one pipe
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
        """Raise `LinkLost`: a serial line has nothing of the kind."""
        raise LinkLost(f"a serial line has no characteristic {uuid}")

    async def close(self) -> None:
        """See `Link.close`; the reader has ended when this returns."""
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
                if data and self._take is not None and not self._closed.is_set():
                    self._take(data)
        except (OSError, TypeError) as error:  # pyserial: unplugged, or closed under a read
            if not self._closed.is_set():
                _log.warning("the serial port cannot be read", exc_info=error)
        call_on_loop(self._loop, self._lose)

    def _lose(self) -> None:
        self._closed.set()
        self.lost.set()


def _open_port(port: str, loop: asyncio.AbstractEventLoop, opening: asyncio.Future[serial.Serial]) -> None:
    """Open a port on a thread of its own, which nobody may be waiting for any more."""
    opened: serial.Serial | None = None
    error: Exception | None = None
    try:
        exclusive = None if sys.platform == "win32" else True
        opened = serial.Serial(
            port, _BAUD_RATE, timeout=_READ_TIMEOUT_S, write_timeout=_WRITE_TIMEOUT_S, exclusive=exclusive
        )
    except (OSError, ValueError) as caught:
        error = caught

    def tell() -> None:
        if opening.done():
            if opened is not None:
                opened.close()
        elif opened is not None:
            opening.set_result(opened)
        elif error is not None:
            opening.set_exception(error)

    if not call_on_loop(loop, tell) and opened is not None:
        opened.close()


def _port_exists(port: str) -> bool:
    if os.path.sep in port and sys.platform != "win32":
        return os.path.exists(port)  # noqa: PTH110 - Path.exists raises for a name that is too long
    return any(one.device.casefold() == port.casefold() for one in comports())


def _port_not_found(port: str) -> DeviceNotFound:
    there = ", ".join(sorted(one.device for one in comports())) or "none"
    remedy = _BIND_REMEDY if "rfcomm" in port else "plug it in, or pair the device; then name a port that is there"
    return DeviceNotFound(f"there is no serial port {port}, only: {there}", remedy)


def _open_error(port: str, error: Exception) -> DeviceError:
    """Say why a port does not open."""
    number = error.errno if isinstance(error, OSError) else None
    text = str(error)
    if number in (errno.EACCES, errno.EPERM) and "PermissionError" not in text:
        return DeviceError(f"{port}: this user may not use it", _GROUP_REMEDY)
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text or "PermissionError" in text:
        return DeviceError(f"{port}: another program has it", "close that program, or name another port")
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return LinkLost(f"{port} is gone", "plug it in again")
    if number == errno.ENOTTY or "Could not configure" in text:
        return DeviceError(f"{port} is no serial port", "name one; ecg-live devices lists them")
    return LinkLost(f"{port} does not open: {os.strerror(number) if number else text}", "switch the device on")
