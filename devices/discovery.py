"""What is in reach: LSL streams, Bluetooth devices and serial ports, each with the source that means it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from devices.link import Driver, FoundDevice
from ecg_live.errors import DeviceError

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LslStream:
    """A stream; ``source`` is empty where it can be no ECG. ``rate`` in Hz, 0 for markers."""

    source: str
    name: str
    type: str
    channels: int
    rate: float
    host: str
    source_id: str
    uid: str


@dataclass(frozen=True, slots=True)
class BluetoothDevice:
    """A device that advertises; ``kind`` and ``source`` are empty where it is none that is known. ``rssi`` in dBm."""

    source: str
    kind: str
    name: str
    address: str
    rssi: int | None


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port; whether a Shimmer is behind it shows only when it is opened."""

    source: str
    port: str
    description: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """All that was found; ``notes`` say what could not be looked for, or what to do where nothing was found."""

    lsl: tuple[LslStream, ...]
    bluetooth: tuple[BluetoothDevice, ...]
    serial: tuple[SerialPort, ...]
    notes: tuple[str, ...]


def discover(seconds: float) -> Discovery:
    """Look for so many seconds, by LSL and Bluetooth at once."""
    notes: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(lsl_streams, seconds)
        scanning = pool.submit(bluetooth_devices, seconds)
        streams = _result(looking, notes)
        devices = _result(scanning, notes)
    if streams == []:
        from devices.lsl.resolve import LSL_PORTS  # noqa: PLC0415 - see lsl_streams

        notes.append(
            f"no LSL stream answers: start the outlet, and have firewalls on both machines let {LSL_PORTS} pass"
        )
    if devices == []:
        notes.append("no Bluetooth device advertises: wear it or switch it on, and disconnect it from phones")
    ports = serial_ports()
    if not ports:
        notes.append("no serial port: pair a Shimmer3 and bind it (sudo rfcomm bind 0 ADDRESS), or plug in its dock")
    return Discovery(tuple(streams or ()), tuple(devices or ()), tuple(ports), tuple(notes))


def lsl_streams(seconds: float) -> list[LslStream]:
    """Streams that answer, by name. Raises `DeviceError` when liblsl does not load."""
    from devices.lsl.resolve import LslTimeouts, is_regular, resolve_streams, uri_for  # noqa: PLC0415 - liblsl may not load

    found = resolve_streams(lambda _: False, LslTimeouts(first=seconds))
    rows = [
        LslStream(
            source=uri_for(one, found) if is_regular(one) else "",
            name=one.name(),
            type=one.type(),
            channels=one.channel_count(),
            rate=one.nominal_srate(),
            host=one.hostname(),
            source_id=one.source_id(),
            uid=one.uid(),
        )
        for one in found
    ]
    return sorted(rows, key=lambda row: (row.name, row.host, row.uid))


def bluetooth_devices(seconds: float) -> list[BluetoothDevice]:
    """Devices that advertise, those that are known first, then the loudest. Raises `DeviceError` without an adapter."""
    from devices.bluetooth.ble import scan  # noqa: PLC0415 - bleak takes 0.2 s to load

    found = asyncio.run(scan(seconds))
    names = [one.name for one in found]
    rows = [_identify(one, alone=names.count(one.name) == 1) for one in found]
    return sorted(rows, key=lambda row: not row.kind)


def _identify(found: FoundDevice, *, alone: bool) -> BluetoothDevice:
    from devices.bluetooth.heart_rate import HeartRateDriver  # noqa: PLC0415 - as bleak
    from devices.bluetooth.polar import PolarDriver  # noqa: PLC0415
    from devices.shimmer import ShimmerDriver  # noqa: PLC0415

    known: dict[str, tuple[str, Driver]] = {  # a Polar H10 is a heart-rate strap too
        "shimmer": ("Shimmer", ShimmerDriver()),
        "polar": ("Polar H10", PolarDriver()),
        "hr": ("heart-rate strap", HeartRateDriver()),
    }
    called = found.name if found.name and alone and "," not in found.name else found.address
    for scheme, (kind, driver) in known.items():
        if driver.matches(found):
            return BluetoothDevice(f"{scheme}:{called}", kind, found.name, found.address, found.rssi)
    return BluetoothDevice("", "", found.name, found.address, found.rssi)


def serial_ports() -> list[SerialPort]:
    """Serial ports of this machine."""
    from serial.tools.list_ports import comports  # noqa: PLC0415 - as bleak

    ports = sorted(comports(), key=lambda port: port.device)
    return [SerialPort(f"shimmer:{port.device}", port.device, port.description) for port in ports]


def _result(looking: Future[_T], notes: list[str]) -> _T | None:
    """What was found, or None and a note."""
    try:
        return looking.result()
    except DeviceError as error:
        _log.warning("nothing can be looked for", exc_info=error)
        notes.append(str(error))
        return None
