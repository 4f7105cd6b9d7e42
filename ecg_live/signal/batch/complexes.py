"""QRS complexes of many windows at once; as `ecg_live.signal.qrs`, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal import qrs
from ecg_live.signal.batch.rows import Indices, Mask, middle, owners, padded, places, sums_in_order
from ecg_live.signal.peaks import find_peaks

REACH = qrs.WAVELET_HALF_LENGTH  # samples on either side that a value of the envelope looks at
_DISTANCE = round(qrs.MIN_CANDIDATE_DISTANCE_S * MODEL_RATE_HZ)


@dataclass(frozen=True, slots=True)
class BatchedComplexes:
    """QRS complexes of b windows, flat: ``counts`` (b,) of them in each; the rest as in `qrs.Complexes`.

    ``peaks`` and ``heights`` are (s,), ``shapes`` (s, 41), ``elsewhere`` (b,).
    """

    counts: Indices
    peaks: Indices
    heights: F64
    shapes: F64
    elsewhere: F64


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Candidates of b windows, flat; ``heights`` are over the window's level, ``own`` (b, 41) are the templates."""

    counts: Indices
    at: Indices
    heights: F64
    shapes: F64
    own: F64

    def alike(self) -> F64:
        """Correlation (s,) of each with its wearer's own complex."""
        return qrs.correlation(self.shapes, self.own[owners(self.counts)])

    def of_windows(self, kept: Mask) -> Self:
        """Candidates of some windows (b,)."""
        each = np.repeat(kept, self.counts)
        return type(self)(self.counts[kept], self.at[each], self.heights[each], self.shapes[each], self.own[kept])


def pad_ends(windows: Sequence[F64]) -> F64:
    """Windows (n,) of one length with both ends drawn out, (b, n + 90)."""
    ends, length = qrs.PADDING_SAMPLES, len(windows[0])
    out = np.empty((len(windows), length + 2 * ends))
    for row, window in zip(out, windows, strict=True):
        row[ends : ends + length] = window
    out[:, :ends], out[:, ends + length :] = out[:, ends, None], out[:, ends + length - 1, None]
    return out


def envelopes(drawn: F64, known: Sequence[F64 | None] = ()) -> F64:
    """Envelopes (b, n) of padded windows (b, n + 90).

    Parameters
    ----------
    drawn : ndarray
    known : sequence of ndarray, optional
        For each window the values of its first samples that do not depend on where the window begins, which an
        earlier window gave: from sample `REACH` on; None for a window without.
    """
    inner = drawn[:, qrs.PADDING_SAMPLES - REACH : drawn.shape[1] - qrs.PADDING_SAMPLES + REACH]
    lengths = {0 if each is None else len(each) for each in known} or {0}
    if len(lengths) > 1 or lengths == {0}:
        return _convolved(inner)
    width = lengths.pop()
    out = np.empty((len(drawn), drawn.shape[1] - 2 * qrs.PADDING_SAMPLES))
    out[:, :REACH] = _convolved(inner[:, : 3 * REACH])
    out[:, REACH + width :] = _convolved(inner[:, REACH + width :])
    for row, each in zip(out, known, strict=True):
        row[REACH : REACH + width] = each
    return out


def envelopes_inside(x: F64) -> F64:
    """Envelope (n - 42,) of a signal (n,) from sample `REACH` on, where it does not depend on the ends."""
    return np.asarray(_convolved(x[None])[0])


def _convolved(inner: F64) -> F64:
    """Envelopes (b, m - 42) of rows (b, m); all in one call, without the values that would span two rows."""
    rows, length = inner.shape
    flat = np.ascontiguousarray(inner).reshape(-1)
    parts = [np.convolve(flat, wavelet, "valid") for wavelet in (qrs.WAVELET_EVEN, qrs.WAVELET_ODD)]
    even, odd = (np.append(part, np.zeros(2 * REACH)).reshape(rows, length)[:, : length - 2 * REACH] for part in parts)
    return np.asarray(np.hypot(even, odd))


def find_complexes(drawn: F64, envelope: F64) -> BatchedComplexes:
    """QRS complexes of padded windows (b, n + 90) with their envelopes (b, n); none where there are fewer than four."""
    windows, length = envelope.shape
    if length < 2 * qrs.LEVEL_PIECE_S * MODEL_RATE_HZ:
        return _scattered(windows, np.zeros(windows, np.bool_), _none())
    smooth = _smoothed(drawn)
    counts, at = _candidate_places(envelope)
    heights = envelope[owners(counts), at]
    level = _levels(envelope)
    highest = padded(heights, counts, 0.0).max(axis=1)
    able = (highest > 0) & (counts >= qrs.MIN_BEATS) & (level > qrs.MIN_LEVEL_RATIO * highest)
    if not able.any():
        return _scattered(windows, able, _none())
    each = np.repeat(able, counts)
    kept, rows = counts[able], np.flatnonzero(able)
    owner, at, heights = rows[owners(kept)], at[each], heights[each]
    shapes = smooth[owner[:, None], at[:, None] + qrs.SHAPE_PLACES]
    relative = heights / level[owner]
    own, templated = _templates(shapes, relative, kept)
    found = _Candidates(kept, at, relative, shapes, own).of_windows(templated)
    able[rows[~templated]] = False
    beats = _select_beats(found)
    enough = _row_counts(beats, found.counts) >= qrs.MIN_BEATS
    able[rows[templated][~enough]] = False
    chosen = beats & np.repeat(enough, found.counts)
    alive = np.flatnonzero(able)
    absolute = heights[np.repeat(templated, kept)][chosen]
    counts = _row_counts(beats, found.counts)[enough]
    at, shapes = found.at[chosen], found.shapes[chosen]
    peaks = _r_peaks(smooth, alive[owners(counts)], at, counts, found.own[enough], length)
    background = _background_levels(envelope, alive, at, counts)
    return _scattered(windows, able, BatchedComplexes(counts, peaks, absolute, shapes, background))


def _none() -> BatchedComplexes:
    none = qrs.NO_COMPLEXES
    return BatchedComplexes(np.empty(0, np.int64), none.peaks, none.heights, none.shapes, np.empty(0))


def _scattered(windows: int, able: Mask, found: BatchedComplexes) -> BatchedComplexes:
    """What was found in some windows (b,), with none in the others."""
    counts, elsewhere = np.zeros(windows, np.int64), np.zeros(windows)
    counts[able], elsewhere[able] = found.counts, found.elsewhere
    return BatchedComplexes(counts, found.peaks, found.heights, found.shapes, elsewhere)


def _smoothed(drawn: F64) -> F64:
    """Running means (b, m); only the first and last two values of a row, which none looks at, mix with others."""
    return np.convolve(drawn.reshape(-1), qrs.RUNNING_MEAN, "same").reshape(drawn.shape)


def _candidate_places(envelope: F64) -> tuple[Indices, Indices]:
    """Counts (b,), and flat sample indices, of candidates."""
    edge = round(qrs.EDGE_S * MODEL_RATE_HZ)
    found = [find_peaks(row, _DISTANCE) for row in envelope]
    counts = np.array([len(each) for each in found])
    at = np.concatenate(found)
    inside = (at >= edge) & (at < envelope.shape[1] - edge)
    return _row_counts(inside, counts), at[inside]


def _row_counts(mask: Mask, counts: Indices) -> Indices:
    """How many of each row's flat elements (s,) are true, (b,)."""
    return np.bincount(owners(counts)[mask], minlength=len(counts))


def _levels(envelope: F64) -> F64:
    piece = round(qrs.LEVEL_PIECE_S * MODEL_RATE_HZ)
    whole = envelope.shape[1] // piece
    highest = envelope[:, -whole * piece :].reshape(len(envelope), whole, piece).max(axis=2)
    return middle(np.sort(highest, axis=1), np.full(len(envelope), whole))


def _templates(shapes: F64, heights: F64, counts: Indices) -> tuple[F64, Mask]:
    """Templates (b, 41), and which windows (b,) have one."""
    typical = (heights > qrs.TYPICAL_HEIGHTS[0]) & (heights < qrs.TYPICAL_HEIGHTS[1])
    number = _row_counts(typical, counts)
    have = number >= qrs.MIN_BEATS - 1
    usual = _middle_shapes(shapes[typical], number)
    like = typical.copy()
    like[typical] = qrs.correlation(shapes[typical], usual[owners(number)]) > qrs.LOW_BEAT_CORRELATION
    alike = _row_counts(like, counts)
    means = sums_in_order(shapes[like], alike) / np.maximum(alike, 1)[:, None]
    return np.where((alike >= qrs.MIN_BEATS - 1)[:, None], means, usual), have


def _middle_shapes(shapes: F64, counts: Indices) -> F64:
    """Median (b, 41) of each window's shapes."""
    rows = np.ascontiguousarray(padded(shapes, counts, np.inf).transpose(0, 2, 1))
    rows.sort(axis=2)
    return middle(rows.transpose(0, 2, 1), counts)


def _select_beats(found: _Candidates) -> Mask:
    """Which candidates (s,) are beats."""
    counts, heights, alike = found.counts, found.heights, found.alike()
    able = (heights > qrs.LOW_BEAT_HEIGHT) & (alike > qrs.LOW_BEAT_CORRELATION) | (heights > qrs.HIGH_BEAT_HEIGHT) & (
        alike > qrs.HIGH_BEAT_CORRELATION
    )
    able &= ~_outdone(found, alike, able)
    for row in np.flatnonzero(_has_long_interval(found.at[able], _row_counts(able, counts))).tolist():
        begin, end = int(counts[:row].sum()), int(counts[: row + 1].sum())
        right_shape = np.where(alike[begin:end] > qrs.LOW_BEAT_CORRELATION, heights[begin:end], 0.0)
        able[begin + qrs.search_back(np.flatnonzero(able[begin:end]), found.at[begin:end], right_shape)] = True
    return able


def _outdone(found: _Candidates, alike: F64, able: Mask) -> Mask:
    """Which candidates (s,) have a better one too near."""
    counts, heights = found.counts, found.heights
    rank = heights * (np.maximum(alike, 0.0) + 0.2)
    flat = (able.astype(np.float64), rank, found.at.astype(np.float64), heights, alike)
    abled, ranks, at, high, like = (padded(each, counts, 0.0) for each in flat)
    apart = np.abs(at[:, :, None] - at[:, None]) / MODEL_RATE_HZ
    near = apart < qrs.T_WAVE_S
    t_wave = (high[:, :, None] < qrs.MAX_T_WAVE_HEIGHT_RATIO * high[:, None]) | (
        like[:, :, None] < qrs.MAX_T_WAVE_CORRELATION
    )
    near &= (apart < qrs.REFRACTORY_S) | t_wave
    outdone = (near & (abled[:, None] > 0) & (ranks[:, None] > ranks[:, :, None])).any(axis=2)
    return np.asarray(outdone[owners(counts), places(counts)], dtype=np.bool_)


def _has_long_interval(at: Indices, counts: Indices) -> Mask:
    """Which windows (b,) with beats enough have an interval in which one may be missed."""
    places = padded(at.astype(np.float64), counts, np.inf)
    with np.errstate(invalid="ignore"):
        intervals = np.diff(places, axis=1)
    known = np.isfinite(intervals)
    usual = middle(np.sort(np.where(known, intervals, np.inf), axis=1), np.maximum(counts - 1, 0))
    too_long = known & (intervals > qrs.MISSED_BEAT_RR_RATIO * usual[:, None])
    return np.asarray((counts >= qrs.MIN_BEATS) & too_long.any(axis=1))


def _r_peaks(smooth: F64, window: Indices, at: Indices, counts: Indices, own: F64, length: int) -> Indices:
    """R peaks (s,) of beats in these windows (s,) of (b, n + 90)."""
    owner, own = owners(counts), own - own.mean(axis=1)[:, None]
    peak = np.argmax(np.abs(own), axis=1)
    sign = np.where(own[np.arange(len(own)), peak] > 0, 1.0, -1.0)
    first = at + (peak - qrs.SHAPE_HALF_WIDTH_SAMPLES - qrs.PEAK_SEARCH_SAMPLES)[owner]
    near = smooth[window[:, None], qrs.within(first[:, None] + qrs.PEAK_PLACES, smooth.shape[1])]
    return qrs.within(first + np.argmax(sign[owner][:, None] * near, axis=1), length)


def _background_levels(envelope: F64, windows: Indices, at: Indices, counts: Indices) -> F64:
    """Root mean square (w,) of the envelopes of some windows (w,) away from their beats (s,)."""
    away = np.ones((len(windows), envelope.shape[1]), dtype=np.bool_)
    places = qrs.within(at[:, None] + (qrs.SHAPE_PLACES - qrs.PADDING_SAMPLES), envelope.shape[1])
    away[owners(counts)[:, None], places] = False
    means = []
    for window, mask in zip(windows.tolist(), away, strict=True):
        part = envelope[window][mask]
        means.append(float(np.add.reduce(part * part)) / len(part) if len(part) else 0.0)
    return np.asarray(np.sqrt(np.array(means)))
