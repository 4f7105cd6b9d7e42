"""What a head looks at: the encoder's embedding, heart rate and its variability, or both."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np

from ecg_live.constants import EMBEDDING_SIZE, MIN_RR_INTERVALS
from ecg_live.events import F64
from ecg_live.results import Window
from ecg_live.signal.order_statistics import median

FeatureKind = Literal["embedding", "hrv", "both"]

HRV_SIZE = 3  # median heart rate, log SDNN, log RMSSD
MIN_VARIABILITY_MS = 1.0  # ms: beats lie on a grid of 4 ms


def input_size(inputs: FeatureKind, embedding: int = EMBEDDING_SIZE) -> int:
    """Features of a head with these inputs, of an encoder whose embedding has so many numbers."""
    return {"embedding": embedding, "hrv": HRV_SIZE, "both": embedding + HRV_SIZE}[inputs]


def hrv_features(window: Window) -> F64:
    """Median heart rate (bpm), log SDNN and log RMSSD (of ms) of a window, (3,); NaN without plausible beats."""
    if window.heart_rate is None or len(window.beats) <= MIN_RR_INTERVALS:
        return np.full(HRV_SIZE, np.nan)
    beats = np.array(window.beats)
    rr = (beats[1:] - beats[:-1]) * 1000
    away, steps = rr - np.add.reduce(rr) / len(rr), rr[1:] - rr[:-1]
    # As `std` and `mean` sum, at a third of the time.
    sdnn, rmssd = (sqrt(np.add.reduce(each * each) / len(each)) for each in (away, steps))
    return np.array(
        [60_000 / median(rr), np.log(max(sdnn, MIN_VARIABILITY_MS)), np.log(max(rmssd, MIN_VARIABILITY_MS))]
    )


def combine_features(embedding: F64, hrv: F64, inputs: FeatureKind) -> F64:
    """Features (n, e, 3 or e + 3) that a head with these inputs takes; the embedding (n, e) before the HRV (n, 3)."""
    parts = {"embedding": (embedding,), "hrv": (hrv,), "both": (embedding, hrv)}[inputs]
    return np.concatenate(parts, axis=1)
