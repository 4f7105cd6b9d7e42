"""What is measured of some seconds of ECG: mains hum, baseline wander, and size and direction of the QRS complex."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal.order_statistics import median
from ecg_live.signal.qrs import RUNNING_MEAN

MAINS_HZ = (50.0, 60.0)
MAINS_HALF_WIDTH_HZ = (
    0.7  # the grid's own deviation (0.2 Hz), that of a device's clock, and the leakage of a Hann window
)
NEIGHBOUR_HZ = (1.5, 4.0)  # away from the mains, on either side: what is there without hum
WANDER_MEAN_S = 1.0  # of a running mean, which leaves of the ECG what is slower than a heartbeat
QRS_HALF_WIDTH_S = 0.06  # on either side of an R peak: a QRS complex lasts 0.08 to 0.12 s


@dataclass(frozen=True, slots=True)
class QrsSize:
    """How far the QRS complex goes above and below the baseline, in mV; medians over beats."""

    above: float
    below: float

    @property
    def amplitude(self) -> float:
        """From the lowest to the highest, mV."""
        return self.above + self.below


def mains_hum(x: F64, mains: float) -> float:
    """Hum at the mains frequency in a signal at 256 Hz (n,), mV from peak to peak; what neighbours have is no hum."""
    power = np.abs(np.fft.rfft((x - x.mean()) * _hann(len(x)))) ** 2
    own, beside = _mains_bins(len(x), mains)
    excess = float(power[own].sum()) - float(np.median(power[beside])) * int(own.sum())
    # Parseval over one side of the spectrum; the window's own mean square is divided out.
    mean_square = 2 * max(0.0, excess) / (len(x) * float((_hann(len(x)) ** 2).sum()))
    return 2 * float(np.sqrt(2 * mean_square))


def baseline_wander(x: F64) -> float:
    """Span in mV of what is slower than a heartbeat in a signal at 256 Hz (n,), before the high-pass."""
    length = round(WANDER_MEAN_S * MODEL_RATE_HZ)
    sums = np.cumsum(np.concatenate(([0.0], x - x[0])))
    means = (sums[length:] - sums[:-length]) / length
    return float(np.ptp(means))


def qrs_size(filtered: F64, beats: npt.NDArray[np.int64]) -> QrsSize | None:
    """Size of the QRS complexes about the R peaks (k,) of a high-passed signal at 256 Hz (n,); None without any."""
    half = round(QRS_HALF_WIDTH_S * MODEL_RATE_HZ)
    inside = beats[(beats >= half) & (beats < len(filtered) - half)]
    if not len(inside):
        return None
    smooth = np.convolve(filtered, RUNNING_MEAN, mode="same")  # without mains hum
    around = smooth[inside[:, None] + np.arange(-half, half + 1)] - median(filtered)
    return QrsSize(float(np.median(around.max(axis=1))), -float(np.median(around.min(axis=1))))


def longest_run(at_limit: npt.NDArray[np.bool_]) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], at_limit, [False])).astype(np.int8)))
    return max((int(stop - start) for start, stop in list(pairwise(edges.tolist()))[::2]), default=0)


@cache
def _hann(length: int) -> F64:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


@cache
def _mains_bins(length: int, mains: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Bins of the mains frequency, and of its neighbours."""
    away = np.abs(np.fft.rfftfreq(length, 1 / MODEL_RATE_HZ) - mains)
    return away <= MAINS_HALF_WIDTH_HZ, (away >= NEIGHBOUR_HZ[0]) & (away <= NEIGHBOUR_HZ[1])
