"""Open ``brainflow:BOARD,key=value`` URIs."""

from __future__ import annotations

from pathlib import Path

from devices.brainflow.driver import BrainflowDriver
from devices.brainflow.library import Board, board_number, find_board
from devices.brainflow.link import BoardTransport
from devices.device_source import DeviceSource
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from ecg_live.events import Clock
from ecg_live.parse_number import parse_number

_TEXT_KEYS = (
    "serial_port", "mac_address", "ip_address", "ip_address_aux", "ip_address_anc", "other_info", "serial_number",
    "file", "file_aux", "file_anc",
)  # fmt: skip
_NUMBER_KEYS = ("ip_port", "ip_port_aux", "ip_port_anc", "ip_protocol", "timeout")
_MASTER_KEY = "master_board"
_MV_PER_UNIT = {"v": 1000.0, "mv": 1.0, "uv": 1e-3}
_USUAL_UNIT = "uv"  # of EEG, EMG and ECG rows (BrainFlow's manual, data format, units of measure)


def open_brainflow(text: str, options: ReadOptions, clock: Clock) -> DeviceSource:
    """Open a board.

    Parameters
    ----------
    text : str
        BrainFlow's name of the board, then its settings, as in ``CYTON_BOARD,serial_port=/dev/ttyUSB0``.
    options : ReadOptions
        Channel (``ECG 2`` or 2) and unit, of a board whose unit is not microvolt.
    clock : Clock
        Session clock in s.

    Raises
    ------
    ConfigError
        BrainFlow is not installed, there is no such board, it has no ECG, or a setting is invalid.
    DeviceError
        BrainFlow cannot be loaded.
    """
    if options.speed != 1:
        raise ConfigError(f"brainflow: at speed {options.speed:g}; a device runs at real time", "leave --speed out")
    if options.rate is not None:
        raise ConfigError("brainflow: a board has one rate, --rate was given", "leave --rate out")
    unit = (options.unit or _USUAL_UNIT).casefold().replace("µ", "u").replace("μ", "u")
    if unit not in _MV_PER_UNIT:
        raise ConfigError(f"unit {options.unit} is unknown, expected uV, mV or V", "leave --unit out for microvolt")
    name, *parts = text.split(",")
    settings = dict(_parse_setting(part) for part in parts)
    master = str(settings.get(_MASTER_KEY, ""))
    board = find_board(name, master)
    if master:
        settings[_MASTER_KEY] = board_number(master)
    _check_file(str(settings.get("file", "")))
    driver = BrainflowDriver(board, _ecg_place(board, options.channel), _MV_PER_UNIT[unit], clock)
    return DeviceSource(driver, BoardTransport(board.name, board.rate, settings), clock)


def _parse_setting(part: str) -> tuple[str, str | int]:
    key, _, value = (piece.strip() for piece in part.partition("="))
    key = key.casefold()
    known = (*_TEXT_KEYS, *_NUMBER_KEYS, _MASTER_KEY)
    if key not in known or not value:
        raise ConfigError(
            f"brainflow: no setting {part.strip()!r}, expected one of {', '.join(known)}", f"such as {known[0]}=..."
        )
    if key not in _NUMBER_KEYS:
        return key, value
    try:
        return key, int(parse_number(value))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"brainflow: {key}={value} is not a number", f"such as {key}=6677") from error


def _check_file(path: str) -> None:
    if path and not Path(path).is_file():
        raise ConfigError(f"brainflow: there is no file {path}", "give the path of a file that BrainFlow wrote")


def _ecg_place(board: Board, channel: str | None) -> int:
    if channel is None:
        return 0
    number = channel.casefold().removeprefix("ecg").strip()
    if not number.isdecimal() or not 1 <= int(number) <= len(board.ecg_rows):
        raise ConfigError(
            f"{board.name} has no channel {channel!r}, only ECG 1 to ECG {len(board.ecg_rows)}", "such as --channel 1"
        )
    return int(number) - 1
