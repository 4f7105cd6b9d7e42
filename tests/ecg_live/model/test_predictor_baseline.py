"""The predictor with a baseline: who answers when, and on what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings

from ecg_live.events import State
from ecg_live.model.baseline import baseline_normalise
from ecg_live.model.bundle import Bundle, HeadCard, ModelCard
from ecg_live.model.calibrated_head import PersonalHead
from ecg_live.model.engine.embedders import StreamingEmbedder
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.features import FeatureKind, combine_features, hrv_features
from ecg_live.model.predictor import Predictor
from ecg_live.results import HeadResult, Quality, Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.chunk_cutting import cut, sizes
from tests.support.random_bundles import LOAD, random_bundle, random_head, random_weights, scores_above_chance
from tests.support.synthetic_signals import Tape, ecg, info, play

BAD = Quality("unusable", ("flat line",))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return random_bundle(personal={"mental_load": "both"})


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    return made()


@cache
def made(hop: float = 1.0, lost: tuple[tuple[int, int], ...] = ()) -> list[Window]:
    return play(SignalPath(info(256.0), hop), Tape(ecg(60, 256), 256, lost).items()).windows


def answers(predictor: Predictor, windows: list[Window]) -> Iterator[tuple[float, dict[str, HeadResult], State | None]]:
    """Where each window stops, what the heads say, and the news."""
    for window in windows:
        yield window.stop, predictor.predict(window), predictor.baseline_event


def personal_from(predictor: Predictor, windows: list[Window]) -> float | None:
    """Stop of the first window that the personal set of mental load was asked about; from then on it always was."""
    asked = [(stop, heads["mental_load"].set) for stop, heads, _ in answers(predictor, windows)]
    first = next((stop for stop, which in asked if which == "personal"), None)
    assert all((which == "personal") == (first is not None and stop >= first) for stop, which in asked)
    return first


def test_population_until_the_baseline_is_complete_and_personal_from_then_on(
    bundle: Bundle, windows: list[Window]
) -> None:
    plain = Predictor(bundle)
    for stop, heads, _ in answers(predictor := Predictor(bundle, baseline=30.0), windows):
        same = plain.predict(windows[int(stop) - 10])
        assert (heads["mental_load"].set, heads["emotion"].set) == (
            "population" if stop <= 30 else "personal",
            "population",
        )
        assert (heads["mental_load"] == same["mental_load"]) == (stop <= 30)
        assert heads["emotion"] == same["emotion"]
    assert predictor.heads_without_personal_set == ("emotion",)


def test_personal_probabilities_are_those_of_the_formula(bundle: Bundle, windows: list[Window]) -> None:
    engine, head = StreamingEmbedder(open_engine(bundle)), bundle.heads["mental_load"]["personal"]
    assert isinstance(head, PersonalHead)
    rows = [combine_features(engine.features(w).astype(np.float64), hrv_features(w)[None], "both") for w in windows]
    x = baseline_normalise(rows[-1], np.concatenate([rows[0], rows[10], rows[20]]), head.spread)
    expected = head(x)[0].tolist()
    *_, (_, heads, _) = answers(Predictor(bundle, baseline=30.0), windows)
    assert heads["mental_load"].probs == dict(zip(LOAD, expected, strict=True))


def test_the_news_count_down_and_end_once(bundle: Bundle, windows: list[Window]) -> None:
    news = [state for _, _, state in answers(Predictor(bundle, baseline=30.0), windows)]
    assert [state.seconds_left for state in news[:20] if state] == [20.0 - k for k in range(20)]
    told = [(state.state, state.detail) for state in news if state]
    assert told[2] == ("baseline", "resting baseline: 18 s to go")
    assert told[20:] == [("baseline", "personal baseline complete: 3 windows")]
    assert news[20] is not None
    assert news[20].seconds_left is None
    assert [state.time for state in news if state] == pytest.approx([w.time + 10 for w in windows[:21]])


def test_without_a_baseline_or_a_personal_set_nothing_is_new(bundle: Bundle, windows: list[Window]) -> None:
    for predictor in (Predictor(bundle), Predictor(random_bundle(), baseline=30.0)):
        for _, heads, news in answers(predictor, windows[::7]):
            assert news is None
            assert {result.set for result in heads.values()} == {"population"}
    assert Predictor(bundle).heads_without_personal_set == ()
    assert Predictor(random_bundle(), baseline=30.0).heads_without_personal_set == ("mental_load", "emotion")


@pytest.mark.parametrize("hop", [0.5, 1.0, 2.0, 10.0])
def test_a_baseline_ends_at_the_same_time_whatever_the_hop(bundle: Bundle, hop: float) -> None:
    assert personal_from(Predictor(bundle, hop, 40.0), made(hop)) == 40 + hop


def test_unusable_windows_at_the_start_are_no_rest(bundle: Bundle, windows: list[Window]) -> None:
    spoilt = [replace(w, quality=BAD) if w.start < 7 else w for w in windows]
    assert personal_from(Predictor(bundle, baseline=30.0), spoilt) == 38
    bridged = [replace(w, bridged=0.03) if w.start < 7 else w for w in windows]
    assert personal_from(Predictor(bundle, baseline=30.0), bridged) == 38
    assert personal_from(Predictor(bundle, baseline=30.0), [replace(w, quality=BAD) for w in windows]) is None


def test_a_baseline_across_a_gap_goes_on_behind_it(bundle: Bundle) -> None:
    windows = made(lost=((256 * 15, 256 * 8),))  # 15 s, then a hole of 8 s: windows again from 23 s on
    assert personal_from(Predictor(bundle, baseline=30.0), windows) == 44  # [0, 10), [23, 33), [33, 43)
    assert personal_from(Predictor(bundle, baseline=50.0), windows) == 51


@settings(max_examples=5, deadline=None)
@given(into=sizes(longest=6000))
def test_however_the_stream_is_cut_the_answers_are_the_same(
    bundle: Bundle, windows: list[Window], into: list[int]
) -> None:
    other = play(SignalPath(info(256.0)), cut(ecg(60, 256), 256, into)).windows
    both = [answers(Predictor(bundle, baseline=30.0), each) for each in (windows, other)]
    for (stop, heads, news), (same_stop, same_heads, same_news) in zip(*both, strict=True):
        assert (stop, heads) == (same_stop, same_heads)
        assert (news and news.detail) == (same_news and same_news.detail)


def test_a_head_on_beats_alone_abstains_without_them_and_one_on_both_does_not(windows: list[Window]) -> None:
    kinds: dict[str, FeatureKind] = {"beats": "hrv", "both": "both"}
    cards = {
        name: HeadCard(LOAD, inputs={"population": kind}, scores=scores_above_chance()) for name, kind in kinds.items()
    }
    heads = {name: {"population": random_head(2, inputs=kind)} for name, kind in kinds.items()}
    predictor = Predictor(Bundle(ModelCard("beats", "valid", cards), random_weights(np.random.default_rng(0)), heads))
    found = predictor.predict(windows[0])
    assert all(result.probs for result in found.values())
    found = predictor.predict(replace(windows[1], beats=()))
    assert found["beats"].abstain == "no plausible heart beats"
    assert found["both"].probs
    assert not any(np.isnan(p) for p in found["both"].probs.values())


def test_it_abstains_outside_the_personal_training_range(bundle: Bundle, windows: list[Window]) -> None:
    strict = random_bundle(personal={"mental_load": "both"})
    strict.heads["mental_load"]["personal"].limit.fill(0.0)
    *_, (_, heads, _) = answers(Predictor(strict, baseline=30.0), windows)
    assert heads["mental_load"] == HeadResult(None, None, "signal unlike the training data", "personal")
    assert heads["emotion"].abstain is None
