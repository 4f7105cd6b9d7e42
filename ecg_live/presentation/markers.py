"""Markers of a live view: requested, confirmed by the session, and placed on the trace. Independent of Qt."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from typing import NamedTuple

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import Marker

QUICK_MARKERS = tuple("123456789")  # texts of the markers on the keys 1 to 9
DEFAULT_MARKER_TEXT = "marker"
CONFIRMATION_TIMEOUT_S = 2.0  # a session confirms a marker within a fraction of it


class PlacedMarker(NamedTuple):
    """A confirmed marker at display index ``at`` (sample of the trace)."""

    at: int
    text: str


class PendingMarker(NamedTuple):
    """A marker that was requested at ``requested`` and is not confirmed; ``time`` and ``text`` identify it."""

    time: float
    text: str
    requested: float


class MarkerLog:
    """Markers by their state. A confirmed marker is placed if its stream time is known."""

    def __init__(self) -> None:
        self.placed: list[PlacedMarker] = []
        self.pending: list[PendingMarker] = []
        self.count = 0

    def add_pending(self, time: float, text: str, now: float) -> None:
        """Add a marker that is requested ``now``."""
        self.pending.append(PendingMarker(time, text, now))

    def confirm(self, marker: Marker) -> PlacedMarker | None:
        """Add a marker that the session confirmed; return it with its place, if its stream time is known."""
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

    def clear(self) -> None:
        """Forget all markers."""
        self.placed.clear()
        self.pending.clear()
        self.count = 0

    def drop_before(self, start: int) -> None:
        """Drop the markers before display index ``start``."""
        if self.placed and self.placed[0].at < start:
            del self.placed[: bisect_left(self.placed, (start,))]

    def between(self, start: int, stop: int) -> list[PlacedMarker]:
        """Return the markers at display indices ``start .. stop``."""
        return self.placed[bisect_left(self.placed, (start,)) : bisect_left(self.placed, (stop,))]

    def overdue(self, now: float) -> str:
        """Return a warning about the first marker that is not confirmed in time; empty if none is."""
        late = [waiting for waiting in self.pending if now - waiting.requested > CONFIRMATION_TIMEOUT_S]
        return f"Marker {late[0].text} is not confirmed for {now - late[0].requested:.0f} s." if late else ""
