"""The view in a terminal: all heads fit, whatever their classes, and a baseline counts down quietly."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from ecg_live.cli import print_error
from ecg_live.cli.terminal import TerminalView, show_in_terminal
from ecg_live.cli.terminal_charts import bars
from ecg_live.cli.terminal_texts import event_line, fitting_hrv_text
from ecg_live.errors import DeviceError
from ecg_live.events import Battery, Gap, Marker, SelfReportAnswer, State
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadInfo, Hrv, Prediction, Quality
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import HandClock, Script
from tests.support.simulated_view import answer
from tests.support.synthetic_signals import info

FEELINGS = ("amusement", "excitement", "happiness", "calmness", "anger", "disgust", "fear", "sadness", "surprise")
HEADS = (
    HeadInfo("arousal", ("low", "medium", "high")),
    HeadInfo("valence", tuple("123456789")),
    HeadInfo("emotion", FEELINGS),
    HeadInfo("mental_load", ("rest", "load")),
)
REST = State("baseline", "resting baseline: 42 s to go", 0.0, 42.0)


@pytest.mark.parametrize("room", [5, 20, 40, 62, 100, 200])
@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)
def test_probabilities_fit_the_room_and_the_likeliest_is_seen(head: HeadInfo, room: int) -> None:
    probs = answer(head, len(head.classes) - 1, 0.9).probs
    assert probs is not None
    text = bars(probs, room)
    assert len(text) <= room
    if room >= 20:
        assert f"{head.classes[-1]} " in text
        assert "0.90" in text


def test_bars_are_as_long_as_their_probabilities() -> None:
    assert bars({"rest": 0.25, "load": 0.75}, 62) == f"rest {'█' * 5:<20} 0.25  load {'█' * 15:<20} 0.75"
    assert bars({"rest": 0.25, "load": 0.75}, 30) == "rest █    0.25  load ███  0.75"
    assert bars({"rest": 0.25, "load": 0.75}, 29) == "load 0.75  rest 0.25"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("shown", [HEADS, HEADS[:2]], ids=len)
def test_every_head_has_one_line(shown: tuple[HeadInfo, ...], width: int) -> None:
    source = Script(info(256.0), [])
    session = Session(source, SignalPath(source.info), Predictor(random_bundle()), shown, [], HandClock())
    heads = {head.name: replace(answer(head, 0, 0.5), set="personal") for head in shown}
    session._send(Prediction(0.0, 10.0, 0.0, heads, 72.0, 41.0, Quality("good")))
    session._send(REST)
    view = TerminalView(session)
    view.update()
    out = io.StringIO()
    Console(file=out, width=width, legacy_windows=False).print(view.render(width, 24))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) == width
    assert len(lines) <= 24
    for head in shown:
        [line] = [line for line in lines if head.name.replace("_", " ") in line]
        assert "0.5" in line
    assert sum("Resting baseline: 42 s to go" in line for line in lines) == 1
    assert sum("undecided" in line for line in lines) == len(shown)


def test_a_countdown_is_no_line_and_its_end_is_one() -> None:
    assert event_line(REST, 256.0) == ""
    complete = State("baseline", "personal baseline complete: 6 windows")
    assert event_line(complete, 256.0) == "baseline: personal baseline complete: 6 windows"


def test_events_are_lines_in_words() -> None:
    told = [
        event_line(each, 256.0)
        for each in (
            Gap(512, 256, "the stream was away"),
            Marker(0.0, "block/rest/stop", 60.0),
            SelfReportAnswer("mood", "text", 60.0, 61.0, missing="not asked", raw=61.0),
        )
    ]
    assert told == [
        "0:00:02  Gap of 1 s (256 samples): the stream was away",
        "0:01:00  Block rest ends",
        "0:01:01  Self-report mood: not asked",
    ]


def test_of_each_countdown_the_first_is_a_line() -> None:
    source = Script(info(256.0), [])
    session = Session(source, SignalPath(source.info), Predictor(random_bundle()), HEADS[:1], [], HandClock())
    view = TerminalView(session)
    told = []
    for start in (0, 5120):
        session._send(Gap(start, 512, "the stream was away"))
        for left in (10.0, 9.0, 8.0):
            session._send(State("gap", f"signal is back, next window in {left:.0f} s", 0.0, left))
            told += view.update()
    assert [line for line in told if "signal is back" in line] == ["gap: signal is back, next window in 10 s"] * 2
    assert sum("the stream was away" in line for line in told) == 2


def test_recording_markers_battery_and_a_lost_device_are_reported() -> None:
    source = Script(info(256.0), [])
    session = Session(source, SignalPath(source.info), Predictor(random_bundle()), HEADS[:1], [], HandClock())
    view = TerminalView(session)
    assert "NOT RECORDING" in painted(view)
    for item in (
        Marker(0.0, "go"),
        Battery(0.0, 0.41),
        State("recording_failed", "XDF stopped: disk full"),
        State("lost", "Shimmer, lost 3 s ago, attempt 2"),
    ):
        session._send(item)
    text = painted(view)
    for words in ("markers", "41 %", "RECORDING FAILED  XDF stopped: disk full", "lost 3 s ago, attempt 2"):
        assert words in text


@pytest.mark.parametrize(("height", "rows"), [(22, 2), (24, 4), (30, 8)])
def test_the_trace_leaves_all_rows_their_room(height: int, rows: int) -> None:
    source = Script(replace(info(256.0), name="a_recording_with_a_very_long_name " * 4), [])
    session = Session(source, SignalPath(source.info), Predictor(random_bundle()), HEADS, [], HandClock())
    heads = {head.name: answer(head, 0, 0.9) for head in HEADS}
    session._send(Prediction(0.0, 10.0, 0.0, heads, 72.0, 41.0, Quality("poor", ("noise",))))
    session._send(Battery(0.0, 0.41))
    session._send(Marker(0.0, "a stimulus with a text of more than one line " * 3))
    lines = painted(TerminalView(session), 80, height).splitlines()
    assert len(lines) < height  # the cursor has a line
    assert sum("\u2800" <= line[2] <= "\u28ff" for line in lines) == rows
    assert lines[0].endswith("… · 10.0 s ─╮")
    assert "research use only" in lines[-1]
    assert sum("battery" in line or "samples" in line or "emotion" in line for line in lines) == 3


def test_heart_rate_variability_is_shorter_where_it_does_not_fit() -> None:
    hrv = Hrv(120.0, 140, 1.0, 0, 70.0, 56.0, 60.0, 45.0, 43.0, 67.0, 300.0, 360.0, 0.83)
    assert fitting_hrv_text(hrv, 90).startswith("SDNN 56 ms  RMSSD 60 ms  pNN50 45 %  LF/HF 0.83  SD1/SD2")
    short = fitting_hrv_text(hrv, 61)
    assert "SDNN 56" in short
    assert "(over 120 s)" in short
    assert len(short) <= 61
    assert fitting_hrv_text(None, 61) == "--"


HOSTILE = "\x1b[2J\x1b]0;mine\x07 [bold]\r\n[/] \u202eevil"


def test_what_others_wrote_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    source = Script(replace(info(256.0), name=HOSTILE), [])
    session = Session(source, SignalPath(source.info), Predictor(random_bundle()), HEADS[:1], [], HandClock())
    view = TerminalView(session)
    session._send(Marker(0.0, HOSTILE))
    text = painted(view)
    session._send(State("lost", HOSTILE))
    text += painted(view)
    out = io.StringIO()
    session.run()
    show_in_terminal(session, Console(file=out, width=100))
    print_error(DeviceError(f"no {HOSTILE}", HOSTILE))
    said = capsys.readouterr().err
    for shown in (text, out.getvalue(), said):
        assert "evil" in shown
        assert "[bold]" in shown
        assert all(each.isprintable() or each == "\n" for each in shown)
    assert said.count("\n") == 2


def painted(view: TerminalView, width: int = 100, height: int = 30) -> str:
    view.update()
    out = io.StringIO()
    Console(file=out, width=width, legacy_windows=False).print(view.render(width, height))
    return out.getvalue()
