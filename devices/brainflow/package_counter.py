"""Rows lost by a board's package numbers, whose step, repeats and range differ between boards and are learnt."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

LEARN_ROWS = 64
_NEAR_POWER = 0.9  # of a power of two: the numbers at the range's ends were lost


class PackageCounter:
    """Counts rows lost before each row. Learns from the first rows, which must be given to `learn`.

    A Ganglion gives each number twice and wraps from 200 to 101, a Cyton with Daisy counts in twos: no table of
    BrainFlow says so.
    """

    def __init__(self) -> None:
        self._step = 1.0  # from one number to the next
        self._repeats = 1  # rows with the same number
        self._lowest, self._highest = float("inf"), float("-inf")
        self._range = 0.0  # of the numbers; 0 until they wrapped
        self._last: float | None = None
        self._seen = 0  # rows with the last number

    @property
    def cycle(self) -> int:
        """Rows after which numbers repeat; 0 until that is known."""
        return round(self._range / self._step) * self._repeats

    def learn(self, numbers: list[float]) -> None:
        """Take step and repeats from the first rows' numbers."""
        runs = [(number, len(list(same))) for number, same in groupby(numbers)]
        if len(runs) < 3:
            return  # constant: the board does not count
        self._repeats = Counter(length for _, length in runs[1:-1]).most_common(1)[0][0]
        steps = Counter(after[0] - before[0] for before, after in pairwise(runs) if after[0] > before[0])
        self._step = steps.most_common(1)[0][0] if steps else 1.0

    def resume(self) -> None:
        """Begin another connection, at any number."""
        self._last = None

    def push(self, number: float) -> int:
        """Add a row's number; return how many rows are missing before it."""
        self._lowest, self._highest = min(self._lowest, number), max(self._highest, number)
        before, self._last = self._last, number
        if before is None:
            self._seen = self._repeats  # the first number may be incomplete
            return 0
        if number == before:
            self._seen += 1
            return 0
        unseen = max(0, self._repeats - self._seen)
        self._seen = 1
        return unseen + (self._steps(before, number) - 1) * self._repeats

    def _steps(self, before: float, number: float) -> int:
        if number < before:
            self._range = _whole_range(self._highest - self._lowest + self._step)
        forward = number - before
        return max(1, round((forward % self._range if forward < 0 else forward) / self._step))


def _whole_range(seen: float) -> float:
    """Return the next power of two for a range that is nearly one."""
    power = 1
    while power < seen:
        power *= 2
    return power if seen >= _NEAR_POWER * power else seen
