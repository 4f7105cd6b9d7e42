"""Beats, heart rate and RMSSD of many windows at once; as `ecg_live.signal.beats.find_rhythm`, window by window."""

from __future__ import annotations

import numpy as np

from ecg_live.constants import MIN_RR_INTERVALS, MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal import beats, qrs
from ecg_live.signal.batch.complexes import BatchedComplexes, find_complexes
from ecg_live.signal.batch.rows import Indices, Mask, medians, of_equal_length, owners, sums_in_order
from ecg_live.signal.beats import NO_RHYTHM, Rhythm

Statistics = tuple[float | None, float | None, float]  # heart rate (bpm), RMSSD (ms), share of normal intervals


def find_rhythms(drawn: F64, envelope: F64, warmup: int) -> list[Rhythm]:
    """Rhythm of each padded window (b, n + 90) with its envelope (b, n); ``warmup`` samples come before each."""
    found = find_complexes(drawn, envelope)
    counted = found.peaks >= warmup
    counts = np.bincount(owners(found.counts)[counted], minlength=len(found.counts))
    peaks = found.peaks[counted] - warmup
    statistics = _rr_statistics(peaks, counts)
    correlation, prominence = _beat_correlations(found), _beat_prominences(found)
    scattered = _rhythm_scatters(found) > 1
    weak = (correlation < beats.MIN_BEAT_CORRELATION) | (prominence < beats.MIN_BEAT_PROMINENCE) | scattered
    seconds = envelope.shape[1] - warmup
    stops, searched = np.cumsum(counts), np.cumsum(found.counts)
    out = []
    for k, (rate, rmssd, regular) in enumerate(statistics):
        count = int(counts[k])
        if rate is None or weak[k] or _covered(rate, regular, count - 1, seconds) < beats.MIN_COVERED_SHARE:
            out.append(NO_RHYTHM)
            continue
        where = peaks[stops[k] - count : stops[k]].copy()
        all_peaks = found.peaks[searched[k] - found.counts[k] : searched[k]].copy()
        out.append(Rhythm(where, rate, rmssd, regular, float(correlation[k]), float(prominence[k]), all_peaks))
    return out


def _covered(rate: float, regular: float, intervals: int, length: int) -> float:
    """Share of a window (length,) that its normal intervals cover."""
    return 60 / rate * regular * intervals * MODEL_RATE_HZ / length


def _rr_statistics(peaks: Indices, counts: Indices) -> list[Statistics]:
    """Statistics of each window's intervals between flat peaks (s,)."""
    out: list[Statistics] = [(None, None, 0.0)] * len(counts)
    for length, rows, at in of_equal_length(counts):
        rr = np.diff(peaks[at], axis=1) / MODEL_RATE_HZ
        if length - 1 < MIN_RR_INTERVALS:
            continue
        regular = _all_normal(rr)
        rates, rmssds = 60 / rr.mean(axis=1), np.sqrt(np.mean(np.diff(rr, axis=1) ** 2, axis=1)) * 1000
        for k, row in enumerate(rows.tolist()):
            if not regular[k]:
                out[row] = beats.rr_statistics(rr[k])
                continue
            rmssd = float(rmssds[k]) if length - 2 >= MIN_RR_INTERVALS else None
            out[row] = (float(rates[k]), rmssd, 1.0)
    return out


def _all_normal(rr: F64) -> Mask:
    """Which rows of intervals (g, k) are all normal and have a plausible rate, so that no choice among them is due."""
    count, width = rr.shape[1], beats.LOCAL_RR_INTERVALS
    usual = _row_middle(rr)
    about = np.repeat(usual[:, None], count, axis=1)
    if count > width:
        first = np.clip(np.arange(count) - width // 2, 0, count - width)
        about = np.sort(rr[:, first[:, None] + np.arange(width)], axis=2)[:, :, width // 2]
    normal = (
        (np.abs(rr - about) <= beats.MAX_RR_DEVIATION * about)
        & (rr <= beats.MAX_RR_RATIO * usual[:, None])
        & (rr * beats.MAX_RR_RATIO >= usual[:, None])
    )
    rate = 60 / usual
    plausible = (rate >= beats.MIN_HEART_RATE_BPM) & (rate <= beats.MAX_HEART_RATE_BPM)
    return np.asarray(normal.all(axis=1) & plausible)


def _row_middle(x: F64) -> F64:
    return medians(x.reshape(-1), np.full(len(x), x.shape[1]))


def _beat_correlations(found: BatchedComplexes) -> F64:
    """Median correlation (b,) of a beat with the mean of the others; NaN without beats."""
    total = sums_in_order(found.shapes, found.counts)[owners(found.counts)]
    return medians(qrs.correlation(found.shapes, total - found.shapes), found.counts)


def _beat_prominences(found: BatchedComplexes) -> F64:
    height = medians(found.heights, found.counts)
    return np.asarray(np.divide(height, found.elsewhere, out=np.full(len(height), np.inf), where=found.elsewhere > 0))


def _rhythm_scatters(found: BatchedComplexes) -> F64:
    """Scatter (b,) as a share of its limit; 0 without beats."""
    out = np.zeros(len(found.counts))
    for length, rows, at in of_equal_length(found.counts):
        rr = np.diff(found.peaks[at], axis=1)
        usual = _row_middle(rr.astype(np.float64))[:, None]
        away = np.minimum(np.abs(rr - usual) / usual, 1.0)
        scatter = np.hypot(away.mean(axis=1), np.std(np.log(found.heights[at]), axis=1))
        limit = beats.MAX_RHYTHM_SCATTER * min(1.0, (length - 1) / beats.FULL_SCATTER_INTERVALS) ** 2
        out[rows] = scatter / limit
    return out
