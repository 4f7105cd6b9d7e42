"""Inlets as we want them, and LSL's clock against the session's."""

from __future__ import annotations

import time
from threading import Event as Flag

import pylsl
from pylsl.util import LostError
from pylsl.util import TimeoutError as LslTimeout

from devices.lsl.network import Found
from ecg_live.types import Clock

BROKEN = (LostError, LslTimeout)  # what liblsl raises where a connection is gone or does not come about
CONNECT = 5.0  # s that the outlet's machine may take to answer
STEP = 0.2  # s that one call to liblsl may wait: a source must wake within 0.5 s when it is closed
KEPT = 60  # s of samples that wait in liblsl for a session that is busy, before they are lost
_WAYS = pylsl.proc_clocksync | pylsl.proc_threadsafe  # no dejitter: it errs by seconds after a loss (facts on LSL)
_READINGS = 5  # of both clocks


def make_inlet(found: Found) -> pylsl.StreamInlet:
    """Make an inlet without liblsl's own recovery: that goes by source_id alone, which two machines may share."""
    return pylsl.StreamInlet(found, max_buflen=KEPT, recover=False, processing_flags=_WAYS, as_numpy=True)


def subscribe(inlet: pylsl.StreamInlet, closed: Flag) -> None:
    """Subscribe, then learn the other machine's clock, while samples queue up. Raises one of `BROKEN`."""
    for step in (inlet.open_stream, inlet.time_correction):
        until = time.monotonic() + CONNECT
        while not closed.is_set():
            try:
                step(STEP)
                break
            except LslTimeout:
                if time.monotonic() >= until:
                    raise


def clock_offset(clock: Clock) -> float:
    """How far (s) the session clock is ahead of LSL's, from the quickest of several readings."""
    readings = []
    for _ in range(_READINGS):
        before, theirs, after = clock(), pylsl.local_clock(), clock()
        readings.append((after - before, (before + after) / 2 - theirs))
    return min(readings)[1]
