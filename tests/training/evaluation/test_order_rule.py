"""A set that learnt the order of the conditions does not ship; features of one window are the same in every order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.fold_jobs import made, plan, random
from tests.support.invented_report import row, scores
from training.data.feature_table import FeatureTable
from training.data.window_orders import ORDERS, OrderName, PlacedWindows, window_order
from training.evaluation.cross_validation import cross_validate
from training.evaluation.order_rule import falling_sets, falls
from training.evaluation.rows import make_rows
from training.results import OrderScores, ResultRow


def in_orders(*aurocs: float | None, set_name: str = "adaptive") -> ResultRow:
    """A row with these scores in the four orders."""
    found: dict[str, OrderScores] = {
        name: OrderScores(scores(auroc), {}) for name, auroc in zip(ORDERS, aurocs, strict=True)
    }
    return replace(row("hrv", 0.0, aurocs[0] or 0.5), scores=scores(aurocs[0]), set=set_name, orders=found)


@pytest.mark.parametrize(
    ("aurocs", "fallen"),
    [
        ((0.91, 0.866, 0.92, 0.90), False),
        ((0.85, 0.501, 0.80, 0.80), True),  # HRV over the trailing 60 s, measured
        ((0.935, 0.586, 0.93, 0.93), True),  # heart rate above the running floor, measured
        ((0.90, 0.81, 0.9, 0.9), False),
        ((0.90, 0.79, 0.9, 0.9), True),
        ((0.90, None, 0.9, 0.9), True),
        ((0.80, 0.99, 0.99, 0.99), False),
    ],
)
def test_a_set_that_falls_in_one_order_does_not_ship(aurocs: tuple[float | None, ...], *, fallen: bool) -> None:
    given = in_orders(*aurocs)
    assert falls(given) == fallen
    found = falling_sets([row("hrv", 0.0, 0.7), given])
    assert set(found) == ({"adaptive"} if fallen else set())
    if fallen:
        assert "adaptive set: not shipped: its AUROC by order of the windows is natural 0." in found["adaptive"]
        assert "it may lose 0.1" in found["adaptive"]


def test_one_kind_of_features_that_holds_is_enough_and_a_population_set_always_ships() -> None:
    bad, good = in_orders(0.85, 0.5, 0.8, 0.8), in_orders(0.8, 0.8, 0.8, 0.8)
    assert falling_sets([bad, good]) == {}
    assert falling_sets([replace(bad, set="population")]) == {}
    assert not falls(row("hrv", 0.0, 0.7))


@pytest.mark.parametrize("order", ORDERS[1:])
def test_windows_and_their_baseline_of_rest_give_the_same_in_every_order(tmp_path: Path, order: OrderName) -> None:
    """The population and the personal set see one window, and a baseline that comes from rest whatever came first."""
    examples = made(5, 20, rest=4)
    placed = PlacedWindows(examples.subject, examples.recording, examples.onset, examples.label)
    rows = window_order(placed, order).rows
    assert not np.array_equal(rows, np.arange(len(rows)))
    first, second = (_by_place(each, tmp_path) for each in (examples, examples.take(rows)))
    assert first.keys() == second.keys()
    for key, probability in first.items():
        assert second[key] == pytest.approx(probability, abs=1e-9)


def _by_place(examples: FeatureTable, folder: Path) -> dict[tuple[str, float, str, float], list[float]]:
    found = cross_validate(examples, random(examples), plan(folder, baseline=60.0)).windows
    return {
        (windows.features, windows.baseline, recording, onset): probability
        for windows in found
        if windows.features in {"hrv", "embedding", "both"}
        for recording, onset, probability in zip(
            windows.recording.tolist(), windows.onset.tolist(), windows.probability.tolist(), strict=True
        )
    }


def test_a_row_has_the_scores_of_every_order(tmp_path: Path) -> None:
    """The natural one among them; each with intervals of its own."""
    examples = made(5, 20)
    (windows, *_) = [
        each for each in cross_validate(examples, random(examples), plan(tmp_path)).windows if each.features == "hrv"
    ]
    turned = replace(windows, order="reversed", probability=windows.probability[:, ::-1])
    (made_row,) = make_rows([windows], 50, {"hrv": [turned]})
    assert list(made_row.orders) == ["natural", "reversed"]
    assert made_row.orders["natural"].scores == made_row.scores
    natural, other = (each.scores.auroc or 0.0 for each in made_row.orders.values())
    assert other == pytest.approx(1 - natural)
    assert made_row.orders["reversed"].interval["auroc"][1] < 0.5
    assert falls(made_row)
