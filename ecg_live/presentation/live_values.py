"""What the numbers on the screen rest on: the latest prediction, its age, and what happened last. No Qt in here."""

from __future__ import annotations

import math
from dataclasses import replace

from ecg_live.events import Battery, Beats, Gap, LeadOff, State, StreamEvent, StreamInfo
from ecg_live.presentation.formatting import capitalise, event_text, number_text
from ecg_live.presentation.status import (
    Freshness,
    StatusLine,
    StreamCondition,
    current_stream_time,
    prediction_interval,
    silence_duration,
    status_line,
)
from ecg_live.results import Prediction, Snapshot

WARNING_DURATION_S = 10.0  # s that a warning stays on top


class LiveValues:
    """Takes every snapshot; all times are those of the screen's own clock, in s."""

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._received = self._warned = self._beaten = -math.inf
        self._warning = ""
        self._usable = (
            0.0  # s of raw time until which there was a usable window; while none is: since when there was not
        )
        self._off: list[str] = []  # electrodes that are off
        self._hop = math.inf
        self._beats = 0
        self.beats: Beats | None = None
        self.battery: Battery | None = None
        self.last: Prediction | None = None
        self.event = self.drift = self.recording_failed = self.markers_missing = ""
        self.resting = False  # a baseline is running

    def take(self, snapshot: Snapshot, now: float) -> None:
        """Keep what is new in a snapshot."""
        for prediction in snapshot.predictions:
            if prediction.quality.grade != "unusable":
                self._usable = prediction.stop
        if snapshot.predictions:
            chain = (self.last, *snapshot.predictions) if self.last else snapshot.predictions
            self._hop = prediction_interval(chain, self._hop)
            self.last = snapshot.predictions[-1]
            self._received = now - self.last.latency  # what a gap held back is as old as its signal
        for event in snapshot.events:
            text = capitalise(event_text(event, self._info.rate))
            self.event = text or self.event
            self._note(event, now)
            warns = isinstance(event, State) and event.state == "warning"
            if warns or (isinstance(event, Gap) and not event.bridged):
                self.warn(text, now)

    def warn(self, text: str, now: float) -> None:
        """Say something on top for a while."""
        self._warned, self._warning = now, text

    def _note(self, event: StreamEvent, now: float) -> None:
        match event:
            case LeadOff(off=off, electrodes=electrodes):
                which = electrodes or ("electrode",)
                kept = [name for name in self._off if electrodes and name not in which]
                self._off = [*kept, *which] if off else kept
            case Beats():
                self.beats, self._beats = event, self._beats + 1
                self._beaten = min(now, event.time) if math.isfinite(event.time) else now
            case Battery():
                self.battery = event
            case State(state="clock"):
                self.drift = event.detail
            case State(state="baseline"):
                self.resting = event.seconds_left is not None
            case State(state="markers"):
                self.markers_missing = ""
            case State(state="markers_missing"):
                self.markers_missing = event.detail
            case State(state="recording"):
                self.recording_failed = ""
            case State(state="recording_failed"):
                self.recording_failed = event.detail or "the recording stopped"

    @property
    def ecg(self) -> bool:
        """Whether the device sends an ECG."""
        return bool(self._info.channels)

    def seen(self, snapshot: Snapshot, now: float) -> Snapshot:
        """Give a snapshot in which beats stand for the samples that a device without ECG never sends."""
        if self.ecg or not self._beats:
            return snapshot
        reached = self.last.stop if self.last else 0.0
        age = max(0.0, min(snapshot.age, now - self._beaten))
        return replace(snapshot, samples=self._beats, age=age, now=max(snapshot.now, reached))

    def fresh(self, now: float) -> Freshness:
        """Give the age of the latest prediction."""
        return Freshness(now - self._received, self._hop if math.isfinite(self._hop) else 1.0)

    def unusable(self, snapshot: Snapshot) -> float | None:
        """How long (s) there has been no usable window, where the latest is none."""
        if not self.ecg or self.last is None or self.last.quality.grade != "unusable":
            return None
        return max(0.0, current_stream_time(snapshot) - self._usable)

    def strip(self, snapshot: Snapshot, now: float, *, paused: bool = False, warning: str = "") -> StatusLine:
        """Say how the stream is; ``warning`` is one that comes before those known here."""
        unusable = self.unusable(snapshot)
        reasons = self.last.quality.reasons if self.last and unusable is not None else ()
        replay = self._info.speed if self._info.replay else None
        return status_line(
            snapshot, StreamCondition(warning or self.warning(now), unusable, reasons, replay), paused=paused
        )

    def outage(self, snapshot: Snapshot) -> float:
        """How long (s) a device has been silent; a recording that is played loses nothing meanwhile."""
        return 0.0 if self._info.replay else silence_duration(snapshot)

    def lost(self, snapshot: Snapshot) -> tuple[str, str]:
        """Samples lost, and their share: while a device is silent about as many as it should have sent since."""
        silent = self.outage(snapshot)
        lost = snapshot.lost + round(silent * self._info.rate)
        total = snapshot.samples + lost
        share = f"{number_text(100 * lost / total, 2)} % of {total:,}" if total else ""
        return (f"\N{ALMOST EQUAL TO} {lost:,}", f"no data for {silent:.0f} s") if silent else (f"{lost:,}", share)

    def warning(self, now: float) -> str:
        """Give what should be said on top: an electrode that is off, a warning that is still fresh, missing markers."""
        if self._off:
            return f"Lead off: {', '.join(self._off)}"
        return self._warning if now - self._warned < WARNING_DURATION_S else capitalise(self.markers_missing)
