"""The paper's high-pass, causal, and primed so that an electrode's offset gives no transient."""

from __future__ import annotations

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES
from ecg_live.events import F64, Chunk
from ecg_live.signal.compiled_filter import filter_sections

CUTOFF_HZ = 0.8  # pass band of Sarkar & Etemad 2020, section 4.1
FILTER_ORDER = 2  # ours (the paper names none): settles 2.5 s after a step of 300 mV, a 5th order takes 5.4 s
# As `scipy.signal.butter` (order, cutoff, "highpass", fs=256, output="sos") and `sosfilt_zi` of it, whose import takes
# most of a second. A test holds them to the bit.
_NUMERATOR = (0.9862119246270825, -1.972423849254165, 0.9862119246270825)
_DENOMINATOR = (1.0, -1.9722337291952663, 0.9726139693130632)
SECTIONS: F64 = np.array([[*_NUMERATOR, *_DENOMINATOR]])
STEADY_STATE: F64 = np.array([[-0.986211924627344, 0.9862119246273369]])


class HighPass:
    """2nd-order Butterworth high-pass at 0.8 Hz for 256 Hz input.

    A segment's first second (or what `flush` finds of it) is held, and the filter starts as if its median had lasted
    for ever. Within the 0.25 s that follow, the offset is gone to 0.05 mV of 300.
    """

    delay = 0.0

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self.state: F64 | None = None  # (channels, sections, 2), once the filter has begun
        self._held: list[Chunk] = []
        self._count = 0

    def push(self, chunk: Chunk) -> Chunk:
        """Filter (n, c) samples in mV; returns as many, but nothing during a segment's first second."""
        if self.state is not None:
            return self._filter(chunk, self.state)
        if len(chunk.samples):
            self._held.append(chunk)
            self._count += len(chunk.samples)
        if self._count < BLOCK_SAMPLES:
            return Chunk(chunk.samples[:0], chunk.stop - self._count, chunk.time)
        return self._release()

    def flush(self) -> Chunk:
        """Return the held samples of a segment shorter than a second."""
        channels = 1 if self.state is None else len(self.state)
        return self._release() if self._held else Chunk(np.empty((0, channels)), 0, 0.0)

    def _release(self) -> Chunk:
        first, x = self._held[0], np.concatenate([chunk.samples for chunk in self._held])
        self._held = []
        level = np.median(x[:BLOCK_SAMPLES], axis=0)
        return self._filter(Chunk(x, first.start, first.time), STEADY_STATE * level[:, None, None])

    def _filter(self, chunk: Chunk, state: F64) -> Chunk:
        if len(chunk.samples) == 0:
            return chunk
        y, self.state = filter_sections(SECTIONS, chunk.samples.T, state)
        return Chunk(y.T, chunk.start, chunk.time)
