"""Open ``shimmer:``, ``bitalino:``, ``polar:``, ``movesense:`` and ``hr:`` URIs: a name, or settings as ``key=value``.

Apart from `devices.uri`, which imports it for such URIs only: reading a file loads no Bluetooth library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from devices.bitalino import BitalinoDriver
from devices.bitalino.settings import DEFAULT_RATE_HZ, BitalinoSettings
from devices.bluetooth.ble import BleTransport
from devices.bluetooth.heart_rate import HeartRateDriver
from devices.bluetooth.movesense import MovesenseDriver
from devices.bluetooth.polar import PolarDriver
from devices.bluetooth.polar_acceleration import DEFAULT_ACCELERATION_RATE_HZ
from devices.device_source import DeviceSource
from devices.read_options import ReadOptions
from devices.serial_link import SerialTransport
from devices.shimmer import ShimmerDriver
from ecg_live.errors import ConfigError
from ecg_live.events import Clock
from ecg_live.parse_number import parse_number

_SERIAL_PORT_PATTERN = re.compile(r"/dev/.+|(\\\\\.\\)?COM\d+", re.IGNORECASE)
_IDENTITY_KEYS = ("name", "address")


def open_radio(scheme: str, text: str, options: ReadOptions, clock: Clock) -> DeviceSource:
    """Open a radio device.

    Parameters
    ----------
    scheme : str
        ``shimmer``, ``bitalino``, ``polar``, ``movesense`` or ``hr``.
    text : str
        What follows its colon: a name, part of a name, an address, a serial port (Shimmer, BITalino), or nothing for
        the first device in reach; then settings, as in ``7A21,rate=256,gain=4``.
    options : ReadOptions
        Rate and channel set a Shimmer's rate and lead, a BITalino's rate and ECG, and the rate a Movesense's, where the
        text does not.
    clock : Clock
        Session clock in s.

    Raises
    ------
    ConfigError
        A setting is unknown or invalid.
    """
    if options.speed != 1:
        raise ConfigError(f"{scheme}: at speed {options.speed:g}; a device runs at real time", "leave --speed out")
    if options.unit is not None:
        raise ConfigError(f"{scheme}: knows its unit, --unit {options.unit} was given", "leave --unit out")
    if scheme == "shimmer":
        return _open_shimmer(
            _parse_settings(scheme, text, (*_IDENTITY_KEYS, "rate", "gain", "lead", "bits")), options, clock
        )
    if scheme == "movesense":
        return _open_movesense(_parse_settings(scheme, text, (*_IDENTITY_KEYS, "rate")), options, clock)
    if scheme == "bitalino":
        return _open_bitalino(_parse_settings(scheme, text, ("name", "rate", "channels", "ecg")), options, clock)
    if scheme == "polar":
        default = f"{DEFAULT_ACCELERATION_RATE_HZ}"
        return _open_polar(_parse_settings(scheme, text, (*_IDENTITY_KEYS, "acc"), {"acc": default}), options, clock)
    return _open_heart_rate(_parse_settings(scheme, text, _IDENTITY_KEYS), options, clock)


def _parse_settings(
    scheme: str, text: str, known: Sequence[str], flags: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Parse ``NAME,key=value,...``; of ``flags``, a key alone stands for its value there."""
    settings: dict[str, str] = {}
    for at, part in enumerate(text.split(",") if text.strip() else ()):
        key, equals, value = part.partition("=")
        key = key.strip().casefold()
        if not equals and key in flags:
            value = flags[key]
        elif at == 0 and not equals:
            key, value = "name", part
        if key not in known:
            raise ConfigError(
                f"{scheme}:{text}: no setting {part.strip()!r}, expected NAME or one of {', '.join(known)}",
                f"such as {scheme}:{known[0]}=...",
            )
        if key in settings or (key in _IDENTITY_KEYS and settings.keys() & set(_IDENTITY_KEYS)):
            raise ConfigError(f"{scheme}:{text}: {key} is given a second time", "name one device, and a setting once")
        if not value.strip():
            raise ConfigError(f"{scheme}:{text}: {key} is empty", f"such as {scheme}:{key}=...")
        settings[key] = value.strip()
    return settings


def _device_name(settings: dict[str, str]) -> str:
    return settings.get("address") or settings.get("name", "")


def _open_polar(settings: dict[str, str], options: ReadOptions, clock: Clock) -> DeviceSource:
    _refuse_rate_and_channel("polar", options)
    rate = round(_number(settings, "acc", 0.0)) if "acc" in settings else None
    return DeviceSource(PolarDriver(_device_name(settings), clock, rate), BleTransport(), clock)


def _open_heart_rate(settings: dict[str, str], options: ReadOptions, clock: Clock) -> DeviceSource:
    _refuse_rate_and_channel("hr", options)
    return DeviceSource(HeartRateDriver(_device_name(settings), clock), BleTransport(), clock)


def _refuse_rate_and_channel(scheme: str, options: ReadOptions) -> None:
    if options.rate is not None or options.channel is not None:
        raise ConfigError(f"{scheme}: has one channel at one rate", "leave --rate and --channel out")


def _open_movesense(settings: dict[str, str], options: ReadOptions, clock: Clock) -> DeviceSource:
    if options.channel is not None:
        raise ConfigError("movesense: has one channel", "leave --channel out")
    rate = _number(settings, "rate", options.rate or 256.0)
    return DeviceSource(MovesenseDriver(_device_name(settings), rate, clock), BleTransport(), clock)


def _open_shimmer(settings: dict[str, str], options: ReadOptions, clock: Clock) -> DeviceSource:
    name = _device_name(settings)
    driver = ShimmerDriver(
        name,
        _number(settings, "rate", options.rate or 512.0),
        round(_number(settings, "gain", 4.0)),
        settings.get("lead") or options.channel or "LL-RA",
        round(_number(settings, "bits", 24.0)),
        clock,
    )
    return DeviceSource(
        driver, SerialTransport(name) if _SERIAL_PORT_PATTERN.fullmatch(name) else BleTransport(), clock
    )


def _open_bitalino(settings: dict[str, str], options: ReadOptions, clock: Clock) -> DeviceSource:
    port = settings.get("name", "")
    if not _SERIAL_PORT_PATTERN.fullmatch(port):
        raise ConfigError(
            f"bitalino:{port} names no serial port, expected such as bitalino:/dev/rfcomm0 or bitalino:COM5",
            "pair it (PIN 1234) and bind it: sudo rfcomm bind 0 ADDRESS",
        )
    rate = _number(settings, "rate", options.rate or DEFAULT_RATE_HZ)
    chosen = BitalinoSettings.parse(rate, settings.get("channels"), settings.get("ecg") or options.channel)
    return DeviceSource(BitalinoDriver(port, chosen, clock), SerialTransport(port), clock)


def _number(settings: dict[str, str], key: str, default: float) -> float:
    text = settings.get(key)
    try:
        value = default if text is None else parse_number(text)
    except ValueError as error:
        raise ConfigError(f"{key}={text} is not a number", f"such as {key}={default:g}") from error
    if key != "rate" and value != int(value if abs(value) < 1e9 else 0):
        raise ConfigError(f"{key}={text} is not a whole number", f"such as {key}={default:g}")
    return value
