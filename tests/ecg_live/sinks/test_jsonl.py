"""JSON lines: the schema that other programs rely on, to the key and its place."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.events import Battery, Beats, Chunk, Gap, LeadOff, Marker, SetChange, State
from ecg_live.results import HeadResult, Item, Prediction, Quality, Summary, Trace
from ecg_live.sinks.jsonl import JsonLines

NAN = float("nan")
ANY = st.floats(allow_nan=True, allow_infinity=True)


class Flushed(io.StringIO):
    """Counts the lines that have been flushed."""

    lines = 0

    def flush(self) -> None:
        self.lines = self.getvalue().count("\n")


def strict(text: str) -> dict[str, Any]:
    """JSON as its standard has it: no NaN, no Infinity."""

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def line(item: Item, rate: float = 1000.0) -> str:
    stream = Flushed()
    sink = JsonLines(stream, rate)
    sink.write(item)
    assert stream.lines == 1
    sink.close()
    assert not stream.closed
    return stream.getvalue()


def prediction(**change: Any) -> Prediction:
    known: dict[str, Any] = {
        "start": 1 / 3,
        "stop": 31 / 3,
        "time": 55.5,
        "heads": {"mental_load": HeadResult({"rest": 2 / 3, "load": 1 / 3}, "rest")},
        "heart_rate": 71.98765432,
        "rmssd": 41.0,
        "quality": Quality("poor", ("baseline wander",)),
        "latency": 0.0123456789,
        "beats": (1.0, 2.0),
    }
    return Prediction(**(known | change))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            prediction(),
            (
                '{"type": "prediction", "start": 0.333333, "stop": 10.333333, "heads": {"mental_load": {"probs": '
                '{"rest": 0.666667, "load": 0.333333}, "label": "rest", "abstain": null, "set": "population"}}, '
                '"heart_rate": 71.987654, "rmssd": 41.0, "quality": "poor", "reasons": ["baseline wander"], '
                '"latency": 0.012346}'
            ),
        ),
        (
            prediction(heads={"a": HeadResult(None, None, "flat line", "personal")}, heart_rate=None, rmssd=None),
            (
                '{"type": "prediction", "start": 0.333333, "stop": 10.333333, "heads": {"a": {"probs": null, '
                '"label": null, "abstain": "flat line", "set": "personal"}}, "heart_rate": null, "rmssd": null, '
                '"quality": "poor", "reasons": ["baseline wander"], "latency": 0.012346}'
            ),
        ),
        (
            Gap(1500, 250, "radio lost", bridged=False),
            '{"type": "gap", "start": 1.5, "stop": 1.75, "lost": 250, "bridged": false, "cause": "radio lost"}',
        ),
        (Marker(1012.0, "stimulus 7", 12.3456789), '{"type": "marker", "time": 12.345679, "text": "stimulus 7"}'),
        (
            State("warming_up", "first window in 9 s", 100.0, 9.0),
            '{"type": "state", "state": "warming_up", "detail": "first window in 9 s"}',
        ),
        (
            State("baseline", "resting baseline: 42 s to go", 100.0, 42.0),
            '{"type": "state", "state": "baseline", "detail": "resting baseline: 42 s to go"}',
        ),
        (
            Summary(60_000, 12, 51, 51, 3, 60.00000049, 1.0),
            (
                '{"type": "summary", "samples": 60000, "lost": 12, "windows": 51, "predictions": 51, "abstained": 3, '
                '"wall": 60.0, "speed": 1.0}'
            ),
        ),
        (
            Summary(1, 0, 0, 0, 0, 1.0, 1.0, 15360),
            (
                '{"type": "summary", "samples": 1, "lost": 0, "windows": 0, "predictions": 0, "abstained": 0, '
                '"wall": 1.0, "speed": 1.0, "paused": 15360}'
            ),
        ),
        (
            Beats(5.0, 61.5, (0.9, 1 / 3)),
            '{"type": "beats", "time": 5.0, "heart_rate": 61.5, "rr": [0.9, 0.333333]}',
        ),
        (
            LeadOff(500, True, ("RA",)),
            '{"type": "lead_off", "start": 0.5, "off": true, "electrodes": ["RA"]}',
        ),
        (
            SetChange(105.0, 5.0, "load", "population", "personal"),
            '{"type": "set", "time": 5.0, "head": "load", "before": "population", "set": "personal"}',
        ),
        (Battery(5.0, 0.25), '{"type": "battery", "time": 5.0, "level": 0.25}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_schema(item: Item, expected: str) -> None:
    assert line(item) == expected + "\n"


def test_text_stays_on_one_line() -> None:
    text = 'a\nb\r\u2028"c" \x00 é'
    written = line(Marker(1.0, text, 1.0))
    assert written.count("\n") == 1
    assert written.isascii()
    assert strict(written)["text"] == text


def test_signal_is_not_written() -> None:
    stream = io.StringIO()
    sink = JsonLines(stream, 1000.0)
    sink.write(Chunk(np.zeros((5, 1)), 0, 0.0))
    sink.write(Trace(np.zeros(5, np.float32), 0.0, 0))
    assert stream.getvalue() == ""


@settings(max_examples=40, deadline=None)
@given(number=ANY, other=ANY)
def test_what_is_no_number_is_null(number: float, other: float) -> None:
    items: list[Item] = [
        prediction(start=number, heart_rate=other, latency=other, heads={"a": HeadResult({"b": number}, "b")}),
        Marker(1.0, "x", number),
        Beats(number, other, (number, other)),
        Battery(number, other),
        Summary(1, 2, 3, 4, 5, number, other),
    ]
    for item in items:
        found = strict(line(item))
        for key in ("start", "time", "wall"):
            if key in found:
                assert (found[key] is None) == (not np.isfinite(number))
                assert found[key] is None or found[key] == round(number, 6)
