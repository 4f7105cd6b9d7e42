"""One item of each kind, as a session gives them."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64, Battery, Beats, Chunk, LeadOff, StreamInfo
from ecg_live.results import HeadInfo, HeadResult, Hrv, HrvResult, Prediction, Quality, RrInterval, Trace

RATE = 500.0
HEADS = HeadInfo("load", ("rest", "load")), HeadInfo("mood", ("low", "high"))
INFO = StreamInfo(RATE, ("ECG", "acc"), name="Shimmer 7A21", source_id="00:06:66:7a:21")


def chunk(start: int, time: float, count: int = 100) -> Chunk:
    """Samples that are their own index."""
    index: F64 = np.arange(start, start + count, dtype=np.float64)
    return Chunk(np.stack((index, -index), axis=1), start, time)


def trace(start: float, time: float, count: int = 64) -> Trace:
    """Samples that are their own index on the 256 Hz grid."""
    return Trace(np.arange(count, dtype=np.float32) + np.float32(start * 256), start, 0, time)


def prediction(start: float, time: float) -> Prediction:
    """The first head answers, the second abstains."""
    heads = {
        "load": HeadResult({"rest": 0.25, "load": 0.75}, "load", set="personal"),
        "mood": HeadResult(None, None, "outside the training range"),
    }
    features = np.arange(128, dtype=np.float32)
    quality = Quality("poor", ("baseline wander", "step"))
    return Prediction(start, start + 10, time, heads, 61.5, None, quality, 0.125, (start + 1,), features)


OTHERS = Beats(1002.0, 60.0, (1.0,)), LeadOff(250, True, ("RA",)), Battery(1003.0, 0.5)
HRV = HrvResult(1120.0, 120.0, Hrv(120.0, 140, 0.98, 2, 70.0, 50.0, 40.0, 20.0, 28.0, 60.0, 500.0, 400.0, 1.25))
RR_INTERVAL = RrInterval(1001.5, 1.5, 0.8, "normal", "ecg")
