"""Maxima of a signal that keep a distance: `scipy.signal.find_peaks` by its compiled parts, without the package.

See `ecg_live.signal.compiled_filter` for why and how.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64
from ecg_live.signal.compiled_filter import first_that_agrees, load_compiled

Peaks = Callable[[F64, float], npt.NDArray[np.int64]]

# A low maximum beside a high one, a plateau of three, and two maxima at exactly the distance.
_PROBE: F64 = np.array([0.0, 2.0, 1.0, 3.0, 0.0, 1.0, 1.0, 1.0, 0.5, 0.0, 4.0, 0.0, 0.0, 2.5, 0.0])
_PROBE_DISTANCE, _PROBE_PEAKS = 3, np.array([3, 6, 10, 13])


def peaks_by_scipy(x: F64, distance: float) -> npt.NDArray[np.int64]:
    """As `find_peaks`."""
    from scipy import signal  # noqa: PLC0415 - takes most of a second to load

    return np.asarray(signal.find_peaks(x, distance=distance)[0], dtype=np.int64)


def _compiled_peaks() -> Peaks:
    parts: Any = load_compiled("scipy.signal._peak_finding_utils")
    maxima, selected = parts._local_maxima_1d, parts._select_by_peak_distance  # noqa: SLF001 - see the module's text

    def found(x: F64, distance: float) -> npt.NDArray[np.int64]:
        signal = np.ascontiguousarray(x, np.float64)
        at = maxima(signal)[0]
        return np.asarray(at[selected(at, signal[at], distance)], dtype=np.int64)

    return found


# Sample indices of the maxima of a signal (n,), the higher ones first choice, at least ``distance`` samples apart.
find_peaks: Peaks = first_that_agrees(
    _compiled_peaks, peaks_by_scipy, lambda _x, _distance: _PROBE_PEAKS, _PROBE, _PROBE_DISTANCE
)
