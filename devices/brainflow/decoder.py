"""Decode a board's rows: ECG in mV, losses by package number and arrival, markers."""

from __future__ import annotations

from devices.brainflow.library import Board
from devices.brainflow.package_counter import LEARN_ROWS, PackageCounter
from devices.sequence_timeline import SequenceTimeline
from ecg_live.events import F64, Chunk, Marker, StreamEvent

_UNKNOWN_CYCLE = 1 << 30  # rows: none is ever lost at once
_MAX_STAMP_AGE_S = 5.0  # beyond it, and ahead of the arrival, a timestamp is not of this computer's clock


class BrainflowDecoder:
    """Decodes the rows of one board over all its connections.

    Parameters
    ----------
    board : Board
        Its rows.
    mv_per_unit : float
        Size of its ECG's unit in mV.
    """

    def __init__(self, board: Board, mv_per_unit: float) -> None:
        self._board = board
        self._mv_per_unit = mv_per_unit
        self._timeline = SequenceTimeline(board.rate, _UNKNOWN_CYCLE)
        self._packages = PackageCounter()
        self._learning: list[tuple[float, float, tuple[float, ...]]] | None = []  # number, arrival, values
        self._last_arrival = float("-inf")

    @property
    def holds(self) -> bool:
        """Whether samples wait for a decision."""
        return self._timeline.holds or bool(self._learning)

    def resume(self) -> None:
        """Begin another connection."""
        self._timeline.resume()
        self._packages.resume()

    def push(self, rows: F64, clock_offset: float, arrived: float) -> list[Chunk | StreamEvent]:
        """Decode rows that were fetched together.

        Parameters
        ----------
        rows : F64
            Samples (n, rows of the board).
        clock_offset : float
            Session clock minus the timestamps' clock in s.
        arrived : float
            Session time in s at which they were fetched.

        Returns
        -------
        list of Chunk or StreamEvent
            Samples in mV, gaps, markers, and the clock's drift.
        """
        board = self._board
        ecg = (rows[:, list(board.ecg_rows)] * self._mv_per_unit).tolist()
        rest = rows[:, [board.marker_row, board.package_row, board.time_row]].tolist()
        for samples, (marker, number, stamp) in zip(ecg, rest, strict=True):
            self._add(number, self._arrival(stamp + clock_offset, arrived), (*samples, marker))
        return self._pop_items(arrived)

    def flush(self, now: float) -> list[Chunk | StreamEvent]:
        """Decode held samples: none follows for now."""
        self._end_learning()
        self._timeline.flush()
        return self._pop_items(now)

    def _arrival(self, stamped: float, fetched: float) -> float:
        """Return when a row came: by its timestamp, where that is plausible."""
        plausible = fetched - _MAX_STAMP_AGE_S <= stamped <= fetched
        self._last_arrival = max(self._last_arrival, stamped if plausible else fetched)
        return self._last_arrival

    def _add(self, number: float, arrived: float, values: tuple[float, ...]) -> None:
        if self._learning is None:
            self._push(number, arrived, values)
            return
        self._learning.append((number, arrived, values))
        if len(self._learning) == LEARN_ROWS:
            self._end_learning()

    def _end_learning(self) -> None:
        if not self._learning:
            return
        rows, self._learning = self._learning, None
        self._packages.learn([number for number, _, _ in rows])
        for row in rows:
            self._push(*row)

    def _push(self, number: float, arrived: float, values: tuple[float, ...]) -> None:
        self._timeline.push(self._packages.push(number), values, arrived)
        self._timeline.cycle = self._packages.cycle or _UNKNOWN_CYCLE

    def _pop_items(self, arrived: float) -> list[Chunk | StreamEvent]:
        items: list[Chunk | StreamEvent] = []
        for run in self._timeline.pop_runs():
            if run.lost:
                items.append(self._timeline.gap_before(run))
            items.append(Chunk(run.values[:, :-1], run.start, self._timeline.host_time(run.start), arrived))
            for index, marker in enumerate(run.values[:, -1].tolist(), run.start):
                if marker:
                    items.append(Marker(self._timeline.host_time(index), f"{marker:g}"))
        if report := self._timeline.clock.drift_report(arrived):
            items.append(report)
        return items
