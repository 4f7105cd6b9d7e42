"""The BrainFlow library: its import, its boards with ECG, and its errors in words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from devices.link import LinkLost
from ecg_live.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from brainflow.board_shim import BoardShim
    from brainflow.exit_codes import BrainFlowError

_INSTALL_REMEDY = "run: python -m pip install 'ecg-live[brainflow]'"
_PORT_CODES = (1, 2, 3)  # BrainFlowExitCodes: the port is open already, or does not open, or takes no settings
_INVALID_ARGUMENTS_CODE = 13
_BUSY_CODE = 16  # this process has the board already
_OWN_READERS = {"SHIMMER3_BOARD": "shimmer"}  # its unit is not stated by BrainFlow
_SUFFIX = "_BOARD"
_PLAYBACK_BOARD = "PLAYBACK_FILE_BOARD"


@dataclass(frozen=True, slots=True)
class Board:
    """A board with ECG, and the rows of its data, by BrainFlow's own description."""

    name: str
    board_id: int
    rate: float
    ecg_rows: tuple[int, ...]
    package_row: int
    time_row: int
    marker_row: int
    row_count: int


@cache
def shim_class() -> type[BoardShim]:
    """Import the library.

    Raises
    ------
    ConfigError
        It is not installed.
    DeviceError
        It cannot be loaded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on Python 3.11 it imports pkg_resources
            from brainflow.board_shim import BoardShim  # noqa: PLC0415 - 88 MB, which only its boards need

            BoardShim.disable_board_logger()
    except ModuleNotFoundError as error:
        missing = (error.name or "brainflow").split(".")[0]
        raise ConfigError(f"{missing} is not installed, which brainflow: needs", _INSTALL_REMEDY) from error
    except Exception as error:  # the library raises what its loader raises
        raise DeviceError(f"BrainFlow cannot be loaded: {error}", _INSTALL_REMEDY) from error
    return BoardShim


def find_board(name: str, master: str = "") -> Board:
    """Look a board up by its name in BrainFlow; a played file has the rows of ``master``.

    Raises
    ------
    ConfigError
        There is no such board, or it has no ECG; the message names those that have.
    """
    wanted = _full_name(name)
    if scheme := _OWN_READERS.get(wanted):
        raise ConfigError(f"{wanted} has a reader of its own", f"run {scheme}:NAME or {scheme}:PORT")
    described = wanted
    if wanted == _PLAYBACK_BOARD:
        if not master:
            remedy = "add file=PATH,master_board=CYTON_BOARD"
            raise ConfigError(f"{wanted} needs the board that recorded its file", remedy)
        described = _full_name(master)
    boards = boards_with_ecg()
    if described not in boards:
        why = "has no ECG" if described in _board_ids() else "is no board of BrainFlow"
        known = ", ".join(one.removesuffix(_SUFFIX) for one in boards)
        raise ConfigError(f"{described} {why}; with ECG there are {known}", "name one of these")
    board = boards[described]
    if wanted == _PLAYBACK_BOARD:
        return replace(board, name=wanted, board_id=_board_ids()[wanted])
    return board


def _full_name(name: str) -> str:
    """Return BrainFlow's name, of which the end may be left out."""
    return name.strip().upper().removesuffix(_SUFFIX) + _SUFFIX


@cache
def boards_with_ecg() -> dict[str, Board]:
    """Return BrainFlow's boards that have ECG rows, by name."""
    shim = shim_class()
    from brainflow.exit_codes import BrainFlowError  # noqa: PLC0415 - as `shim_class`

    boards: dict[str, Board] = {}
    for name, board_id in _board_ids().items():
        try:
            rows = shim.get_board_descr(board_id)
        except BrainFlowError:  # it has no description, so no ECG
            continue
        needed = ("ecg_channels", "package_num_channel", "timestamp_channel", "marker_channel", "sampling_rate")
        if name not in _OWN_READERS and all(key in rows for key in needed):
            boards[name] = Board(
                name,
                board_id,
                float(rows["sampling_rate"]),
                tuple(rows["ecg_channels"]),
                rows["package_num_channel"],
                rows["timestamp_channel"],
                rows["marker_channel"],
                rows["num_rows"],
            )
    return boards


def board_number(name: str) -> int:
    """Return the number of any board by its name. Raises `ConfigError` if there is none."""
    if (number := _board_ids().get(_full_name(name))) is None:
        raise ConfigError(f"{name} is no board of BrainFlow", "name one, such as CYTON_BOARD")
    return number


@cache
def _board_ids() -> dict[str, int]:
    shim_class()
    from brainflow.board_shim import BoardIds  # noqa: PLC0415 - as `shim_class`

    return {one.name: one.value for one in BoardIds if one.value != BoardIds.NO_BOARD.value}


def describe_error(board: str, error: BrainFlowError) -> DeviceError:
    """Return the reason why a board does not open, with a remedy."""
    code, text = error.exit_code, str(error)
    if code == _INVALID_ARGUMENTS_CODE:
        return DeviceError(
            f"{board}: BrainFlow lacks a setting for it, or refuses one",
            f"such as brainflow:{board},serial_port=/dev/ttyUSB0; its manual lists what each board needs",
        )
    if code in _PORT_CODES:
        return DeviceError(f"{board}: its serial port does not open ({text})", "name a port that exists and is free")
    if code == _BUSY_CODE:
        return LinkLost(f"{board}: this program has it already", "end the other session")
    return LinkLost(f"{board}: {text}", "switch it on, near the computer, and end other programs that use it")
