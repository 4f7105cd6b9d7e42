"""Compare an LSL stream's nominal rate with the samples that arrive, at the start of each connection."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64

FIRST_CHECK_S, SECOND_CHECK_S = 5.0, 20.0  # after the connection: a coarse check, then a fine one
_RATE_WINDOWS_S = (1.0, 5.0)  # of one rate; the median over all windows ignores losses and pauses
_SAME_ARRIVAL_S = 0.005  # between chunks that waited and arrive together
# Shares of the nominal rate: bursts of a third of a second are 6 % of 5 s; see `timestamp_fit.MAX_RATE_ERROR`.
GROSS_RATE_ERROR, FINE_RATE_ERROR = 0.10, 0.02


class MeasuredRate(NamedTuple):
    """``measured`` (Hz) differs from the nominal rate; ``certain`` if no loss of samples explains it."""

    measured: float
    certain: bool


class RateCheck:
    """Check the rate of one connection, twice.

    Losses and delays explain neither more samples than nominal, nor fewer with timestamps that show no loss. Fewer
    samples with timestamps that agree may be many losses.

    Parameters
    ----------
    rate : float
        Nominal rate of the stream in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._points: list[tuple[float, float, float]] = []  # sample count, last timestamp, arrival
        self._count = 0
        self._pending_checks = [(FIRST_CHECK_S, _RATE_WINDOWS_S[0]), (SECOND_CHECK_S, _RATE_WINDOWS_S[1])]

    @property
    def passed(self) -> bool:
        """Whether the first check is done and found no difference."""
        return len(self._pending_checks) == 1

    def push(self, count: int, stamp: float, arrived: float, *, behind: bool) -> MeasuredRate | None:
        """Add received samples and return a difference, once there is one.

        Parameters
        ----------
        count : int
            Samples received at once.
        stamp : float
            Timestamp of the last one, in s.
        arrived : float
            Their arrival in s.
        behind : bool
            More samples wait, so that this arrival carries no information.

        Returns
        -------
        MeasuredRate or None
            None if no check is due, or the rates agree.
        """
        self._count += count
        if not self._pending_checks or (behind and not self._points):
            return None
        if self._points and arrived - self._points[-1][2] < _SAME_ARRIVAL_S:
            self._points.pop()
        self._points.append((self._count, stamp, arrived))
        if behind or len(self._points) < 2 or arrived - self._points[0][2] < self._pending_checks[0][0]:
            return None
        _, window = self._pending_checks.pop(0)
        found = self._compare(np.array(self._points), window, gross=bool(self._pending_checks))
        if not self._pending_checks or found is not None:
            self._points, self._pending_checks = [], []
        return found

    def _compare(self, points: F64, window: float, *, gross: bool) -> MeasuredRate | None:
        count, stamps, arrivals = points.T
        arrival_rate = (count[-1] - count[0]) / (arrivals[-1] - arrivals[0])
        stamp_rate = _median_stamped_rate(count, stamps, arrivals, window)
        arrival_error, stamp_error = arrival_rate / self._rate - 1, stamp_rate / self._rate - 1
        agree = abs(stamp_rate / arrival_rate - 1) <= (GROSS_RATE_ERROR if gross else FINE_RATE_ERROR / 2)
        measured = stamp_rate if agree else arrival_rate
        if not gross:
            differs = agree and abs(stamp_error) > FINE_RATE_ERROR
            return MeasuredRate(float(measured), certain=False) if differs else None
        span = stamps[-1] - stamps[0]
        lossless = span > 0 and abs((count[-1] - count[0]) / span / self._rate - 1) <= GROSS_RATE_ERROR / 2
        if arrival_error > GROSS_RATE_ERROR or (arrival_error < -GROSS_RATE_ERROR and lossless):
            return MeasuredRate(float(measured), certain=True)
        differs = arrival_error < -GROSS_RATE_ERROR and stamp_error < -GROSS_RATE_ERROR
        return MeasuredRate(float(measured), certain=False) if differs else None


def _median_stamped_rate(count: F64, stamps: F64, arrivals: F64, window: float) -> float:
    """Median over all windows of the rate by timestamps, in Hz; NaN if no window is complete."""
    stop = np.searchsorted(arrivals, arrivals + window)
    start = np.flatnonzero(stop < len(arrivals))
    stop = stop[start]
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = (count[stop] - count[start]) / (stamps[stop] - stamps[start])
    rates = rates[np.isfinite(rates)]
    return float(np.median(rates)) if len(rates) else math.nan
