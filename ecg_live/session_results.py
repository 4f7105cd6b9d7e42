"""What a session makes of its source's items and its path's output: counts, predictions, changes of sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ecg_live.events import (
    F32,
    AuxiliarySamples,
    Beats,
    Chunk,
    Clock,
    Gap,
    LeadOff,
    SetChange,
    State,
    StreamEvent,
    StreamInfo,
)
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadResult, HrvResult, Item, Prediction, RrInterval, Summary, Window
from ecg_live.session_counters import SessionCounters
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_intervals import NotifiedIntervals, WindowIntervals
from ecg_live.signal.rr_pipeline import RrPath
from ecg_live.signal.sliding_hrv import DEFAULT_SPAN_S, SlidingHrv


class SessionResults:
    """Turn one wearer's windows into predictions, and count what came.

    Parameters
    ----------
    info : StreamInfo
    path : SignalPath or RrPath
        Its output is what `of_output` and `of_window` take.
    predictor : Predictor
    clock : Clock
        Session clock.
    hrv_span : float
        Seconds that heart rate variability looks back.
    """

    def __init__(
        self,
        info: StreamInfo,
        path: SignalPath | RrPath,
        predictor: Predictor,
        clock: Clock,
        hrv_span: float = DEFAULT_SPAN_S,
    ) -> None:
        self._info = info
        self._path = path
        self._predictor = predictor
        self._clock = clock
        self._sets: dict[str, str] = {}  # of each head at the last prediction
        self._found = WindowIntervals(info.signal, info.speed)
        self._notified = NotifiedIntervals()
        self._hrv = SlidingHrv(hrv_span, info.speed)
        self.counts = SessionCounters(info.rate, info.speed, clock)

    def arrive(self, item: Chunk | StreamEvent) -> bool:
        """Count an item of the source; whether it goes to the sinks as it is: the path reports gaps, as they became."""
        if isinstance(item, Chunk):
            if not len(item.samples):
                return False
            self.counts.arrive(item)
        elif isinstance(item, Gap):
            if item.pause:
                self.counts.pause(item)
            return False
        elif isinstance(item, Beats) and self._info.rate == 0:
            self.counts.begin(item.time)
        return True

    def of_item(self, item: Chunk | StreamEvent) -> Iterator[Item]:
        """RR intervals that a strap's item gives, and what they complete."""
        if isinstance(item, Beats | LeadOff):
            yield from self._with_hrv(self._notified.push(item, self.counts.origin))

    def of_window(self, window: Window, embedding: F32 | None = None) -> Iterator[Item]:
        """Changes of sets, the prediction, the baseline's event, RR intervals; ``embedding`` (e,) if it is known."""
        heads = self._predictor.predict(window, embedding)
        self.counts.predict(abstained=all(head.abstain is not None for head in heads.values()))
        late = max(0.0, self._clock() - self.counts.completed(window, self._path.delay))
        results, self._sets = window_results(window, heads, self._predictor, self._sets, late)
        yield from results
        yield from self._with_hrv(self._found.push(window))

    def of_output(self, output: Item) -> Iterator[Item]:
        """Any other output, once it was counted; before a gap the RR intervals that wait for later ones."""
        if isinstance(output, Gap):
            self.counts.lose(output)
            if not output.bridged:
                yield from self._with_hrv(self._found.end_segment())
        if isinstance(output, Prediction):  # of a strap: it has no windows
            arrived = output.time + output.stop - output.start
            output = replace(output, latency=max(0.0, self._clock() - arrived))
            self.counts.predict(abstained=True)
        yield output

    def of_end(self) -> Iterator[Item]:
        """RR intervals that waited for later ones, at the end of the stream."""
        yield from self._with_hrv(self._found.end_segment())
        yield from self._with_hrv(self._notified.end_run())

    def _with_hrv(self, intervals: Iterator[RrInterval]) -> Iterator[RrInterval | HrvResult]:
        """RR intervals, each with the variability that it completes; a strap's own only where there is no ECG."""
        for interval in intervals:
            if bool(self._info.channels) != (interval.source == "device"):
                yield from self._hrv.push(interval)
            yield interval

    def summary(self) -> Summary:
        """The counts by now."""
        return self.counts.summary(self._path.samples)


def window_results(
    window: Window, heads: Mapping[str, HeadResult], predictor: Predictor, sets: Mapping[str, str], latency: float
) -> tuple[list[Prediction | SetChange | State], dict[str, str]]:
    """A window's results in their order, and each head's set now.

    Parameters
    ----------
    window : Window
    heads : mapping of str to HeadResult
        What the predictor made of it, just now.
    predictor : Predictor
    sets : mapping of str to str
        Each head's set at the last prediction.
    latency : float
        In s.
    """
    prediction = Prediction(
        start=window.start,
        stop=window.stop,
        time=window.time,
        heads=heads,
        heart_rate=window.heart_rate,
        rmssd=window.rmssd,
        quality=window.quality,
        latency=latency,
        beats=window.beats,
        features=predictor.features,
    )
    now = {name: head.set for name, head in heads.items()}
    time = window.time + window.stop - window.start
    results: list[Prediction | SetChange | State] = [
        SetChange(time, window.stop, name, sets[name], which)
        for name, which in now.items()
        if sets.get(name, which) != which
    ]
    results.append(prediction)
    if (event := predictor.baseline_event) is not None:
        results.append(event)
    return results, now


def goes_to_path(item: Chunk | StreamEvent) -> bool:
    """Whether a path takes an item; samples that are only recorded are none of its business."""
    return not isinstance(item, AuxiliarySamples) and not (isinstance(item, Chunk) and not len(item.samples))
