"""What a session makes of its source's items and its path's output: counts, predictions, changes of sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ecg_live.events import F32, AuxiliarySamples, Beats, Chunk, Clock, Gap, SetChange, StreamEvent, StreamInfo
from ecg_live.model.predictor import Predictor
from ecg_live.results import Item, Prediction, Summary, Window
from ecg_live.session_counters import SessionCounters
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.rr_pipeline import RrPath


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
    """

    def __init__(self, info: StreamInfo, path: SignalPath | RrPath, predictor: Predictor, clock: Clock) -> None:
        self._info = info
        self._path = path
        self._predictor = predictor
        self._clock = clock
        self._sets: dict[str, str] = {}  # of each head at the last prediction
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
            self.counts.begin()
        return True

    def of_window(self, window: Window, embedding: F32 | None = None) -> Iterator[Item]:
        """Changes of sets, the prediction, and the baseline's event; ``embedding`` (e,) if it is known already."""
        heads = self._predictor.predict(window, embedding)
        self.counts.predict(abstained=all(head.abstain is not None for head in heads.values()))
        prediction = Prediction(
            start=window.start,
            stop=window.stop,
            time=window.time,
            heads=heads,
            heart_rate=window.heart_rate,
            rmssd=window.rmssd,
            quality=window.quality,
            latency=max(0.0, self._clock() - self.counts.completed(window, self._path.delay)),
            beats=window.beats,
            features=self._predictor.features,
        )
        yield from self._set_changes(prediction)
        yield prediction
        if self._predictor.baseline_event is not None:
            yield self._predictor.baseline_event

    def of_output(self, output: Item) -> Item:
        """Any other output, once it was counted."""
        if isinstance(output, Gap):
            self.counts.lose(output)
        if isinstance(output, Prediction):  # of a strap: it has no windows
            arrived = output.time + output.stop - output.start
            output = replace(output, latency=max(0.0, self._clock() - arrived))
            self.counts.predict(abstained=True)
        return output

    def summary(self) -> Summary:
        """The counts by now."""
        return self.counts.summary(self._path.samples)

    def _set_changes(self, prediction: Prediction) -> list[SetChange]:
        """Events for the heads that changed their set."""
        before, self._sets = self._sets, {name: head.set for name, head in prediction.heads.items()}
        time = prediction.time + prediction.stop - prediction.start
        return [
            SetChange(time, prediction.stop, name, before[name], which)
            for name, which in self._sets.items()
            if before.get(name, which) != which
        ]


def goes_to_path(item: Chunk | StreamEvent) -> bool:
    """Whether a path takes an item; samples that are only recorded are none of its business."""
    return not isinstance(item, AuxiliarySamples) and not (isinstance(item, Chunk) and not len(item.samples))
