"""Sample indices from a Shimmer's ticks, which wrap, over gaps and lost connections."""

from __future__ import annotations

from devices.shimmer.protocol import TICK_RATE_HZ

_MAX_REPEAT_S = 1.0  # that ticks go back in a repeated packet
_MAX_AHEAD_S = 5.0  # of the ticks before the host within a connection: earlier packets may have been that late
_MAX_OUTAGE_ERROR_S = 1.0  # or 0.1 %, between both clocks over an outage; more means that the device's was reset


class ShimmerTimeline:
    """Counts samples from the first one ever, 0, by the device's clock.

    Parameters
    ----------
    divider : int
        Ticks per sample.
    """

    def __init__(self, divider: int) -> None:
        self._divider = divider
        self._wrap = 1 << 24
        self._ticks = 0  # of the last packet
        self._unwrapped = 0  # the same, unwrapped
        self._host = 0.0
        self._anchor = (0, 0)  # index and unwrapped ticks from which indices are counted
        self._started = False
        self._resumed = False
        self._jump_ticks: int | None = None  # of the last packet, if its ticks jumped
        self.next = 0  # index after the last sample
        self.clock_was_reset = False  # before the last packet

    @property
    def seconds(self) -> float:
        """Unwrapped device time of the last packet in s."""
        return self._unwrapped / TICK_RATE_HZ

    def device_time(self, index: int) -> float:
        """Device time of a sample in s."""
        return (self._anchor[1] + (index - self._anchor[0]) * self._divider) / TICK_RATE_HZ

    def resume(self, tick_bits: int, host: float | None = None) -> None:
        """Begin another connection; ``host`` is the host time (s) of the last sample, if known."""
        self._wrap = 1 << tick_bits
        self._resumed, self._jump_ticks = self._started, None
        self._host = self._host if host is None else host

    def index_of(self, ticks: int, host: float) -> int | None:
        """Return the index of a sample that arrived at ``host`` (s); None for a repeated or invalid one."""
        self.clock_was_reset = False
        if not self._started:
            self._started = True
            self._unwrapped, self._anchor = ticks, (0, ticks)
            return self._accept(0, ticks, host)
        step = self._step(ticks, (host - self._host) * TICK_RATE_HZ)
        if step is None:
            return None
        self._unwrapped += step
        if self._resumed or self.clock_was_reset:
            lost = max(0, self._index() - self.next)
            self._anchor = self.next + lost, self._unwrapped
            self._resumed = False
        index = self._index()
        if index < self.next:
            self._unwrapped -= step
            return None
        return self._accept(index, ticks, host)

    def _index(self) -> int:
        return self._anchor[0] + round((self._unwrapped - self._anchor[1]) / self._divider)

    def _accept(self, index: int, ticks: int, host: float) -> int:
        self._ticks, self._host, self.next = ticks, host, index + 1
        return index

    def _confirms_jump(self, ticks: int) -> bool:
        """Whether ticks continue from a jump at the previous packet: a single one may be garbage with a valid CRC."""
        jump, self._jump_ticks = self._jump_ticks, ticks
        return jump is not None and (ticks - jump) % self._wrap <= _MAX_AHEAD_S * TICK_RATE_HZ

    def _step(self, ticks: int, elapsed: float) -> int | None:
        """Return ticks since the last packet; ``elapsed`` is the same by the host. None for a packet to drop."""
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
                if not self._confirms_jump(ticks):
                    return None
                self.clock_was_reset = True
            self._jump_ticks = None
        return max(self._divider, round(elapsed)) if self.clock_was_reset else step
