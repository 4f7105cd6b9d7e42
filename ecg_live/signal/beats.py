"""Heart beats, heart rate and RMSSD of a window; None if there are too few plausible beats."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecg_live.constants import MIN_RR_INTERVALS, MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal import qrs
from ecg_live.signal.order_statistics import median

MIN_HEART_RATE_BPM, MAX_HEART_RATE_BPM = 30.0, 220.0  # outside no resting or working adult's rhythm is plausible
MAX_RR_DEVIATION = 0.25  # of a normal RR interval from the median of its neighbours, as a share of that median
# Neighbours of an RR interval, itself included: breathing alone may change a young heart's intervals by half.
LOCAL_RR_INTERVALS = 5
MAX_RR_RATIO = 1.5  # of a normal RR interval to the median of all, and of that to it
DETECTOR_WARMUP_SAMPLES = 2 * MODEL_RATE_HZ  # before a window, searched for beats as well
# Noise has maxima, too. These bounds were chosen on the tuning half of the recordings of tests/benchmarks/test_beats.py
# and on noise; the checking half was seen while the last of them were chosen. On 960 unseen recordings of CinC 2017
# (2,497 windows), 98.1 % got a heart rate, 99.84 % of those within 5 bpm.
MIN_BEAT_PROMINENCE = 3.0  # median beat height over the level between beats: noise that passes the rest reaches 2.3
# Median correlation of a beat with the mean of the others: bursts of EMG reach 0.73, ECG is above 0.9.
MIN_BEAT_CORRELATION = 0.75
MAX_RHYTHM_SCATTER = 0.29  # scatter of intervals and heights: 998 of 1,000 windows of ECG have less than 0.27
# From so many intervals on the bound holds in full. Fewer are even by chance: the bound shrinks with the square of
# their share.
FULL_SCATTER_INTERVALS = 8
MIN_COVERED_SHARE = 0.4  # of the window that normal intervals cover
NO_PEAKS: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Beats (sample indices), heart rate (bpm) and RMSSD (ms); empty and None without plausible beats.

    ``peaks`` are the beats' indices in all that was searched, what came before the window included.
    """

    beats: npt.NDArray[np.int64]
    heart_rate: float | None
    rmssd: float | None
    regular_rr_share: float  # share of intervals near the median, 0 without a heart rate
    beat_correlation: float = 1.0  # median correlation of a beat with the others
    beat_prominence: float = np.inf  # median height of a beat over the level between beats
    peaks: npt.NDArray[np.int64] = field(default_factory=lambda: NO_PEAKS)


NO_RHYTHM = Rhythm(NO_PEAKS, None, None, 0.0, 0.0, 0.0)


def find_beats(x: F64) -> npt.NDArray[np.int64]:
    """Indices of the R peaks in a high-passed signal at 256 Hz (n,), without a plausibility check."""
    return qrs.find_complexes(x).peaks


def find_rhythm(x: F64, warmup: int = 0) -> Rhythm:
    """Beats of a high-passed window (n,) in mV, heart rate and RMSSD; `NO_RHYTHM` without plausible beats.

    The first ``warmup`` samples come before the window; they help the detector to learn the wearer's QRS shape.
    """
    found = qrs.find_complexes(x)
    beats = found.peaks[found.peaks >= warmup] - warmup
    rr = np.diff(beats) / MODEL_RATE_HZ
    rate, rmssd, regular = rr_statistics(rr)
    covered = 0.0 if rate is None else 60 / rate * regular * len(rr) * MODEL_RATE_HZ / (len(x) - warmup)
    if covered < MIN_COVERED_SHARE:
        return NO_RHYTHM
    correlation, beat_prominence = _beat_correlation(found.shapes), _beat_prominence(found)
    if correlation < MIN_BEAT_CORRELATION or beat_prominence < MIN_BEAT_PROMINENCE or _rhythm_scatter(found) > 1:
        return NO_RHYTHM
    return Rhythm(beats, rate, rmssd, regular, correlation, beat_prominence, found.peaks)


def rr_statistics(rr: F64) -> tuple[float | None, float | None, float]:
    """Heart rate (bpm), RMSSD (ms) and share of normal intervals of RR intervals (n,) in s.

    Heart rate and RMSSD are None if there are too few normal intervals. Intervals far from their neighbours are
    artefacts or ectopic: they are left out, and so are successive differences with them.
    """
    if len(rr) < MIN_RR_INTERVALS:
        return None, None, 0.0
    usual = median(rr)
    near = _is_normal(rr, usual)
    if not near.any() or not MIN_HEART_RATE_BPM <= 60 / usual <= MAX_HEART_RATE_BPM:
        return None, None, 0.0
    steps = np.diff(rr)[near[1:] & near[:-1]]
    rmssd = float(np.sqrt(np.mean(steps**2)) * 1000) if len(steps) >= MIN_RR_INTERVALS else None
    return 60 / float(rr[near].mean()), rmssd, float(near.mean())


def _is_normal(rr: F64, usual: float) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the normal-to-normal intervals; ``usual`` is the median of all."""
    about: F64 | float = usual
    if len(rr) > LOCAL_RR_INTERVALS:
        first = np.clip(np.arange(len(rr)) - LOCAL_RR_INTERVALS // 2, 0, len(rr) - LOCAL_RR_INTERVALS)
        about = np.sort(rr[first[:, None] + np.arange(LOCAL_RR_INTERVALS)], axis=1)[:, LOCAL_RR_INTERVALS // 2]
    return np.asarray(
        (np.abs(rr - about) <= MAX_RR_DEVIATION * about) & (rr <= MAX_RR_RATIO * usual) & (rr * MAX_RR_RATIO >= usual)
    )


def _beat_correlation(shapes: F64) -> float:
    """Median correlation of a beat with the mean of the others (after Orphanidou et al. 2015)."""
    return median(qrs.correlation(shapes, shapes.sum(axis=0) - shapes))


def _beat_prominence(found: qrs.Complexes) -> float:
    return median(found.heights) / found.elsewhere if found.elsewhere > 0 else np.inf


def _rhythm_scatter(found: qrs.Complexes) -> float:
    """Scatter of intervals (over their median) and of heights (of their logarithms), as a share of the limit."""
    rr = np.diff(found.peaks)
    usual = median(rr)
    away = np.minimum(np.abs(rr - usual) / usual, 1.0)
    scatter = np.hypot(away.mean(), np.std(np.log(found.heights)))
    return float(scatter) / (MAX_RHYTHM_SCATTER * min(1.0, len(rr) / FULL_SCATTER_INTERVALS) ** 2)
