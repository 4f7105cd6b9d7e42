"""A head that gives a number: beside heads with classes in one file, on its scale, with its interval."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_live.errors import BundleError
from ecg_live.model.bundle import load_bundle, save_bundle
from ecg_live.model.card import HeadCard
from ecg_live.model.chance import NOT_SHOWN, answering_sets, describe_evidence
from ecg_live.model.predictor import OUTSIDE_TRAINING_RANGE, Predictor
from ecg_live.results import HeadInfo, Quality, Window
from tests.support.random_bundles import add_rating_head, random_bundle, rating_scores


def window(k: int, rate: float = 60.0) -> Window:
    """The k-th window of ten seconds, with regular beats."""
    beats = tuple(10.0 * k + 60 / rate * i + 0.01 * (i % 2) for i in range(int(10 * rate / 60)))
    data = np.random.default_rng(k).standard_normal(2560).astype(np.float32)
    return Window(data, 2560 * k, 10.0 * k, 10.0 * k + 10, 10.0 * k, 0, Quality("good"), 0.0, rate, 30.0, beats)


def test_heads_of_numbers_and_of_classes_share_a_file(tmp_path: Path) -> None:
    made = add_rating_head(random_bundle())
    save_bundle(made, tmp_path / "both.safetensors")
    bundle = load_bundle(tmp_path / "both.safetensors")
    assert bundle.head_infos[-1] == HeadInfo("stress", (), (0.0, 10.0))
    assert [info.scale for info in bundle.head_infos[:-1]] == [None, None]
    before = Predictor(random_bundle(), 10.0).predict(window(0))
    results, again = (Predictor(each, 10.0).predict(window(0)) for each in (made, bundle))
    assert results == again
    assert {name: results[name] for name in before} == before
    found = results["stress"]
    assert (found.probs, found.label, found.abstain, found.scale) == (None, None, None, (0.0, 10.0))
    assert found.value is not None
    assert found.interval == (max(0.0, found.value - 2.5), min(10.0, found.value + 2.5))
    assert 0 <= found.value <= 10


def test_a_number_is_the_ridge_of_its_features() -> None:
    bundle = add_rating_head(random_bundle())
    head = bundle.heads["stress"]["population"]
    x = np.array([[60.0, 3.0, np.nan]])
    net = list(head.net.values())
    assert head.value_inside(x) == pytest.approx(float(net[0][0] @ np.array([60.0, 3.0, 0.0]) + net[1][0]), rel=1e-6)


def test_it_abstains_as_others_do_and_still_states_its_scale() -> None:
    far = Predictor(add_rating_head(random_bundle(), limit=1e-9), 10.0).predict(window(0))["stress"]
    assert (far.abstain, far.value, far.interval, far.scale) == (OUTSIDE_TRAINING_RANGE, None, None, (0.0, 10.0))
    predictor = Predictor(add_rating_head(random_bundle()), 10.0)
    poor = predictor.predict(replace(window(0), quality=Quality("unusable", ("flat line",))))["stress"]
    assert (poor.abstain, poor.value, poor.scale) == ("unusable signal: flat line", None, (0.0, 10.0))
    without = predictor.predict(replace(window(1), beats=(), heart_rate=None))["stress"]
    assert without.abstain == "no plausible heart beats"


def test_the_personal_set_takes_over_with_its_own_interval() -> None:
    predictor = Predictor(add_rating_head(random_bundle()), 10.0, 30.0)
    results = [predictor.predict(window(k, 60.0 + k))["stress"] for k in range(5)]
    assert [each.set for each in results] == ["population"] * 3 + ["personal"] * 2
    assert results[-1].value is not None
    assert results[-1].interval is not None
    low, high = results[-1].interval
    assert 0 <= low <= results[-1].value <= high <= low + 3.0


def test_a_number_that_is_not_shown_to_err_less_than_a_constant_is_not_given() -> None:
    bundle = add_rating_head(random_bundle(), scores=rating_scores(0.05))
    card = bundle.card.heads["stress"]
    assert answering_sets(card) == ()
    assert describe_evidence(card, "population").startswith(NOT_SHOWN)
    assert Predictor(bundle, 10.0).predict(window(0))["stress"].abstain == NOT_SHOWN
    assert Predictor(bundle, 10.0, show_unproven=True).predict(window(0))["stress"].value is not None
    shown = add_rating_head(random_bundle()).card.heads["stress"]
    assert answering_sets(shown) == ("population", "personal")
    assert describe_evidence(shown, "population") == "errs less than a constant"


def test_a_personal_number_that_errs_more_does_not_take_over() -> None:
    scores = rating_scores(-0.2)
    worse = [row | {"rmse": 2.5} if row["baseline"] != "no" else row for row in scores["rows"]]
    card = add_rating_head(random_bundle(), scores=scores | {"rows": worse}).card.heads["stress"]
    assert answering_sets(card) == ("population",)


@pytest.mark.parametrize(
    "change",
    [
        {"scale": (10.0, 0.0)},
        {"scale": (0.0,)},
        {"scale": (0.0, float("inf"))},
        {"classes": ("low", "high")},
        {"margins": {"population": 1.0}},
        {"margins": {"population": 0.0, "personal": 1.0}},
    ],
)
def test_a_card_of_what_can_be_no_number_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"scale|margins"):
        add_rating_head(random_bundle(), **change)
    with pytest.raises(ValueError, match="classes"):
        HeadCard(())


def test_a_file_whose_card_garbles_the_scale_is_refused_in_one_line(tmp_path: Path) -> None:
    made = add_rating_head(random_bundle())
    bad = object.__new__(HeadCard)
    for name in HeadCard.__slots__:
        object.__setattr__(bad, name, getattr(made.card.heads["stress"], name))
    object.__setattr__(bad, "scale", (10.0, 0.0))
    card = replace(made.card, heads=dict(made.card.heads) | {"stress": bad})
    save_bundle(replace(made, card=card), tmp_path / "bad.safetensors")
    with pytest.raises(BundleError, match="its card lacks or garbles scale"):
        load_bundle(tmp_path / "bad.safetensors")
