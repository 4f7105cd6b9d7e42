import math
from dataclasses import replace

import numpy as np
import pytest

from ecg_live.events import Battery, Gap, LeadOff, Marker, SelfReportAnswer, State, StreamEvent, StreamInfo
from ecg_live.presentation.formatting import clock_text, event_text, number_text, title_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.recording import recording_indicator
from ecg_live.presentation.status import (
    SET_NOTES,
    Freshness,
    HeadStatus,
    StatusLine,
    StreamCondition,
    current_stream_time,
    head_status,
    silence_duration,
    status_line,
)
from ecg_live.results import HeadResult, Prediction, Quality, RecordingStatus, Snapshot

INFO = StreamInfo(1000.0, ("ECG",))
SURE = HeadResult({"rest": 0.2, "load": 0.8}, "load")
UNSURE = HeadResult({"rest": 0.45, "load": 0.55}, "load")
LOW_OWN = HeadResult({"rest": 0.55, "load": 0.45}, "rest", set="personal")
OWN_NOTE = SET_NOTES["personal"]
SO_FAR = HeadResult({"rest": 0.2, "load": 0.8}, "load", set="adaptive")
UNKNOWN = HeadResult(None, None, "still getting to know you", "adaptive", 7.0)
THREE = HeadResult({"rest": 0.3, "joy": 0.5, "fear": 0.2}, "joy")
NONE = HeadResult(None, None, "unusable signal: flat line")
OWN = HeadResult({"rest": 0.2, "load": 0.8}, "load", set="personal")
REST = State("baseline", "resting baseline: 42 s to go", seconds_left=42.0)
COMPLETE = State("baseline", "personal baseline complete: 6 windows")
NEW = Freshness(0.5)


def shot(
    state: State | None = None,
    *,
    age: float = 0.0,
    samples: int = 1000,
    ended: bool = False,
    error: str | None = None,
    predictions: tuple[Prediction, ...] = (),
    events: tuple[StreamEvent, ...] = (),
) -> Snapshot:
    return Snapshot(
        state or State("streaming"),
        np.empty(0, np.float32),
        0,
        predictions,
        events,
        60.0,
        age,
        samples,
        0,
        None,
        ended,
        error,
    )


def predicted(stop: float) -> Prediction:
    return Prediction(stop - 10, stop, stop, {"mental_load": SURE}, 70.0, 40.0, Quality("good"))


@pytest.mark.parametrize(
    ("snapshot", "result", "fresh", "expected"),
    [
        (shot(), SURE, NEW, HeadStatus("valid", "Load", "80 %", dim=False)),
        (shot(), OWN, NEW, HeadStatus("valid", "Load", "80 %", "Relative to the resting baseline", dim=False)),
        (shot(REST), SURE, NEW, HeadStatus("valid", "Load", "80 %", dim=False)),
        (shot(), UNSURE, NEW, HeadStatus("low", "Undecided", note="Load 55 %", dim=False)),
        (
            shot(),
            LOW_OWN,
            NEW,
            HeadStatus("low", "Undecided", note=f"Load 45 %  ·  {SET_NOTES['personal']}", dim=False),
        ),
        (shot(), THREE, NEW, HeadStatus("low", "Undecided", note="Joy 50 %", dim=False)),
        (shot(), UNSURE, Freshness(3.2), HeadStatus("stale", "Undecided", note="3 s old")),
        (shot(), NONE, NEW, HeadStatus("abstain", note="Unusable signal: flat line")),
        (shot(), UNKNOWN, NEW, HeadStatus("abstain", note="Still getting to know you: 7 s to go")),
        (shot(), SO_FAR, NEW, HeadStatus("valid", "Load", "80 %", note="Relative to this session so far", dim=False)),
        (shot(), SURE, Freshness(3.2), HeadStatus("stale", "Load", "80 %", "3 s old")),
        (shot(), NONE, Freshness(4.0), HeadStatus("stale", note="4 s old")),
        (shot(), SURE, Freshness(10.4), HeadStatus("stale", note="Last answer 10 s old")),
        (shot(), None, Freshness(math.inf), HeadStatus("waiting")),
        (shot(State("warming_up", seconds_left=7.2)), None, NEW, HeadStatus("warming_up", note="Estimate in 7 s")),
        (shot(State("warming_up")), None, NEW, HeadStatus("warming_up")),
        (shot(State("gap", seconds_left=-1.0)), SURE, NEW, HeadStatus("gap", note="Estimate in 0 s")),
        (shot(State("warming_up", seconds_left=7.2), age=4.0), None, NEW, HeadStatus("waiting")),
        (shot(age=11.0), SURE, Freshness(11.0), HeadStatus("no_data", note="Last answer 11 s old")),
        (shot(ended=True), SURE, Freshness(1.0), HeadStatus("ended", "Load", "80 %", "1 s old")),
        (shot(error="lost"), SURE, Freshness(1.0), HeadStatus("error", "Load", "80 %", "1 s old")),
        (shot(State("error", "lost")), None, NEW, HeadStatus("error")),
    ],
)
def test_a_head_is_in_one_state(
    snapshot: Snapshot, result: HeadResult | None, fresh: Freshness, expected: HeadStatus
) -> None:
    assert head_status(snapshot, result, fresh) == expected


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_probability_that_is_no_number_is_no_estimate(bad: float) -> None:
    status = head_status(shot(), HeadResult({"rest": 0.0, "load": bad}, "load"), NEW)
    assert status == HeadStatus("abstain", note="The model gave no valid probability")


def test_predictions_ten_seconds_apart_are_not_stale_in_between() -> None:
    assert not Freshness(9.9, hop=10.0).dim
    assert Freshness(12.1, hop=10.0).dim
    assert Freshness(19.1, hop=10.0).gone


@pytest.mark.parametrize(
    ("snapshot", "warning", "paused", "tone", "word"),
    [
        (shot(error="lost"), "w", True, "fault", "ERROR"),
        (shot(age=30.0), "w", True, "fault", "NO DATA"),
        (shot(ended=True), "w", True, "neutral", "ENDED"),
        (shot(samples=0, age=math.inf), "", False, "info", "WAITING"),
        (shot(age=5.0), "w", True, "warn", "NO DATA"),
        (shot(State("gap")), "w", True, "warn", "GAP"),
        (shot(), "electrode RA is off", True, "warn", "WARNING"),
        (shot(State("warming_up")), "", True, "paused", "PAUSED"),
        (shot(State("warming_up")), "", False, "info", "WARMING UP"),
        (shot(REST), "", False, "info", "BASELINE"),
        (shot(REST), "electrode RA is off", False, "warn", "WARNING"),
        (shot(REST), "", True, "paused", "PAUSED"),
        (shot(REST, age=5.0), "", False, "warn", "NO DATA"),
        (shot(COMPLETE), "", False, "live", "LIVE"),
        (shot(), "", False, "live", "LIVE"),
    ],
)
def test_the_line_on_top_puts_faults_first(
    snapshot: Snapshot, warning: str, paused: bool, tone: str, word: str
) -> None:
    strip = status_line(snapshot, StreamCondition(warning), paused=paused)
    assert (strip.tone, strip.word) == (tone, word)
    assert strip.text


OFF = StreamCondition(unusable=12.4, reasons=("flat line", "electrode off"))


@pytest.mark.parametrize(
    ("snapshot", "stream", "paused", "tone", "word", "text"),
    [
        (shot(), OFF, False, "unusable", "NO USABLE ECG", "for 12 s: flat line, electrode off. Check the electrodes"),
        (shot(age=5.0), OFF, False, "warn", "NO DATA", "No data for 5 s."),
        (shot(State("gap", "back")), OFF, False, "warn", "GAP", "Back"),
        (shot(), StreamCondition(replay=1.0), False, "info", "REPLAY", "A recording is played at 1 x real time."),
        (
            shot(),
            StreamCondition(replay=math.inf),
            False,
            "info",
            "REPLAY",
            "A recording is played as fast as possible.",
        ),
        (shot(ended=True), StreamCondition(replay=1.0), False, "neutral", "ENDED", "The stream has ended."),
    ],
)
def test_what_comes_in_is_called_what_it_is(
    snapshot: Snapshot, stream: StreamCondition, paused: bool, tone: str, word: str, text: str
) -> None:
    strip = status_line(snapshot, stream, paused=paused)
    assert (strip.tone, strip.word, strip.text) == (tone, word, text)


@pytest.mark.parametrize(
    "stream", [StreamCondition(), OFF, StreamCondition(warning="a sink stopped"), StreamCondition(replay=1.0)]
)
@pytest.mark.parametrize(
    ("state", "left"),
    [
        (REST, "Resting baseline: 42 s to go"),
        (State("warming_up", "first window in 7 s", seconds_left=7.0), "First window in 7 s"),
        (State("warming_up", seconds_left=7.0), "Estimate in 7 s"),
    ],
)
def test_a_pause_hides_no_countdown_and_no_fault(stream: StreamCondition, state: State, left: str) -> None:
    strip = status_line(shot(state), stream, paused=True)
    assert left in strip.text
    assert "Only the trace stands still" in strip.text
    assert strip.word == ("NO USABLE ECG" if stream is OFF else "WARNING" if stream.warning else "PAUSED")
    assert strip.text.index(left) < strip.text.index("Only the trace")


def test_unusable_time_counts_from_the_last_usable_window() -> None:
    values = LiveValues(INFO)
    values.update(shot(predictions=(predicted(50.0),)), 0.0)
    assert values.status_line(shot(), 0.0).word == "LIVE"
    bad = replace(predicted(51.0), quality=Quality("unusable", ("flat line",)))
    values.update(shot(predictions=(bad,)), 0.0)
    assert values.status_line(shot(), 0.0) == StatusLine(
        "unusable", "NO USABLE ECG", "for 10 s: flat line. Check the electrodes"
    )
    values.update(shot(predictions=(predicted(59.0), replace(bad, stop=60.0))), 0.0)
    assert "for 1 s" in values.status_line(shot(), 0.0).text
    values.update(shot(predictions=(replace(predicted(60.0), quality=Quality("poor", ("noisy",))),)), 0.0)
    assert values.status_line(shot(), 0.0).word == "LIVE"


def test_a_signal_that_never_was_usable_counts_from_its_begin() -> None:
    values = LiveValues(INFO)
    values.update(shot(predictions=(replace(predicted(10.0), quality=Quality("unusable", ("noise",))),)), 0.0)
    assert values.status_line(shot(), 0.0).text == "for 60 s: noise. Check the electrodes"


@pytest.mark.parametrize(
    ("snapshot", "silent"),
    [
        (shot(age=2.0), 0.0),
        (shot(age=8.0), 8.0),
        (shot(State("lost", "lost, attempt 1"), age=2.0), 2.0),
        (shot(age=8.0, ended=True), 0.0),
        (shot(age=8.0, samples=0), 0.0),
    ],
)
def test_during_an_outage_lost_samples_and_the_recordings_clock_run_on(snapshot: Snapshot, silent: float) -> None:
    assert silence_duration(snapshot) == silent
    lost = LiveValues(INFO).lost_samples(snapshot)
    assert lost[0] == (f"≈ {round(silent * 1000):,}" if silent else "0")
    assert LiveValues(replace(INFO, replay=True)).lost_samples(replace(snapshot, lost=7))[0] == "7"
    begun = replace(snapshot, recording=RecordingStatus("a.xdf", seconds=61.0))
    strip = recording_indicator(begun, "", able=True, silent=silent)
    assert (strip.tone, strip.text.split("  ")[0]) == ("rec", f"0:01:{1 + int(silent):02d}")


def test_time_goes_on_without_samples_until_the_end() -> None:
    assert current_stream_time(shot(age=5.0)) == 65.0
    assert current_stream_time(shot(age=5.0, ended=True)) == 60.0
    assert current_stream_time(shot(age=math.inf, samples=0)) == 60.0


def test_the_spacing_of_predictions_survives_a_gap() -> None:
    values = LiveValues(INFO)
    for at in (10.0, 11.0, 12.0, 30.0):
        values.update(shot(predictions=(predicted(at),)), at)
    assert values.freshness(31.0) == Freshness(1.0, 1.0)


def test_warnings_fade_and_an_electrode_that_is_off_does_not() -> None:
    values = LiveValues(INFO)
    values.update(shot(events=(Gap(2000, 500, "radio"),)), 5.0)
    assert "Gap of 0.5 s (500 samples): radio" in values.warning(14.9)
    assert values.warning(15.1) == ""
    values.update(shot(events=(LeadOff(20000, off=True, electrodes=("RA",)),)), 20.0)
    assert "Lead off: RA" in values.warning(999.0)
    values.update(shot(events=(LeadOff(30000, off=False),)), 30.0)
    assert values.warning(30.0) == ""


def test_missing_markers_are_shown_until_they_come() -> None:
    values = LiveValues(INFO)
    values.update(shot(events=(State("markers_missing", "no marker stream Task"),)), 5.0)
    assert values.warning(9999.0) == "No marker stream Task"
    values.update(shot(events=(State("markers", "markers of Task come in"),)), 9999.0)
    assert (values.warning(9999.0), values.event) == ("", "Markers of Task come in")


def test_a_bridged_gap_is_shown_without_a_warning() -> None:
    values = LiveValues(INFO)
    values.update(shot(events=(Gap(2000, 20, "radio", bridged=True),)), 5.0)
    assert values.warning(5.0) == ""
    assert values.event == "0:00:02  Bridged gap of 0.02 s (20 samples): radio"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Battery(0.0, 0.41), "Battery 41 %"),
        (Marker(0.0, "stimulus"), "Marker: stimulus"),
        (Marker(0.0, "block/rest/start", 61.0), "0:01:01  Block rest begins"),
        (Marker(0.0, "block/a/b/abort"), "Block a/b is broken off"),
        (Marker(0.0, "undo/interval/cold pressor/stop"), "Undone: interval cold pressor ends"),
        (Marker(0.0, "undo/stimulus"), "Undone: stimulus"),
        (Marker(0.0, "block/rest/other"), "Marker: block/rest/other"),
        (State("warning", "The last row is cut short."), "The last row is cut short."),
        (State("streaming", "all is well"), ""),
        (
            SelfReportAnswer(
                "mood", "sam", 60.0, 66.0, (("valence", 7.0), ("arousal", None)), missing="skipped", raw=66.0
            ),
            "0:01:06  Self-report mood: valence 7, skipped",
        ),
        (REST, ""),
        (COMPLETE, "personal baseline complete: 6 windows"),
    ],
)
def test_events_in_words(event: StreamEvent, text: str) -> None:
    assert event_text(event, 1000.0) == text


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), float("-inf")])
def test_no_number_is_two_dashes(bad: float | None) -> None:
    assert number_text(bad) == "--"
    assert clock_text(bad if bad is not None else float("nan")) == "--"


def test_numbers_and_names() -> None:
    assert number_text(0.0184, factor=1000) == "18"
    assert clock_text(3725.9) == "1:02:05"
    assert title_text("mental_load") == "Mental load"


def test_a_countdown_is_shown_once() -> None:
    assert status_line(shot(REST), StreamCondition(), paused=False).text == "Resting baseline: 42 s to go"
    assert status_line(shot(COMPLETE), StreamCondition(), paused=False).text == "Personal baseline complete: 6 windows"
    counting = shot(State("warming_up", "first window in 7 s", seconds_left=7.0))
    assert status_line(counting, StreamCondition(), paused=False).text == "First window in 7 s"
    assert (
        status_line(shot(State("warming_up", seconds_left=7.0)), StreamCondition(), paused=False).text
        == "Estimate in 7 s"
    )
