"""A z-score that looks at the past only, in steps of one second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES, MODEL_RATE_HZ
from ecg_live.events import F64, Chunk
from ecg_live.signal.order_statistics import percentiles

CLIP_PERCENTILES = (
    1.0,
    99.0,
)  # percentiles; the paper's code takes the deviation of the central 95 % for the same reason
MIN_UPDATE_WEIGHT = 1 / 60  # weight of a new second once a minute is known
MIN_SD_MV = 0.001  # one microvolt, below the noise of any ECG front end


@dataclass(frozen=True, slots=True)
class WearerScale:
    """A wearer's running mean (mV) and variance (mV^2), and how many usable seconds they rest on."""

    mean: float
    var: float
    blocks: int


def all_usable(_block: int) -> bool:
    """Call every block usable."""
    return True


def clipped_mean_var(block: F64) -> tuple[float, float]:
    """Mean and variance of a block after clipping to its 1st-99th percentile."""
    low, high = percentiles(block, CLIP_PERCENTILES)
    clipped = np.minimum(np.maximum(block, low), high)
    mean = float(np.add.reduce(clipped)) / len(block)
    deviation = clipped - mean
    return mean, float(np.add.reduce(deviation * deviation)) / len(block)


class StreamingZScore:
    """Scale 256 Hz samples by the wearer's mean and variance as known when their second began.

    Parameters
    ----------
    usable : callable
        Whether block k of the segment (256 samples) may update the scale; called when the block is complete.
    scale : Scale, optional
        The wearer's scale from an earlier session.
    """

    delay = 0.0

    def __init__(self, usable: Callable[[int], bool] = all_usable, scale: WearerScale | None = None) -> None:
        self._usable = usable
        self.scale = scale
        self.reset()

    def reset(self) -> None:
        """Forget the segment, not the wearer."""
        self._block = 0
        self._current: F64 = np.empty(0)  # samples of the current block
        self.using = self.scale  # what the current block is scaled with
        self._time = 0.0  # session clock after the newest sample

    def push(self, chunk: Chunk) -> Chunk:
        """Normalise (n, 1) samples in mV; a segment's first block is returned once it is complete."""
        x, out = chunk.samples[:, 0], []
        self._time = chunk.time + len(x) / MODEL_RATE_HZ
        held = len(self._current) if self.using is None else 0
        while len(x):
            room = BLOCK_SAMPLES - len(self._current)
            piece, x = x[:room], x[room:]
            self._current = np.concatenate((self._current, piece))
            if self.using is not None:
                out.append(_scaled(piece, self.using.mean, self.using.var))
            if len(self._current) == BLOCK_SAMPLES:
                out.extend(self._end_block())
        return _chunk(out, chunk, held)

    def flush(self) -> Chunk:
        """Return the held samples of the first block, scaled by their own mean and variance."""
        held = self._current if self.using is None else self._current[:0]
        out = [_scaled(held, *clipped_mean_var(held))] if len(held) else []
        start, time = self._block * BLOCK_SAMPLES, self._time - len(held) / MODEL_RATE_HZ
        self._current = self._current[:0]
        return _chunk(out, Chunk(np.empty((0, 1)), start, time), 0)

    @property
    def at_block_start(self) -> bool:
        """Whether the samples by now are whole blocks."""
        return len(self._current) == 0

    def learn_block(self, mean: float, var: float) -> None:
        """Take the mean and variance of the next whole block, after clipping."""
        if self._usable(self._block):
            self.scale = _updated_scale(self.scale, mean, var)
        self._block += 1
        self._current = self._current[:0]
        self.using = self.scale

    def _end_block(self) -> list[F64]:
        mean, var = clipped_mean_var(self._current)
        out = [_scaled(self._current, mean, var)] if self.using is None else []
        self.learn_block(mean, var)
        return out


def _updated_scale(scale: WearerScale | None, mean: float, var: float) -> WearerScale:
    if scale is None:
        return WearerScale(mean, var, 1)
    blocks = scale.blocks + 1
    weight = max(1 / blocks, MIN_UPDATE_WEIGHT)
    return WearerScale(scale.mean + weight * (mean - scale.mean), scale.var + weight * (var - scale.var), blocks)


def _scaled(x: F64, mean: float, var: float) -> F64:
    return (x - mean) / max(sqrt(var), MIN_SD_MV)


def _chunk(out: list[F64], like: Chunk, held: int) -> Chunk:
    samples = np.concatenate(out) if out else np.empty(0)
    return Chunk(samples[:, None], like.start - held, like.time - held / MODEL_RATE_HZ)
