"""QRS complexes of a window by their energy and their shape, whichever way up the electrodes are.

A signal and its negative give bit-identical results: candidates are maxima of an envelope, they are
compared with the wearer's own complex, and an R peak is the extreme of that complex, up or down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F64
from ecg_live.signal.order_statistics import median, row_medians
from ecg_live.signal.peaks import find_peaks

# A Gabor wavelet over the 5 to 25 Hz of a QRS complex (Thakor et al. 1984).
WAVELET_CENTRE_HZ = 15.0
WAVELET_WIDTH_S = 0.027
SMOOTHING_SAMPLES = 5  # of a running mean with its zero at 51 Hz: mains hum is not part of a shape
SHAPE_HALF_WIDTH_SAMPLES = 20  # on either side of a complex: 0.16 s with the centre, a wide QRS
MIN_CANDIDATE_DISTANCE_S = 0.18  # below any refractory period
REFRACTORY_S = 0.25  # between beats: 240 bpm
# Within this time after a beat, a candidate that is lower or less similar than these is its T wave (Pan & Tompkins
# 1985).
T_WAVE_S = 0.36
MAX_T_WAVE_HEIGHT_RATIO = 0.65
MAX_T_WAVE_CORRELATION = 0.75
LEVEL_PIECE_S = 1.5  # in which a heart above 40 bpm beats at least once
# What follows is in units of the level, the median height of the highest maximum of each such piece.
TYPICAL_HEIGHTS = (0.7, 2.5)  # of candidates that make the template; higher ones are artefacts
LOW_BEAT_HEIGHT, LOW_BEAT_CORRELATION = 0.3, 0.6  # a beat has at least this height and correlation,
HIGH_BEAT_HEIGHT, HIGH_BEAT_CORRELATION = 0.75, 0.3  # or these: an ectopic beat is as high, but of another shape
MIN_MISSED_BEAT_HEIGHT = 0.2  # of a beat of the right shape in an interval that is too long
MISSED_BEAT_RR_RATIO = 1.5  # times the median interval: long enough for a missed beat
MIN_BEATS = 4  # three intervals
EDGE_S = 0.03  # at either end, without candidates: less of a complex shows no peak
MIN_LEVEL_RATIO = 1e-6  # of the highest candidate: a level below it means that half of the signal is a flat line
PEAK_SEARCH_SAMPLES = 6  # on either side of the template's peak


@dataclass(frozen=True, slots=True)
class Complexes:
    """QRS complexes of a signal: sample indices of R peaks (k,), and the evidence for them.

    ``heights`` (k,) are the envelope's at the beats, ``shapes`` (k, 41) the smoothed signal about them;
    ``elsewhere`` is the envelope's root mean square away from beats.
    """

    peaks: npt.NDArray[np.int64]
    heights: F64
    shapes: F64
    elsewhere: float


NO_COMPLEXES = Complexes(np.empty(0, np.int64), np.empty(0), np.empty((0, 2 * SHAPE_HALF_WIDTH_SAMPLES + 1)), 0.0)


def _wavelet() -> tuple[F64, F64]:
    """Even and odd part of the wavelet, both blind to an offset."""
    reach = round(3 * WAVELET_WIDTH_S * MODEL_RATE_HZ)
    t = np.arange(-reach, reach + 1) / MODEL_RATE_HZ
    bell = np.exp(-((t / WAVELET_WIDTH_S) ** 2) / 2)
    even, odd = bell * np.cos(2 * np.pi * WAVELET_CENTRE_HZ * t), bell * np.sin(2 * np.pi * WAVELET_CENTRE_HZ * t)
    even -= bell * even.sum() / bell.sum()
    return even / np.abs(even).sum(), odd / np.abs(odd).sum()


WAVELET_EVEN, WAVELET_ODD = _wavelet()
WAVELET_HALF_LENGTH = len(WAVELET_EVEN) // 2
RUNNING_MEAN: F64 = np.full(SMOOTHING_SAMPLES, 1 / SMOOTHING_SAMPLES)
PADDING_SAMPLES = (
    2 * SHAPE_HALF_WIDTH_SAMPLES + SMOOTHING_SAMPLES
)  # by which both ends are padded, so that a shape may reach beyond them
# In the padded signal, from the place of a complex in the unpadded one: its shape, and where its R peak is looked for.
SHAPE_PLACES = PADDING_SAMPLES + np.arange(-SHAPE_HALF_WIDTH_SAMPLES, SHAPE_HALF_WIDTH_SAMPLES + 1)
PEAK_PLACES = PADDING_SAMPLES + np.arange(2 * PEAK_SEARCH_SAMPLES + 1)


def find_complexes(x: F64) -> Complexes:
    """QRS complexes of a high-passed signal (n,) at 256 Hz, at least four; `NO_COMPLEXES` if there are fewer."""
    if len(x) < 2 * LEVEL_PIECE_S * MODEL_RATE_HZ or np.ptp(x) == 0:
        return NO_COMPLEXES
    drawn = np.concatenate((np.full(PADDING_SAMPLES, x[0]), x, np.full(PADDING_SAMPLES, x[-1])))
    envelope = _envelope(drawn)
    at, heights = _candidates(envelope)
    if len(at) < MIN_BEATS:
        return NO_COMPLEXES
    level = _level(envelope)
    if level <= MIN_LEVEL_RATIO * heights.max():
        return NO_COMPLEXES
    smooth = np.convolve(drawn, RUNNING_MEAN, "same")
    shapes = _shapes_at(smooth, at)
    own = _template(shapes, heights / level)
    if own is None:
        return NO_COMPLEXES
    beats = _select_beats(at, heights / level, correlation(shapes, own))
    if len(beats) < MIN_BEATS:
        return NO_COMPLEXES
    return Complexes(
        _r_peaks(smooth, at[beats], own), heights[beats], shapes[beats], _background_level(envelope, at[beats])
    )


def correlation(shapes: F64, own: F64) -> F64:
    """Correlation (k,) of each shape (k, m) with one (m,) or with one each (k, m); 0 of a flat one."""
    centred, own = _centred(shapes), _centred(own)
    size = np.sqrt(np.add.reduce(centred * centred, axis=1) * np.add.reduce(own * own, axis=-1))
    return np.asarray(
        np.divide(np.add.reduce(centred * own, axis=1), size, out=np.zeros(len(shapes)), where=size > 0),
        dtype=np.float64,
    )


def _centred(shapes: F64) -> F64:
    return np.asarray(shapes - np.add.reduce(shapes, axis=-1, keepdims=True) / shapes.shape[-1])


def _envelope(drawn: F64) -> F64:
    inner = drawn[PADDING_SAMPLES - WAVELET_HALF_LENGTH : len(drawn) - PADDING_SAMPLES + WAVELET_HALF_LENGTH]
    return np.asarray(np.hypot(np.convolve(inner, WAVELET_EVEN, "valid"), np.convolve(inner, WAVELET_ODD, "valid")))


def _candidates(envelope: F64) -> tuple[npt.NDArray[np.int64], F64]:
    at = find_peaks(envelope, round(MIN_CANDIDATE_DISTANCE_S * MODEL_RATE_HZ))
    edge = round(EDGE_S * MODEL_RATE_HZ)
    at = at[(at >= edge) & (at < len(envelope) - edge)]
    return at, envelope[at]


def _level(envelope: F64) -> float:
    piece = round(LEVEL_PIECE_S * MODEL_RATE_HZ)
    whole = len(envelope) // piece
    return median(envelope[-whole * piece :].reshape(whole, piece).max(axis=1))


def _shapes_at(x: F64, at: npt.NDArray[np.int64]) -> F64:
    """Shapes (k, 41) around each sample (k,) of the signal, cut from the padded one."""
    return np.asarray(x[at[:, None] + SHAPE_PLACES])


def _template(shapes: F64, heights: F64) -> F64 | None:
    """The wearer's own complex: the median of typical candidates, then the mean of those that are like it."""
    typical = (heights > TYPICAL_HEIGHTS[0]) & (heights < TYPICAL_HEIGHTS[1])
    if typical.sum() < MIN_BEATS - 1:
        return None
    middle = row_medians(shapes[typical].T)
    like = typical & (correlation(shapes, middle) > LOW_BEAT_CORRELATION)
    return np.asarray(shapes[like].mean(axis=0)) if like.sum() >= MIN_BEATS - 1 else middle


def _select_beats(at: npt.NDArray[np.int64], heights: F64, alike: F64) -> npt.NDArray[np.int64]:
    """Indices of the candidates that are beats, in order."""
    able = (heights > LOW_BEAT_HEIGHT) & (alike > LOW_BEAT_CORRELATION) | (heights > HIGH_BEAT_HEIGHT) & (
        alike > HIGH_BEAT_CORRELATION
    )
    rank = heights * (np.maximum(alike, 0.0) + 0.2)
    apart = np.abs(at[:, None] - at) / MODEL_RATE_HZ
    t_wave = (heights[:, None] < MAX_T_WAVE_HEIGHT_RATIO * heights) | (alike[:, None] < MAX_T_WAVE_CORRELATION)
    outdone = able & (rank > rank[:, None]) & ((apart < REFRACTORY_S) | (apart < T_WAVE_S) & t_wave)
    beats = np.flatnonzero(able & ~outdone.any(axis=1))
    return (
        search_back(beats, at, np.where(alike > LOW_BEAT_CORRELATION, heights, 0.0))
        if len(beats) >= MIN_BEATS
        else beats
    )


def search_back(beats: npt.NDArray[np.int64], at: npt.NDArray[np.int64], heights: F64) -> npt.NDArray[np.int64]:
    """Add the highest candidate, though faint, in the middle of each interval that is too long."""
    intervals = np.diff(at[beats])
    usual = median(intervals)
    room = max(usual / 2, REFRACTORY_S * MODEL_RATE_HZ)
    added = []
    for k in np.flatnonzero(intervals > MISSED_BEAT_RR_RATIO * usual):
        between = np.arange(beats[k] + 1, beats[k + 1])
        between = between[(at[between] > at[beats[k]] + room) & (at[between] < at[beats[k + 1]] - room)]
        if len(between) and heights[between].max() > MIN_MISSED_BEAT_HEIGHT:
            added.append(between[np.argmax(heights[between])])
    return np.sort(np.append(beats, np.array(added, dtype=np.int64)))


def _r_peaks(smooth: F64, at: npt.NDArray[np.int64], own: F64) -> npt.NDArray[np.int64]:
    """The beats' extremes where the wearer's own complex has its, and of its sign."""
    own = own - own.mean()
    peak = int(np.argmax(np.abs(own)))
    sign = 1.0 if own[peak] > 0 else -1.0
    first = at + (peak - SHAPE_HALF_WIDTH_SAMPLES - PEAK_SEARCH_SAMPLES)
    near = smooth[within(first[:, None] + PEAK_PLACES, len(smooth))]
    found = first + np.argmax(sign * near, axis=1)
    return within(found, len(smooth) - 2 * PADDING_SAMPLES)


def within(places: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Sample indices, those outside of a signal (length,) moved to its ends."""
    return np.asarray(np.minimum(np.maximum(places, 0), length - 1), dtype=np.int64)


def _background_level(envelope: F64, at: npt.NDArray[np.int64]) -> float:
    away = np.ones(len(envelope), dtype=np.bool_)
    away[within(at[:, None] + (SHAPE_PLACES - PADDING_SAMPLES), len(envelope))] = False
    return float(np.sqrt(np.mean(envelope[away] ** 2))) if away.any() else 0.0
