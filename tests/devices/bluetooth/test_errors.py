"""What bleak raises, on any system, becomes a sentence with a remedy."""

from __future__ import annotations

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from devices.bluetooth.errors import translate_bleak_errors
from devices.link import LinkLost
from ecg_live.errors import DeviceError, ProtocolError

REFUSED = BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM
CUT = "connection closed during authentication"
_HERE = "F1:F1:F1:F1:F1:F1"


def said(error: Exception, address: str = "") -> DeviceError:
    with pytest.raises(DeviceError) as caught, translate_bleak_errors("searching", address):
        raise error
    return caught.value


@pytest.mark.parametrize("reason", BleakBluetoothNotAvailableReason)
def test_no_bluetooth_for_any_reason(reason: BleakBluetoothNotAvailableReason) -> None:
    error = said(BleakBluetoothNotAvailableError("so it is", reason))
    assert "Bluetooth" in error.message
    assert error.remedy
    assert not isinstance(error, LinkLost)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "may not use Bluetooth"),
        (FileNotFoundError(2, "No such file"), "no D-Bus system bus"),
        (ConnectionResetError(104, "Connection reset by peer"), "no D-Bus system bus"),
        (OSError(9, "Bad file descriptor"), "no D-Bus system bus"),
        (EOFError(), "no D-Bus system bus"),
        (BleakBluetoothNotAvailableError(CUT, REFUSED), "no D-Bus system bus"),
        (ValueError(CUT), "no D-Bus system bus"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"]), "may not use Bluetooth"),
        (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), "adapter is off"),
        (OSError(-2147020577, "The device is not ready for use"), "searching: .*not ready for use"),
        (BleakError(), "searching: BleakError"),
    ],
)
def test_what_the_user_must_mend(error: Exception, message: str) -> None:
    told = said(error)
    assert not isinstance(told, LinkLost)
    assert told.remedy
    with pytest.raises(DeviceError, match=message):
        raise told


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        BleakDeviceNotFoundError(_HERE, "gone"),
        BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]),
        BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]),
        AssertionError(),
        EOFError(),
    ],
)
def test_with_a_device_all_is_worth_another_try(error: Exception) -> None:
    told = said(error, _HERE)
    assert isinstance(told, LinkLost)
    assert told.remedy


@pytest.mark.parametrize(("code", "remedy"), [(0x05, "pair the device"), (0x0E, f"bluetoothctl remove {_HERE}")])
def test_what_the_device_refuses(code: int, remedy: str) -> None:
    error = said(BleakGATTProtocolError(code), _HERE)
    assert isinstance(error, LinkLost)
    assert error.message.startswith("searching: GATT Protocol Error: ")
    assert remedy in error.remedy


def test_a_busy_adapter_is_worth_another_try() -> None:
    assert isinstance(said(BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"])), LinkLost)


def test_errors_of_ours_pass_unchanged() -> None:
    error = ProtocolError("no Shimmer", "name another device")
    assert said(error) is error
