"""The values of a recorded session at the place that is shown: they age with the place, not with the viewer's clock."""

from __future__ import annotations

from dataclasses import replace

from ecg_live.events import StreamInfo
from ecg_live.presentation.formatting import clock_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.status import Freshness, StatusLine
from ecg_live.results import Snapshot


class PlaybackValues(LiveValues):
    """Collects what is shown of a recorded session; `restart` at another place.

    Parameters
    ----------
    info : StreamInfo
    """

    def __init__(self, info: StreamInfo) -> None:
        super().__init__(info)
        self._recorded_info = info
        self._reached = 0.0  # s from the first sample
        self._jumped = True  # what comes next happened before the place
        self.speed = 1.0

    def restart(self) -> None:
        """Forget the values of another place."""
        speed = self.speed
        PlaybackValues.__init__(self, self._recorded_info)
        self.speed = speed

    def update(self, snapshot: Snapshot, now: float) -> None:
        """Process the predictions and events up to the place."""
        super().update(snapshot, now)
        self._reached = snapshot.now
        if self._jumped:
            self._jumped = False
            self.warn("", now)  # a warning of minutes ago is none here

    def freshness(self, now: float) -> Freshness:
        """Return the age of the latest prediction at the place."""
        known = super().freshness(now)
        return known if self.last is None else Freshness(max(0.0, self._reached - self.last.stop), known.hop)

    def count_beats_as_samples(self, snapshot: Snapshot, now: float) -> Snapshot:
        """Return a snapshot in which the beats of a device without ECG count as its samples."""
        counted = super().count_beats_as_samples(snapshot, now)
        return counted if counted is snapshot else replace(counted, age=0.0, now=snapshot.now)

    def status_line(self, snapshot: Snapshot, now: float, *, paused: bool = False, warning: str = "") -> StatusLine:
        """Describe the state at the place; the words say that it is recorded."""
        line = super().status_line(snapshot, now, warning=warning)
        place = f"{clock_text(snapshot.now)} of the recording"
        if snapshot.ended:
            return StatusLine("neutral", "END", "The recording ends here. Space begins it again")
        if paused:
            text = f"At {place}. Space goes on" if line.word == "REPLAY" else f"At {place}. {line.word}: {line.text}"
            return StatusLine("paused", "PAUSED", text)
        if line.word == "REPLAY":
            return StatusLine("info", "RECORDED", f"The session's own results, at {self.speed:g} x real time")
        return line
