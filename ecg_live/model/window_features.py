"""Features of a stream's windows by name: heart rate, its variability, and a bundle's embedding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ecg_live.constants import EMBEDDING_SIZE, MIN_RR_INTERVALS
from ecg_live.events import F64
from ecg_live.model.bundle import Bundle
from ecg_live.model.features import hrv_features
from ecg_live.model.predictor import Predictor
from ecg_live.results import Window
from ecg_live.tables import Columns

BEAT_COLUMNS: Columns = {
    "quality": "text",
    "reasons": "text",
    "heart_rate": "number",  # bpm, as on the screen
    "n_rr": "integer",  # RR intervals
    "rr_mean": "number",  # ms
    "sdnn": "number",  # ms
    "rmssd": "number",  # ms, as on the screen
    "median_heart_rate": "number",  # bpm, as heads take it
    "log_sdnn": "number",
    "log_rmssd": "number",
}


def window_columns(embedding: int = EMBEDDING_SIZE) -> Columns:
    """Columns of a window's features, of an encoder whose embedding has so many numbers."""
    return {**BEAT_COLUMNS, **dict.fromkeys(embedding_columns(embedding), "single")}


def embedding_columns(embedding: int = EMBEDDING_SIZE) -> tuple[str, ...]:
    """Columns of an embedding of so many numbers."""
    return tuple(f"embedding_{number}" for number in range(embedding))


class FeatureExtractor:
    """Features of the windows of one stream after another, as a live session has them.

    Parameters
    ----------
    bundle : Bundle
        Its encoder makes the embedding.
    hop : float
        Seconds from one window to the next.
    """

    def __init__(self, bundle: Bundle, hop: float) -> None:
        self._bundle = bundle
        self._hop = hop
        self._engine = Predictor(bundle, hop).engine
        self._embedding = embedding_columns(bundle.card.embedding_size)
        self.columns: Columns = window_columns(bundle.card.embedding_size)

    def restart(self) -> None:
        """Begin another stream: nothing of the last one is left."""
        self._engine = Predictor(self._bundle, self._hop).engine

    def vector(self, window: Window) -> F64:
        """Features (e + 3,) of the stream's next window, as `ecg_live.api.FEATURE_NAMES` orders them."""
        return np.concatenate((self._engine.features(window)[0], hrv_features(window)))

    def row(self, window: Window) -> dict[str, Any]:
        """Features of the stream's next window by the names of ``columns``."""
        *embedding, median_rate, log_sdnn, log_rmssd = self.vector(window).tolist()
        return {
            "quality": window.quality.grade,
            "reasons": ", ".join(window.quality.reasons),
            "heart_rate": window.heart_rate,
            **_interval_figures(window),
            "rmssd": window.rmssd,
            "median_heart_rate": median_rate,
            "log_sdnn": log_sdnn,
            "log_rmssd": log_rmssd,
            **dict(zip(self._embedding, embedding, strict=True)),
        }


def _interval_figures(window: Window) -> dict[str, Any]:
    """Number, mean and standard deviation of the RR intervals; NaN where there are no plausible beats."""
    intervals = np.diff(window.beats) * 1000
    enough = window.heart_rate is not None and len(intervals) >= MIN_RR_INTERVALS
    return {
        "n_rr": len(intervals) if enough else 0,
        "rr_mean": float(intervals.mean()) if enough else math.nan,
        "sdnn": float(intervals.std()) if enough else math.nan,
    }
