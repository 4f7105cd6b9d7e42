"""What the numbers on the screen rest on: the latest prediction, its age, and what happened last. No Qt in here."""

from __future__ import annotations

import math

from ecg_live.types import Gap, LeadOff, Prediction, Snapshot, State

from .status import Freshness, hop_between
from .words import event_text, sentence

WARN_FOR = 10.0  # s that a warning stays on top


class Readings:
    """Takes every snapshot; all times are those of the screen's own clock, in s."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._received = -math.inf
        self._warned = -math.inf
        self._warning = ""
        self._lead_off = ""
        self._hop = math.inf
        self.last: Prediction | None = None
        self.event = ""

    def take(self, snapshot: Snapshot, now: float) -> None:
        """Keep what is new in a snapshot."""
        if snapshot.predictions:
            chain = (self.last, *snapshot.predictions) if self.last else snapshot.predictions
            self._hop = hop_between(chain, self._hop)
            self.last = snapshot.predictions[-1]
            self._received = now - self.last.latency  # what a gap held back is as old as its signal
        for event in snapshot.events:
            text = sentence(event_text(event, self._rate))
            self.event = text or self.event
            if isinstance(event, LeadOff):
                self._lead_off = text if event.off else ""
            warns = isinstance(event, State) and event.state == "warning"
            if warns or (isinstance(event, Gap) and not event.bridged):
                self._warned, self._warning = now, text

    def fresh(self, now: float) -> Freshness:
        """Give the age of the latest prediction."""
        return Freshness(now - self._received, self._hop if math.isfinite(self._hop) else 1.0)

    def warning(self, now: float) -> str:
        """Give what should be said on top: an electrode that is off, or a warning that is still fresh."""
        return self._lead_off or (self._warning if now - self._warned < WARN_FOR else "")
