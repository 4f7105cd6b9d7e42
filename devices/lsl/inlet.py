"""Inlets as we want them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

import pylsl
from pylsl.util import LostError
from pylsl.util import TimeoutError as LslTimeout

from devices.lsl.resolve import ResolvedStream

_T = TypeVar("_T")
CONNECTION_ERRORS = (LostError, LslTimeout)  # what liblsl raises where a connection is gone or does not come about
CONNECT_TIMEOUT_S = 5.0  # s that the outlet's machine may take to answer
CALL_TIMEOUT_S = 0.2  # s that one call to liblsl may wait: a source must wake within 0.5 s when it is closed
INLET_BUFFER_S = 60  # s of samples that wait in liblsl for a session that is busy, before they are lost
SAME_CLOCK_TOLERANCE_S = (
    0.1  # s that two readings of the same clock may differ: 50 ppm over half an hour away, and the network
)


def make_inlet(found: ResolvedStream, *, synced: bool = False) -> pylsl.StreamInlet:
    """Make an inlet without liblsl's own recovery: that goes by source_id alone, which two machines may share.

    ``synced`` stamps lie on this machine's clock; they jump by some ms whenever liblsl measures it anew. Never
    dejittered: that errs by seconds after a loss (facts on LSL).
    """
    ways = pylsl.proc_threadsafe | (pylsl.proc_clocksync if synced else 0)
    return pylsl.StreamInlet(found, max_buflen=INLET_BUFFER_S, recover=False, processing_flags=ways, as_numpy=True)


class RemoteClock:
    """The outlet's clock against this machine's: stamps plus ``base`` never jump, and are ``drift`` s early by now.

    Where an outlet comes back on the same clock, the base stays, so that what was lost can be told to the sample.
    """

    def __init__(self) -> None:
        self.base = self._newest = math.nan

    @property
    def drift(self) -> float:
        """By how much (s) the clocks have moved apart since the base was taken."""
        return self._newest - self.base

    def connect(self, correction: float) -> None:
        """Take the first reading (s) of a connection."""
        if math.isnan(self.base):
            self.base = correction
        elif abs(correction - self._newest) > SAME_CLOCK_TOLERANCE_S:  # another clock: started anew, or another machine
            self.base += correction - self._newest
        self._newest = correction

    def read(self, correction: float) -> None:
        """Take another reading (s)."""
        self._newest = correction


def subscribe(inlet: pylsl.StreamInlet, closed: Event) -> None:
    """Subscribe, then learn the other machine's clock, while samples queue up. Raises one of `CONNECTION_ERRORS`."""
    for step in (inlet.open_stream, inlet.time_correction):
        _retry_until_closed(step, closed)


def fetch_description(
    inlet: pylsl.StreamInlet, found: ResolvedStream, closed: Event | None = None
) -> pylsl.StreamInfo | None:
    """A stream's full description; None once ``closed``. Raises one of `CONNECTION_ERRORS`.

    Where a stream ends, its port may serve another one by the time that it is asked: that breaks too.
    """
    full: pylsl.StreamInfo | None = _retry_until_closed(inlet.info, closed or Event())
    if full is not None and full.uid() != found.uid():
        raise LostError("another stream answers in its place")
    return full


def _retry_until_closed(step: Callable[[float], _T], closed: Event) -> _T | None:
    until = time.monotonic() + CONNECT_TIMEOUT_S
    while not closed.is_set():
        try:
            return step(CALL_TIMEOUT_S)
        except LslTimeout:
            if time.monotonic() >= until:
                raise
    return None
