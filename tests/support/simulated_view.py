"""A session made by hand: a synthetic ECG, a clock that stands still, and predictions that a test writes."""

from __future__ import annotations

import math

import numpy as np

from ecg_live.constants import MODEL_RATE_HZ
from ecg_live.events import (
    F32,
    AffectRating,
    Beats,
    Marker,
    SelfReportAnswer,
    SelfReportEvent,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.results import (
    Grade,
    HeadInfo,
    HeadResult,
    HrvResult,
    Poll,
    Prediction,
    Quality,
    RecordingStatus,
    Snapshot,
)

CHEST = StreamInfo(1000.0, ("ECG",), name="supine_1min.txt")
STRAP = StreamInfo(0.0, (), name="TICKR 1234")  # heart rate only
LOAD = HeadInfo("mental_load", ("rest", "load"))
FOUR = HeadInfo("emotion", ("neutral", "stress", "amusement", "meditation"))
WAVES = ((0.18, 0.12, 0.025), (0.27, -0.1, 0.01), (0.29, 1.2, 0.011), (0.315, -0.25, 0.01), (0.5, 0.3, 0.05))


def synthetic_ecg(start: int, stop: int, rate: float = MODEL_RATE_HZ) -> F32:
    """Give samples ``start .. stop`` of a sum of Gaussians (P, Q, R, S, T; centre, mV, width) at 72 bpm."""
    phase = (np.arange(start, stop) / rate) % (60 / 72)
    out = np.zeros(stop - start)
    for at, height, width in WAVES:
        out += height * np.exp(-(((phase - at) / width) ** 2) / 2)
    return out.astype(np.float32)


class SimulatedView:
    """Follows the `View` protocol; ``clock`` moves only when the test says so.

    Markers come back at once, unless ``slow``: then with `confirm`.
    """

    def __init__(self, heads: tuple[HeadInfo, ...] = (LOAD,), info: StreamInfo = CHEST) -> None:
        self.info = info
        self.heads = heads
        self.state = State("warming_up", seconds_left=10.0)
        self.ended = self.stopped = False
        self.error: str | None = None
        self.latency: float | None = None
        self.lost = 0
        self.polls = self.baselines = 0
        self.recording: RecordingStatus | None = None
        self.can_record = True
        self.slow = False
        self.asked: list[Marker] = []
        self.ratings: list[AffectRating] = []
        self._now = 100.0
        self._fed_at = 100.0
        self._trace = np.empty(0, np.float32)
        self._predictions: list[Prediction] = []
        self._events: list[StreamEvent] = []
        self.hrv: list[HrvResult] = []

    def clock(self) -> float:
        return self._now

    @property
    def fed(self) -> int:
        return len(self._trace)

    def wait(self, seconds: float) -> None:
        """Time goes by and nothing comes."""
        self._now += seconds

    def feed(self, samples: F32) -> None:
        """These samples come, in the time they take."""
        self.wait(len(samples) / MODEL_RATE_HZ)
        self._fed_at = self._now
        self._trace = np.concatenate([self._trace, samples])

    def feed_ecg(self, seconds: float) -> None:
        """So many seconds of ECG come."""
        self.feed(synthetic_ecg(self.fed, self.fed + round(seconds * MODEL_RATE_HZ)))

    def poll_trace(self) -> F32:
        """All samples by now."""
        return self._trace.copy()

    def send(self, event: StreamEvent) -> None:
        """An event comes."""
        self._events.append(event)

    def predict(self, *results: HeadResult, grade: Grade = "good", rate: float | None = 72.0) -> None:
        """An answer of every head comes, for the window that ends now."""
        self.state, self.latency = State("streaming"), 0.018
        stop = self.fed / MODEL_RATE_HZ
        reasons = () if grade == "good" else ("baseline wanders",)
        heads = {head.name: result for head, result in zip(self.heads, results, strict=True)}
        quality = Quality(grade, reasons)
        rmssd = None if rate is None else 41.6
        self._predictions.append(Prediction(stop - 10, stop, self._now - 10, heads, rate, rmssd, quality, 0.018))

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        self.polls += 1
        shot = Snapshot(
            state=self.state,
            trace=self._trace[since.trace :].copy(),
            trace_start=since.trace,
            predictions=tuple(self._predictions[since.predictions :]),
            events=tuple(self._events[since.events :]),
            now=self.fed / MODEL_RATE_HZ,
            age=self._now - self._fed_at,
            samples=self.fed * 1000 // MODEL_RATE_HZ,
            lost=self.lost,
            latency_p95=self.latency,
            ended=self.ended,
            error=self.error,
            recording=self.recording,
            hrv=tuple(self.hrv[since.hrv :]),
        )
        return shot, Poll(self.fed, len(self._predictions), len(self._events), hrv=len(self.hrv))

    def stop(self) -> None:
        self.stopped = True

    def mark(self, text: str, time: float | None = None) -> None:
        at = self._now if time is None else time
        self.asked.append(Marker(at, text, self.fed / MODEL_RATE_HZ + at - self._fed_at if self.fed else None))
        if not self.slow:
            self.confirm()

    def self_report(self, event: SelfReportEvent) -> None:
        if isinstance(event, SelfReportAnswer):
            self.send(event)
        else:
            self.ratings.append(event)

    def confirm(self) -> None:
        """The markers asked for come back."""
        for marker in self.asked:
            self.send(marker)
        self.asked.clear()

    def record(self, on: bool) -> None:
        self.recording = RecordingStatus("data/session.xdf", size=2_345_678, free=118 * 10**9) if on else None
        self.send(State("recording" if on else "recorded", f"recording {'to' if on else 'ended:'} data/session.xdf"))

    def beat(self, rate: float = 64.0) -> None:
        """A second goes by, and a strap tells of its beats; the model has nothing to go by."""
        self.wait(1)
        self._fed_at = self._now
        self.send(Beats(self._now, rate, (60 / rate,)))

    def begin_baseline(self) -> None:
        self.baselines += 1


def answer(head: HeadInfo, which: int, top: float) -> HeadResult:
    """Give ``top`` to one class and share the rest among the others."""
    rest = (1 - top) / (len(head.classes) - 1)
    probs = {name: top if place == which else rest for place, name in enumerate(head.classes)}
    return HeadResult(probs, max(probs, key=lambda name: probs[name]))


def abstained(reason: str) -> HeadResult:
    """Give an answer that is none."""
    return HeadResult(None, None, reason)


def wavy(head: HeadInfo, second: int) -> HeadResult:
    """Give an answer that swings over a minute or two."""
    return answer(head, second // 90 % len(head.classes), 0.55 + 0.4 * abs(math.sin(second / 31)))
