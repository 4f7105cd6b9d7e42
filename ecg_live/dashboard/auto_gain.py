"""The gain and the zero line at which an ECG fills its strip, changed in steps and seldom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.dashboard.ecg_grid import PAPER_GAINS, PX_PER_MM, PaperScale
from ecg_live.events import F32

PIECE_SAMPLES = 2 * MODEL_RATE_HZ  # holds a beat down to 30 a minute
LOOK_BACK_SAMPLES = 5 * PIECE_SAMPLES
CHECK_SAMPLES = 5 * MODEL_RATE_HZ  # between two looks
MIN_PIECES = 2
LARGE_BOX_MM = 5
MIN_AMPLITUDE_MV = 0.05  # below it there is no ECG to be enlarged
WANTED_FILL, MOST_FILL = 0.6, 0.8  # of the strip's height, from the lowest to the highest of a beat
KEPT_FILLS = (0.3, 0.9)  # within them the gain stays


def typical_range(samples: F32) -> tuple[float, float] | None:
    """Return the lowest and the highest value (mV) of a typical beat; None if too little of the samples is known.

    Each is the median over pieces of `PIECE_SAMPLES`, so that one artefact changes neither.
    """
    pieces = samples[len(samples) % PIECE_SAMPLES :].reshape(-1, PIECE_SAMPLES).astype(np.float64)
    known = pieces[np.isfinite(pieces).all(axis=1)]
    if len(known) < MIN_PIECES:
        return None
    return float(np.median(known.min(axis=1))), float(np.median(known.max(axis=1)))


def fitted_scale(scale: PaperScale, samples: F32, height: float) -> PaperScale:
    """Return the scale for a strip of ``height`` px that shows these ``samples``; the same while that will do."""
    found = typical_range(samples)
    if found is None or found[1] - found[0] < MIN_AMPLITUDE_MV or height <= 0:
        return scale
    low, high = found
    if _will_do(scale, low, high, height):
        return scale
    fills = {gain: (high - low) * replace(scale, gain=gain).height / height for gain in PAPER_GAINS}
    fitting = [gain for gain in PAPER_GAINS if fills[gain] <= MOST_FILL] or PAPER_GAINS[:1]
    gain = min(fitting, key=lambda each: abs(np.log(fills[each] / WANTED_FILL)))
    middle = (low + high) / 2 * replace(scale, gain=gain).height / PX_PER_MM
    return replace(scale, gain=gain, shift=LARGE_BOX_MM * round(middle / LARGE_BOX_MM))


def _will_do(scale: PaperScale, low: float, high: float, height: float) -> bool:
    """Return whether the range is well seen at a scale, and inside the strip."""
    fill = (high - low) * scale.height / height
    zero = scale.zero(height)
    inside = zero - high * scale.height >= 0 and zero - low * scale.height <= height
    return KEPT_FILLS[0] <= fill <= KEPT_FILLS[1] and inside
