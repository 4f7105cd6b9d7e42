"""Which samples of an LSL stream never came: they are counted, and their stamps tell how many are missing."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from ecg_live.types import F64

STAYS = 0.5  # s that a jump must stay: late samples come back to the line, lost ones do not (facts on LSL)
JITTERS, SAMPLES = 6.0, 1.5  # a jump is more than so many times the jitter's MAD, and so many samples (ibid.)
LEARNING = 0.050  # s that counts as a jump before the jitter is known
BLOCK = 0.5  # s; the fit goes through the median of each
RECENT, FITTED = 20, 120  # blocks that tell jitter and level (10 s), and rate (60 s)
RATE_OFF = 0.02  # that a rate may be off: 0.6 % was met in the field (facts: drift from assuming the nominal rate)


class Stretch(NamedTuple):
    """Samples without a hole: ``lost`` of them are missing just before ``start``; ``time`` is the first one's."""

    start: int
    lost: int
    time: float
    samples: F64


class LossFinder:
    """Count samples, fit a line through their stamps, and find where stamps leave it for good.

    While stamps are later than the line allows, samples are held until it is plain whether they were late or others
    were lost. Stamps that are early for a whole block mean that a clock stepped: nothing is lost, the fit begins anew.
    However the stream is cut into pushes, the answer is the same.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    channels : int
        Columns of the samples.
    """

    def __init__(self, rate: float, channels: int) -> None:
        self._line = _Line(rate)
        self._next = 0  # index of the next sample that is accepted
        self._held: list[float] = []  # stamps of samples that wait
        self._rows = np.empty((0, channels))  # accepted and held
        self._accepted = 0  # rows
        self._cuts: list[tuple[int, int, int, float]] = []  # row, start, lost and time of what begins there

    @property
    def holds(self) -> bool:
        """Whether samples wait for a decision."""
        return bool(self._held)

    @property
    def rate(self) -> float:
        """Rate as fitted, in Hz."""
        return 1 / self._line.interval

    def push(self, stamps: F64, samples: F64) -> list[Stretch]:
        """Take samples (n, channels) with their stamps in s; give those that are decided."""
        self._rows = np.concatenate([self._rows, samples])
        for stamp in stamps.tolist():
            self._take(stamp)
        return self._given()

    def flush(self) -> list[Stretch]:
        """Decide on what is held: nothing more comes for now."""
        self._settle()
        return self._given()

    def _take(self, stamp: float) -> None:
        if self._held and stamp - self._held[-1] > STAYS:
            self._settle()
        late = self._line.late(self._next + len(self._held), stamp)
        if not math.isfinite(late):
            stamp, late = self._line.at(self._next + len(self._held)), 0.0
        limit = self._line.limit
        if not self._held and late <= limit:
            self._accept(stamp)
        elif self._held and late <= limit / 2:  # back on the line; half, so that jitter alone does not bring it back
            self._release(stamp)
        else:
            self._held.append(stamp)
            if stamp - self._held[0] >= STAYS:
                self._settle()

    def _settle(self) -> None:
        """Say how many samples were lost before those that are held, from the later half of them."""
        if not self._held:
            return
        begin = self._held[0] + STAYS / 2 if self._held[-1] - self._held[0] >= STAYS / 2 else self._held[0]
        late = [self._line.late(self._next + k, stamp) for k, stamp in enumerate(self._held) if stamp >= begin]
        jump = float(np.median(late))
        lost = max(0, round(jump / self._line.interval)) if jump > self._line.limit else 0
        self._line.move(jump - lost * self._line.interval)
        self._next += lost
        self._release(lost=lost)

    def _release(self, *more: float, lost: int = 0) -> None:
        held, self._held = self._held, []
        for stamp in (*held, *more):
            self._accept(stamp, lost)
            lost = 0

    def _accept(self, stamp: float, lost: int = 0) -> None:
        if lost or not self._cuts:
            self._cuts.append((self._accepted, self._next, lost, self._line.at(self._next, stamp)))
        self._line.push(self._next, stamp)
        self._next += 1
        self._accepted += 1

    def _given(self) -> list[Stretch]:
        ends = [row for row, *_ in self._cuts[1:]] + [self._accepted]
        given = (
            [
                Stretch(start, lost, time, self._rows[row:end])
                for (row, start, lost, time), end in zip(self._cuts, ends, strict=True)
            ]
            if self._cuts
            else []
        )
        self._rows, self._accepted, self._cuts = self._rows[self._accepted :], 0, []
        return given


class _Line:
    """Stamp against index: a robust line through the medians of blocks."""

    def __init__(self, rate: float) -> None:
        self._nominal = self.interval = 1 / rate
        self.limit = max(LEARNING, SAMPLES / rate)  # s that a stamp may be late
        self._size = max(2, round(BLOCK * rate))
        self._origin, self._level = 0, math.nan  # the line goes through this point
        self._block: list[tuple[int, float]] = []
        self._recent: deque[F64] = deque(maxlen=RECENT)  # (n, 2): index, stamp
        self._middles: deque[tuple[float, float]] = deque(maxlen=FITTED)

    def at(self, index: int, otherwise: float = math.nan) -> float:
        """Stamp on the line, or else the one given where there is no line yet."""
        return otherwise if math.isnan(self._level) else self._level + (index - self._origin) * self.interval

    def late(self, index: int, stamp: float) -> float:
        """How late a stamp is, in s."""
        return stamp - self.at(index, stamp)

    def push(self, index: int, stamp: float) -> None:
        """Take the next sample's stamp; the line moves at the end of a block."""
        if not math.isfinite(stamp):  # the very first ones, from an outlet that does not know the time
            return
        if math.isnan(self._level):
            self._origin, self._level = index, stamp
        self._block.append((index, stamp))
        if len(self._block) == self._size:
            self._fit(np.array(self._block))
            self._block = []

    def move(self, seconds: float) -> None:
        """Begin a new segment, so much later than the line; the rate is kept."""
        self._level += seconds
        self._block = []
        self._recent.clear()
        self._middles.clear()

    def _fit(self, block: F64) -> None:
        off = float(np.median(self._late(block)))
        if off < -self.limit:
            self.move(off)
            off = 0.0
        middle = float(block[:, 0].mean())
        self._recent.append(block)
        self._middles.append((middle, self._level + (middle - self._origin) * self.interval + off))
        recent = np.concatenate(self._recent)
        self.interval = self._slope(recent)
        x, y = np.array(self._middles)[-RECENT:].T
        self._origin, self._level = int(block[-1, 0]), float(np.median(y + (block[-1, 0] - x) * self.interval))
        self.limit = max(SAMPLES * self._nominal, JITTERS * _mad(self._late(recent)))

    def _late(self, block: F64) -> F64:
        return block[:, 1] - (self._level + (block[:, 0] - self._origin) * self.interval)

    def _slope(self, recent: F64) -> float:
        """Median of the slopes between all blocks (Theil 1950); the nominal one as long as jitter hides the rest."""
        if len(self._middles) < 2:
            return self.interval
        x, y = np.array(self._middles).T
        i, j = np.triu_indices(len(x), 1)
        slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
        if abs(slope / self._nominal - 1) > RATE_OFF:
            return self.interval
        hidden = abs(slope - self._nominal) * (x[-1] - x[0]) <= 3 * _mad(recent[:, 1] - recent[:, 0] * slope)
        return self._nominal if hidden else slope


def _mad(values: F64) -> float:
    return float(np.median(np.abs(values - np.median(values))))
