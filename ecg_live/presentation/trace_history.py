"""The last ten minutes of the trace, for scrolling back."""

from __future__ import annotations

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import F32

HISTORY_MINUTES = 10  # 0.6 MB at 256 Hz


class TraceHistory:
    """Ring buffer of float32 samples, addressed by display index; NaN where samples are missing.

    Parameters
    ----------
    capacity : int
        Samples kept.
    """

    def __init__(self, capacity: int = HISTORY_MINUTES * 60 * MODEL_RATE_HZ) -> None:
        self._data = np.full(capacity, np.nan, np.float32)
        self._first = 0
        self.stop = 0

    @property
    def start(self) -> int:
        """Display index of the oldest sample kept."""
        return max(self._first, self.stop - len(self._data))

    def append(self, start: int, samples: F32) -> None:
        """Append samples from display index ``start`` on; a jump is filled with NaN, known samples are kept."""
        if self.stop == 0:
            self._first = self.stop = start
        samples = samples[max(0, self.stop - start) :]
        if not len(samples):
            return
        start = max(start, self.stop)
        self._write(self.stop, np.full(min(start - self.stop, len(self._data)), np.nan, np.float32))
        kept = samples[-len(self._data) :]
        self.stop = start + len(samples)
        self._write(self.stop - len(kept), kept)

    def clear(self) -> None:
        """Forget all samples; the next ones may lie anywhere."""
        self._data[:] = np.nan
        self._first = self.stop = 0

    def _write(self, start: int, samples: F32) -> None:
        self._data[np.arange(start, start + len(samples)) % len(self._data)] = samples

    def read(self, start: int, stop: int) -> F32:
        """Return a copy of samples ``start .. stop``, shape (stop - start,); NaN outside of the history."""
        out = np.full(max(0, stop - start), np.nan, np.float32)
        low, high = max(start, self.start), min(stop, self.stop)
        if low < high:
            out[low - start : high - start] = self._data[np.arange(low, high) % len(self._data)]
        return out
