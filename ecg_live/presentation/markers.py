"""Markers: those that were asked for, those that came back, and where on the trace they lie. No Qt in here."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from typing import NamedTuple

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import Marker

QUICK_MARKERS = tuple("123456789")  # texts of the markers on the keys 1 to 9
DEFAULT_MARKER_TEXT = "marker"  # text of one that was given none
CONFIRMATION_TIMEOUT_S = 2.0  # s: a session confirms a marker within a fraction of that


class PlacedMarker(NamedTuple):
    """A confirmed marker at display index ``at``."""

    at: int
    text: str


class PendingMarker(NamedTuple):
    """One that was asked for at ``asked`` and has not come back; ``time`` and ``text`` as the session knows them."""

    time: float
    text: str
    asked: float


class MarkerLog:
    """Only what came back from the session counts; a marker of which no sample tells the raw time has no place."""

    def __init__(self) -> None:
        self.placed: list[PlacedMarker] = []
        self.pending: list[PendingMarker] = []
        self.count = 0

    def ask(self, time: float, text: str, now: float) -> None:
        """Note one that is asked for ``now``."""
        self.pending.append(PendingMarker(time, text, now))

    def take(self, marker: Marker) -> PlacedMarker | None:
        """Note one that came back; give its place, if it has one."""
        self.count += 1
        for waiting in self.pending:
            if (waiting.time, waiting.text) == (marker.time, marker.text):
                self.pending.remove(waiting)
                break
        if marker.raw is None or not math.isfinite(marker.raw):
            return None
        placed = PlacedMarker(round(marker.raw * MODEL_RATE_HZ), marker.text)
        insort(self.placed, placed)
        return placed

    def forget(self, start: int) -> None:
        """Drop those before display index ``start``."""
        if self.placed and self.placed[0].at < start:
            del self.placed[: bisect_left(self.placed, (start,))]

    def between(self, start: int, stop: int) -> list[PlacedMarker]:
        """Give those at display indices ``start .. stop``."""
        return self.placed[bisect_left(self.placed, (start,)) : bisect_left(self.placed, (stop,))]

    def overdue(self, now: float) -> str:
        """Say which did not come back in time; empty if all did."""
        late = [waiting for waiting in self.pending if now - waiting.asked > CONFIRMATION_TIMEOUT_S]
        return f"Marker {late[0].text} is not confirmed for {now - late[0].asked:.0f} s." if late else ""
