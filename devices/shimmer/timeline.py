"""From a device's ticks, which wrap, to the index of each sample, over gaps and over a connection that was lost."""

from __future__ import annotations

from devices.shimmer.protocol import TICK_RATE_HZ

_MAX_REPEAT_S = 1.0  # s that ticks may go back for a packet to be a repeated one
_MAX_AHEAD_S = 5.0  # s that ticks may run ahead of the host within a connection: it may have been that late before
_MAX_OUTAGE_ERROR_S = (
    1.0  # s, and a thousandth, that both clocks may be apart over an outage; else the device's was set anew
)


class ShimmerTimeline:
    """Counts samples from 0, the first one ever, by the device's clock.

    Parameters
    ----------
    divider : int
        Ticks per sample.
    """

    def __init__(self, divider: int) -> None:
        self._divider = divider
        self._wrap = 1 << 24
        self._ticks = 0  # the device's, as the last packet told them
        self._now = 0  # the same, unwrapped
        self._host = 0.0
        self._anchor = (0, 0)  # index and unwrapped ticks from which indices are counted
        self._begun = self._resumed = False
        self._leap: int | None = None  # ticks of the last packet, where they leapt
        self.next = 0  # index behind the last sample
        self.clock_was_reset = False  # the last packet showed that the device's clock was

    @property
    def seconds(self) -> float:
        """The device's clock at the last packet, unwrapped."""
        return self._now / TICK_RATE_HZ

    def at(self, index: int) -> float:
        """The device's clock at a sample."""
        return (self._anchor[1] + (index - self._anchor[0]) * self._divider) / TICK_RATE_HZ

    def resume(self, tick_bits: int, host: float | None = None) -> None:
        """Note that the device was started; ``host`` is when it took the last sample, where that is known."""
        self._wrap = 1 << tick_bits
        self._resumed, self._leap = self._begun, None
        self._host = self._host if host is None else host

    def place(self, ticks: int, host: float) -> int | None:
        """Give the index of a sample that arrived at ``host`` (s); None for one that was there before, or is none."""
        self.clock_was_reset = False
        if not self._begun:
            self._begun = True
            self._now, self._anchor = ticks, (0, ticks)
            return self._took(0, ticks, host)
        step = self._step(ticks, (host - self._host) * TICK_RATE_HZ)
        if step is None:
            return None
        self._now += step
        if self._resumed or self.clock_was_reset:
            whole = max(0, round((self._now - self._anchor[1]) / self._divider) + self._anchor[0] - self.next)
            self._anchor = self.next + whole, self._now
            self._resumed = False
        index = self._anchor[0] + round((self._now - self._anchor[1]) / self._divider)
        if index < self.next:
            self._now -= step
            return None
        return self._took(index, ticks, host)

    def _took(self, index: int, ticks: int, host: float) -> int:
        self._ticks, self._host, self.next = ticks, host, index + 1
        return index

    def _confirms(self, ticks: int) -> bool:
        """Whether the packet before leapt to where this one goes on; one alone may be garbage with a right CRC."""
        leap, self._leap = self._leap, ticks
        return leap is not None and (ticks - leap) % self._wrap <= _MAX_AHEAD_S * TICK_RATE_HZ

    def _step(self, ticks: int, elapsed: float) -> int | None:
        """Ticks since the last packet; ``elapsed`` are those that the host counts. None: it is to be dropped."""
        forward = (ticks - self._ticks) % self._wrap
        if self._resumed:
            step = forward + self._wrap * max(0, round((elapsed - forward) / self._wrap))
            self.clock_was_reset = abs(step - elapsed) > max(_MAX_OUTAGE_ERROR_S * TICK_RATE_HZ, elapsed / 1000)
        else:
            back = (self._wrap - forward) % self._wrap
            if back <= min(_MAX_REPEAT_S * TICK_RATE_HZ, self._wrap // 4) and elapsed < self._wrap / 2:
                return None
            step = forward + self._wrap * max(0, int((elapsed - forward) // self._wrap))
            if step - elapsed > _MAX_AHEAD_S * TICK_RATE_HZ:
                if not self._confirms(ticks):
                    return None
                self.clock_was_reset = True
            self._leap = None
        return max(self._divider, round(elapsed)) if self.clock_was_reset else step
