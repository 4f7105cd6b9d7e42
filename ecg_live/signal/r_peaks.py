"""R peaks between the samples: an interval to the nearest 1/256 s would add 2.8 ms to every RMSSD."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64
from ecg_live.signal.qrs import within

# Peaks are found in a running mean of five samples; their two neighbours in it need three samples on either side.
SAMPLES_AROUND = np.arange(-3, 4)[:, None]


def refine_peaks(x: F64, peaks: npt.NDArray[np.int64]) -> F64:
    """Places (k,) of peaks, up or down, by a parabola through three points of the smoothed signal.

    Parameters
    ----------
    x : ndarray
        High-passed signal (n,) at 256 Hz.
    peaks : ndarray of int
        Sample indices (k,), as `ecg_live.signal.qrs.find_complexes` gives them.

    Returns
    -------
    ndarray
        In samples, at most half a one from the index; as it is where the three points have no extreme between them.
    """
    if not len(peaks):
        return np.empty(0)
    around = x[within(peaks + SAMPLES_AROUND, len(x))]
    middle = around[2] + around[3] + around[4]  # in each of the three sums
    before = around[0] + around[1] + middle
    at = around[1] + middle + around[5]
    after = middle + around[5] + around[6]
    curvature = before - 2 * at + after
    shift = np.divide(before - after, 2 * curvature, out=np.zeros(len(peaks)), where=curvature != 0)
    extreme = (at - before) * (at - after) > 0
    return np.asarray(peaks + np.where(extreme, np.minimum(np.maximum(shift, -0.5), 0.5), 0.0))
