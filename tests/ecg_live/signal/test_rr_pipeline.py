"""A strap's beats to heart rate and RMSSD; and a session of them."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.constants import NO_ECG
from ecg_live.events import Battery, Beats, LeadOff, State, StreamInfo
from ecg_live.model.bundle import Bundle
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadInfo, Poll, Prediction, Quality, Summary
from ecg_live.session import Session
from ecg_live.signal.rr_pipeline import RrPath
from tests.support.scripted_source import HandClock, Keep, Script, of


def told(rr: list[float], period: float = 1.0, began: float = 500.0, rate: float = 72.0) -> list[Beats]:
    """One word a period, with the intervals that ended by then."""
    ends = np.cumsum(rr)
    words = []
    for k in range(round(ends[-1] / period)):
        inside = (ends > (k - 1) * period) & (ends <= k * period)
        words.append(Beats(began + k * period, rate, tuple(np.array(rr)[inside].tolist())))
    return words


def play(words: list[Beats | LeadOff | Battery], hop: float = 1.0) -> tuple[list[Prediction], list[State]]:
    path = RrPath([HeadInfo("mental_load", ("rest", "load")), HeadInfo("stress", (), (0.0, 10.0))], hop)
    made = [item for word in words for item in path.push(word)] + list(path.flush())
    return [item for item in made if isinstance(item, Prediction)], [item for item in made if isinstance(item, State)]


def test_heart_rate_after_ten_seconds_and_rmssd_after_enough_intervals() -> None:
    rr = [0.80, 0.85] * 40
    predictions, states = play([*told(rr)])
    assert [round(item.stop) for item in predictions] == list(range(10, 66))
    assert [state.seconds_left for state in states] == [10 - k for k in range(10)]
    assert {state.state for state in states} == {"warming_up"}
    assert all(item.heart_rate == pytest.approx(60 / 0.825, abs=1) for item in predictions)
    assert predictions[10].rmssd is None
    assert predictions[-1].rmssd == pytest.approx(50, abs=0.1)
    assert predictions[-1].start == predictions[-1].stop - 30
    assert predictions[-1].time == pytest.approx(500 + predictions[-1].start)
    assert {item.quality for item in predictions} == {Quality("good")}
    heads = predictions[0].heads
    assert list(heads) == ["mental_load", "stress"]
    assert [each.scale for each in heads.values()] == [None, (0.0, 10.0)]
    assert {(head.probs, head.label, head.abstain) for head in heads.values()} == {(None, None, NO_ECG)}


def test_an_artefact_changes_neither() -> None:
    rr = [0.80, 0.85] * 40
    clean, _ = play([*told(rr)])
    rr[30], rr[31] = 0.35, 1.30
    dirty, _ = play([*told(rr)])
    assert dirty[-1].rmssd == pytest.approx(clean[-1].rmssd, abs=0.1)
    assert max(abs((a.heart_rate or 0) - (b.heart_rate or 0)) for a, b in zip(clean, dirty, strict=True)) < 1


def test_a_strap_without_intervals_reports_its_heart_rate() -> None:
    predictions, _ = play([Beats(500.0 + k, 64.0) for k in range(40)])
    assert {(item.heart_rate, item.rmssd) for item in predictions} == {(64.0, None)}


@pytest.mark.parametrize("rate", [0.0, 255.0])
def test_no_plausible_heart_rate(rate: float) -> None:
    predictions, _ = play([Beats(500.0 + k, rate) for k in range(20)])
    assert {(item.heart_rate, item.quality) for item in predictions} == {
        (None, Quality("unusable", ("no plausible heartbeat",)))
    }


def test_irregular_beats_are_poor() -> None:
    rr = np.random.default_rng(0).choice([0.5, 0.8, 1.2], 100).tolist()
    predictions, _ = play([*told(rr)])
    assert predictions[-1].quality == Quality("poor", ("irregular beats",))


def test_off_the_skin_nothing_is_reported() -> None:
    words = told([0.8] * 60)
    predictions, _ = play([*words[:20], LeadOff(0, off=True), *words[20:30], LeadOff(0, off=False), *words[30:]])
    assert [item.quality.grade for item in predictions] == ["good"] * 10 + ["unusable"] * 10 + ["good"] * 18
    assert predictions[12].heart_rate is None


def test_after_a_silence_it_begins_again() -> None:
    words = [*told([0.8] * 50), *told([1.0] * 50, began=560.0)]
    predictions, states = play([*words])
    assert [round(item.stop) for item in predictions] == [*range(10, 40), *range(70, 110)]
    assert [state.state for state in states] == ["warming_up"] * 10 + ["gap"] * 10
    assert predictions[30].start == pytest.approx(60)
    assert predictions[30].heart_rate == pytest.approx(60)


@pytest.mark.parametrize(
    ("period", "hop", "apart"), [(0.5, 1.0, 1.0), (1.0, 1.0, 1.0), (0.83, 1.0, 0.83), (1.0, 5.0, 4.0)]
)
def test_one_prediction_a_hop(period: float, hop: float, apart: float) -> None:
    predictions, _ = play([*told([0.8] * 80, period)], hop)
    assert np.diff([item.stop for item in predictions]) == pytest.approx(apart)


def test_session_of_a_strap(random_model: Bundle, clock: HandClock) -> None:
    keep, words = Keep(), told([0.80, 0.85] * 40, began=1000.0)

    def steps() -> list[object]:
        return [step for word in words for step in (lambda: clock.wait(1.0), word)]

    source = Script(StreamInfo(0.0, (), name="strap"), steps())  # type: ignore[arg-type]
    path = RrPath(random_model.head_infos)
    predictor = Predictor(random_model, baseline=30)
    session = Session(source, path, predictor, random_model.head_infos, [keep], clock, seconds=40)
    session.run()
    assert session.error is None
    assert len(of(keep, Beats)) == 41
    warnings = [item.detail for item in keep.items if isinstance(item, State) and item.state == "warning"]
    assert warnings == ["no ECG on this device: a baseline changes nothing"]
    predictions = [item for item in keep.items if isinstance(item, Prediction)]
    assert len(predictions) == 31
    assert {item.latency for item in predictions} == {1.0}
    summary = keep.items[-1]
    assert isinstance(summary, Summary)
    assert (summary.samples, summary.predictions, summary.abstained, summary.speed) == (41, 31, 31, 1.0)
    snapshot, _ = session.poll(Poll())
    assert snapshot.now == pytest.approx(40)
    assert snapshot.age == 0
    assert snapshot.samples == 41
