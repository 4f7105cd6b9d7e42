"""The values that a live view shows: latest prediction and its age, last event, warnings. Independent of Qt."""

from __future__ import annotations

import math
from dataclasses import replace

from ecg_live.constants import EARLIER_BASELINE
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
from ecg_live.results import HrvResult, Prediction, Snapshot

MAX_HRV_AGE_S = 20.0  # four results late: heartbeats are missing
WARNING_DURATION_S = 10.0  # how long a warning stays in the status line


class LiveValues:
    """Collects from every snapshot what a live view shows.

    All times are those of the viewer's own monotonic clock, in s.

    Parameters
    ----------
    info : StreamInfo
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._received = -math.inf  # when the latest prediction was current
        self._warned = -math.inf
        self._warning = ""
        # stream time (s) until which there was a usable window; before the first: since when there was none
        self._usable_until = 0.0
        self._electrodes_off: list[str] = []
        self._interval = math.inf
        self._beat_count = 0
        self._last_beat = -math.inf
        self.beats: Beats | None = None
        self.battery: Battery | None = None
        self.last: Prediction | None = None
        self.hrv: HrvResult | None = None
        self.event = ""
        self.drift = ""
        self.recording_failed = ""
        self.markers_missing = ""
        self.baseline_running = False
        self.earlier_baseline = ""  # which one of an earlier session is in use, in words

    def update(self, snapshot: Snapshot, now: float) -> None:
        """Process the predictions and events of a snapshot."""
        for prediction in snapshot.predictions:
            if prediction.quality.grade != "unusable":
                self._usable_until = prediction.stop
        if snapshot.predictions:
            chain = (self.last, *snapshot.predictions) if self.last else snapshot.predictions
            self._interval = prediction_interval(chain, self._interval)
            self.last = snapshot.predictions[-1]
            self._received = now - self.last.latency  # a prediction that a gap delayed is as old as its signal
        self.hrv = snapshot.hrv[-1] if snapshot.hrv else self.hrv
        for event in snapshot.events:
            text = capitalise(event_text(event, self._info.rate))
            self.event = text or self.event
            self._process_event(event, now)
            warns = isinstance(event, State) and event.state == "warning"
            if warns or (isinstance(event, Gap) and not event.bridged):
                self.warn(text, now)

    def warn(self, text: str, now: float) -> None:
        """Show a warning in the status line for `WARNING_DURATION_S`."""
        self._warned = now
        self._warning = text

    def _process_event(self, event: StreamEvent, now: float) -> None:
        match event:
            case LeadOff(off=off, electrodes=electrodes):
                changed = electrodes or ("electrode",)
                others = [name for name in self._electrodes_off if electrodes and name not in changed]
                self._electrodes_off = [*others, *changed] if off else others
            case Beats():
                self.beats = event
                self._beat_count += 1
                self._last_beat = min(now, event.time) if math.isfinite(event.time) else now
            case Battery():
                self.battery = event
            case State(state="clock"):
                self.drift = event.detail
            case State(state="baseline"):
                self.baseline_running = event.seconds_left is not None
                self.earlier_baseline = event.detail if event.detail.startswith(EARLIER_BASELINE) else ""
            case State(state="markers"):
                self.markers_missing = ""
            case State(state="markers_missing"):
                self.markers_missing = event.detail
            case State(state="recording"):
                self.recording_failed = ""
            case State(state="recording_failed"):
                self.recording_failed = event.detail or "the recording stopped"

    @property
    def has_ecg(self) -> bool:
        """Whether the device sends an ECG."""
        return bool(self._info.channels)

    def count_beats_as_samples(self, snapshot: Snapshot, now: float) -> Snapshot:
        """Return a snapshot in which the beats of a device without ECG count as its samples."""
        if self.has_ecg or not self._beat_count:
            return snapshot
        reached = self.last.stop if self.last else 0.0
        age = max(0.0, min(snapshot.age, now - self._last_beat))
        return replace(snapshot, samples=self._beat_count, age=age, now=max(snapshot.now, reached))

    def freshness(self, now: float) -> Freshness:
        """Return the age of the latest prediction."""
        return Freshness(now - self._received, self._interval if math.isfinite(self._interval) else 1.0)

    def recent_hrv(self, snapshot: Snapshot) -> HrvResult | None:
        """Return the latest heart rate variability; None once it is older than `MAX_HRV_AGE_S` of signal."""
        old = self.hrv is not None and current_stream_time(snapshot) - self.hrv.raw > MAX_HRV_AGE_S
        return None if old else self.hrv

    def unusable_duration(self, snapshot: Snapshot) -> float | None:
        """Return the time (s) since the last usable window; None if the latest window is usable."""
        if not self.has_ecg or self.last is None or self.last.quality.grade != "unusable":
            return None
        return max(0.0, current_stream_time(snapshot) - self._usable_until)

    def status_line(self, snapshot: Snapshot, now: float, *, paused: bool = False, warning: str = "") -> StatusLine:
        """Describe the state of the stream.

        Parameters
        ----------
        snapshot : Snapshot
        now : float
            Viewer's clock, s.
        paused : bool
            Whether the trace stands still.
        warning : str
            Warning that is more important than those known here.
        """
        unusable = self.unusable_duration(snapshot)
        reasons = self.last.quality.reasons if self.last and unusable is not None else ()
        replay = self._info.speed if self._info.replay else None
        condition = StreamCondition(warning or self.warning(now), unusable, reasons, replay)
        return status_line(snapshot, condition, paused=paused)

    def silence_duration(self, snapshot: Snapshot) -> float:
        """Return how long (s) a device has been silent; 0 for a replayed recording, which loses nothing meanwhile."""
        return 0.0 if self._info.replay else silence_duration(snapshot)

    def lost_samples(self, snapshot: Snapshot) -> tuple[str, str]:
        """Return samples lost and their share, as text; a silent device counts as losing samples at its rate."""
        silent = self.silence_duration(snapshot)
        lost = snapshot.lost + round(silent * self._info.rate)
        total = snapshot.samples + lost
        share = f"{number_text(100 * lost / total, 2)} % of {total:,}" if total else ""
        return (f"\N{ALMOST EQUAL TO} {lost:,}", f"no data for {silent:.0f} s") if silent else (f"{lost:,}", share)

    def warning(self, now: float) -> str:
        """Return the most important warning: electrodes off, a recent warning, missing markers."""
        if self._electrodes_off:
            return f"Lead off: {', '.join(self._electrodes_off)}"
        return self._warning if now - self._warned < WARNING_DURATION_S else capitalise(self.markers_missing)
