"""Driver of a board that BrainFlow reads: its rows become chunks and events."""

from __future__ import annotations

import time

import numpy as np

from devices.bluetooth.gatt import notify_on_loop
from devices.brainflow.decoder import BrainflowDecoder
from devices.brainflow.library import Board
from devices.flush_timer import FlushTimer
from devices.link import Emit, FoundDevice, Link
from ecg_live.events import Clock, StreamInfo

_PIPE = ""


class BrainflowDriver:
    """See `devices.link.Driver`. Chunks hold all ECG rows.

    Parameters
    ----------
    board : Board
        The board.
    ecg : int
        Which of its ECG rows is to be analysed, from 0.
    mv_per_unit : float
        Size of its ECG's unit in mV.
    clock : Clock
        Session clock in s.
    wall_clock : Clock
        Clock of the board's timestamps.
    """

    def __init__(
        self,
        board: Board,
        ecg: int = 0,
        mv_per_unit: float = 1e-3,
        clock: Clock = time.monotonic,
        wall_clock: Clock = time.time,
    ) -> None:
        self._board = board
        self._ecg = ecg
        self._clock = clock
        self._wall_clock = wall_clock
        self._decoder = BrainflowDecoder(board, mv_per_unit)
        self._link: Link | None = None
        self._flush_timer = FlushTimer()

    @property
    def info(self) -> StreamInfo:
        """All ECG rows at the board's rate."""
        labels = tuple(f"ECG {number}" for number in range(1, len(self._board.ecg_rows) + 1))
        return StreamInfo(self._board.rate, labels, name=self.description, source_id=self._board.name, ecg=self._ecg)

    @property
    def description(self) -> str:
        """The board."""
        return f"BrainFlow {self._board.name}"

    def matches(self, found: FoundDevice) -> bool:
        """Whether it is the board."""
        return found.name == self._board.name

    async def start(self, link: Link, emit: Emit) -> None:
        """See `devices.link.Driver.start`."""
        self._flush(emit)
        self._link = link
        self._decoder.resume()
        on_data = notify_on_loop(lambda data, arrived: self._receive(link, data, arrived, emit), self._clock)
        await link.subscribe(_PIPE, on_data)

    async def stop(self, link: Link) -> None:
        """Do nothing: closing the link stops the board."""

    def _receive(self, link: Link, data: bytes, arrived: float, emit: Emit) -> None:
        if link is not self._link:
            return  # from an earlier connection
        rows = np.frombuffer(data, dtype=np.float64).reshape(-1, self._board.row_count)
        for item in self._decoder.push(rows, self._clock() - self._wall_clock(), arrived):
            emit(item)
        self._flush_timer.cancel()
        if self._decoder.holds:
            self._flush_timer.restart(lambda: self._flush(emit))

    def _flush(self, emit: Emit) -> None:
        """Emit held samples."""
        self._flush_timer.cancel()
        for item in self._decoder.flush(self._clock()):
            emit(item)
