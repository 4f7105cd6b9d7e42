"""QRS complexes of a window by their energy and their shape, whichever way up the electrodes are.

Every step gives the same for a signal and its negative, to the bit: candidates are maxima of an envelope, they are
compared with the wearer's own complex, and an R peak is the extreme of that complex, up or down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks

from ecg_live.constants import RATE
from ecg_live.events import F64

CENTRE, WIDE = 15.0, 0.027  # Hz and s: a Gabor wavelet over the 5 to 25 Hz of a QRS complex (Thakor et al. 1984)
SMOOTH = 5  # samples of a running mean, whose zero lies at 51 Hz: mains hum is not part of a shape
AROUND = 20  # samples on either side that make a complex's shape: 0.16 s with the centre, a wide QRS
APART = 0.18  # s between candidates, below any refractory period
REFRACTORY = 0.25  # s between beats: 240 bpm
T_WAVE = 0.36  # s after a beat in which a weaker or different candidate is its T wave (Pan & Tompkins 1985)
WEAKER, DIFFERENT = 0.65, 0.75  # of the beat's height, of correlation: below either it is one
PIECE = 1.5  # s in which a heart above 40 bpm beats at least once
# What follows is in units of the level, the median height of the highest maximum of each such piece.
TYPICAL = (0.7, 2.5)  # candidates from which the wearer's own complex is learnt; above is an artefact
LOW, LOW_ALIKE = 0.3, 0.6  # a beat has this height and correlation,
HIGH, HIGH_ALIKE = 0.75, 0.3  # or these: an ectopic beat is as high, but of another shape
FAINT = 0.2  # a beat of the right shape where one is missing
MISSING = 1.5  # times the median interval: there is room for one
FEWEST = 4  # beats, three intervals
EDGE = 0.03  # s from either end: less of a complex shows no peak
EMPTY = 1e-6  # of the highest candidate: a level below it means that half of the signal is a flat line
FINE = 6  # samples about where the complex's peak should be, in which a beat's own is


@dataclass(frozen=True, slots=True)
class Complexes:
    """What was found in a signal: sample indices of R peaks (k,), and what bears them out.

    ``heights`` (k,) are the envelope's at the beats, ``shapes`` (k, 41) the smoothed signal about them;
    ``elsewhere`` is the envelope's root mean square away from beats.
    """

    peaks: npt.NDArray[np.int64]
    heights: F64
    shapes: F64
    elsewhere: float


NONE = Complexes(np.empty(0, np.int64), np.empty(0), np.empty((0, 2 * AROUND + 1)), 0.0)


def _wavelet() -> tuple[F64, F64]:
    """Even and odd part of the wavelet, both blind to an offset."""
    reach = round(3 * WIDE * RATE)
    t = np.arange(-reach, reach + 1) / RATE
    bell = np.exp(-((t / WIDE) ** 2) / 2)
    even, odd = bell * np.cos(2 * np.pi * CENTRE * t), bell * np.sin(2 * np.pi * CENTRE * t)
    even -= bell * even.sum() / bell.sum()
    return even / np.abs(even).sum(), odd / np.abs(odd).sum()


EVEN, ODD = _wavelet()
REACH = len(EVEN) // 2
MARGIN = 2 * AROUND + SMOOTH  # samples by which both ends are drawn out, so that a shape may reach beyond them


def find(x: F64) -> Complexes:
    """QRS complexes of a high-passed signal (n,) at 256 Hz, at least four, else none."""
    if len(x) < 2 * PIECE * RATE or np.ptp(x) == 0:
        return NONE
    drawn = np.pad(x, MARGIN, mode="edge")
    envelope = _envelope(drawn)
    at, heights = _candidates(envelope)
    if len(at) < FEWEST:
        return NONE
    level = _level(envelope)
    if level <= EMPTY * heights.max():
        return NONE
    smooth = np.convolve(drawn, np.full(SMOOTH, 1 / SMOOTH), "same")
    shapes = _cut(smooth, at)
    own = _own_complex(shapes, heights / level)
    if own is None:
        return NONE
    beats = _choose(at, heights / level, correlation(shapes, own))
    if len(beats) < FEWEST:
        return NONE
    return Complexes(_r_peaks(smooth, at[beats], own), heights[beats], shapes[beats], _elsewhere(envelope, at[beats]))


def correlation(shapes: F64, own: F64) -> F64:
    """Correlation (k,) of each shape (k, m) with one (m,) or with one each (k, m); 0 of a flat one."""
    centred, own = shapes - shapes.mean(axis=1, keepdims=True), own - own.mean(axis=-1, keepdims=True)
    size = np.sqrt((centred * centred).sum(axis=1) * (own * own).sum(axis=-1))
    return np.asarray(
        np.divide((centred * own).sum(axis=1), size, out=np.zeros(len(shapes)), where=size > 0), dtype=np.float64
    )


def _envelope(drawn: F64) -> F64:
    inner = drawn[MARGIN - REACH : len(drawn) - MARGIN + REACH]
    return np.asarray(np.hypot(np.convolve(inner, EVEN, "valid"), np.convolve(inner, ODD, "valid")))


def _candidates(envelope: F64) -> tuple[npt.NDArray[np.int64], F64]:
    at, _ = find_peaks(envelope, distance=round(APART * RATE))
    edge = round(EDGE * RATE)
    at = at[(at >= edge) & (at < len(envelope) - edge)]
    return at, envelope[at]


def _level(envelope: F64) -> float:
    piece = round(PIECE * RATE)
    whole = len(envelope) // piece
    return float(np.median(envelope[-whole * piece :].reshape(whole, piece).max(axis=1)))


def _cut(x: F64, at: npt.NDArray[np.int64]) -> F64:
    """What lies about each sample (k,) of the signal, of one that is drawn out."""
    return np.asarray(x[at[:, None] + (MARGIN + np.arange(-AROUND, AROUND + 1))])


def _own_complex(shapes: F64, heights: F64) -> F64 | None:
    """The wearer's own complex: the median of typical candidates, then the mean of those that are like it."""
    typical = (heights > TYPICAL[0]) & (heights < TYPICAL[1])
    if typical.sum() < FEWEST - 1:
        return None
    median = np.median(shapes[typical], axis=0)
    like = typical & (correlation(shapes, median) > LOW_ALIKE)
    return np.asarray(shapes[like].mean(axis=0)) if like.sum() >= FEWEST - 1 else np.asarray(median)


def _choose(at: npt.NDArray[np.int64], heights: F64, alike: F64) -> npt.NDArray[np.int64]:
    """Which of the candidates are beats: their numbers, in order."""
    able = (heights > LOW) & (alike > LOW_ALIKE) | (heights > HIGH) & (alike > HIGH_ALIKE)
    rank = heights * (np.maximum(alike, 0.0) + 0.2)
    apart = np.abs(at[:, None] - at) / RATE
    t_wave = (heights[:, None] < WEAKER * heights) | (alike[:, None] < DIFFERENT)
    outdone = able & (rank > rank[:, None]) & ((apart < REFRACTORY) | (apart < T_WAVE) & t_wave)
    beats = np.flatnonzero(able & ~outdone.any(axis=1))
    return _search_back(beats, at, np.where(alike > LOW_ALIKE, heights, 0.0)) if len(beats) >= FEWEST else beats


def _search_back(beats: npt.NDArray[np.int64], at: npt.NDArray[np.int64], heights: F64) -> npt.NDArray[np.int64]:
    """Add the highest candidate, though faint, in the middle of each interval that is too long."""
    intervals = np.diff(at[beats])
    usual = float(np.median(intervals))
    room = max(usual / 2, REFRACTORY * RATE)
    added = []
    for k in np.flatnonzero(intervals > MISSING * usual):
        between = np.arange(beats[k] + 1, beats[k + 1])
        between = between[(at[between] > at[beats[k]] + room) & (at[between] < at[beats[k + 1]] - room)]
        if len(between) and heights[between].max() > FAINT:
            added.append(between[np.argmax(heights[between])])
    return np.sort(np.append(beats, np.array(added, dtype=np.int64)))


def _r_peaks(smooth: F64, at: npt.NDArray[np.int64], own: F64) -> npt.NDArray[np.int64]:
    """The beats' extremes where the wearer's own complex has its, and of its sign."""
    own = own - own.mean()
    peak = int(np.argmax(np.abs(own)))
    sign = 1.0 if own[peak] > 0 else -1.0
    first = at + (peak - AROUND - FINE)
    near = smooth[np.clip(first[:, None] + (MARGIN + np.arange(2 * FINE + 1)), 0, len(smooth) - 1)]
    found = first + np.argmax(sign * near, axis=1)
    return np.asarray(np.clip(found, 0, len(smooth) - 2 * MARGIN - 1), dtype=np.int64)


def _elsewhere(envelope: F64, at: npt.NDArray[np.int64]) -> float:
    away = np.ones(len(envelope), dtype=np.bool_)
    away[np.clip(at[:, None] + np.arange(-AROUND, AROUND + 1), 0, len(envelope) - 1)] = False
    return float(np.sqrt(np.mean(envelope[away] ** 2))) if away.any() else 0.0
