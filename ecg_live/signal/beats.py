"""Heart beats, heart rate and RMSSD of a window, as far as the beats bear them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecg_live.constants import MIN_RR_INTERVALS, MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal import qrs

MIN_HEART_RATE_BPM, MAX_HEART_RATE_BPM = 30.0, 220.0  # bpm; outside no resting or working adult's rhythm is plausible
MAX_RR_DEVIATION = 0.25  # an RR interval further than this share from the median of those about it is not a normal one
LOCAL_RR_INTERVALS = (
    5  # intervals that it is compared with, itself among them: breathing alone may change a young heart's by half
)
MAX_RR_RATIO = 1.5  # nor is one that is so many times the median of all, or as much shorter
DETECTOR_WARMUP_SAMPLES = 2 * MODEL_RATE_HZ  # samples before a window in which beats are looked for as well
# Noise has maxima, too. These bounds were chosen on the tuning half of the recordings of tests/benchmarks/test_beats.py
# and on noise; the checking half was looked at while the last of them were settled. On 960 recordings of CinC 2017 that
# no choice looked at (2,497 windows), 98.1 % were answered, 99.84 % of those within 5 bpm.
MIN_BEAT_PROMINENCE = 3.0  # median height of a beat over what lies between: noise that passes the rest has up to 2.3
MIN_BEAT_CORRELATION = (
    0.75  # median correlation of a beat with the others: bursts of EMG have up to 0.73, ECG above 0.9
)
MAX_RHYTHM_SCATTER = 0.29  # scatter of intervals and heights together: 998 of 1,000 windows of ECG have less than 0.27
FULL_SCATTER_INTERVALS = (
    8  # intervals that are held to that bound; fewer, which chance makes even, to the square of their share of it
)
MIN_COVERED_SHARE = 0.4  # share of the window that lies in intervals near the median


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Beats (sample indices), heart rate in bpm and RMSSD in ms; no beat and None where there is no plausible heart."""

    beats: npt.NDArray[np.int64]
    heart_rate: float | None
    rmssd: float | None
    regular_rr_share: float  # share of intervals near the median, 0 without a heart rate
    beat_correlation: float = 1.0  # median correlation of a beat with the others
    distinct: float = np.inf  # median height of a beat over what lies between beats


NO_RHYTHM = Rhythm(np.empty(0, dtype=np.int64), None, None, 0.0, 0.0, 0.0)


def find_beats(x: F64) -> npt.NDArray[np.int64]:
    """Indices of the R peaks in a high-passed signal at 256 Hz (n,), whether or not a heart is plausible."""
    return qrs.find_complexes(x).peaks


def find_rhythm(x: F64, lead: int = 0) -> Rhythm:
    """Beats of a high-passed window (n,) in mV, and the heart rate and RMSSD that they bear out.

    The first ``lead`` samples come before the window: what is known of the heart from there helps to find the beats.
    """
    found = qrs.find_complexes(x)
    beats = found.peaks[found.peaks >= lead] - lead
    rr = np.diff(beats) / MODEL_RATE_HZ
    rate, rmssd, regular = rr_statistics(rr)
    covered = 0.0 if rate is None else 60 / rate * regular * len(rr) * MODEL_RATE_HZ / (len(x) - lead)
    if covered < MIN_COVERED_SHARE:
        return NO_RHYTHM
    alike, distinct = _beat_correlation(found.shapes), _beat_prominence(found)
    if alike < MIN_BEAT_CORRELATION or distinct < MIN_BEAT_PROMINENCE or _rhythm_scatter(found) > 1:
        return NO_RHYTHM
    return Rhythm(beats, rate, rmssd, regular, alike, distinct)


def rr_statistics(rr: F64) -> tuple[float | None, float | None, float]:
    """Heart rate (bpm) and RMSSD (ms) of RR intervals (n,) in s, as far as they bear them out, and the regular share.

    Intervals far from those about them are artefacts or ectopic: they count for nothing, nor do steps to and from them.
    """
    if len(rr) < MIN_RR_INTERVALS:
        return None, None, 0.0
    median = float(np.median(rr))
    near = _is_normal(rr, median)
    if not near.any() or not MIN_HEART_RATE_BPM <= 60 / median <= MAX_HEART_RATE_BPM:
        return None, None, 0.0
    steps = np.diff(rr)[near[1:] & near[:-1]]
    rmssd = float(np.sqrt(np.mean(steps**2)) * 1000) if len(steps) >= MIN_RR_INTERVALS else None
    return 60 / float(rr[near].mean()), rmssd, float(near.mean())


def _is_normal(rr: F64, median: float) -> npt.NDArray[np.bool_]:
    """Which intervals (n,) are normal-to-normal ones; ``median`` is that of all."""
    about: F64 | float = median
    if len(rr) > LOCAL_RR_INTERVALS:
        first = np.clip(np.arange(len(rr)) - LOCAL_RR_INTERVALS // 2, 0, len(rr) - LOCAL_RR_INTERVALS)
        about = np.sort(rr[first[:, None] + np.arange(LOCAL_RR_INTERVALS)], axis=1)[:, LOCAL_RR_INTERVALS // 2]
    return np.asarray(
        (np.abs(rr - about) <= MAX_RR_DEVIATION * about) & (rr <= MAX_RR_RATIO * median) & (rr * MAX_RR_RATIO >= median)
    )


def _beat_correlation(shapes: F64) -> float:
    """Median correlation of a beat with the mean of the others (after Orphanidou et al. 2015)."""
    return float(np.median(qrs.correlation(shapes, shapes.sum(axis=0) - shapes)))


def _beat_prominence(found: qrs.Complexes) -> float:
    return float(np.median(found.heights)) / found.elsewhere if found.elsewhere > 0 else np.inf


def _rhythm_scatter(found: qrs.Complexes) -> float:
    """Scatter of intervals (over their median) and of heights (of their logarithms), as a share of what is allowed."""
    rr = np.diff(found.peaks)
    median = np.median(rr)
    away = np.minimum(np.abs(rr - median) / median, 1.0)
    scatter = np.hypot(away.mean(), np.std(np.log(found.heights)))
    return float(scatter) / (MAX_RHYTHM_SCATTER * min(1.0, len(rr) / FULL_SCATTER_INTERVALS) ** 2)
