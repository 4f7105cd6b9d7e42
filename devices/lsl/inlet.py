"""LSL inlets: creation, subscription, description, and the clock offset of the outlet's machine."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

import pylsl
from pylsl.util import LostError
from pylsl.util import TimeoutError as LslTimeout

from devices.lsl.resolve import ResolvedStream
from ecg_live.cancelling import check_cancelled

_T = TypeVar("_T")
CONNECTION_ERRORS = (LostError, LslTimeout)  # raised by liblsl when a connection breaks or is not made
CONNECT_TIMEOUT_S = 5.0
CALL_TIMEOUT_S = 0.2  # of one call to liblsl: a closed source must wake within 0.5 s
INLET_BUFFER_S = 60  # samples that liblsl holds for a busy session; beyond that they are lost
SAME_CLOCK_TOLERANCE_S = 0.1  # between two readings of one clock: 50 ppm in half an hour, and the network


def make_inlet(found: ResolvedStream, *, synced: bool = False) -> pylsl.StreamInlet:
    """Create an inlet without liblsl's recovery, which goes by source_id alone: two machines may share one.

    ``synced`` timestamps are on this machine's clock and jump by some ms at each measurement of the offset. liblsl's
    dejittering stays off: it errs by seconds after a loss (docs/pages/protocols.md).
    """
    flags = pylsl.proc_threadsafe | (pylsl.proc_clocksync if synced else 0)
    return pylsl.StreamInlet(found, max_buflen=INLET_BUFFER_S, recover=False, processing_flags=flags, as_numpy=True)


class RemoteClock:
    """Offset of the outlet's clock: timestamps plus ``base`` never jump, and are ``drift`` s early by now.

    If an outlet returns on the same clock, the base stays, so that the loss is exact to the sample.
    """

    def __init__(self) -> None:
        self.base = math.nan
        self._latest = math.nan

    @property
    def drift(self) -> float:
        """How far (s) the clocks have moved apart since the base was set."""
        return self._latest - self.base

    def connect(self, correction: float) -> None:
        """Use a connection's first measured offset (s)."""
        if math.isnan(self.base):
            self.base = correction
        elif abs(correction - self._latest) > SAME_CLOCK_TOLERANCE_S:  # another clock: restarted, or another machine
            self.base += correction - self._latest
        self._latest = correction

    def update(self, correction: float) -> None:
        """Use a later measured offset (s)."""
        self._latest = correction


def subscribe(inlet: pylsl.StreamInlet, closed: Event) -> None:
    """Subscribe, then measure the other machine's clock while samples queue up. Raises `CONNECTION_ERRORS`."""
    for step in (inlet.open_stream, inlet.time_correction):
        _retry_until_closed(step, closed)


def subscribe_persistently(inlet: pylsl.StreamInlet, closed: Event) -> None:
    """Subscribe, however long it takes while the outlet lives: its samples wait in the inlet. Raises `LostError`."""
    while not closed.is_set():
        with contextlib.suppress(LslTimeout):
            subscribe(inlet, closed)
            return


def fetch_description(
    inlet: pylsl.StreamInlet, found: ResolvedStream, closed: Event | None = None
) -> pylsl.StreamInfo | None:
    """Return a stream's full description; None once ``closed``.

    Raises
    ------
    CONNECTION_ERRORS
        The connection broke, or another stream answers: a port may be reused after its stream has ended.
    """
    full: pylsl.StreamInfo | None = _retry_until_closed(inlet.info, closed or Event())
    if full is not None and full.uid() != found.uid():
        raise LostError("another stream answers in its place")
    return full


def _retry_until_closed(step: Callable[[float], _T], closed: Event) -> _T | None:
    """Repeat short calls, so that closing the source ends the wait; None if it did."""
    deadline = time.monotonic() + CONNECT_TIMEOUT_S
    while not closed.is_set():
        check_cancelled()
        try:
            return step(CALL_TIMEOUT_S)
        except LslTimeout:
            if time.monotonic() >= deadline:
                raise
    return None
