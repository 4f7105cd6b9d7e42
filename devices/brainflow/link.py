"""A board as a link: BrainFlow connects it, and a thread fetches its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np

from devices.brainflow.library import board_number, describe_error, shim_class
from devices.link import FoundDevice, LinkLost, NotifyCallback
from ecg_live.errors import DeviceError
from ecg_live.event_loop import call_on_loop

if TYPE_CHECKING:
    from brainflow.board_shim import BoardShim

_POLL_INTERVAL_S = 0.02
_BUFFER_S = 60.0  # of rows in the library, should this program be busy
_LOOP_PLAYBACK = "loopback_true"


class BoardTransport:
    """One board, by name and settings; see `devices.link.DeviceTransport`.

    Parameters
    ----------
    name : str
        BrainFlow's name of the board.
    rate : float
        Its sampling rate in Hz.
    settings : mapping
        Fields of BrainFlow's ``BrainFlowInputParams``.

    Raises
    ------
    ConfigError
        BrainFlow has no such board.
    """

    def __init__(self, name: str, rate: float, settings: Mapping[str, str | int]) -> None:
        self._name = name
        self._board_id = board_number(name)
        self._rate = rate
        self._settings = settings

    async def find(self, wanted: Callable[[FoundDevice], bool], seconds: float) -> FoundDevice | None:  # noqa: ARG002
        """Return the board: only connecting shows if it is in reach."""
        found = FoundDevice(self._name, self._name)
        return found if wanted(found) else None

    async def connect(self, found: FoundDevice, seconds: float) -> BoardLink:  # noqa: ARG002 - there is one
        """See `DeviceTransport.connect`.

        Raises
        ------
        LinkLost
            The board does not answer.
        DeviceError
            BrainFlow lacks a setting, or the port does not open.
        """
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[BoardShim] = loop.create_future()
        Thread(target=self._prepare, args=(loop, pending), name=f"open {self._name}", daemon=True).start()
        try:
            async with asyncio.timeout(seconds):
                return BoardLink(await pending, loop, round(_BUFFER_S * self._rate))
        except TimeoutError:
            raise LinkLost(f"{self._name} does not connect within {seconds:g} s", "switch it on") from None

    def _prepare(self, loop: asyncio.AbstractEventLoop, pending: asyncio.Future[BoardShim]) -> None:
        """Connect on a thread of its own; after a time-out no one awaits it, and it is released again."""
        board: BoardShim | None = None
        error: DeviceError | None = None
        try:
            board = self._make_board()
        except DeviceError as caught:
            error = caught

        def deliver() -> None:
            if pending.done():
                if board is not None:
                    _release(board)
            elif board is not None:
                pending.set_result(board)
            elif error is not None:
                pending.set_exception(error)

        if not call_on_loop(loop, deliver) and board is not None:
            _release(board)

    def _make_board(self) -> BoardShim:
        from brainflow.board_shim import BrainFlowInputParams  # noqa: PLC0415 - as `shim_class`
        from brainflow.exit_codes import BrainFlowError  # noqa: PLC0415

        parameters = BrainFlowInputParams()
        for key, value in self._settings.items():
            setattr(parameters, key, value)
        board = shim_class()(self._board_id, parameters)
        failure: DeviceError | None = None
        try:
            board.prepare_session()
            if "master_board" in self._settings:
                board.config_board(_LOOP_PLAYBACK)
        except BrainFlowError as error:
            failure = describe_error(self._name, error)
        if failure is not None:  # without its cause, which would keep the board alive until the program's end
            _release(board)
            del board
            raise failure
        return board


class BoardLink:
    """See `devices.link.Link`: rows of float64 as bytes."""

    def __init__(self, board: BoardShim, loop: asyncio.AbstractEventLoop, buffer_rows: int) -> None:
        self._board = board
        self._loop = loop
        self._buffer_rows = buffer_rows
        self._closed = Event()
        self.lost = asyncio.Event()
        self._reader: Thread | None = None

    @property
    def services(self) -> frozenset[str]:
        """Empty: a board announces no services."""
        return frozenset()

    async def subscribe(self, uuid: str, on_data: NotifyCallback) -> None:  # noqa: ARG002 - one pipe
        """Start the stream. Raises `LinkLost`."""
        from brainflow.exit_codes import BrainFlowError  # noqa: PLC0415 - as `shim_class`

        try:
            await asyncio.to_thread(self._board.start_stream, self._buffer_rows)
        except BrainFlowError as error:
            raise LinkLost(f"the board does not start: {error}", "switch it off and on") from error
        self._reader = Thread(target=self._read, args=(on_data,), name="BrainFlow reader", daemon=True)
        self._reader.start()

    async def write(self, uuid: str, data: bytes) -> None:
        """Raise `LinkLost`: BrainFlow sends the commands."""
        raise LinkLost(f"a board of BrainFlow takes no {len(data)} bytes at {uuid!r}")

    async def read(self, uuid: str) -> bytes:
        """Raise `LinkLost`: a board has no characteristics."""
        raise LinkLost(f"a board of BrainFlow has no characteristic {uuid}")

    async def close(self) -> None:
        """See `Link.close`; returns when the board is released."""
        self._closed.set()
        self.lost.set()
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        if self._reader is not None:
            self._reader.join(10 * _POLL_INTERVAL_S)
        _release(self._board)

    def _read(self, on_data: NotifyCallback) -> None:
        from brainflow.exit_codes import BrainFlowError  # noqa: PLC0415 - as `shim_class`

        try:
            while not self._closed.wait(_POLL_INTERVAL_S):
                rows = np.ascontiguousarray(self._board.get_board_data().T, dtype=np.float64)
                if len(rows):
                    on_data(rows.tobytes())
        except BrainFlowError:
            call_on_loop(self._loop, self.lost.set)


def _release(board: BoardShim) -> None:
    from brainflow.exit_codes import BrainFlowError  # noqa: PLC0415 - as `shim_class`

    with suppress(BrainFlowError):  # it does not stream
        board.stop_stream()
    with suppress(BrainFlowError):
        board.release_session()
