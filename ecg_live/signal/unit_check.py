"""Check whether samples without a stated unit can be in mV."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64, State, StreamInfo

MAX_MEDIAN_SPAN_MV = 50.0  # the median second of an ECG spans less in mV, and more in microvolts
MIN_MEDIAN_SPAN_MV = 0.01  # it spans more in mV (0.15 in the faintest recording known here), and less in V
CHECKED_SECONDS = 5  # enough for a median that an artefact does not move


class UnitCheck:
    """Check the first seconds of the ECG; warn once, with the likely unit, where mV is implausible.

    Seconds that are flat or hold NaN are left out.

    Parameters
    ----------
    info : StreamInfo
        The stream; one with a stated unit is not checked.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._length = max(1, round(info.rate))
        self._held = np.empty(0)
        self._seconds: list[F64] = []
        self._began: float | None = None
        self.done = not info.unit_assumed  # nothing is left to check

    def push(self, samples: F64, time: float) -> list[State]:
        """Take (n,) samples, assumed in mV; return warnings. ``time`` is the session clock (s) of the first one."""
        if self.done:
            return []
        self._began = time if self._began is None else self._began
        self._held = np.concatenate((self._held, samples))
        whole = len(self._held) // self._length * self._length
        for second in self._held[:whole].reshape(-1, self._length):
            if np.isfinite(second).all() and np.ptp(second) > 0:
                self._seconds.append(second)
        self._held = self._held[whole:]
        return self._assess() if len(self._seconds) >= CHECKED_SECONDS else []

    def flush(self) -> list[State]:
        """End of the stream: check the samples that came."""
        return self._assess() if self._seconds and not self.done else []

    def _assess(self) -> list[State]:
        self.done = True
        seen = np.stack(self._seconds[:CHECKED_SECONDS])
        self._held, self._seconds = np.empty(0), []
        span = float(np.median(np.ptp(seen, axis=1)))
        if MIN_MEDIAN_SPAN_MV <= span <= MAX_MEDIAN_SPAN_MV:
            return []
        found = f"the source states no unit; in mV the signal would span {span:.3g} mV a second, which no ECG does"
        return [State("warning", f"{found}: {_likely_unit(seen, span)}", self._began)]


def _likely_unit(seen: F64, span: float) -> str:
    middle = float(np.median(seen))
    if span > MAX_MEDIAN_SPAN_MV and np.array_equal(seen, np.rint(seen)) and seen.min() >= 0 and middle > span:
        return f"whole numbers about {middle:.0f} look like a converter's counts; export them in mV, or give --unit"
    for unit, factor in (("uV", 1e-3), ("V", 1e3), ("nV", 1e-6)):
        if MIN_MEDIAN_SPAN_MV <= span * factor <= MAX_MEDIAN_SPAN_MV:
            return f"{unit} is likely; give --unit {unit}"
    return "give --unit"
