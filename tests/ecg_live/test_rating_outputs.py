"""A number on its way out: JSON lines, streams, a recording and its report, the terminal, words for a screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ecg_live.cli.terminal_texts import prediction_line, value_rows
from ecg_live.events import Chunk, State, StreamInfo
from ecg_live.presentation.status import Freshness, head_status
from ecg_live.recorded.export.csv import _predictions
from ecg_live.recorded.report import write_report
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import load_session
from ecg_live.recorded.session_file import read_contents
from ecg_live.results import HeadInfo, HeadResult, Prediction, Quality, Snapshot
from ecg_live.sinks.jsonl import line_fields
from ecg_live.sinks.stream_layout import StreamRows, stream_specs
from ecg_live.sinks.xdf_recorder import XdfRecorder
from tests.support.html_pages import body, words
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import TEXTS

SCALE = (0.0, 10.0)
HEADS = (HeadInfo("load", ("rest", "load")), HeadInfo("stress", (), SCALE))
INFO = StreamInfo(256.0, ("ECG",), (-1.5, 1.5), "Made up", "made-up")
CLASSES = HeadResult({"rest": 0.25, "load": 0.75}, "load")
ABSTAINS = HeadResult(None, None, "unusable signal: flat line", scale=SCALE)


def rated(value: float) -> HeadResult:
    return HeadResult(None, None, value=value, interval=(value - 2, value + 2), scale=SCALE)


def prediction(stop: int, answer: HeadResult) -> Prediction:
    heads = {"load": CLASSES, "stress": answer}
    features = np.zeros(128, np.float32)
    return Prediction(stop - 10, stop, 90.0 + stop, heads, 60.0, 40.0, Quality("good"), 0.01, (), features)


def test_json_has_value_interval_and_scale_beside_empty_probs_and_label() -> None:
    line = json.loads(json.dumps(line_fields(prediction(10, rated(4.5)), 256.0)))
    assert line["heads"]["stress"] == {
        "probs": None, "label": None, "abstain": None, "set": "population",
        "value": 4.5, "interval": [2.5, 6.5], "scale": [0.0, 10.0],
    }  # fmt: skip
    assert list(line["heads"]["load"]) == ["probs", "label", "abstain", "set"]
    silent = json.loads(json.dumps(line_fields(prediction(10, ABSTAINS), 256.0)))["heads"]["stress"]
    assert (silent["abstain"], silent["value"], silent["interval"]) == ("unusable signal: flat line", None, None)
    assert silent["scale"] == [0.0, 10.0]


def test_streams_have_a_channel_for_the_number_and_both_ends_of_its_interval() -> None:
    spec = next(each for each in stream_specs(INFO, HEADS) if each.key == "predictions")
    assert [(each.label, each.unit) for each in spec.channels[3:]] == [
        ("load/rest", "probability"),
        ("load/load", "probability"),
        ("stress/value", "0 to 10"),
        ("stress/interval low", "0 to 10"),
        ("stress/interval high", "0 to 10"),
    ]
    rows = StreamRows(INFO, HEADS)
    given, silent = (
        np.asarray(next(iter(rows.rows_for(prediction(10, each)))).values, np.float64)
        for each in (rated(4.5), ABSTAINS)
    )
    np.testing.assert_allclose(given, [[0, 10, 0.01, 0.25, 0.75, 4.5, 2.5, 6.5]])
    np.testing.assert_allclose(silent, [[0, 10, 0.01, 0.25, 0.75, np.nan, np.nan, np.nan]])


def story() -> Iterator[Chunk | Prediction | State]:
    """Forty seconds; the number rises from 2, and from 30 s on the head abstains."""
    for second in range(40):
        yield Chunk(np.zeros((256, 1)) + second / 1000, 256 * second, 100.0 + second)
        if second >= 9:
            yield prediction(second + 1, rated(2 + second / 10) if second < 30 else ABSTAINS)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "session.xdf"
    sink = XdfRecorder(path, stream_specs(INFO, HEADS), INFO, HEADS, TEXTS, HandClock())
    for item in story():
        sink.write(item)
    sink.close()
    return path


def test_a_recording_keeps_the_number_and_its_report_shows_it(recorded: Path) -> None:
    head = load_session(read_recording_files([recorded])).windows.heads[1]
    assert (head.name, head.classes, head.scale) == ("stress", (), SCALE)
    assert int(head.answered.sum()) == 21
    np.testing.assert_allclose(head.probs[0], [2.9, 0.9, 4.9])
    page = write_report([recorded], recorded.with_name("page.html"), force=True)
    text = words(body(page.path.read_text(encoding="utf-8")))
    assert "stress: 3.9 of 10 in answers (population set)" in text
    assert re.search(r"population316[78][.0-9]*%3\.903\.90", text)  # windows, answered, mean and median
    assert "Answers, on a scale of 0 to 10" in text
    assert "stress (mean)" not in text  # there are no markers
    assert not re.search(r"\bnan\b", text)


def test_the_table_of_predictions_has_the_number(recorded: Path) -> None:
    contents = read_contents(recorded)
    assert contents is not None
    header, *rows = _predictions(contents)
    first = dict(zip(header, rows[0], strict=True))
    assert [first[f"stress/{field}"] for field in ("value", "interval low", "interval high")] == [
        "2.900000",
        "0.900000",
        "4.900000",
    ]
    assert dict(zip(header, rows[-1], strict=True))["stress/value"] == ""


def test_the_terminal_says_number_interval_and_scale() -> None:
    snapshot = Snapshot(State("streaming"), np.empty(0, np.float32), 0, (), (), 10.0, 0.0, 2560, 0, None, ended=False)
    rows = dict(value_rows(snapshot, prediction(10, rated(4.54)), 40, stale=False))
    assert rows["stress"] == "4.5  (2.5 to 6.5; scale 0 to 10)"
    silent = dict(value_rows(snapshot, prediction(10, ABSTAINS), 40, stale=False))
    assert silent["stress"] == "abstains: unusable signal: flat line"
    assert "stress 4.5 (2.5 to 6.5)" in prediction_line(prediction(10, rated(4.54)))
    assert "stress: unusable signal: flat line" in prediction_line(prediction(10, ABSTAINS))


def test_a_screen_shows_a_number_as_an_estimate_never_as_confident() -> None:
    snapshot = Snapshot(State("streaming"), np.empty(0, np.float32), 0, (), (), 10.0, 0.0, 2560, 0, None, ended=False)
    status = head_status(snapshot, rated(4.54), Freshness(0.5))
    assert (status.kind, status.label, status.percent) == ("number", "4.5", "2.5 to 6.5")
    assert status.note == "On a scale of 0 to 10; the interval holds 80 % of ratings"
    for bad in (float("nan"), float("inf")):
        broken = head_status(snapshot, HeadResult(None, None, value=bad, scale=SCALE), Freshness(0.5))
        assert (broken.kind, broken.label) == ("abstain", "--")
