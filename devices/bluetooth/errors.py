"""What an error of bleak's means to a user, and what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from devices.link import LinkLost
from ecg_live.errors import DeviceError

Reason = BleakBluetoothNotAvailableReason
_NO_ADAPTER = ("no Bluetooth adapter", "plug one in, or use a cable or a recording")
_NO_LOW_ENERGY = ("the Bluetooth adapter cannot do Bluetooth Low Energy", "use one with Bluetooth 4.0 or later")
_ADAPTER_OFF = (
    "the Bluetooth adapter is off",
    "turn Bluetooth on in the system's settings; on Linux: rfkill unblock bluetooth; bluetoothctl power on",
)
_NOT_ALLOWED = (
    "this program may not use Bluetooth",
    "allow it in the system's privacy settings; on Linux: be in the group bluetooth",
)
_NO_BLUEZ = ("BlueZ, Linux's Bluetooth service, is not running", "install bluez; systemctl start bluetooth")
_NO_BUS = (
    "no D-Bus system bus, so no Bluetooth",
    "install dbus and bluez and start them; in a container, share /run/dbus with it",
)
_AUTH_CLOSED_TEXT = (
    "connection closed during authentication"  # so says dbus-fast 5.2; bleak may pass it on as a refusal
)
_PAIR_REMEDY = "pair the device in the system's Bluetooth settings"
_PAIRING_ERROR_CODES = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
)

_MESSAGES_BY_REASON = {
    Reason.NO_BLUETOOTH: _NO_ADAPTER,
    Reason.NO_BLE_CENTRAL_ROLE: _NO_LOW_ENERGY,
    Reason.POWERED_OFF: _ADAPTER_OFF,
    Reason.DENIED_BY_USER: _NOT_ALLOWED,
    Reason.DENIED_BY_SYSTEM: _NOT_ALLOWED,
    Reason.DENIED_BY_UNKNOWN: _NOT_ALLOWED,
}
_MESSAGES_BY_DBUS_ERROR = {  # D-Bus specification, "Standard errors"; BlueZ, doc/org.bluez.Adapter.rst
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.AccessDenied": _NOT_ALLOWED,
    "org.bluez.Error.NotReady": _ADAPTER_OFF,
    "org.bluez.Error.NotAuthorized": _NOT_ALLOWED,
}
_TRANSIENT_ERRORS = (  # what BlueZ says when the radio was busy or the device slow: the next try often works
    "InProgress",
    "le-connection-abort-by-local",
    "br-connection-canceled",
    "Operation already in progress",
)


@contextmanager
def translate_bleak_errors(what: str, address: str = "") -> Iterator[None]:
    """Turn what bleak raises into the project's errors.

    Parameters
    ----------
    what : str
        What was tried, to begin the message with.
    address : str
        The device that it was tried with, if any.

    Raises
    ------
    LinkLost
        It did not work this time, with this device.
    DeviceError
        No device will work until the user does something.
    """
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:  # bleak lets its backends raise what they like
        raise _translate(what, address, error) from error


def _translate(what: str, address: str, error: Exception) -> DeviceError:
    known = _permanent_cause(error)
    if known is not None:
        return LinkLost(*known) if address else DeviceError(*known)
    if isinstance(error, TimeoutError):
        return LinkLost(f"{what}: no answer in time", _retry_hint(address))
    if isinstance(error, BleakDeviceNotFoundError):
        return LinkLost(f"{what}: no longer in reach", "wake the device, or bring it nearer")
    if isinstance(error, BleakGATTProtocolError):
        remedy = _PAIR_REMEDY if error.code in _PAIRING_ERROR_CODES else _retry_hint(address)
        return LinkLost(f"{what}: {error.args[-1]}", remedy)
    text = f"{what}: {str(error).strip() or type(error).__name__}"
    if address or any(word in text for word in _TRANSIENT_ERRORS):
        return LinkLost(text, _retry_hint(address))
    return DeviceError(text, "turn Bluetooth off and on; ecg-live doctor shows what is missing")


def _permanent_cause(error: Exception) -> tuple[str, str] | None:
    """Return message and remedy where only the user can help."""
    if _is_bus_dead(error):
        return _NO_BUS
    if isinstance(error, BleakBluetoothNotAvailableError):
        return _MESSAGES_BY_REASON.get(error.reason, _NO_ADAPTER)
    if isinstance(error, BleakDBusError):
        return _MESSAGES_BY_DBUS_ERROR.get(error.dbus_error)
    if isinstance(error, PermissionError):
        return _NOT_ALLOWED
    return None


def _is_bus_dead(error: Exception) -> bool:
    """Whether there is no bus, or it died: before, while or after it was asked something."""
    if isinstance(error, (FileNotFoundError, ConnectionError, EOFError)) or _AUTH_CLOSED_TEXT in str(error):
        return True
    return isinstance(error, OSError) and error.errno == errno.EBADF  # dbus-fast writes to what it has just closed


def _retry_hint(address: str) -> str:
    return f"if it stays so, on Linux: bluetoothctl remove {address}" if address else "try again"
