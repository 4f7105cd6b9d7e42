"""Heart beats, heart rate and RMSSD of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sleepecg import detect_heartbeats

from ecg_live.types import F64, RATE

SLOWEST, FASTEST = 30.0, 220.0  # bpm; outside no resting or working adult's rhythm is plausible
ECTOPIC = 0.25  # an RR interval further than this share from the window's median is not a normal-to-normal one
FEWEST_RR = 3  # intervals that a heart rate rests on at least
AROUND = RATE // 5  # samples on either side of an R peak that make a beat's shape: 0.2 s, QRS and some
LEAD = 2 * RATE  # samples: the detector learns on the first two seconds (Pan & Tompkins 1985, learning phase 1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Beats (sample indices), heart rate in bpm and RMSSD in ms (None where beats do not bear them out)."""

    beats: npt.NDArray[np.int64]
    heart_rate: float | None
    rmssd: float | None
    regular: float  # share of intervals near the median, 0 without a heart rate
    alike: float = 1.0  # mean correlation of the beats with their average


def find_beats(x: F64) -> npt.NDArray[np.int64]:
    """Indices of the R peaks in a high-passed signal at 256 Hz (n,), by sleepecg's Pan-Tompkins detector."""
    if len(x) < LEAD or np.ptp(x) == 0:
        return np.empty(0, dtype=np.int64)
    return np.asarray(detect_heartbeats(x, RATE), dtype=np.int64)


def rhythm(x: F64, lead: int = 0) -> Rhythm:
    """Beats of a high-passed window (n,) in mV, and the heart rate and RMSSD that they bear out.

    The first ``lead`` samples come before the window: the detector learns on them, which saves it from taking a T wave
    at the window's start for a beat.
    """
    found = find_beats(x) - lead
    beats = found[found >= 0]
    rate, rmssd, regular = intervals(np.diff(beats) / RATE)
    return Rhythm(beats, rate, rmssd, regular, 1.0 if rate is None else _alike(x[lead:], beats))


def intervals(rr: F64) -> tuple[float | None, float | None, float]:
    """Heart rate (bpm) and RMSSD (ms) of RR intervals (n,) in s, as far as they bear them out, and the regular share.

    Intervals far from the median are artefacts or ectopic: they count for nothing, nor do steps to and from them.
    """
    if len(rr) < FEWEST_RR:
        return None, None, 0.0
    median = float(np.median(rr))
    near = np.abs(rr - median) <= ECTOPIC * median
    if not near.any() or not SLOWEST <= 60 / median <= FASTEST:
        return None, None, 0.0
    steps = np.diff(rr)[near[1:] & near[:-1]]
    rmssd = float(np.sqrt(np.mean(steps**2)) * 1000) if len(steps) >= FEWEST_RR else None
    return 60 / float(rr[near].mean()), rmssd, float(near.mean())


def _alike(x: F64, beats: npt.NDArray[np.int64]) -> float:
    """Mean correlation of the beats with their average (Orphanidou et al. 2015); 0 where fewer than three are whole."""
    whole = beats[(beats >= AROUND) & (beats + AROUND <= len(x))]
    if len(whole) < FEWEST_RR:
        return 0.0
    shapes = x[whole[:, None] + np.arange(-AROUND, AROUND)]
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    average = shapes.mean(axis=0)
    size = np.linalg.norm(shapes, axis=1) * np.linalg.norm(average)
    return float(np.mean(np.divide(shapes @ average, size, out=np.zeros(len(whole)), where=size > 0)))
