"""What a session had learnt of its wearer, learnt again from its recording: its ECG goes through the live path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from devices.files import OpenRecording, open_recording
from devices.files.recording import RecordingItem
from devices.read_options import ReadOptions
from ecg_live.cancelling import check_cancelled
from ecg_live.errors import RecordingError
from ecg_live.events import Marker
from ecg_live.model.adaptive import RunningMean
from ecg_live.model.baseline import TIME_TOLERANCE_S, Baseline
from ecg_live.model.bundle import Bundle
from ecg_live.model.predictor import BASELINE_COMPLETE, BASELINE_RUNS, Predictor
from ecg_live.recorded.report.session import finite_number, parse_json_object
from ecg_live.recorded.session_file import SessionContents, read_contents
from ecg_live.results import Window
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.zscore import WearerScale
from ecg_live.study.marker_texts import block_text

READ_BLOCK_S = 60.0  # windows are then embedded many at once


@dataclass(frozen=True, slots=True, eq=False)
class WearerState:
    """What is known of a wearer: level, scale of the signal, and the resting baseline if there is a complete one.

    ``lead`` is the channel and rate (Hz) that the scale belongs to.
    """

    level: RunningMean
    scale: WearerScale | None
    baseline: Baseline | None
    lead: tuple[str, float]


def learn_again(
    path: Path, bundle: Bundle, rests: Mapping[str, float], before: WearerState, channel: str | None = None
) -> WearerState:
    """What a session knew at the end of its recording; damage costs what comes after it.

    Parameters
    ----------
    path : Path
        One file that ecg-live recorded.
    bundle : Bundle
        Model of the session that goes on.
    rests : mapping of str to float
        Seconds of the resting baseline that a study's block begins, by the block's name.
    before : WearerState
        What was known when the recording began.
    channel : str, optional
        That of the ECG, where there are several.

    Raises
    ------
    RecordingError, ConfigError
        The file cannot be read, or is of another program.
    SearchCancelled
        Nobody waits for it any more.
    """
    contents = read_contents(path, ("events",))
    if contents is None:
        raise RecordingError(f"{path}: ecg-live did not record it", "name a recording of the session")
    configuration = parse_json_object(contents.header_texts.get("configuration", ""))
    hop = finite_number(configuration, "hop") or 1.0
    predictor = Predictor(
        bundle,
        hop,
        finite_number(configuration, "baseline") or 0.0,
        show_unproven=configuration.get("show_unproven") is True,
    )
    predictor.running_mean = before.level
    if before.baseline is not None:
        predictor.resume(before.baseline)
    with closing(open_recording(path, ReadOptions(channel))) as recording:
        lead = recording.info.channels[recording.info.ecg], recording.info.rate
        signal = SignalPath(recording.info, hop, before.scale if before.lead == lead else None)
        begins = {block_text(name, "start"): seconds for name, seconds in rests.items()}
        completed = _hear(recording, signal, predictor, begins)
    level = replace(predictor.running_mean.before(inf), last=-inf)  # the next recording has a time axis of its own
    return WearerState(level, signal.scale, _confirmed(predictor.baseline, completed, contents), lead)


def _hear(recording: OpenRecording, signal: SignalPath, predictor: Predictor, rests: Mapping[str, float]) -> list[str]:
    """Let the predictor see all windows; return what it tells of each baseline that is complete.

    A marker with one of the texts begins a baseline of so many seconds.
    """
    completed = list[str]()
    begun = [
        (item.time, rests[item.text]) for item in _items(recording) if isinstance(item, Marker) if item.text in rests
    ]
    items = (item for item in _items(recording) if not isinstance(item, Marker))
    for outputs in (*map(signal.push, items), signal.flush()):
        check_cancelled()
        windows = [output for output in outputs if isinstance(output, Window)]
        predictor.engine.look_ahead(windows)
        for window in windows:
            while begun and begun[0][0] <= window.start + TIME_TOLERANCE_S:
                since, seconds = begun.pop(0)
                predictor.begin_baseline(seconds, since)
            predictor.predict(window)
            if (event := predictor.baseline_event) is not None and event.detail.startswith(BASELINE_COMPLETE):
                completed.append(event.detail)
    return completed


def _items(recording: OpenRecording) -> Iterator[RecordingItem]:
    """Items of a recording up to damage that ends it."""
    with suppress(RecordingError):
        yield from recording.chunks(max(1, round(READ_BLOCK_S * recording.info.rate)))


def _confirmed(baseline: Baseline | None, completed: Sequence[str], contents: SessionContents) -> Baseline | None:
    """The baseline, unless the session told of others than ``completed``: a key begins one, and notes no marker."""
    reported = [str(event.get("detail")) for _, event in contents.events() if event.get("state") == "baseline"]
    own = [detail for detail in reported if detail.startswith((BASELINE_RUNS, BASELINE_COMPLETE))]
    announced = [detail for detail in own if detail.startswith(BASELINE_COMPLETE)]
    if own and (announced != completed or announced[-1:] != own[-1:]):
        return None
    return baseline
