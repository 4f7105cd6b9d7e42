"""The session: what goes from the source to the sinks, and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.events import PAUSE_CAUSE, Battery, Chunk, Gap, Marker, State
from ecg_live.model.bundle import Bundle
from ecg_live.model.predictor import Predictor
from ecg_live.results import Poll, Prediction, Summary, Trace
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from tests.support.chunk_cutting import cut
from tests.support.random_bundles import random_bundle
from tests.support.scripted_source import RATE, HandClock, Keep, Make, Script, Steps, last_two, of, paced
from tests.support.synthetic_signals import Tape, ecg, info


def test_a_whole_recording(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, source = make(paced(clock, 30), sink)
    session.run()
    predictions = of(sink, Prediction)
    assert [p.start for p in predictions if isinstance(p, Prediction)] == list(range(21))
    state, summary = last_two(sink)
    assert (state.state, state.detail) == ("ended", "end of the recording")
    assert summary == session.summary == Summary(7680, 0, 21, 21, 0, 29.0, 30 / 29)
    assert sum(isinstance(item, Summary) for item in sink.items) == 1
    assert (source.entered, source.left, sink.closed) == (1, 1, 1)
    assert session.error is None
    assert session.wait(0)


def test_raw_chunks_come_before_what_is_made_of_them(make: Make, clock: HandClock) -> None:
    sink = Keep()
    make([*paced(clock, 12), Marker(104.0, "here"), Battery(6.0, 0.5)], sink)[0].run()
    taken = 0
    for item in sink.items:
        if isinstance(item, Chunk):
            taken = item.stop
        elif isinstance(item, Trace | Prediction):
            stop = item.stop if isinstance(item, Prediction) else item.start + len(item.samples) / RATE
            assert stop <= taken / RATE
    assert [item for item in sink.items if isinstance(item, Marker | Battery)] == [
        Marker(104.0, "here", 4.0),
        Battery(6.0, 0.5),
    ]
    assert [chunk.start for chunk in sink.items if isinstance(chunk, Chunk)] == list(range(0, 12 * 256, 256))


def test_every_item_arrives_as_it_was(make: Make, clock: HandClock) -> None:
    sink = Keep()
    chunks = list(cut(ecg(11, RATE), RATE, [100] * 20))
    make(chunks, sink)[0].run()
    assert of(sink, Chunk) == chunks


def test_samples_and_lost_are_what_the_device_took(make: Make, clock: HandClock) -> None:
    x = ecg(40, RATE)
    x[256 * 15 : 256 * 18] = np.nan
    x[256 * 25 : 256 * 25 + 5] = np.inf
    x[-77:] = np.nan
    sink = Keep()
    tape = Tape(x, RATE, ((256 * 30, 9), (256 * 33, 300)))
    session, _ = make(tape.items([100] * 300), sink)
    session.run()
    summary = last_two(sink)[1]
    assert summary.samples + summary.lost == len(x)
    assert summary.lost == 3 * 256 + 5 + 77 + 9 + 300
    gaps = [gap for gap in sink.items if isinstance(gap, Gap)]
    assert [(gap.lost, gap.bridged) for gap in gaps] == [(768, False), (5, True), (9, True), (300, False), (77, False)]
    assert summary.predictions == len(of(sink, Prediction))
    shot, _ = session.poll(Poll())
    assert (shot.samples, shot.lost) == (summary.samples, summary.lost)


def test_a_gap_that_the_adapter_reports_is_reported_once(make: Make) -> None:
    sink = Keep()
    before, after = Tape(ecg(11, RATE), RATE, ((1000, 200),)).items()
    make([before, Gap(1000, 200, "radio lost"), after], sink)[0].run()
    assert of(sink, Gap) == [Gap(1000, 200, "radio lost")]


def test_a_pause_between_the_parts_of_a_file_is_not_lost(make: Make) -> None:
    x = ecg(30, RATE)
    x[256 * 12 - 50 : 256 * 12] = np.nan  # invalid samples before the pause are
    before, after = Tape(x, RATE, ((256 * 12, 256 * 6),)).items()
    sink = Keep()
    session, _ = make([before, Gap(256 * 12, 256 * 6, f"{PAUSE_CAUSE}, next film"), after], sink)
    session.run()
    summary = last_two(sink)[1]
    assert (summary.samples, summary.lost, summary.paused) == (256 * 24 - 50, 50, 256 * 6)
    assert [gap.lost for gap in sink.items if isinstance(gap, Gap)] == [256 * 6 + 50]
    assert session.poll(Poll())[0].lost == 50


def test_abstentions_are_predictions_too(make: Make, clock: HandClock) -> None:
    sink = Keep()
    session, _ = make(paced(clock, 25, np.zeros((25 * 256, 1))), sink)
    session.run()
    assert session.summary is not None
    assert (session.summary.windows, session.summary.predictions, session.summary.abstained) == (16, 16, 16)
    for item in of(sink, Prediction):
        assert isinstance(item, Prediction)
        assert all(head.abstain and "flat line" in head.abstain for head in item.heads.values())


def test_five_seconds_of_signal(make: Make) -> None:
    sink = Keep()
    session, _ = make(cut(ecg(5, RATE), RATE, ()), sink)
    session.run()
    assert session.error is None
    assert last_two(sink)[1].windows == 0
    assert any(isinstance(item, State) and item.state == "warming_up" for item in sink.items)


def test_no_samples_at_all(make: Make) -> None:
    sink = Keep()
    make([], sink)[0].run()
    assert sink.items[1:] == [Summary(0, 0, 0, 0, 0, 0.0, 0.0)]


def test_latency_counts_from_the_arrival_of_the_chunk_that_completes_the_window(make: Make, clock: HandClock) -> None:
    x = ecg(12, RATE)

    def steps() -> Steps:
        for chunk in cut(x, RATE, [256] * 11):
            clock.wait(1.0)
            arrived = clock.now
            clock.wait(0.25)  # it waited in a queue
            yield Chunk(chunk.samples, chunk.start, chunk.time, arrived)

    sink = Keep()
    make(steps(), sink)[0].run()
    assert [p.latency for p in sink.items if isinstance(p, Prediction)] == pytest.approx([0.25] * 3)
    sink = Keep()
    make(cut(x, RATE, [256] * 11), sink)[0].run()  # arrival unknown: when the session took it
    assert [p.latency for p in sink.items if isinstance(p, Prediction)] == [0.0] * 3


def test_a_window_that_a_gap_held_back_is_as_late_as_it_is(random_model: Bundle, clock: HandClock) -> None:
    """The resampler holds the last 39 ms until the gap is over: what then comes out is 8 s old, and says so."""

    def steps() -> Steps:
        for second, chunk in enumerate(Tape(ecg(19, 512), 512, ((10 * 512, 8 * 512),)).items([512] * 9)):
            clock.wait(1.0 if second < 10 else 9.0)
            yield chunk

    sink, source = Keep(), Script(info(512.0), steps())
    Session(source, SignalPath(source.info), Predictor(random_model), random_model.head_infos, [sink], clock).run()
    assert [p.latency for p in sink.items if isinstance(p, Prediction)] == pytest.approx([9.0])


def test_a_prediction_carries_its_window(make: Make, clock: HandClock) -> None:
    sink = Keep()
    make(paced(clock, 12), sink)[0].run()
    for item in of(sink, Prediction):
        assert isinstance(item, Prediction)
        assert item.stop - item.start == 10
        assert item.time == pytest.approx(100 + item.start)
        assert item.heart_rate == pytest.approx(72, abs=1)
        assert item.quality.grade == "good"
        assert all(item.start <= beat < item.stop for beat in item.beats)
        assert set(item.heads) == {"mental_load", "emotion"}


def with_baseline(model: Bundle, clock: HandClock, seconds: float) -> Keep:
    """What a session with 30 s of baseline gives."""
    sink, source = Keep(), Script(info(RATE), paced(clock, seconds))
    predictor = Predictor(model, baseline=30.0)
    Session(source, SignalPath(source.info), predictor, model.head_infos, [sink], clock).run()
    return sink


def test_a_baseline_counts_down_after_each_prediction_and_ends_once(clock: HandClock) -> None:
    sink = with_baseline(random_bundle(personal={"mental_load": "hrv"}), clock, 45)
    told = [item for item in sink.items if isinstance(item, State) and item.state == "baseline"]
    assert [state.seconds_left for state in told] == [*(20.0 - k for k in range(20)), None]
    assert told[-1].detail == "personal baseline complete: 3 windows"
    order = [item for item in sink.items if isinstance(item, Prediction) or item in told]
    assert [type(item) for item in order[:42]] == [Prediction, State] * 21
    sets = [item.heads["mental_load"].set for item in order if isinstance(item, Prediction)]
    assert sets == ["population"] * 21 + ["personal"] * 15


def test_heads_without_a_personal_set_are_named_at_the_start(random_model: Bundle, clock: HandClock) -> None:
    sink = with_baseline(random_model, clock, 12)
    assert [(item.state, item.detail) for item in sink.items[:2] if isinstance(item, State)] == [
        ("warning", f"head {name} has no personal set: a baseline changes nothing") for name in random_model.heads
    ]
    assert not any(isinstance(item, State) and item.state == "baseline" for item in sink.items)
