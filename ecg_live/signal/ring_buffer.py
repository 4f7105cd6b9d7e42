"""The last seconds of a segment, addressed by their index on its 256 Hz grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ecg_live.constants import WINDOW_SAMPLES

SPARE_SAMPLES = 8 * WINDOW_SAMPLES  # moved at a time, for speed


class RingBuffer:
    """Keep the samples of a growing signal that were not forgotten.

    Indices count from the segment's first sample. Memory is bounded if callers `forget` old samples.

    Parameters
    ----------
    dtype : dtype
        In which samples are kept.
    spare : int
        Room for so many samples more than are needed. Without any, each `append` moves all.
    """

    def __init__(self, dtype: npt.DTypeLike = np.float64, spare: int = SPARE_SAMPLES) -> None:
        self._spare = spare
        self._x: npt.NDArray[Any] = np.empty(0, dtype)
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self._x = self._x[:0].copy()
        self._first = self._count = 0
        self._needed = 0  # index of the first sample that was not forgotten

    def __getstate__(self) -> dict[str, Any]:
        """What may still be asked for, without spare room and forgotten samples."""
        first = max(self._first, min(self._needed, self.stop))
        return {"x": self._x[first - self._first : self._count].copy(), "first": first, "spare": self._spare}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Hold what another held."""
        self._x, self._first, self._spare = state["x"], state["first"], state["spare"]
        self._count, self._needed = len(self._x), self._first

    @property
    def stop(self) -> int:
        """Index after the newest sample."""
        return self._first + self._count

    def append(self, x: npt.NDArray[Any]) -> None:
        """Add (n,) samples."""
        if self._count + len(x) > len(self._x):
            self._make_room(len(x))
        self._x[self._count : self._count + len(x)] = x
        self._count += len(x)

    def window(self, first: int, width: int = WINDOW_SAMPLES) -> npt.NDArray[Any]:
        """Copy of ``width`` samples from index ``first`` on (fewer if they are not there yet)."""
        return self.view(first, width).copy()

    def view(self, first: int, width: int = WINDOW_SAMPLES) -> npt.NDArray[Any]:
        """As `window`, not copied: valid until the next `append`."""
        at = first - self._first
        return self._x[at : min(at + width, self._count)]

    def forget(self, before: int) -> None:
        """Allow the samples before this index to be dropped."""
        self._needed = max(self._needed, before)

    def _make_room(self, wanted: int) -> None:
        drop = min(self._needed - self._first, self._count)
        held = self._x[drop : self._count]
        if len(held) + wanted > len(self._x):
            self._x = np.empty(len(held) + wanted + self._spare, self._x.dtype)
        self._x[: len(held)] = held
        self._first, self._count = self._first + drop, len(held)
