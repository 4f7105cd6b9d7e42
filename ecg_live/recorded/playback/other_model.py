"""What a model of today answers for a recorded session, beside what was recorded."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.errors import ConfigError
from ecg_live.model.bundle import Bundle, load_bundle
from ecg_live.model.card import check_signal
from ecg_live.model.predictor import Predictor
from ecg_live.recorded.playback.timed_items import RecordedItems
from ecg_live.recorded.report.recording_parts import RecordedFile
from ecg_live.recorded.report.session import RecordedSession, finite_number
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.results import HeadInfo, HeadResult, Item, Prediction
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath

TODAY_PREFIX = "today: "  # of the names of heads of today's model
NOT_COMPUTED = "no window of today's model ends here"


@dataclass(frozen=True, slots=True)
class _Answers:
    """Predictions of a model by the end of their windows (s), in order."""

    stops: tuple[float, ...]
    predictions: tuple[Prediction, ...]

    def nearest(self, stop: float, within: float) -> Prediction | None:
        """The prediction whose window ends closest, at most ``within`` s away."""
        at = bisect_left(self.stops, stop)
        near = [k for k in (at - 1, at) if 0 <= k < len(self.stops) and abs(self.stops[k] - stop) <= within]
        return self.predictions[min(near, key=lambda k: abs(self.stops[k] - stop))] if near else None


def add_todays_answers(
    recorded: RecordedItems, session: RecordedSession, model: Path, stopped: Callable[[], bool] = lambda: False
) -> RecordedItems:
    """Add the answers of a model to the recorded predictions, as further heads named ``today: HEAD``.

    The model hears the ECG again from the first sample to the last, with the session's hop and baseline.

    Parameters
    ----------
    recorded : RecordedItems
    session : RecordedSession
    model : Path
        A bundle.
    stopped : callable
        Polled; returns True to give up, with the answers by then.

    Raises
    ------
    ConfigError
        The recording has no ECG.
    EcgLiveError
        The model cannot be used, or the ECG cannot be read.
    """
    if not recorded.info.channels:
        raise ConfigError("the recording holds no ECG that a model could judge", "leave --with-model out")
    bundle = load_bundle(model)
    answers = _run(session, bundle, stopped)
    heads = tuple(replace(head, name=TODAY_PREFIX + head.name) for head in bundle.head_infos)
    items = tuple(
        each._replace(item=_merged(each.item, answers, heads, session.hop))
        if isinstance(each.item, Prediction)
        else each
        for each in recorded.items
    )
    return replace(recorded, heads=(*recorded.heads, *heads), items=items)


def _merged(prediction: Prediction, answers: _Answers, heads: tuple[HeadInfo, ...], hop: float) -> Prediction:
    found = answers.nearest(prediction.stop, hop / 2)
    added: Mapping[str, HeadResult] = {
        head.name: found.heads[head.name.removeprefix(TODAY_PREFIX)]
        if found
        else HeadResult(None, None, NOT_COMPUTED, scale=head.scale)
        for head in heads
    }
    return replace(prediction, heads={**prediction.heads, **added})


def _run(session: RecordedSession, bundle: Bundle, stopped: Callable[[], bool]) -> _Answers:
    zero = TimeAxis(session.files).zero
    found: list[Prediction] = []
    for file in session.files:
        if not stopped():
            found += _answers_for(file, session, bundle, file.contents.start_s - zero, stopped)
    found.sort(key=lambda each: each.stop)
    return _Answers(tuple(each.stop for each in found), tuple(found))


def _answers_for(
    file: RecordedFile, session: RecordedSession, bundle: Bundle, shift: float, stopped: Callable[[], bool]
) -> list[Prediction]:
    source = open_source(str(file.path), ReadOptions(speed=inf), time.monotonic)
    check_signal(bundle.card, source.info.signal, file.path.name)
    baseline = finite_number(session.configuration, "baseline") or 0.0
    hop = finite_number(session.configuration, "hop") or 1.0
    kept = _KeptPredictions(shift)
    run = Session(
        source,
        SignalPath(source.info, hop),
        Predictor(bundle, hop, baseline),
        bundle.head_infos,
        [kept],
        time.monotonic,
        watched=False,
    )
    run.start()
    while not run.wait(0.05):
        if stopped():
            run.stop()
    if run.error is not None:
        raise run.error
    return kept.found


class _KeptPredictions:
    """Sink that keeps predictions, moved to the axis of the recording."""

    name = "answers of today's model"

    def __init__(self, shift: float) -> None:
        self._shift = shift
        self.found: list[Prediction] = []

    def write(self, item: Item) -> None:
        """Take an item."""
        if isinstance(item, Prediction):
            self.found.append(
                replace(item, start=item.start + self._shift, stop=item.stop + self._shift, features=None)
            )

    def close(self) -> None:
        """Nothing is open."""
