"""Quality of each second of raw samples: flat, railed, step, electrode off."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice, pairwise
from math import ceil

import numpy as np

from ecg_live.events import F64
from ecg_live.signal.order_statistics import median, row_medians

MAX_FLAT_SPAN_MV = 0.002  # from lowest to highest in a second; noise of any front end is larger
MIN_RAILED_SHARE = 0.10  # of a second at the converter's limit; clipped R peaks stay below (18 of 60,000, measured)
MIN_EXTREME_SHARE = 0.50  # of a second at its own extremes, where the converter's limits are not known
RAIL_SHARE = 0.999  # of full scale
MIN_STEP_MV = 3.0  # between medians of neighbouring quarter seconds: no heart does that, an electrode does
PIECES_PER_BLOCK = 4
MAX_SPAN_MV = 8.0  # from lowest to highest in a second, twice a tall QRS complex: more is a step or a spike
SETTLING_BLOCKS = 3  # after one with a step: the high-pass takes up to 2.6 s to reduce 300 mV to 0.05


@dataclass(frozen=True, slots=True)
class BlockQuality:
    """Verdict on one second of raw signal."""

    flat: bool = False
    railed: bool = False
    step: bool = False
    lead_off: bool = False

    @property
    def usable(self) -> bool:
        """Whether the second may update the wearer's scale."""
        return not (self.flat or self.railed or self.step or self.lead_off)


@dataclass(frozen=True, slots=True)
class RawBlock:
    """What a verdict rests on: ``span`` (mV) from lowest to highest, too many samples ``railed``, piece ``medians``."""

    span: float
    railed: bool
    medians: tuple[float, ...]


class RawQualityMeter:
    """Assess each second of raw samples, counted from a segment's first sample.

    Parameters
    ----------
    rate : float
        Raw rate in Hz.
    full_scale : tuple of float, optional
        Lowest and highest value of the converter in mV.
    """

    def __init__(self, rate: float, full_scale: tuple[float, float] | None) -> None:
        self._rate = rate
        self._full_scale = full_scale
        self.reset()

    def reset(self) -> None:
        """Forget the segment."""
        self._x: list[F64] = []
        self._taken = 0
        self._blocks: deque[BlockQuality] = deque()
        self._forgotten = 0  # blocks before those
        self._settling = -1  # blocks to come that the last step reaches into
        self._median: float | None = None  # of the last quarter second before the current block
        self._off: list[tuple[int, int | None]] = []

    def push(self, x: F64) -> None:
        """Take (n,) contiguous raw samples in mV."""
        while len(x):
            piece, x = x[: self.missing], x[self.missing :]
            self.hold(piece)
            if self.missing == 0:
                self._end_block()

    @property
    def held(self) -> F64:
        """Samples (n,) of the current block."""
        return self._x[0] if len(self._x) == 1 else np.concatenate([np.empty(0), *self._x])

    @property
    def missing(self) -> int:
        """How many samples the current block still needs."""
        return self.missing_after(0)

    def missing_after(self, blocks: int) -> int:
        """How many samples so many blocks and the current one still need."""
        return ceil((self._forgotten + len(self._blocks) + 1 + blocks) * self._rate) - self._taken

    def hold(self, x: F64) -> None:
        """Take (n,) samples of the current block."""
        if len(x):
            self._x.append(x)
            self._taken += len(x)

    def flush(self) -> None:
        """End of the segment: assess the last, incomplete second, which may fill a block at 256 Hz."""
        if self._x:
            self._end_block()

    def lead_off(self, start: int, *, off: bool) -> None:
        """Note that an electrode is off, or back, from this raw sample of the segment on."""
        is_off = bool(self._off) and self._off[-1][1] is None
        if off and not is_off:
            self._off.append((start, None))
        elif not off and is_off:
            self._off[-1] = (self._off[-1][0], start)

    def usable(self, block: int) -> bool:
        """Whether block k of the segment is usable."""
        return self[block].usable

    def __getitem__(self, block: int) -> BlockQuality:
        """Verdict on block k, which must be whole."""
        return self._blocks[block - self._forgotten]

    def verdicts(self, first: int, stop: int) -> tuple[BlockQuality, ...]:
        """Verdicts on the blocks from ``first`` to before ``stop``, which must be whole."""
        return tuple(islice(self._blocks, first - self._forgotten, stop - self._forgotten))

    def forget(self, before: int) -> None:
        """Drop the blocks before this one."""
        while self._forgotten < before:
            self._blocks.popleft()
            self._forgotten += 1

    def _end_block(self) -> None:
        x = np.concatenate(self._x)
        low, high = float(x.min()), float(x.max())
        flat = high - low <= MAX_FLAT_SPAN_MV
        self.end_block(RawBlock(high - low, not flat and self._railed(x, low, high), tuple(piece_medians(x))))

    def end_block(self, block: RawBlock) -> None:
        """End the current block, all of whose samples are held."""
        start, self._x = self._taken - sum(map(len, self._x)), []
        flat = block.span <= MAX_FLAT_SPAN_MV
        self._off = [(begin, end) for begin, end in self._off if end is None or end > start]
        off = any(begin < self._taken for begin, _ in self._off)
        stepped = self._stepped(block.medians) or block.span > MAX_SPAN_MV
        self._settling = SETTLING_BLOCKS if stepped else self._settling - 1
        settling = self._settling >= 0
        self._blocks.append(_block_quality(flat=flat, railed=block.railed, step=settling, lead_off=off))

    def _railed(self, x: F64, low: float, high: float) -> bool:
        bottom, top, share = self.rails(low, high)
        return int(np.count_nonzero((x <= bottom) | (x >= top))) / len(x) > share

    def rails(self, low: float, high: float) -> tuple[float, float, float]:
        """Limits (mV) at or beyond which a sample is railed, and the share of such samples that a block may have.

        ``low`` and ``high`` are the block's extremes, which are the limits where the converter's are not known.
        """
        if self._full_scale is None:
            return low, high, MIN_EXTREME_SHARE
        bottom, top = self._full_scale
        margin = (1 - RAIL_SHARE) * (top - bottom) / 2
        return bottom + margin, top - margin, MIN_RAILED_SHARE

    def _stepped(self, medians: Sequence[float]) -> bool:
        before = medians[0] if self._median is None else self._median
        self._median = medians[-1]
        return any(abs(after - level) > MIN_STEP_MV for level, after in pairwise([before, *medians]))


@cache
def _block_quality(*, flat: bool, railed: bool, step: bool, lead_off: bool) -> BlockQuality:
    """One object for all equal verdicts."""
    return BlockQuality(flat, railed, step, lead_off)


CLEAN = _block_quality(flat=False, railed=False, step=False, lead_off=False)


def piece_medians(x: F64) -> list[float]:
    """Medians of the quarters of a second (n,), the first ones a sample longer where they are not equal."""
    if len(x) % PIECES_PER_BLOCK == 0:
        return [float(each) for each in row_medians(x.reshape(PIECES_PER_BLOCK, -1))]
    length, longer = divmod(len(x), PIECES_PER_BLOCK)
    ends = accumulate([length + 1] * longer + [length] * (PIECES_PER_BLOCK - longer), initial=0)
    return [median(x[start:stop]) for start, stop in pairwise(ends) if stop > start]
