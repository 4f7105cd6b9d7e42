"""Which samples of an LSL stream never came: they are counted, and their stamps tell how many are missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from devices.lsl.timestamp_fit import MIN_CLOCK_STEP_S, TimestampFit
from ecg_live.events import F64

JUMP_CONFIRM_S = 0.5  # s that a jump must stay: late samples come back to the line, lost ones do not (facts on LSL)
MAX_LOSS_S = 1800.0  # s that may be lost at once: a source gives up after 600, and liblsl keeps 60 and 360 at the ends
MAX_FUTURE_STAMP_S = 1.0  # s that a stamp may be ahead of its sample's arrival: clocks are known to some ms
MAX_STAMP_S = 1e11  # s, some 3000 years: stamps beyond are no times, and too coarse to tell two samples apart


class ContiguousRun(NamedTuple):
    """Samples without a hole: ``lost`` of them are missing just before ``start``; ``time`` is the first one's.

    ``stepped`` is by how much (s) the stamps' clock was set just before; times go on as if it had not been.
    """

    start: int
    lost: int
    time: float
    samples: F64
    stepped: float = 0.0


class LossFinder:
    """Count samples, fit a line through their stamps, and find where stamps leave it for good.

    While stamps are later than the line allows, samples are held until it is plain whether they were late or others
    were lost. Arrivals tell whether stamps jumped because samples are missing, or because the sender's clock was set:
    a sample does not arrive sooner after it was taken than those before it, nor before it was taken. What a clock was
    set by is taken off all stamps from there on, so that lost samples are never more than the time that has passed.
    However the stream is cut into pushes, the answer is the same.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    channels : int
        Columns of the samples.
    """

    def __init__(self, rate: float, channels: int) -> None:
        self._line = TimestampFit(rate)
        self._next = 0  # index of the next sample that is accepted
        self._held: list[tuple[float, float]] = []  # stamp as sent and arrival of samples that wait
        self._rows = np.empty((0, channels))  # accepted and held
        self._accepted = 0  # rows
        self._cuts: list[
            tuple[int, int, int, float, float]
        ] = []  # row; start, lost, time, stepped of what begins there
        self._shift = 0.0  # s by which the clock was set, in all
        self._stepped = 0.0  # s of that which are still to be told
        self._fresh = False  # nothing has been decided since the connection was made

    @property
    def holds(self) -> bool:
        """Whether samples wait for a decision."""
        return bool(self._held)

    @property
    def rate(self) -> float:
        """Rate as fitted, in Hz."""
        return 1 / self._line.interval

    def push(self, stamps: F64, arrived: F64 | float, samples: F64) -> list[ContiguousRun]:
        """Take samples (n, channels) with their stamps, and their arrivals on the same clock, in s.

        Gives those that are decided.
        """
        self._rows = np.concatenate([self._rows, samples])
        known = np.where(np.abs(stamps) <= MAX_STAMP_S, stamps, np.nan)
        for stamp, arrival in zip(known.tolist(), np.broadcast_to(arrived, stamps.shape).tolist(), strict=True):
            self._take(stamp, arrival)
        return self._given()

    def flush(self) -> list[ContiguousRun]:
        """Decide on what is held: nothing more comes for now."""
        self._settle()
        return self._given()

    def resume(self) -> None:
        """Note that what comes now comes by another connection, on which it may have waited longer or shorter."""
        self._fresh = self._line.begun

    def _take(self, sent: float, arrived: float) -> None:
        if self._held and sent - self._held[-1][0] > JUMP_CONFIRM_S:
            self._settle()
        self._look_at_clock(sent, arrived)
        late = self._line.late(self._next + len(self._held), sent - self._shift)
        if not math.isfinite(late):  # it follows the one before it, which may be held
            before = self._held[-1][0] - self._shift if self._held else math.nan
            sent = self._shift + (before + self._line.interval if self._held else self._line.at(self._next))
            late = self._line.late(self._next + len(self._held), sent - self._shift) if self._held else 0.0
        limit = self._line.limit
        if not self._held and late <= limit:
            self._decided()
            self._accept(sent - self._shift, arrived)
        elif self._held and late <= limit / 2:  # back on the line; half, so that jitter alone does not bring it back
            held = [*self._held, (sent, arrived)]
            self._release([(stamp - self._shift, arrival) for stamp, arrival in held])
        else:
            self._held.append((sent, arrived))
            if sent - self._held[0][0] >= JUMP_CONFIRM_S:
                self._settle()

    def _look_at_clock(self, sent: float, arrived: float) -> None:
        """Where a stream begins on no clock of LSL's, or comes back on one that was set back: go by the arrival."""
        lag = arrived - (sent - self._shift)
        if not math.isfinite(lag):
            return
        if not self._line.begun:
            if not -MAX_FUTURE_STAMP_S <= lag <= MAX_LOSS_S:
                self._set_clock(-lag)
        elif self._fresh and not self._held and sent - self._shift < self._line.at(self._next) - self._line.limit:
            before = self._line.lag
            if before - lag < -MIN_CLOCK_STEP_S:
                self._set_clock(before - lag)

    def _set_clock(self, seconds: float) -> None:
        self._shift += seconds
        self._stepped += seconds

    def _settle(self) -> None:
        """Say how many samples were lost before, and among, those that are held."""
        if not self._held:
            return
        sent, arrived = np.array(self._held).T
        stamps = sent - self._shift
        late = np.array([self._line.late(self._next + k, stamp) for k, stamp in enumerate(stamps.tolist())])
        begins, jumps = _split_at_jumps(late, self._line.limit)
        interval = self._line.interval
        steps = np.diff(jumps, prepend=0.0)
        clocks = self._clocks(steps, [float(lags.min()) for lags in np.split(arrived - stamps, begins[1:])])
        gone = np.cumsum(steps - clocks)
        lost = np.where(gone > self._line.limit, np.rint(gone / interval), 0).astype(int)
        set_by = np.cumsum(clocks)
        self._line.move(float(jumps[-1] - set_by[-1] - lost[-1] * interval))
        self._decided()
        self._shift += float(set_by[-1])
        stamps -= np.repeat(set_by, np.diff([*begins, len(stamps)]))
        begun = zip(np.diff(lost, prepend=0).tolist(), clocks.tolist(), strict=True)
        self._release(
            list(zip(stamps.tolist(), arrived.tolist(), strict=True)), dict(zip(begins.tolist(), begun, strict=True))
        )

    def _clocks(self, steps: F64, lags: list[float]) -> F64:
        """How much of each step is the clock's: that much earlier after their stamps do samples arrive than before."""
        clocks = np.zeros(len(steps))
        for part, (step, lag) in enumerate(zip(steps.tolist(), lags, strict=True)):
            then = lag + clocks.sum()
            before = self._line.lag
            sooner = 0.0 if self._fresh or math.isnan(before) else before - then
            clock = min(step, max(sooner, -then if then < -MAX_FUTURE_STAMP_S else 0.0))
            if step - clock > MAX_LOSS_S or (
                clock > MIN_CLOCK_STEP_S and step - clock <= MAX_FUTURE_STAMP_S
            ):  # too little to be sure of
                clock = step
            clocks[part] = clock if clock > MIN_CLOCK_STEP_S else 0.0
        return clocks

    def _decided(self) -> None:
        if self._fresh:
            self._fresh = False
            self._line.clear_lags()

    def _release(
        self, held: list[tuple[float, float]], before: Mapping[int, tuple[int, float]] = MappingProxyType({})
    ) -> None:
        """Accept what was held, with the losses and the steps of the clock before some of it."""
        self._held = []
        for k, (stamp, arrived) in enumerate(held):
            lost, stepped = before.get(k, (0, 0.0))
            self._next += lost
            self._stepped += stepped
            self._accept(stamp, arrived, lost)

    def _accept(self, stamp: float, arrived: float, lost: int = 0) -> None:
        if lost or self._stepped or not self._cuts:
            time = self._line.at(self._next, stamp)
            self._cuts.append((self._accepted, self._next, lost, time, self._stepped))
            self._stepped = 0.0
        if back := self._line.push(self._next, stamp, arrived - stamp):
            self._set_clock(back)
        self._next += 1
        self._accepted += 1

    def _given(self) -> list[ContiguousRun]:
        ends = [row for row, *_ in self._cuts[1:]] + [self._accepted]
        given = (
            [
                ContiguousRun(start, lost, time, self._rows[row:end], stepped)
                for (row, start, lost, time, stepped), end in zip(self._cuts, ends, strict=True)
            ]
            if self._cuts
            else []
        )
        self._rows, self._accepted, self._cuts = self._rows[self._accepted :], 0, []
        return given


def _split_at_jumps(late: F64, limit: float) -> tuple[npt.NDArray[np.intp], F64]:
    """Split the lateness of samples where it jumps; give where each part begins, and its lateness.

    A part is as late as the later half of it, and no later than those behind it: what was late comes back to the line.
    """
    begins = np.concatenate([[0], np.flatnonzero(np.diff(late) > limit) + 1])
    parts = np.split(late, begins[1:])
    jumps = np.array([np.median(part[len(part) // 2 :]) for part in parts])
    return begins, np.minimum.accumulate(jumps[::-1])[::-1]
