"""A watch on the file of a recording and its disk: it warns while there is still time to do something."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from ecg_live.results import RecordingStatus

WARN_MINUTES_LEFT = (15.0, 5.0, 1.0)  # left at the pace so far, each of which is told once
MIN_RECORDED_S = 10.0  # s of a recording, before which its pace says little
MAX_LATE_S = 2.0  # s that something waits to be on the disk; the recorder writes several times a second
CHECK_INTERVAL_S = 1.0  # s between two looks


class DiskWatch:
    """Look at how a recording does, and say what is about to go wrong; each thing once, until it is over."""

    def __init__(self) -> None:
        self._next = -inf
        self._left = inf
        self._late = False
        self._note = ""

    def due(self, now: float) -> bool:
        """Whether it is time for a look, since one at every item would be dear; ``now`` in s."""
        if now < self._next:
            return False
        self._next = now + CHECK_INTERVAL_S
        return True

    def look(self, status: RecordingStatus) -> Iterator[str]:
        """Give warnings that are new."""
        if status.failed is not None:
            return
        if status.note != self._note:
            self._note = status.note
            yield status.note
        if status.free is not None and status.seconds >= MIN_RECORDED_S and status.size:
            yield from self._room(status.free, status.free / (status.size / status.seconds) / 60)
        late = status.late > (MAX_LATE_S / 2 if self._late else MAX_LATE_S)
        if late and not self._late:
            yield f"the disk is slow: what came {status.late:.1f} s ago is not on it yet"
        self._late = late

    def _room(self, free: int, minutes: float) -> Iterator[str]:
        told, self._left = self._left, min((step for step in WARN_MINUTES_LEFT if minutes <= step), default=inf)
        if self._left < told:
            yield f"the disk will be full in about {minutes:.0f} min: {free / 1e6:.0f} MB are free; make room"
