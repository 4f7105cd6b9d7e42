"""A label that changes within an annotation, such as a rating by joystick, and its value within a window."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

TrackRule = Literal["mean", "majority"]
MIN_RATED_SHARE = 0.5  # of a window; with less it has no label


@dataclass(frozen=True, slots=True)
class LabelTrack:
    """Each of ``values`` (a rating, or the name of a class) holds from its time to the next; the last to ``stop``.

    Parameters
    ----------
    times : tuple of float
        When each begins, in s of the annotation's part, ascending.
    values : tuple
        As many; None where there is no rating.
    stop : float
        Where the last one ends, in s.

    Raises
    ------
    ValueError
        The times do not ascend to the stop, or are not as many as the values.
    """

    times: tuple[float, ...]
    values: tuple[float | str | None, ...]
    stop: float

    def __post_init__(self) -> None:
        """Refuse times that have no order."""
        edges = (*self.times, self.stop)
        if len(self.times) != len(self.values) or not all(a < b for a, b in pairwise(edges)):
            raise ValueError(f"{len(self.times)} times and {len(self.values)} values, or times that do not ascend")

    def within(self, start: float, stop: float, rule: TrackRule = "mean") -> float | str | None:
        """The label of a window from ``start`` to ``stop`` s; None where less than half of it is rated.

        ``mean`` weighs each rating by how long it holds; ``majority``, which names of classes always have, takes the
        value that holds for longest (of equal ones that which comes first).
        """
        held = self._held(start, stop)
        rated = sum(held.values())
        if not rated or rated < MIN_RATED_SHARE * (stop - start):
            return None
        if rule == "majority" or any(isinstance(value, str) for value in held):
            return max(held, key=lambda value: held[value])
        return sum(float(value) * seconds for value, seconds in held.items()) / rated

    def _held(self, start: float, stop: float) -> dict[float | str, float]:
        """Seconds for which each value holds between two times."""
        held: defaultdict[float | str, float] = defaultdict(float)
        first = max(0, bisect_right(self.times, start) - 1)
        beyond = bisect_left(self.times, stop)
        edges = (*self.times[first:beyond], self.times[beyond] if beyond < len(self.times) else self.stop)
        for (begin, end), value in zip(pairwise(edges), self.values[first:beyond], strict=True):
            seconds = min(end, stop) - max(begin, start)
            if seconds > 0 and value is not None:
                held[value] += seconds
        return held
