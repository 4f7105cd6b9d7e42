"""When a simulated Shimmer takes which sample: its clock, and the samples that were taken by a time."""

from __future__ import annotations

from collections.abc import Iterator

from devices.shimmer.protocol import TICK_RATE_HZ

_SETTLING_TICKS = round(0.065 * TICK_RATE_HZ)  # ticks after the start that are not sent
_RESET_DIVIDER = 640  # ticks between samples when it is switched on: 51.2 Hz


class SimulatedConverter:
    """It runs on from its first start, whether its samples are wanted or not.

    Parameters
    ----------
    end : int, optional
        Samples that there are to take; None: without end.
    born : int
        Ticks that the clock stands at when the device is first used.
    ppm : float
        How much faster the clock runs than the host's.
    """

    def __init__(self, end: int | None, born: int, ppm: float) -> None:
        self.divider = _RESET_DIVIDER  # ticks between two samples
        self.played = 0  # samples that were taken
        self._end, self._born, self._pace = end, born, TICK_RATE_HZ * (1 + ppm * 1e-6)
        self._epoch: float | None = None  # host time at which the clock stood at `born`
        self._origin: int | None = None  # ticks of sample 0
        self._next = 0  # sample that is due next

    def ticks(self, now: float) -> int:
        """What the clock shows; it starts when it is first asked."""
        if self._epoch is None:
            self._epoch = now
        return self._born + int((now - self._epoch) * self._pace)

    def pace(self, divider: int) -> None:
        """Take samples every so many ticks; another number than before begins anew."""
        if divider not in (0, self.divider):
            self.divider, self._origin, self.played = divider, None, 0

    def start(self, now: float) -> None:
        """Make the first sample behind the settling time the next that is due."""
        first = self.ticks(now) + _SETTLING_TICKS
        if self._origin is None:
            self._origin = first
        self._next = -((self._origin - first) // self.divider)

    def until(self, now: float) -> Iterator[tuple[int, int]]:
        """Give index and ticks of each sample that was taken since the last call."""
        ticks = self.ticks(now)
        if self._origin is None:
            return
        taken = max(0, (ticks - self._origin) // self.divider + 1)
        self.played = taken if self._end is None else min(taken, self._end)
        begin, self._next = self._next, max(self._next, self.played)
        for k in range(begin, self.played):
            yield k, self._origin + k * self.divider
