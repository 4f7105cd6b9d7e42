"""The predictor with an adaptive set: which set answers when, on what, and that training has the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from ecg_live.model.adaptive import RunningMean
from ecg_live.model.bundle import Bundle, load_bundle, save_bundle
from ecg_live.model.calibrated_head import AdaptiveHead
from ecg_live.model.chance import FEATURE_TEXTS
from ecg_live.model.features import combine_features, hrv_features
from ecg_live.model.predictor import GETTING_TO_KNOW, Predictor
from ecg_live.results import HeadResult, Quality, Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.chunk_cutting import cut, sizes
from tests.support.random_bundles import random_bundle
from tests.support.synthetic_signals import Tape, ecg, info, play
from training.data.adaptive_features import earlier_windows
from training.data.window_orders import PlacedWindows, window_order

BAD = Quality("unusable", ("flat line",))
SECONDS = 70


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return random_bundle(adaptive={"mental_load": "both"}, personal={"mental_load": "both"})


@cache
def made(hop: float = 1.0, lost: tuple[tuple[int, int], ...] = ()) -> list[Window]:
    return play(SignalPath(info(256.0), hop), Tape(ecg(SECONDS, 256), 256, lost).items()).windows


def answers(predictor: Predictor, windows: list[Window], head: str = "mental_load") -> dict[float, HeadResult]:
    """What a head answers, by where the window begins."""
    return {window.start: predictor.predict(window)[head] for window in windows}


def test_the_adaptive_set_takes_over_once_it_knows_enough_and_hands_over_to_the_personal_one(bundle: Bundle) -> None:
    found = answers(Predictor(bundle, baseline=30.0), made())
    for start, result in found.items():
        assert result.set == ("adaptive" if start <= 20 else "personal")
        assert (result.abstain == GETTING_TO_KNOW) == (start < 10)
    assert [found[float(start)].seconds_left for start in range(11)] == [10.0 - k for k in range(10)] + [None]


def test_a_head_without_such_a_set_answers_as_before(bundle: Bundle) -> None:
    plain = random_bundle(personal={"mental_load": "both"})
    for window in made()[::9]:
        assert Predictor(bundle).predict(window)["emotion"].set == "population"
        result = Predictor(plain).predict(window)["mental_load"]
        assert (result.set, result.abstain, result.seconds_left) == ("population", None, None)


def test_a_set_that_its_card_does_not_show_to_beat_chance_does_not_take_over(bundle: Bundle) -> None:
    card = bundle.card.heads["mental_load"]
    rows = [row for row in card.scores["rows"] if row["features"] != FEATURE_TEXTS["both"]]
    scores = {**card.scores, "rows": rows}
    heads = {**bundle.card.heads, "mental_load": replace(card, scores=scores)}
    mute = Bundle(replace(bundle.card, heads=heads), bundle.encoder, bundle.heads)
    assert {result.set for result in answers(Predictor(mute), made()[:30]).values()} == {"population"}
    shown = answers(Predictor(mute, show_unproven=True), made()[:30])
    assert {result.set for result in shown.values()} == {"adaptive"}


@pytest.mark.parametrize("hop", [0.5, 2.0, 5.0, 10.0])
def test_the_answer_for_a_window_is_the_same_at_any_hop(bundle: Bundle, hop: float) -> None:
    every, some = answers(Predictor(bundle), made()), answers(Predictor(bundle, hop), made(hop))
    for start in np.arange(0.0, SECONDS - 10, 10.0).tolist():
        assert some[start].abstain == every[start].abstain
        assert some[start].probs == pytest.approx(every[start].probs, abs=1e-6)  # embeddings in other steps


def test_live_and_training_have_the_same_features_to_the_bit(bundle: Bundle) -> None:
    """And so the same probabilities: live window by window, in training all windows at once."""
    predictor, windows = Predictor(bundle, 10.0), made(10.0)
    head = bundle.heads["mental_load"]["adaptive"]
    rows, live = [], []
    for window in windows:
        live.append(predictor.predict(window)["mental_load"])
        embedding = predictor.features[None].astype(np.float64)
        rows.append(combine_features(embedding, hrv_features(window)[None], "both"))
    assert isinstance(head, AdaptiveHead)
    x, subject = np.concatenate(rows), np.full(len(rows), "p")
    placed = PlacedWindows(subject, subject, np.array([each.start for each in windows]), np.zeros(len(x), np.int64))
    relative = earlier_windows(x, subject, window_order(placed, "natural")).relative(x, head.centre)
    for probs, result in zip(head(relative).tolist()[1:], live[1:], strict=True):
        assert result.probs is not None
        assert list(result.probs.values()) == probs


def test_unusable_windows_teach_nothing(bundle: Bundle) -> None:
    spoilt = [replace(window, quality=BAD) if window.start < 25 else window for window in made()]
    found = answers(Predictor(bundle), spoilt)
    assert found[24.0].abstain == "unusable signal: flat line"
    assert found[34.0].abstain == GETTING_TO_KNOW
    assert found[35.0].abstain is None


def test_it_is_kept_over_a_gap(bundle: Bundle) -> None:
    windows = made(lost=((256 * 25, 256 * 8),))
    after = [result for start, result in answers(Predictor(bundle), windows).items() if start > 25]
    assert after
    assert all(result.abstain is None for result in after)


@settings(max_examples=4, deadline=None)
@given(into=sizes(longest=6000))
def test_chunks_change_nothing(into: list[int]) -> None:
    model = random_bundle(adaptive={"mental_load": "hrv"})
    other = play(SignalPath(info(256.0)), cut(ecg(SECONDS, 256), 256, into)).windows
    assert answers(Predictor(model), made()) == answers(Predictor(model), other)


def test_what_is_known_of_the_wearer_goes_on_in_another_predictor(bundle: Bundle) -> None:
    first, second = Predictor(bundle), Predictor(bundle)
    answers(first, made()[:30])
    second.running_mean = RunningMean.from_plain(json.loads(json.dumps(first.running_mean.kept().to_plain())))
    found = answers(second, made())
    assert all(result.abstain is None for result in found.values())  # from the first window on
    assert answers(Predictor(bundle), made())[0.0].abstain == GETTING_TO_KNOW  # another wearer


def test_a_bundle_keeps_the_set(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "adaptive.safetensors"
    save_bundle(bundle, path)
    again = load_bundle(path)
    head = again.heads["mental_load"]["adaptive"]
    assert isinstance(head, AdaptiveHead)
    assert answers(Predictor(again), made()) == answers(Predictor(bundle), made())
