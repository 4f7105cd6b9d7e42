"""Heads on features relative to the running mean: order-proof, with the live numbers, blind to the test windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.events import F64
from ecg_live.model.adaptive import RunningMean, relative_to_mean
from ecg_live.model.calibrated_head import AdaptiveHead
from tests.support.fold_jobs import made
from training.data.adaptive_features import population_centre
from training.data.feature_table import FeatureTable
from training.data.window_orders import ORDERS
from training.evaluation.fold import held_out_auroc
from training.evaluation.metrics import Predictions, scores
from training.heads.adaptive_fit import AdaptiveTable
from training.heads.fit import to_head
from training.settings import HeadSettings

LINEAR = HeadSettings()


def recorded(subjects: int = 8, offset: float = 6.0, effect: float = 2.0) -> FeatureTable:
    """18 windows of class 0, then 6 of class 1, in heart rate; subjects differ by far more than classes."""
    table = made(subjects, 24, strength=0.0)
    label = np.tile(np.repeat([0, 1], [18, 6]), subjects)
    rng = np.random.default_rng(1)
    hrv = rng.standard_normal((len(label), 3))
    hrv[:, 0] += effect * label + offset * np.repeat(rng.standard_normal(subjects), 24)
    return replace(table, hrv=hrv, label=label, recording=np.char.add(table.subject, np.where(label == 1, "b", "a")))


def auroc(table: FeatureTable, order: str, probability: F64) -> float:
    known = np.isfinite(probability[:, 0])
    found = Predictions(probability[known], probability[known], table.label[known], table.subject[known])
    return scores(found).auroc or 0.0


def left_out(table: FeatureTable) -> dict[str, F64]:
    """Probabilities of each subject by a head of the others, in every order."""
    shown = AdaptiveTable(table, 0)
    found: dict[str, F64] = {order: np.full((len(table), 2), np.nan) for order in ORDERS}
    for subject in table.subjects:
        test = table.subject == subject
        fit = shown.fit(~test, "hrv", LINEAR, 0)
        for order in ORDERS:
            rows = test & shown.answered(order, "hrv")
            found[order][rows] = fit.fitted.probabilities(shown.features(order, "hrv", fit.centre)[rows])
    return found


def test_it_finds_the_condition_in_every_order_where_subjects_differ_more_than_conditions() -> None:
    table = recorded(effect=3.0)
    found = {order: auroc(table, order, each) for order, each in left_out(table).items()}
    assert min(found.values()) > 0.75, found


def test_order_alone_teaches_nothing() -> None:
    """Class 1 always comes last, and is in nothing else."""
    table = recorded(effect=0.0)
    found = {order: auroc(table, order, each) for order, each in left_out(table).items()}
    assert all(abs(each - 0.5) < 0.17 for each in found.values()), found


def test_features_are_those_of_a_live_session() -> None:
    table = recorded(2)
    table.hrv[3, 1] = np.nan
    shown, centre = AdaptiveTable(table, 0), np.array([1.0, 2.0, 3.0])
    state, expected = RunningMean.unknown(3), []
    for k in range(24):
        state = state.before(10.0 * k)
        expected.append(relative_to_mean(table.hrv[k][None], state.total, state.count, centre))
        state = state.after(10.0 * k, 10.0 * k + 10.0, table.hrv[k])
    assert shown.features("natural", "hrv", centre)[:24].tobytes() == np.concatenate(expected).tobytes()
    assert not shown.answered("natural", "hrv")[0]  # nothing is known yet
    assert shown.answered("natural", "hrv")[2:24].all()


def test_what_is_held_out_changes_no_head() -> None:
    table = recorded()
    test = table.subject == "p02"
    other = replace(table, hrv=np.where(test[:, None], 99.0, table.hrv))
    first, second = (AdaptiveTable(each, 0).fit(~test, "hrv", LINEAR, 0) for each in (table, other))
    assert first.x.tobytes() == second.x.tobytes()
    assert first.centre.tobytes() == second.centre.tobytes()
    assert all((first.fitted.net[name] == second.fitted.net[name]).all() for name in first.fitted.net)


def test_the_population_counts_each_subject_once_and_no_missing_value() -> None:
    table = recorded(2)
    table.hrv[:24, 0] = 10.0
    table.hrv[24:, 0] = 20.0
    table.hrv[25:, 0] = np.nan
    table.hrv[:, 2] = np.nan
    centre = population_centre(table, "hrv")
    assert (centre[0], centre[2]) == (15.0, 0.0)


def test_a_shipped_head_has_the_probabilities_of_the_fit() -> None:
    table = recorded()
    shown = AdaptiveTable(table, 0)
    fit = shown.fit(np.ones(len(table), np.bool_), "hrv", replace(LINEAR, prior=(0.6, 0.4)), 0)
    head = to_head(fit.fitted, fit.x, fit.subject, centre=fit.centre)
    assert isinstance(head, AdaptiveHead)
    x = shown.features("reversed", "hrv", fit.centre)
    assert head(x) == pytest.approx(fit.fitted.probabilities(x), abs=1e-5)
    assert fit.fitted.prior == (0.6, 0.4)
    assert held_out_auroc(fit.fitted, fit.label, fit.subject) > 0.75
    assert (head.centre == fit.centre).all()
