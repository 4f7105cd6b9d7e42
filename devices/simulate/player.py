"""Samples that a simulated device plays in a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import RecordingError
from ecg_live.events import F64, Chunk


class Player:
    """Samples (n, c) or (n,) in mV at ``rate`` Hz.

    Raises
    ------
    RecordingError
        There is no sample, or one is NaN or infinite.
    """

    def __init__(self, samples: F64, rate: float) -> None:
        self.samples: F64 = samples[:, None] if samples.ndim == 1 else samples
        self.rate = rate
        if not self.samples.size:
            raise RecordingError("there is no sample to play", "give a recording that holds some")
        if not np.isfinite(self.samples).all():
            raise RecordingError(
                "some of the samples to play are NaN or infinite", "cut the recording, or fill its gaps"
            )

    @classmethod
    def load(cls, path: Path, options: ReadOptions | None = None) -> Self:
        """Load a whole recording; its gaps are removed.

        Raises
        ------
        RecordingError, ConfigError
            See `devices.files.open_recording`.
        """
        recording = open_recording(path, options or ReadOptions())
        try:
            size = round(recording.info.rate) or 1
            chunks = [piece.samples for piece in recording.chunks(size) if isinstance(piece, Chunk)]
        finally:
            recording.close()
        samples = np.concatenate(chunks) if chunks else np.empty((0, 1))
        return cls(samples[np.isfinite(samples).all(axis=1)], recording.info.rate)

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, k: int) -> F64:
        """Sample k (c,); the first one follows the last."""
        row: F64 = self.samples[k % len(self.samples)]
        return row

    def count(self, seconds: float) -> int:
        """Number of samples due within ``seconds``, the first one at 0."""
        return max(0, int(seconds * self.rate + 1e-6) + 1) if seconds >= 0 else 0
