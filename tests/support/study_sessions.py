"""A recorded session of a study whose numbers are known: blocks, RR intervals, answers, a baseline, a model's card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from ecg_live.events import Marker, SelfReportAnswer, SetChange, State
from ecg_live.model.bundle import load_bundle
from ecg_live.resources import model_path
from ecg_live.results import HeadInfo, HeadResult, Item, Prediction, Quality, RrInterval
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_recorder import XdfRecorder
from ecg_live.study.marker_texts import block_text
from tests.support.recorded_sessions import chunk
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import BEGAN, INFO

HEADS = (HeadInfo("mental_load", ("rest", "load")),)
BASELINE_STOP = 70
LOAD = {"arithmetic": 0.75}  # probability in a block; else a quarter


@cache
def card_text() -> str:
    """The bundled model's card as a recording's header has it."""
    return json.dumps(asdict(load_bundle(model_path(None)).card), default=str)


def study_items(
    blocks: Sequence[tuple[str, int, int]], seconds: int, answers: int = 0, *, rr_each: float = 0.8
) -> Iterator[Item]:
    """A window a second, a heartbeat each ``rr_each`` s with 25 ms of breathing, blocks of (name, start, stop)."""
    notes = sorted(
        [(start, block_text(name, "start")) for name, start, _ in blocks]
        + [(stop, block_text(name, "stop")) for name, _, stop in blocks if stop < seconds]
    )
    beat, asked = 0.5, 0
    for second in range(seconds):
        yield chunk(second)
        while notes and notes[0][0] <= second:
            yield Marker(BEGAN + notes[0][0], notes.pop(0)[1], None)
        while beat < second:
            rr = rr_each + 0.025 * np.sin(2 * np.pi * 0.25 * beat)
            beat += rr
            yield RrInterval(BEGAN + beat, beat, float(rr), "normal", "ecg")
        if second >= 9:
            name = next((each for each, start, stop in blocks if start < second + 1 <= stop), "")
            yield from _window(second + 1, name)
        if asked < answers and second >= 20 * (asked + 1):
            asked += 1
            values = (("valence", float(1 + asked % 9)), ("arousal", 5.0))
            yield SelfReportAnswer(
                "mood", "sam", BEGAN + second - 3, BEGAN + second, values,
                scale=(1.0, 9.0), block=blocks[0][0] if blocks else "", asking=asked,
                raw_shown=second - 3, raw=second,
            )  # fmt: skip


def _window(stop: int, block: str) -> Iterator[Item]:
    load = LOAD.get(block, 0.25)
    which = "adaptive" if stop <= BASELINE_STOP else "personal"
    answer = HeadResult({"rest": 1 - load, "load": load}, "load" if load > 0.5 else "rest", None, which)
    if stop == BASELINE_STOP + 1:
        yield SetChange(BEGAN + stop, stop, "mental_load", "adaptive", "personal")
    yield Prediction(
        stop - 10, stop, BEGAN + stop - 10, {"mental_load": answer}, 75.0, 30.0, Quality("good"), 0.01, (),
        np.zeros(128, np.float32),
    )  # fmt: skip
    if 20 <= stop < BASELINE_STOP:
        yield State("baseline", f"resting baseline: {BASELINE_STOP - stop} s to go", BEGAN + stop, BASELINE_STOP - stop)
    if stop == BASELINE_STOP:
        yield State("baseline", "personal baseline complete: 6 windows", BEGAN + stop)


def record_study(path: Path, items: Iterator[Item] | Sequence[Item], **settings: object) -> Path:
    """Record a study's session, with the bundled model's card."""
    configuration = json.dumps({"hop": 1.0, "baseline": 60.0} | settings)
    texts = {
        "participant": "P01", "session": "S1", "study": "Stress pilot", "configuration": configuration,
        "model": card_text(),
    }  # fmt: skip
    sink = XdfRecorder(path, stream_specs(INFO, HEADS), INFO, HEADS, texts, HandClock(), interval=0.01)
    for item in items:
        sink.write(item)
    sink.close()
    return path
