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
LEAD = 2 * RATE  # samples: the detector learns on the first two seconds (Pan & Tompkins 1985, learning phase 1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Beats (sample indices), heart rate in bpm and RMSSD in ms (None where beats do not bear them out)."""

    beats: npt.NDArray[np.int64]
    heart_rate: float | None
    rmssd: float | None
    regular: float  # share of intervals near the median, 0 without a heart rate


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
    rr = np.diff(beats) / RATE
    if len(rr) < FEWEST_RR:
        return Rhythm(beats, None, None, 0.0)
    median = float(np.median(rr))
    near = np.abs(rr - median) <= ECTOPIC * median
    if not near.any() or not SLOWEST <= 60 / median <= FASTEST:
        return Rhythm(beats, None, None, 0.0)
    steps = np.diff(rr)[near[1:] & near[:-1]]
    rmssd = float(np.sqrt(np.mean(steps**2)) * 1000) if len(steps) >= FEWEST_RR else None
    return Rhythm(beats, 60 / float(rr[near].mean()), rmssd, float(near.mean()))
