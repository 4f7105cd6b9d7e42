"""Warn of a recording's problems in time: little disk space, a slow disk."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from ecg_live.results import RecordingStatus

WARN_MINUTES_LEFT = (15.0, 5.0, 1.0)  # at the pace so far; each is announced once
MIN_RECORDED_S = 10.0  # before, the pace is uncertain
MAX_LATE_S = 2.0  # the recorder writes several times a second
CHECK_INTERVAL_S = 1.0


class DiskWatch:
    """Check a recording's status; announce each problem once, until it is over."""

    def __init__(self) -> None:
        self._next = -inf
        self._left = inf
        self._late = False
        self._note = ""

    def due(self, now: float) -> bool:
        """Whether it is time for a check; one at every item would be expensive. ``now`` in s."""
        if now < self._next:
            return False
        self._next = now + CHECK_INTERVAL_S
        return True

    def check(self, status: RecordingStatus) -> Iterator[str]:
        """Yield new warnings."""
        if status.failed is not None:
            return
        if status.note != self._note:
            self._note = status.note
            yield status.note
        if status.free is not None and status.seconds >= MIN_RECORDED_S and status.size:
            yield from self._check_space(status.free, status.free / (status.size / status.seconds) / 60)
        late = status.late > (MAX_LATE_S / 2 if self._late else MAX_LATE_S)
        if late and not self._late:
            yield f"the disk is slow: what came {status.late:.1f} s ago is not on it yet"
        self._late = late

    def _check_space(self, free: int, minutes: float) -> Iterator[str]:
        announced, self._left = self._left, min((step for step in WARN_MINUTES_LEFT if minutes <= step), default=inf)
        if self._left < announced:
            yield f"the disk will be full in about {minutes:.0f} min: {free / 1e6:.0f} MB are free; make room"
