"""A set answers live if its card shows that it beats chance, and the personal one if it is no worse than the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecg_live.model.bundle import load_bundle
from ecg_live.model.card import HeadCard
from ecg_live.model.chance import NOT_SHOWN, answering_sets, describe_evidence
from ecg_live.model.predictor import Predictor
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.results import Window
from ecg_live.signal.pipeline import SignalPath
from tests.support.random_bundles import random_bundle, scores_above_chance
from tests.support.synthetic_signals import Tape, ecg, info

BOTH = ("population", "personal")


def card(population: tuple[float, float], personal: tuple[float, float], **scores: Any) -> HeadCard:
    """A card with AUROC and lower end of its interval for each set."""
    rows = [
        {"features": features, "baseline": baseline, "auroc": auroc, "interval": [low, 0.99], "brier": 0.2}
        for features, baseline, (auroc, low) in (("this encoder", "no", population), ("HR + HRV", "60 s", personal))
    ]
    rows += [{"features": "majority class", "baseline": "no", "brier": 0.18}]
    made = {"protocol": "leave one subject out: a score for new subjects", "rows": rows} | scores
    inputs: Any = {"population": "embedding", "personal": "hrv"}
    return HeadCard(("low", "high"), sets=BOTH, inputs=inputs, baseline=60.0, scores=made)


@pytest.mark.parametrize(
    ("given", "answering"),
    [
        (card((0.8, 0.7), (0.9, 0.8)), BOTH),
        (card((0.545, 0.47), (0.9, 0.8)), ("personal",)),
        (card((0.8, 0.7), (0.55, 0.45)), ("population",)),
        (card((0.8, 0.7), (0.75, 0.6)), ("population",)),
        (card((0.545, 0.47), (0.472, 0.4)), ()),
        (card((0.8, 0.7), (0.9, 0.8), protocol="k-fold, segments mixed"), ()),
        (card((0.8, 0.7), (0.9, 0.8), rows=[{"features": "this encoder", "baseline": "no", "interval": None}]), ()),
        (card((0.8, 0.7), (0.9, 0.8), rows="none"), ()),
        (HeadCard(("low", "high")), ()),
    ],
)
def test_what_the_card_shows_decides(given: HeadCard, answering: tuple[str, ...]) -> None:
    assert answering_sets(given) == answering
    for name in set(given.sets) - set(answering):
        assert describe_evidence(given, name).endswith("answers only with --show-unproven")


def in_orders(natural: tuple[float, float], other: tuple[float, float], **scores: Any) -> HeadCard:
    """A card whose personal set has these scores as recorded, and with the windows reversed."""
    made = card((0.7, 0.6), natural)
    rows = [dict(row) for row in made.scores["rows"]]
    found = {
        name: {"auroc": auroc, "interval": [low, 0.99]}
        for name, (auroc, low) in (("natural", natural), ("reversed", other))
    }
    rows[1]["orders"] = found
    return replace(made, scores={**made.scores, "rows": rows, **scores})


@pytest.mark.parametrize(
    ("given", "evidence"),
    [
        (in_orders((0.9, 0.8), (0.85, 0.7)), "ranks better than chance"),
        (in_orders((0.9, 0.8), (0.75, 0.7)), "falls with the order of the windows: answers only with --show-unproven"),
        (in_orders((0.6, 0.51), (0.55, 0.45)), "not shown to beat chance: answers only with --show-unproven"),
        (
            in_orders((0.9, 0.8), (0.85, 0.7), checks=[{"name": "permuted labels", "text": "no", "passed": False}]),
            "not shown to beat chance: answers only with --show-unproven",
        ),
        (in_orders((0.9, 0.8), (0.85, 0.7), checks=[{"passed": True}]), "ranks better than chance"),
        (
            in_orders((0.9, 0.8), (0.85, 0.7), checks=["odd"]),
            "not shown to beat chance: answers only with --show-unproven",
        ),
    ],
)
def test_a_set_answers_only_if_it_holds_in_every_order_and_the_checks_passed(given: HeadCard, evidence: str) -> None:
    assert describe_evidence(given, "personal") == evidence
    assert ("personal" in answering_sets(given)) == ("answers only" not in evidence)


def test_features_that_were_chosen_are_judged_by_the_choice_made_in_each_fold() -> None:
    """The score of the features that won has seen the subjects that it is about."""
    made = card((0.8, 0.7), (0.9, 0.8))
    nested = {"features": "chosen in each fold", "baseline": "no", "set": "population", "auroc": 0.6, "brier": 0.3}
    rows = [*made.scores["rows"], {**nested, "interval": [0.45, 0.7], "brier_constant": 0.2}]
    assert answering_sets(replace(made, scores={**made.scores, "rows": rows})) == ("personal",)
    rows[-1] |= {"interval": [0.55, 0.7]}
    judged = replace(made, scores={**made.scores, "rows": rows})
    assert describe_evidence(judged, "population").endswith("no better than a constant")


def test_ranking_is_not_calibration() -> None:
    given = card((0.8, 0.7), (0.9, 0.8))
    assert describe_evidence(given, "population") == (
        "ranks better than chance; its probabilities are no better than a constant"
    )
    assert describe_evidence(given, "personal") == "ranks better than chance"


def test_the_bundled_model_answers_from_all_sets() -> None:
    (head,) = load_bundle(DEFAULT_MODEL).card.heads.values()
    assert answering_sets(head) == ("population", "adaptive", "personal")
    assert describe_evidence(head, "adaptive") == "ranks better than chance"
    assert set(head.prior) == set(head.sets)


def windows(seconds: int) -> list[Window]:
    path = SignalPath(info(256), 1.0)
    chunks = Tape(ecg(seconds, 256), 256).items()
    return [item for chunk in chunks for item in path.push(chunk) if isinstance(item, Window)]


def test_a_head_that_is_not_shown_to_beat_chance_abstains_until_a_set_is() -> None:
    bundle = random_bundle(personal={"mental_load": "embedding"})
    scores = scores_above_chance()
    rows = [row | {"interval": [0.4, 0.6]} if row["baseline"] == "no" else row for row in scores["rows"]]
    head = replace(bundle.card.heads["mental_load"], scores=scores | {"rows": rows})
    bundle = replace(bundle, card=replace(bundle.card, heads=dict(bundle.card.heads) | {"mental_load": head}))
    predictor, bold = Predictor(bundle, baseline=30.0), Predictor(bundle, baseline=30.0, show_unproven=True)
    first, *_, last = [(predictor.predict(each), bold.predict(each)) for each in windows(50)]
    assert (first[0]["mental_load"].abstain, first[0]["mental_load"].probs) == (NOT_SHOWN, None)
    assert first[1]["mental_load"].abstain is None
    assert first[0]["emotion"].abstain is None
    assert (last[0]["mental_load"].set, last[0]["mental_load"].abstain) == ("personal", None)


def test_a_personal_set_that_is_worse_does_not_take_over() -> None:
    bundle = random_bundle(personal={"mental_load": "embedding"})
    scores = scores_above_chance()
    rows = [row | {"auroc": 0.8} if row["baseline"] != "no" else row for row in scores["rows"]]
    head = replace(bundle.card.heads["mental_load"], scores=scores | {"rows": rows})
    bundle = replace(bundle, card=replace(bundle.card, heads=dict(bundle.card.heads) | {"mental_load": head}))
    predictor = Predictor(bundle, baseline=30.0)
    assert predictor.heads_without_personal_set == ("mental_load", "emotion")
    assert {predictor.predict(each)["mental_load"].set for each in windows(50)} == {"population"}
