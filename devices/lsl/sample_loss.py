"""Samples of an LSL stream that never arrived, detected and counted from the timestamps of those that did."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from devices.lsl.timestamp_fit import MIN_CLOCK_STEP_S, TimestampFit
from ecg_live.events import F64

JUMP_CONFIRM_S = 0.5  # late samples return to the line within it, lost ones do not (docs/pages/protocols.md, LSL)
MAX_LOSS_S = 1800.0  # at once: a source gives up after 600, and liblsl buffers 60 and 360 at both ends
MAX_FUTURE_STAMP_S = 1.0  # of a timestamp ahead of its sample's arrival: clock offsets are known to some ms
MAX_STAMP_S = 1e11  # some 3000 years: larger values are not times, and too coarse to separate two samples


def is_of_session_clock(time: float, now: float) -> bool:
    """Whether a timestamp on the session clock can be of a sample that arrived at ``now``; NaN cannot."""
    return -MAX_FUTURE_STAMP_S <= now - time <= MAX_LOSS_S


class ContiguousRun(NamedTuple):
    """Samples without a gap; ``lost`` of them are missing just before ``start``; ``time`` is the first one's.

    ``stepped`` is the step (s) of the stamps' clock just before; times continue as if it had not happened.
    """

    start: int
    lost: int
    time: float
    samples: F64
    stepped: float = 0.0


class _RunStart(NamedTuple):
    """Where a `ContiguousRun` begins: ``row`` of the accepted samples, and the run's other fields."""

    row: int
    start: int
    lost: int
    time: float
    stepped: float


class LossFinder:
    """Count samples, fit a line to their timestamps, and find where timestamps leave it for good.

    While timestamps are later than the line allows, samples are held until it is clear if they were late or others
    were lost. Arrivals distinguish lost samples from a step of the sender's clock: the lag from sampling to arrival
    does not shrink, and no sample arrives before it was taken. The step is subtracted from all later timestamps, so
    that losses never exceed the time that has passed. Chunk-size invariant.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    channels : int
        Columns of the samples.
    """

    def __init__(self, rate: float, channels: int) -> None:
        self._line = TimestampFit(rate)
        self._next = 0  # index of the next accepted sample
        self._held: list[tuple[float, float]] = []  # timestamp as sent and arrival of held samples
        self._rows = np.empty((0, channels))  # accepted and held
        self._accepted = 0  # rows
        self._run_starts: list[_RunStart] = []
        self._clock_offset = 0.0  # s, sum of all steps of the sender's clock
        self._unreported_step = 0.0  # s
        self._reconnected = False  # no sample was accepted since the connection was made

    @property
    def holds(self) -> bool:
        """Whether samples wait for a decision."""
        return bool(self._held)

    @property
    def rate(self) -> float:
        """Fitted rate in Hz."""
        return 1 / self._line.interval

    def push(self, stamps: F64, arrived: F64 | float, samples: F64) -> list[ContiguousRun]:
        """Add samples and return those that are accepted or follow a loss.

        Parameters
        ----------
        stamps : F64
            Timestamps (n,) in s.
        arrived : F64 or float
            Arrivals in s on the same clock.
        samples : F64
            Samples (n, channels).

        Returns
        -------
        list of ContiguousRun
            Samples without those that are held.
        """
        self._rows = np.concatenate([self._rows, samples])
        valid = np.where(np.abs(stamps) <= MAX_STAMP_S, stamps, np.nan)
        for stamp, arrival in zip(valid.tolist(), np.broadcast_to(arrived, stamps.shape).tolist(), strict=True):
            self._push_one(stamp, arrival)
        return self._pop_runs()

    def flush(self) -> list[ContiguousRun]:
        """Decide on held samples: no sample follows for now."""
        self._settle()
        return self._pop_runs()

    def resume(self) -> None:
        """Begin another connection, over which samples may take more or less time."""
        self._reconnected = self._line.started

    def _push_one(self, sent: float, arrived: float) -> None:
        if self._held and sent - self._held[-1][0] > JUMP_CONFIRM_S:
            self._settle()
        self._detect_clock_set(sent, arrived)
        late = self._line.residual(self._next + len(self._held), sent - self._clock_offset)
        if not math.isfinite(late):
            sent, late = self._extrapolate()
        limit = self._line.limit
        if not self._held and late <= limit:
            self._end_reconnect()
            self._accept(sent - self._clock_offset, arrived)
        elif self._held and late <= limit / 2:  # back on the line; half, so that jitter alone does not bring it back
            held = [*self._held, (sent, arrived)]
            self._release([(stamp - self._clock_offset, arrival) for stamp, arrival in held])
        else:
            self._held.append((sent, arrived))
            if sent - self._held[0][0] >= JUMP_CONFIRM_S:
                self._settle()

    def _extrapolate(self) -> tuple[float, float]:
        """Return timestamp and lateness of a sample without a valid timestamp, from the held sample or the line."""
        if not self._held:
            return self._clock_offset + self._line.predict(self._next), 0.0
        before = self._held[-1][0] - self._clock_offset
        sent = self._clock_offset + (before + self._line.interval)
        return sent, self._line.residual(self._next + len(self._held), sent - self._clock_offset)

    def _detect_clock_set(self, sent: float, arrived: float) -> None:
        """Use the arrival where a stream begins on a clock other than LSL's, or returns on one that was set back."""
        lag = arrived - (sent - self._clock_offset)
        if not math.isfinite(lag):
            return
        if not self._line.started:
            if not -MAX_FUTURE_STAMP_S <= lag <= MAX_LOSS_S:
                self._add_clock_step(-lag)
            return
        early = sent - self._clock_offset < self._line.predict(self._next) - self._line.limit
        if self._reconnected and not self._held and early:
            before = self._line.lag
            if before - lag < -MIN_CLOCK_STEP_S:
                self._add_clock_step(before - lag)

    def _add_clock_step(self, seconds: float) -> None:
        self._clock_offset += seconds
        self._unreported_step += seconds

    def _settle(self) -> None:
        """Count the samples lost before and among those that are held, and accept these."""
        if not self._held:
            return
        sent, arrived = np.array(self._held).T
        stamps = sent - self._clock_offset
        late = np.array([self._line.residual(self._next + k, stamp) for k, stamp in enumerate(stamps.tolist())])
        starts, jumps = _split_at_jumps(late, self._line.limit)
        interval = self._line.interval
        steps = np.diff(jumps, prepend=0.0)
        clock_steps = self._clock_steps(steps, [float(lags.min()) for lags in np.split(arrived - stamps, starts[1:])])
        missing_s = np.cumsum(steps - clock_steps)
        lost = np.where(missing_s > self._line.limit, np.rint(missing_s / interval), 0).astype(int)
        clock_offsets = np.cumsum(clock_steps)
        self._line.restart(float(jumps[-1] - clock_offsets[-1] - lost[-1] * interval))
        self._end_reconnect()
        self._clock_offset += float(clock_offsets[-1])
        stamps -= np.repeat(clock_offsets, np.diff([*starts, len(stamps)]))
        before = zip(np.diff(lost, prepend=0).tolist(), clock_steps.tolist(), strict=True)
        self._release(
            list(zip(stamps.tolist(), arrived.tolist(), strict=True)), dict(zip(starts.tolist(), before, strict=True))
        )

    def _clock_steps(self, steps: F64, lags: list[float]) -> F64:
        """Share of each step that is the sender's clock: by this much, the lag of later samples shrinks."""
        clock_steps = np.zeros(len(steps))
        for part, (step, lag) in enumerate(zip(steps.tolist(), lags, strict=True)):
            after = lag + clock_steps.sum()
            before = self._line.lag
            shrunk = 0.0 if self._reconnected or math.isnan(before) else before - after
            clock_step = min(step, max(shrunk, -after if after < -MAX_FUTURE_STAMP_S else 0.0))
            remaining = step - clock_step
            if remaining > MAX_LOSS_S or (clock_step > MIN_CLOCK_STEP_S and remaining <= MAX_FUTURE_STAMP_S):
                clock_step = step  # the remainder is too small, or too large, to be a loss
            clock_steps[part] = clock_step if clock_step > MIN_CLOCK_STEP_S else 0.0
        return clock_steps

    def _end_reconnect(self) -> None:
        if self._reconnected:
            self._reconnected = False
            self._line.clear_lags()

    def _release(
        self, held: list[tuple[float, float]], before: Mapping[int, tuple[int, float]] = MappingProxyType({})
    ) -> None:
        """Accept held samples; ``before`` maps some of them to the loss and the clock step (s) before them."""
        self._held = []
        for k, (stamp, arrived) in enumerate(held):
            lost, stepped = before.get(k, (0, 0.0))
            self._next += lost
            self._unreported_step += stepped
            self._accept(stamp, arrived, lost)

    def _accept(self, stamp: float, arrived: float, lost: int = 0) -> None:
        if lost or self._unreported_step or not self._run_starts:
            time = self._line.predict(self._next, stamp)
            self._run_starts.append(_RunStart(self._accepted, self._next, lost, time, self._unreported_step))
            self._unreported_step = 0.0
        if step_back := self._line.push(self._next, stamp, arrived - stamp):
            self._add_clock_step(step_back)
        self._next += 1
        self._accepted += 1

    def _pop_runs(self) -> list[ContiguousRun]:
        """Return the accepted samples and forget them."""
        ends = [run.row for run in self._run_starts[1:]] + [self._accepted]
        runs = [
            ContiguousRun(run.start, run.lost, run.time, self._rows[run.row : end], run.stepped)
            for run, end in zip(self._run_starts, ends, strict=False)
        ]
        self._rows, self._accepted, self._run_starts = self._rows[self._accepted :], 0, []
        return runs


def _split_at_jumps(late: F64, limit: float) -> tuple[npt.NDArray[np.intp], F64]:
    """Split lateness (n,) where it jumps; return the start of each part and its lateness.

    A part's lateness is that of its later half, and at most that of the parts after it: late samples return to the
    line.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(late) > limit) + 1])
    parts = np.split(late, starts[1:])
    jumps = np.array([np.median(part[len(part) // 2 :]) for part in parts])
    return starts, np.minimum.accumulate(jumps[::-1])[::-1]
