"""From windows, as they come, to their embeddings: streamed where an encoder can be, or window by window."""

from __future__ import annotations

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, WINDOW_SAMPLES
from ecg_live.events import F32
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.results import Window

ONE_WEARER = np.zeros(1, np.int64)


class StreamingEmbedder:
    """Embeddings of one wearer's overlapping windows through a stream in steps of 256 samples, each computed once."""

    def __init__(self, engine: EncoderEngine) -> None:
        self._stream = engine.stream()
        self._segment = -1
        self._stop = 0  # index after the segment's last sample that the stream has

    def features(self, window: Window) -> F32:
        """Features (1, 128) of the next window of a segment; ``first`` a multiple of 256."""
        if window.segment != self._segment or not window.first <= self._stop <= window.first + WINDOW_SAMPLES:
            self._stream.reset(ONE_WEARER)
            self._segment, self._stop = window.segment, window.first
        for block in window.data[self._stop - window.first :].reshape(-1, 1, BLOCK_SAMPLES):
            self._stream.push(ONE_WEARER, block)
        self._stop = window.first + WINDOW_SAMPLES
        return self._stream.embeddings(ONE_WEARER)


class WindowEmbedder:
    """Features window by window; for any encoder and any hop."""

    def __init__(self, engine: EncoderEngine) -> None:
        self._engine = engine

    def features(self, window: Window) -> F32:
        """Features (1, 128) of any window."""
        return self._engine.embed(window.data[None])
