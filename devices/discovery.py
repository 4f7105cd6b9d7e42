"""Discover LSL streams, Bluetooth devices and serial ports, each with the source URI that opens it."""

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
    """An LSL stream; ``source`` is empty if it cannot be an ECG. ``rate`` in Hz, 0 for markers."""

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
    """An advertising device; ``kind`` and ``source`` are empty if it is of no known kind. ``rssi`` in dBm."""

    source: str
    kind: str
    name: str
    address: str
    rssi: int | None


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port; only opening it shows which device is connected, save where its name is a BITalino's."""

    source: str
    port: str
    description: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """All streams, devices and ports; ``notes`` state which search failed, or a remedy where nothing was found."""

    lsl: tuple[LslStream, ...]
    bluetooth: tuple[BluetoothDevice, ...]
    serial: tuple[SerialPort, ...]
    notes: tuple[str, ...]


def discover(seconds: float) -> Discovery:
    """Search LSL and Bluetooth in parallel for ``seconds``, then list the serial ports."""
    notes: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        lsl_search = pool.submit(lsl_streams, seconds)
        bluetooth_scan = pool.submit(bluetooth_devices, seconds)
        streams = _result(lsl_search, notes)
        devices = _result(bluetooth_scan, notes)
    if streams == []:
        from devices.lsl.resolve import LSL_PORTS  # noqa: PLC0415 - see lsl_streams

        notes.append(
            f"no LSL stream answers: start the outlet, and have firewalls on both machines let {LSL_PORTS} pass"
        )
    if devices == []:
        notes.append("no Bluetooth device advertises: wear it or switch it on, and disconnect it from phones")
    ports = serial_ports()
    if not ports:
        notes.append(
            "no serial port: pair a Shimmer3 or BITalino and bind it (sudo rfcomm bind 0 ADDRESS), or plug in its dock"
        )
    return Discovery(tuple(streams or ()), tuple(devices or ()), tuple(ports), tuple(notes))


def lsl_streams(seconds: float) -> list[LslStream]:
    """Return the streams that answer, sorted by name. Raises `DeviceError` if liblsl does not load."""
    from devices.lsl.resolve import LslTimeouts, is_regular, resolve_streams, uri_for  # noqa: PLC0415 - liblsl may not load

    found = resolve_streams(lambda _: False, LslTimeouts(find=seconds))
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
    """Return advertising devices, known kinds first, then by RSSI. Raises `DeviceError` without an adapter."""
    from devices.bluetooth.ble import scan  # noqa: PLC0415 - bleak takes 0.2 s to load

    found = asyncio.run(scan(seconds))
    names = [one.name for one in found]
    rows = [_identify(one, name_is_unique=names.count(one.name) == 1) for one in found]
    return sorted(rows, key=lambda row: not row.kind)


def _identify(found: FoundDevice, *, name_is_unique: bool) -> BluetoothDevice:
    from devices.bluetooth.heart_rate import HeartRateDriver  # noqa: PLC0415 - as bleak
    from devices.bluetooth.movesense import MovesenseDriver  # noqa: PLC0415
    from devices.bluetooth.polar import PolarDriver  # noqa: PLC0415
    from devices.shimmer import ShimmerDriver  # noqa: PLC0415

    known: dict[str, tuple[str, Driver]] = {  # a Polar H10 and a Movesense are heart-rate straps too
        "shimmer": ("Shimmer", ShimmerDriver()),
        "polar": ("Polar H10", PolarDriver()),
        "movesense": ("Movesense", MovesenseDriver()),
        "hr": ("heart-rate strap", HeartRateDriver()),
    }
    target = found.name if found.name and name_is_unique and "," not in found.name else found.address
    for scheme, (kind, driver) in known.items():
        if driver.matches(found):
            return BluetoothDevice(f"{scheme}:{target}", kind, found.name, found.address, found.rssi)
    return BluetoothDevice("", "", found.name, found.address, found.rssi)


def serial_ports() -> list[SerialPort]:
    """Return the serial ports of this machine."""
    from serial.tools.list_ports import comports  # noqa: PLC0415 - as bleak

    ports = sorted(comports(), key=lambda port: port.device)
    return [SerialPort(_serial_source(port.device, port.description), port.device, port.description) for port in ports]


def _serial_source(port: str, description: str) -> str:
    scheme = "bitalino" if "bitalino" in f"{port} {description}".casefold() else "shimmer"
    return f"{scheme}:{port}"


def _result(search: Future[_T], notes: list[str]) -> _T | None:
    """Return the result of a search; if it failed, None, and add a note."""
    try:
        return search.result()
    except DeviceError as error:
        _log.warning("the search failed", exc_info=error)
        notes.append(str(error))
        return None
