"""Sample indices from a BITalino's sequence numbers, which wrap after 16 frames, and from arrivals."""

from __future__ import annotations

import math
from typing import NamedTuple

from devices.bitalino.protocol import SEQUENCE_COUNT
from devices.clock import DeviceClock

# The firmware's buffer of 1500 bytes holds 0.19 s of six ports at 1000 Hz, and more of fewer: a shorter silence loses
# no frame (firmware-bitalino-revolution, main.h and timer.c).
_MIN_STALL_S = 0.1
_CONFIRM_S = 0.3  # of arrivals that are all late: frames were lost; delayed ones catch up within it
_MAX_HOLD_S = 1.0  # less than the supervisor's limit of silence, of which some has passed
CAUSE_DROPPED, CAUSE_GARBLED = "the device dropped frames", "bytes were garbled on the way"
CAUSE_DISCONNECTED = "the connection was lost"


class IndexedFrame(NamedTuple):
    """Index of one sample, its counts, and the cause of the samples lost just before it."""

    sample_index: int
    counts: tuple[int, ...]
    cause: str


class _HeldFrame(NamedTuple):
    """A frame whose index is not decided: ``lost`` frames before it by the sequence, ``late`` by so many s."""

    counts: tuple[int, ...]
    lost: int
    cause: str
    arrived: float
    late: float


class BitalinoTimeline:
    """Counts frames from the first one ever, 0.

    Sequence numbers show a loss except for a multiple of 16 frames. Where one is possible, shortly after a silence or a
    visible loss, late frames are held until one is in time, or they have been late for long enough: then the lateness
    is what was lost. Over a lost connection, arrivals alone decide.

    Parameters
    ----------
    rate : float
        Sampling rate in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._clock = DeviceClock()
        self._max_late = SEQUENCE_COUNT / 2 / rate  # s
        self._min_stall = max(_MIN_STALL_S, self._max_late)
        self._next = 0  # index of the next accepted frame
        self._sequence: int | None = None  # of the last frame
        self._resumed = False  # no frame came since the connection was made
        self._doubtful_until = -math.inf  # session time
        self._garbled = False
        self._cause = ""
        self._held: list[_HeldFrame] = []
        self._held_lost = 0  # frames lost among those held, by the sequence
        self._hold_start = 0.0  # arrival
        self._last_arrival = 0.0
        self._accepted: list[IndexedFrame] = []

    @property
    def holds(self) -> bool:
        """Whether frames wait for a decision."""
        return bool(self._held)

    @property
    def clock(self) -> DeviceClock:
        """Session clock by device time, of which 0 is the first frame's."""
        return self._clock

    def resume(self) -> None:
        """Begin another connection."""
        self._resumed = self._next > 0 or self.holds
        self._sequence = None
        self._cause = CAUSE_DISCONNECTED

    def garbled(self) -> None:
        """Bytes were skipped before the next frame."""
        self._cause = self._cause or CAUSE_GARBLED
        self._garbled = True

    def push(self, sequence: int, counts: tuple[int, ...], arrived: float) -> None:
        """Add a frame that arrived at a session time (s)."""
        if self._resumed:
            self._flush_for_resume(arrived)
        lost = 0 if self._sequence is None else (sequence - self._sequence - 1) % SEQUENCE_COUNT
        stalled = self._sequence is not None and arrived - self._last_arrival >= self._min_stall
        self._sequence, self._last_arrival = sequence, arrived
        if lost or stalled or self._garbled:
            self._doubtful_until = arrived + _CONFIRM_S
        self._garbled = False
        if stalled or not self._held:
            self._hold_start = arrived
        cause, self._cause = self._cause or CAUSE_DROPPED, ""
        late = self._late(self._next + len(self._held) + self._held_lost + lost, arrived)
        self._held.append(_HeldFrame(counts, lost, cause, arrived, late))
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
        lost = SEQUENCE_COUNT * round(after * self._rate / SEQUENCE_COUNT)
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
        for counts, lost, cause, arrived, _ in held:
            self._next += lost
            self._clock.push(self._next / self._rate, arrived)
            self._accepted.append(IndexedFrame(self._next, counts, cause))
            self._next += 1
