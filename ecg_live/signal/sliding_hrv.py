"""Heart rate variability over the last minutes, every few seconds, from RR intervals as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from math import floor

import numpy as np

from ecg_live.errors import ConfigError
from ecg_live.results import HrvResult, RrInterval
from ecg_live.signal.hrv import compute_hrv

DEFAULT_SPAN_S = 120.0  # the shortest that has LF, see `ecg_live.signal.hrv`
MIN_SPAN_S, MAX_SPAN_S = 60.0, 300.0  # RMSSD and HF hold from a minute on; the standard is five (Task Force 1996)
STEP_S = 5.0  # from one result to the next


class SlidingHrv:
    """Measures of the last ``span`` seconds before each whole multiple of 5 s of raw time.

    A result comes with the first interval that ends after its stretch: so what comes out depends on the intervals
    alone, and nothing comes while there are none.

    Parameters
    ----------
    span : float
        Length in s, from 60 to 300.
    speed : float
        Seconds of signal in a second of the session clock.
    """

    def __init__(self, span: float = DEFAULT_SPAN_S, speed: float = 1.0) -> None:
        check_span(span)
        self._span = span
        self._speed = speed
        self._intervals: deque[tuple[float, float, bool]] = deque()  # end (s of raw time), length (s), normal
        self._began: float | None = None  # raw time of the first beat
        self._due = 0.0  # raw time up to which results were given

    def push(self, interval: RrInterval) -> Iterator[HrvResult]:
        """Take the next interval; yield the result of the stretch before it, if one ended since the last."""
        if interval.raw is None:
            return
        end = floor(interval.raw / STEP_S) * STEP_S
        if self._began is None:
            self._began = interval.raw - interval.rr
        elif end > self._due:
            time = interval.time - (interval.raw - end) / self._speed
            yield self._result(time, end, self._began)
        self._due = max(self._due, end)
        self._intervals.append((interval.raw, interval.rr, interval.flag == "normal"))

    def _result(self, time: float, end: float, began: float) -> HrvResult:
        begin = end - self._span
        while self._intervals and self._intervals[0][0] - self._intervals[0][1] < begin:
            self._intervals.popleft()
        stop, rr, normal = np.array(self._intervals, dtype=np.float64).reshape(-1, 3).T
        found = compute_hrv(stop, rr, normal.astype(bool), (begin, end))
        if begin < floor(began):  # what would be measured is shorter than the others
            reason = too_early(end - began, self._span)
            counts = (found.seconds, found.intervals, found.coverage, found.ectopic)
            found = replace(type(found)(*counts), reason=reason, spectrum_reason=reason)
        return HrvResult(time, end, found)


def too_early(known: float, span: float) -> str:
    """Why there is no measure yet, with the seconds that are known of those that it is of."""
    return f"{known:.0f} of {span:.0f} s so far"


def check_span(span: float) -> None:
    """Refuse a length that no measure of the last minutes has.

    Raises
    ------
    ConfigError
        It is not from 60 to 300 s.
    """
    if not MIN_SPAN_S <= span <= MAX_SPAN_S:
        limits = f"from {MIN_SPAN_S:g} to {MAX_SPAN_S:g} s"
        raise ConfigError(f"HRV over {span:g} s; it must be {limits}", f"for example --hrv {DEFAULT_SPAN_S:g}")
