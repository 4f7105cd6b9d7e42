"""The last seconds of a segment, addressed by their index on its 256 Hz grid."""

from __future__ import annotations

import numpy as np

from ecg_live.constants import WINDOW_SAMPLES
from ecg_live.events import F64

SPARE_SAMPLES = 8 * WINDOW_SAMPLES  # moved at a time, for speed


class RingBuffer:
    """Keep at least the last ``WINDOW_SAMPLES`` samples of a growing signal.

    Indices count from the segment's first sample. Memory is bounded if callers `forget` old samples.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self._x: F64 = np.empty(SPARE_SAMPLES)
        self._first = 0
        self._count = 0

    @property
    def stop(self) -> int:
        """Index after the newest sample."""
        return self._first + self._count

    def append(self, x: F64) -> None:
        """Add (n,) samples."""
        if self._count + len(x) > len(self._x):
            larger = np.empty(self._count + len(x) + SPARE_SAMPLES)
            larger[: self._count] = self._x[: self._count]
            self._x = larger
        self._x[self._count : self._count + len(x)] = x
        self._count += len(x)

    def window(self, first: int, width: int = WINDOW_SAMPLES) -> F64:
        """Copy of ``width`` samples from index ``first`` on (fewer if they are not there yet)."""
        at = first - self._first
        return self._x[at : min(at + width, self._count)].copy()

    def forget(self, before: int) -> None:
        """Drop the samples before this index."""
        drop = before - self._first
        if drop >= SPARE_SAMPLES // 2:
            self._x[: self._count - drop] = self._x[drop : self._count]
            self._first, self._count = before, self._count - drop
