"""Translate errors of bleak into the project's errors, with a remedy."""

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
_AUTH_CLOSED_TEXT = "connection closed during authentication"  # text of dbus-fast 5.2; bleak may wrap it as a refusal
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
_TRANSIENT_ERRORS = (  # from BlueZ when the radio was busy or the device slow: a retry often works
    "InProgress",
    "le-connection-abort-by-local",
    "br-connection-canceled",
    "Operation already in progress",
)


@contextmanager
def translate_bleak_errors(action: str, address: str = "") -> Iterator[None]:
    """Translate exceptions of bleak within the block.

    Parameters
    ----------
    action : str
        What was attempted; begins the message.
    address : str
        The device concerned, if any.

    Raises
    ------
    LinkLost
        This attempt failed; another one may succeed.
    DeviceError
        Bluetooth does not work until the user acts.
    """
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:  # backends of bleak raise many types
        raise _translate(action, address, error) from error


def _translate(action: str, address: str, error: Exception) -> DeviceError:
    known = _permanent_cause(error)
    if known is not None:
        return LinkLost(*known) if address else DeviceError(*known)
    if isinstance(error, TimeoutError):
        return LinkLost(f"{action}: no answer in time", _retry_hint(address))
    if isinstance(error, BleakDeviceNotFoundError):
        return LinkLost(f"{action}: no longer in reach", "wake the device, or bring it nearer")
    if isinstance(error, BleakGATTProtocolError):
        remedy = _PAIR_REMEDY if error.code in _PAIRING_ERROR_CODES else _retry_hint(address)
        return LinkLost(f"{action}: {error.args[-1]}", remedy)
    text = f"{action}: {str(error).strip() or type(error).__name__}"
    if address or any(word in text for word in _TRANSIENT_ERRORS):
        return LinkLost(text, _retry_hint(address))
    return DeviceError(text, "turn Bluetooth off and on; ecg-live doctor shows what is missing")


def _permanent_cause(error: Exception) -> tuple[str, str] | None:
    """Return message and remedy if only the user can help, else None."""
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
    """Whether the D-Bus system bus is missing, or ended before, during or after a request."""
    if isinstance(error, (FileNotFoundError, ConnectionError, EOFError)) or _AUTH_CLOSED_TEXT in str(error):
        return True
    return isinstance(error, OSError) and error.errno == errno.EBADF  # dbus-fast writes to a closed descriptor


def _retry_hint(address: str) -> str:
    return f"if it stays so, on Linux: bluetoothctl remove {address}" if address else "try again"
