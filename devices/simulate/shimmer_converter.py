"""Clock and converter of a simulated Shimmer: which samples are taken by which time."""

from __future__ import annotations

from collections.abc import Iterator

from devices.shimmer.protocol import TICK_RATE_HZ

_SETTLING_TICKS = round(0.065 * TICK_RATE_HZ)  # after the start, not sent
_RESET_DIVIDER = 640  # ticks per sample at power-on: 51.2 Hz


class SimulatedConverter:
    """Converts samples from its first start on, sent or not.

    Parameters
    ----------
    end : int, optional
        Number of samples to take; None for no end.
    initial_ticks : int
        Ticks of the clock at its first use.
    ppm : float
        Drift of the clock against the host's.
    """

    def __init__(self, end: int | None, initial_ticks: int, ppm: float) -> None:
        self.divider = _RESET_DIVIDER  # ticks per sample
        self.played = 0  # samples taken
        self._end = end
        self._initial_ticks = initial_ticks
        self._tick_rate = TICK_RATE_HZ * (1 + ppm * 1e-6)
        self._started_at: float | None = None  # host time of `initial_ticks`
        self._origin: int | None = None  # ticks of sample 0
        self._next = 0  # index of the next due sample

    def ticks(self, now: float) -> int:
        """Ticks of the clock, which starts at the first call."""
        if self._started_at is None:
            self._started_at = now
        return self._initial_ticks + int((now - self._started_at) * self._tick_rate)

    def set_divider(self, divider: int) -> None:
        """Take a sample every ``divider`` ticks; a new value restarts at sample 0."""
        if divider not in (0, self.divider):
            self.divider, self._origin, self.played = divider, None, 0

    def start(self, now: float) -> None:
        """Make the first sample after the settling time the next one that is due."""
        first = self.ticks(now) + _SETTLING_TICKS
        if self._origin is None:
            self._origin = first
        self._next = -((self._origin - first) // self.divider)

    def samples_until(self, now: float) -> Iterator[tuple[int, int]]:
        """Yield index and ticks of each sample taken since the last call."""
        ticks = self.ticks(now)
        if self._origin is None:
            return
        taken = max(0, (ticks - self._origin) // self.divider + 1)
        self.played = taken if self._end is None else min(taken, self._end)
        begin, self._next = self._next, max(self._next, self.played)
        for k in range(begin, self.played):
            yield k, self._origin + k * self.divider
