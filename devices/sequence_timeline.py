"""Sample indices from sequence numbers, which wrap, and from arrivals: a loss of a whole cycle shows in these alone."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from devices.clock import DeviceClock
from ecg_live.events import F64, Gap

_MIN_STALL_S = 0.1  # of silence, before frames may have been lost: devices have buffers of more
_CONFIRM_S = 0.5  # of arrivals that are all late: frames were lost; delayed ones catch up within it
_MAX_HOLD_S = 1.0  # less than the supervisor's limit of silence, of which some has passed
CAUSE_DROPPED, CAUSE_GARBLED = "the device dropped frames", "bytes were garbled on the way"
CAUSE_DISCONNECTED = "the connection was lost"


class IndexedFrame(NamedTuple):
    """Index of one sample, its values, and the cause of the samples lost just before it."""

    sample_index: int
    values: tuple[float, ...]
    cause: str


class FrameRun(NamedTuple):
    """Values (n, c) of consecutive samples; ``lost`` are missing just before ``start``."""

    start: int
    lost: int
    cause: str
    values: F64


class _HeldFrame(NamedTuple):
    """A frame whose index is not decided: ``lost`` frames before it by the sequence, ``late`` by so many s."""

    values: tuple[float, ...]
    lost: int
    cause: str
    arrived: float
    late: float


class SequenceTimeline:
    """Counts frames from the first one ever, 0.

    Sequence numbers show a loss except for a multiple of their cycle. Where one is possible, shortly after a silence or
    a visible loss, late frames are held until one is in time, or they have been late for long enough: then the lateness
    is what was lost. Over a lost connection, arrivals alone decide.

    Parameters
    ----------
    rate : float
        Sampling rate in Hz.
    cycle : int
        Frames after which sequence numbers repeat.
    """

    def __init__(self, rate: float, cycle: int) -> None:
        self._rate = rate
        self._clock = DeviceClock()
        self.cycle = cycle  # in frames
        self._next = 0  # index of the next accepted frame
        self._started = False  # a frame came on this connection
        self._resumed = False  # no frame came since the connection was made
        self._doubtful_until = -math.inf  # session time
        self._garbled = False
        self._cause = ""
        self._held: list[_HeldFrame] = []
        self._held_lost = 0  # frames lost among those held, by the sequence
        self._hold_start = 0.0  # arrival
        self._last_arrival = 0.0
        self._accepted: list[IndexedFrame] = []
        self._popped = 0  # index after the last sample that was returned

    @property
    def holds(self) -> bool:
        """Whether frames wait for a decision."""
        return bool(self._held)

    @property
    def _max_late(self) -> float:
        """Lateness in s from which a cycle may have been lost."""
        return self.cycle / 2 / self._rate

    @property
    def clock(self) -> DeviceClock:
        """Session clock by device time, of which 0 is the first frame's."""
        return self._clock

    def resume(self) -> None:
        """Begin another connection."""
        self._resumed = self._next > 0 or self.holds
        self._started = False
        self._cause = CAUSE_DISCONNECTED

    def garbled(self) -> None:
        """Bytes were skipped before the next frame."""
        self._cause = self._cause or CAUSE_GARBLED
        self._garbled = True

    def push(self, lost: int, values: tuple[float, ...], arrived: float) -> None:
        """Add a frame.

        Parameters
        ----------
        lost : int
            Frames lost before it by its sequence number, less than a cycle; 0 for the first of a connection.
        values : tuple of float
            One sample.
        arrived : float
            Arrival in s on the session clock.
        """
        if self._resumed:
            self._flush_for_resume(arrived)
        stalled = self._started and arrived - self._last_arrival >= max(_MIN_STALL_S, self._max_late)
        self._started, self._last_arrival = True, arrived
        if lost or stalled or self._garbled:
            self._doubtful_until = arrived + _CONFIRM_S
        self._garbled = False
        if stalled or not self._held:
            self._hold_start = arrived
        cause, self._cause = self._cause or CAUSE_DROPPED, ""
        late = self._late(self._next + len(self._held) + self._held_lost + lost, arrived)
        self._held.append(_HeldFrame(values, lost, cause, arrived, late))
        self._held_lost += lost
        is_doubtful = len(self._held) > 1 or arrived < self._doubtful_until
        if not is_doubtful or late <= self._max_late:
            self._release()
        elif arrived - self._hold_start >= _CONFIRM_S:
            self._settle(arrived)

    def pop(self) -> list[IndexedFrame]:
        """Return the accepted frames and forget them."""
        accepted, self._accepted = self._accepted, []
        return accepted

    def pop_runs(self) -> list[FrameRun]:
        """Return the accepted frames as runs without a loss inside, and forget them."""
        frames = self.pop()
        starts = [k for k, one in enumerate(frames) if k == 0 or one.sample_index > frames[k - 1].sample_index + 1]
        runs: list[FrameRun] = []
        for start, stop in pairwise([*starts, len(frames)]):
            first, values = frames[start], np.array([one.values for one in frames[start:stop]], dtype=np.float64)
            runs.append(FrameRun(first.sample_index, first.sample_index - self._popped, first.cause, values))
            self._popped = first.sample_index + len(values)
        return runs

    def gap_before(self, run: FrameRun) -> Gap:
        """The samples that are missing before a run."""
        start = run.start - run.lost
        return Gap(start, run.lost, run.cause, time=self.host_time(start))

    def flush(self) -> None:
        """Accept held frames: none follows for now. Later ones may show that frames were lost before them."""
        self._release()

    def host_time(self, index: int) -> float:
        """Session time (s) of a frame."""
        return self._clock.host_time(index / self._rate)

    def _late(self, index: int, arrived: float) -> float:
        return self._clock.lateness(index / self._rate, arrived)

    def _flush_for_resume(self, arrived: float) -> None:
        """Count the frames lost with the connection, by the time that passed."""
        self._resumed = False
        self._release()
        self._next += max(0, round(self._late(self._next, arrived) * self._rate))
        self._clock.reset()  # the device starts its timer again

    def _settle(self, arrived: float) -> None:
        """Decide on held frames that are all late, once they get no nearer to their time."""
        middle = arrived - _CONFIRM_S / 2
        before = [one.late for one in self._held if arrived - _CONFIRM_S <= one.arrived < middle]
        after = min(one.late for one in self._held if one.arrived >= middle)
        catching_up = not before or min(before) - after > self._max_late / 2
        if catching_up and arrived - self._held[0].arrived < _MAX_HOLD_S:
            return
        lost = self.cycle * round(after * self._rate / self.cycle)
        place = self._place_of_loss(after)
        held = self._held[place]
        self._held[place] = held._replace(lost=held.lost + lost)
        self._release()

    def _place_of_loss(self, late: float) -> int:
        """Return where frames were lost: where they stop catching up, or the jump of the sequence nearest to it."""
        place = next(k for k, one in enumerate(self._held) if one.late - late <= self._max_late / 2)
        jumps = [k for k, one in enumerate(self._held) if one.lost]
        return min(jumps, key=lambda k: abs(k - place), default=place)

    def _release(self) -> None:
        held, self._held, self._held_lost = self._held, [], 0
        for values, lost, cause, arrived, _ in held:
            self._next += lost
            self._clock.push(self._next / self._rate, arrived)
            self._accepted.append(IndexedFrame(self._next, values, cause))
            self._next += 1
