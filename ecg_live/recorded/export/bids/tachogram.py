"""RR intervals at a regular rate, as BIDS wants its signals: the interval in which each moment lies."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64
from ecg_live.recorded.export.bids.physio import before_silence
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.results import RR_FLAGS

TACHOGRAM_HZ = 4.0  # the shortest interval that a session finds, 0.25 s, has a row
TACHOGRAM_COLUMNS = (  # name, description, unit
    ("rr", "RR interval in which the moment lies; n/a where there is none", "s"),
    ("flag", ", ".join(f"{code} {name}" for code, name in enumerate(RR_FLAGS)), ""),
)


def tachogram_rows(intervals: RrSeries) -> F64:
    """Rows (n, 2): the interval (s) and its flag at each quarter of a second from the first ECG sample; NaN for none.

    The interval's own length has all its digits; when it ended is known to a quarter of a second.
    """
    intervals = intervals.main()
    intervals = intervals.where(np.arange(len(intervals)) < before_silence(intervals.stop))
    if not len(intervals):
        return np.empty((0, len(TACHOGRAM_COLUMNS)))
    times = np.arange(int(intervals.stop[-1] * TACHOGRAM_HZ) + 1) / TACHOGRAM_HZ
    at = np.minimum(np.searchsorted(intervals.stop, times, side="left"), len(intervals) - 1)
    rows = np.stack((intervals.rr[at], intervals.flags[at].astype(np.float64)), axis=1)
    rows[(times <= intervals.stop[at] - intervals.rr[at]) | (times > intervals.stop[at])] = np.nan
    return rows
