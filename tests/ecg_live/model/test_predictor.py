"""The predictor: streaming or whole windows, answers or reasons for none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.events import F32
from ecg_live.model.baseline import Baseline
from ecg_live.model.bundle import Bundle
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.encoder_kinds import torch_encoder
from ecg_live.model.engine.embedders import StreamingEmbedder, WindowEmbedder
from ecg_live.model.engine.open_engine import open_engine
from ecg_live.model.predictor import Predictor
from ecg_live.results import Quality, Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.random_bundles import EMOTION, LOAD, random_bundle
from tests.support.synthetic_signals import Tape, ecg, info, play

ROUNDING = 4e-6  # of the largest feature: float32 sums of up to 1,024 products in another order, 2**-23 * 1024**0.5


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return random_bundle()


@cache
def made(hop: float = 1.0, lost: tuple[tuple[int, int], ...] = ()) -> tuple[Window, ...]:
    return tuple(play(SignalPath(info(256.0), hop), Tape(ecg(45, 256), 256, lost).items()).windows)


def streaming(bundle: Bundle) -> StreamingEmbedder:
    return StreamingEmbedder(open_engine(bundle))


def features(engine: StreamingEmbedder | WindowEmbedder, windows: Iterable[Window]) -> F32:
    return np.concatenate([engine.features(window) for window in windows])


@torch.no_grad()
def plain(bundle: Bundle, windows: Iterable[Window]) -> F32:
    """Features of whole windows through Conv1d, one window at a time."""
    encoder = torch_encoder(bundle)
    assert isinstance(encoder, ConvEncoder)
    out = []
    for window in windows:
        y = torch.from_numpy(window.data)[None, None]
        for i, conv in enumerate(encoder.convs):
            y = F.leaky_relu(F.conv1d(y, conv.weight[:, :, 0], conv.bias), 0.2)  # type: ignore[index, arg-type]  # ModuleList forgets the class
            y = F.max_pool1d(y, 8, 2) if i in {1, 3} else y
        out.append(y.amax(dim=2))
    return np.asarray(torch.cat(out).numpy())


@pytest.mark.parametrize("hop", [1.0, 2.0, 10.0])
def test_streaming_is_equal_to_whole_windows(bundle: Bundle, hop: float) -> None:
    windows = made(hop)
    streamed, whole = features(streaming(bundle), windows), plain(bundle, windows)
    assert np.abs(streamed - whole).max() < ROUNDING * np.abs(whole).max()
    assert np.abs(features(WindowEmbedder(open_engine(bundle)), windows) - whole).max() < ROUNDING * np.abs(whole).max()


def test_streaming_gives_the_same_bits_however_a_window_is_reached(bundle: Bundle) -> None:
    every, tenth = made(1.0), made(10.0)
    by_first = {window.first: row for window, row in zip(every, features(streaming(bundle), every), strict=True)}
    for window, row in zip(tenth, features(streaming(bundle), tenth), strict=True):
        if window.data.tobytes() == every[window.first // 256].data.tobytes():
            assert np.array_equal(row, by_first[window.first])
    assert len(tenth) == 4
    assert np.array_equal(features(streaming(bundle), every), features(streaming(bundle), every))


@pytest.mark.parametrize(
    "at", [10.3, 11.5, 20.3]
)  # s: also where the new segment's first window ends where the old one did
def test_a_new_segment_starts_as_if_nothing_had_been_before(bundle: Bundle, at: float) -> None:
    windows = made(lost=((round(256 * at), 300),))
    assert {window.segment for window in windows} == {0, 1}
    engine = streaming(bundle)
    both = features(engine, windows)
    second = [window for window in windows if window.segment == 1]
    assert np.array_equal(both[-len(second) :], features(streaming(bundle), second))
    whole = plain(bundle, windows)
    assert np.abs(both - whole).max() < ROUNDING * np.abs(whole).max()


def test_a_window_asked_for_twice_or_after_a_pause_is_answered_the_same(bundle: Bundle) -> None:
    windows = made()
    engine = streaming(bundle)
    first = features(engine, windows[:3])
    assert np.array_equal(engine.features(windows[2])[0], first[2])
    later = engine.features(windows[25])
    whole = plain(bundle, [windows[25]])
    assert np.abs(later - whole).max() < ROUNDING * np.abs(whole).max()


def test_features_that_a_screen_keeps_for_an_hour_own_their_memory(bundle: Bundle) -> None:
    predictor = Predictor(bundle)
    first, second = (predictor.predict(window) and predictor.features for window in made()[:2])
    assert isinstance(first, np.ndarray)
    assert isinstance(second, np.ndarray)
    assert first.flags.owndata
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize(
    ("padding", "hop", "engine"),
    [
        ("valid", 1, StreamingEmbedder),
        ("valid", 10, StreamingEmbedder),
        ("valid", 0.5, WindowEmbedder),
        ("valid", 2.5, WindowEmbedder),
        ("same", 1, WindowEmbedder),
    ],
)
def test_what_cannot_be_streamed_goes_window_by_window(padding: str, hop: float, engine: type) -> None:
    predictor = Predictor(random_bundle("same" if padding == "same" else "valid"), hop)
    assert isinstance(predictor.engine, engine)
    window = made(hop)[0]
    assert set(predictor.predict(window)) == {"mental_load", "emotion"}


def test_every_head_answers_in_its_own_classes(bundle: Bundle) -> None:
    for window in made():
        for (name, result), classes in zip(Predictor(bundle).predict(window).items(), (LOAD, EMOTION), strict=True):
            assert name in bundle.heads
            assert result.abstain is None
            assert result.probs is not None
            assert tuple(result.probs) == classes
            assert sum(result.probs.values()) == pytest.approx(1, abs=1e-6)
            assert result.label == max(result.probs, key=lambda label: result.probs[label])  # type: ignore[index]  # checked above


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quality": Quality("unusable", ("flat line", "electrode off"))}, "unusable signal: flat line, electrode off"),
        ({"bridged": 0.0201}, "2.0% of the samples bridged (limit 2%)"),
        ({"data": np.full(2560, 1e30, np.float32)}, "signal unlike the training data"),
    ],
)
def test_it_abstains_with_a_reason(bundle: Bundle, change: dict[str, Quality | float], reason: str) -> None:
    results = Predictor(bundle).predict(replace(made()[0], **change))  # type: ignore[arg-type]  # a mixed dict
    assert len(results) == 2
    for result in results.values():
        assert (result.probs, result.label, result.abstain) == (None, None, reason)


def test_it_answers_at_the_limits(bundle: Bundle) -> None:
    fine = replace(made()[0], quality=Quality("poor", ("baseline wander",)), bridged=0.02)
    assert all(result.abstain is None for result in Predictor(bundle).predict(fine).values())


def test_it_abstains_outside_the_training_range_head_by_head(bundle: Bundle) -> None:
    strict = random_bundle(limit=1e9)
    window = made()[0]
    emotion = strict.heads["emotion"]["population"]
    (distance,) = emotion.distance(streaming(strict).features(window))
    emotion.limit.fill(float(distance) * 0.999)
    results = Predictor(strict).predict(window)
    assert results["emotion"].abstain == "signal unlike the training data"
    assert results["mental_load"].abstain is None
    emotion.limit.fill(float(distance) * 1.001)
    assert Predictor(strict).predict(window)["emotion"].abstain is None


def test_an_abstention_in_between_changes_no_answer_after_it(bundle: Bundle) -> None:
    windows = made()
    bad_ones = [replace(window, quality=Quality("unusable", ("flat line",))) for window in windows[3:6]]
    spoilt = [*windows[:3], *bad_ones, *windows[6:]]
    one, other = Predictor(bundle), Predictor(bundle)
    for k, (window, bad) in enumerate(zip(windows, spoilt, strict=True)):
        answer, second = one.predict(window), other.predict(bad)
        assert (answer == second) == (not 3 <= k < 6)


def test_a_baseline_of_before_gives_the_answers_of_the_session_that_made_it() -> None:
    personal = random_bundle(personal={"mental_load": "both", "emotion": "hrv"})
    windows = made()
    first = Predictor(personal, baseline=30.0)
    answers = [first.predict(window) for window in windows]
    begun = next(k for k, answer in enumerate(answers) if answer["emotion"].set == "personal")
    assert first.baseline is not None
    later = Predictor(personal)
    later.resume(Baseline.known(first.baseline.embeddings, first.baseline.hrv), "of before")
    again, news = [], []
    for window in windows:
        again.append(later.predict(window))
        news.append(later.baseline_event)
    assert [each and each.detail for each in news] == ["of before"] + [None] * (len(windows) - 1)
    assert again[begun:] == answers[begun:]
    assert again[0]["emotion"].set == "personal"
    assert not later.baseline_pending


def test_a_baseline_is_handed_out_once_it_is_complete_and_gives_way_to_a_new_one() -> None:
    predictor = Predictor(random_bundle(personal={"mental_load": "both"}), baseline=30.0)
    for window in made()[:20]:
        predictor.predict(window)
    assert predictor.baseline is None
    predictor.resume(known := Baseline.known(np.ones((3, 128)), np.ones((3, 3))))
    assert predictor.baseline is known
    predictor.begin_baseline(30.0)
    assert predictor.baseline_pending
    assert predictor.baseline is None


@pytest.mark.parametrize(
    ("embeddings", "hrv"), [((2, 128), (2, 3)), ((3, 128), (3, 2)), ((4, 128), (3, 3)), ((3,), (3,))]
)
def test_a_baseline_of_another_shape_is_refused(embeddings: tuple[int, ...], hrv: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected at least 3"):
        Baseline.known(np.ones(embeddings), np.ones(hrv))
