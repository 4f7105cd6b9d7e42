"""How many samples a second an LSL stream really sends, against what it says; measured as it begins."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ecg_live.events import F64

FIRST_CHECK_S, SECOND_CHECK_S = 5.0, 20.0  # s after which a stream is judged: roughly, and finely
_RATE_WINDOWS_S = (
    1.0,
    5.0,
)  # s that a rate is measured over within them; the median of all leaves out losses and pauses
_SAME_ARRIVAL_S = 0.005  # s within which samples that waited come one after the other
GROSS_RATE_ERROR, FINE_RATE_ERROR = (
    0.10,
    0.02,
)  # share that a rate may be off: bursts of a third of a second are 6 % of 5 s; see `line`


class MeasuredRate(NamedTuple):
    """``measured`` Hz are not what the stream says; where that is ``certain``, no loss explains it."""

    measured: float
    certain: bool


class RateCheck:
    """Judge the rate of a connection, twice.

    More samples than the stream says cannot come of losses or delays, nor fewer whose stamps know of no loss. Fewer
    that are stamped as such may be many losses.

    Parameters
    ----------
    rate : float
        What the stream says, in Hz.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._points: list[tuple[float, float, float]] = []  # samples by now, their last stamp, their arrival
        self._count = 0
        self._ahead = [(FIRST_CHECK_S, _RATE_WINDOWS_S[0]), (SECOND_CHECK_S, _RATE_WINDOWS_S[1])]

    @property
    def passed(self) -> bool:
        """Whether the first look found nothing."""
        return len(self._ahead) == 1

    def push(self, count: int, stamp: float, arrived: float, *, behind: bool) -> MeasuredRate | None:
        """Take so many samples, with the last one's stamp and their arrival (s).

        ``behind``: more of them wait, so that arrivals tell nothing now.
        """
        self._count += count
        if not self._ahead or (behind and not self._points):
            return None
        if self._points and arrived - self._points[-1][2] < _SAME_ARRIVAL_S:
            self._points.pop()
        self._points.append((self._count, stamp, arrived))
        if behind or len(self._points) < 2 or arrived - self._points[0][2] < self._ahead[0][0]:
            return None
        _, window = self._ahead.pop(0)
        found = self._judge(np.array(self._points), window, gross=bool(self._ahead))
        if not self._ahead or found is not None:
            self._points, self._ahead = [], []
        return found

    def _judge(self, points: F64, window: float, *, gross: bool) -> MeasuredRate | None:
        count, stamps, arrivals = points.T
        came = (count[-1] - count[0]) / (arrivals[-1] - arrivals[0])
        stamped = _median_stamped_rate(count, stamps, arrivals, window)
        off, stamped_off = came / self._rate - 1, stamped / self._rate - 1
        agree = abs(stamped / came - 1) <= (GROSS_RATE_ERROR if gross else FINE_RATE_ERROR / 2)
        measured = stamped if agree else came
        if not gross:
            return (
                MeasuredRate(float(measured), certain=False) if agree and abs(stamped_off) > FINE_RATE_ERROR else None
            )
        span = stamps[-1] - stamps[0]
        whole = span > 0 and abs((count[-1] - count[0]) / span / self._rate - 1) <= GROSS_RATE_ERROR / 2
        if off > GROSS_RATE_ERROR or (off < -GROSS_RATE_ERROR and whole):
            return MeasuredRate(float(measured), certain=True)
        return (
            MeasuredRate(float(measured), certain=False)
            if off < -GROSS_RATE_ERROR and stamped_off < -GROSS_RATE_ERROR
            else None
        )


def _median_stamped_rate(count: F64, stamps: F64, arrivals: F64, window: float) -> float:
    """Median of the rates by stamps over all windows; NaN where there are none."""
    stop = np.searchsorted(arrivals, arrivals + window)
    start = np.flatnonzero(stop < len(arrivals))
    stop = stop[start]
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = (count[stop] - count[start]) / (stamps[stop] - stamps[start])
    rates = rates[np.isfinite(rates)]
    return float(np.median(rates)) if len(rates) else math.nan
