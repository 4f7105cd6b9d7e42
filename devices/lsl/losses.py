"""Which samples of an LSL stream never came: they are counted, and their stamps tell how many are missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from devices.lsl.line import Line
from ecg_live.types import F64

STAYS = 0.5  # s that a jump must stay: late samples come back to the line, lost ones do not (facts on LSL)
LONGEST = 1800.0  # s that may be lost at once: a source gives up after 600, and liblsl keeps 60 and 360 at the ends
ABSURD = 1e11  # s, some 3000 years: stamps beyond are no times, and too coarse to tell two samples apart


class Stretch(NamedTuple):
    """Samples without a hole: ``lost`` of them are missing just before ``start``; ``time`` is the first one's."""

    start: int
    lost: int
    time: float
    samples: F64


class LossFinder:
    """Count samples, fit a line through their stamps, and find where stamps leave it for good.

    While stamps are later than the line allows, samples are held until it is plain whether they were late or others
    were lost. Stamps that are early for a whole block, or late by more than `LONGEST`, mean that a clock stepped:
    nothing is lost, the fit begins anew.
    However the stream is cut into pushes, the answer is the same.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    channels : int
        Columns of the samples.
    """

    def __init__(self, rate: float, channels: int) -> None:
        self._line = Line(rate)
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
        for stamp in np.where(np.abs(stamps) <= ABSURD, stamps, np.nan).tolist():
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
        if not math.isfinite(late):  # it follows the one before it, which may be held
            stamp = self._held[-1] + self._line.interval if self._held else self._line.at(self._next)
            late = self._line.late(self._next + len(self._held), stamp) if self._held else 0.0
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
        """Say how many samples were lost before, and among, those that are held."""
        if not self._held:
            return
        late = np.array([self._line.late(self._next + k, stamp) for k, stamp in enumerate(self._held)])
        begins, jumps = _steps(late, self._line.limit)
        interval = self._line.interval
        steps = np.diff(jumps, prepend=0.0)
        gone = np.cumsum(np.where(steps > LONGEST, 0.0, steps))
        lost = np.where(gone > self._line.limit, np.rint(gone / interval), 0).astype(int)
        self._line.move(float(jumps[-1] - lost[-1] * interval))
        self._release(lost=dict(zip(begins.tolist(), np.diff(lost, prepend=0).tolist(), strict=True)))

    def _release(self, *more: float, lost: Mapping[int, int] = MappingProxyType({})) -> None:
        """Accept what is held, with the losses before some of it."""
        held, self._held = self._held, []
        for k, stamp in enumerate((*held, *more)):
            self._next += lost.get(k, 0)
            self._accept(stamp, lost.get(k, 0))

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


def _steps(late: F64, limit: float) -> tuple[npt.NDArray[np.intp], F64]:
    """Split the lateness of samples where it jumps; give where each part begins, and its lateness.

    A part is as late as the later half of it, and no later than those behind it: what was late comes back to the line.
    """
    begins = np.concatenate([[0], np.flatnonzero(np.diff(late) > limit) + 1])
    parts = np.split(late, begins[1:])
    jumps = np.array([np.median(part[len(part) // 2 :]) for part in parts])
    return begins, np.minimum.accumulate(jumps[::-1])[::-1]
