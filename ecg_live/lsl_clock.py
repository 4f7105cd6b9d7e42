"""LSL's clock against the session's: they have the same base on Linux, and perhaps not elsewhere."""

from __future__ import annotations

import pylsl

from ecg_live.types import Clock

_READINGS = 5  # of both clocks


def clock_offset(clock: Clock) -> float:
    """How far (s) the session clock is ahead of LSL's, from the quickest of several readings."""
    readings = []
    for _ in range(_READINGS):
        before, theirs, after = clock(), pylsl.local_clock(), clock()
        readings.append((after - before, (before + after) / 2 - theirs))
    return min(readings)[1]
