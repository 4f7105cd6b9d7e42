"""The head is fitted on people, calibrated on people, and ships as it was fitted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit

from ecg_live.types import F64
from training.head import Ints, fit, to_head


@pytest.fixture(scope="module")
def data() -> tuple[F64, Ints, Ints]:
    """Ten people, 128 features, of which one tells the class."""
    rng = np.random.default_rng(0)
    person, label = np.repeat(np.arange(10), 20), np.tile([0, 1], 100)
    x = rng.standard_normal((200, 128)) * 3 + 5
    x[:, 0] += 4 * label
    return x, label, person


def test_shipped_head_says_what_the_fit_says(data: tuple[F64, Ints, Ints]) -> None:
    x, y, person = data
    fitted = fit(x, y, person)
    probability = to_head(fitted, x, person)(torch.from_numpy(x).float()).detach().numpy()
    assert probability[:, 1] == pytest.approx(expit(fitted.log_odds(x)), abs=1e-5)
    assert probability.sum(axis=1) == pytest.approx(1.0)
    assert ((probability[:, 1] > 0.5) == y).mean() > 0.8


def test_training_range_holds_training_and_not_what_is_far(data: tuple[F64, Ints, Ints]) -> None:
    x, y, person = data
    head = to_head(fit(x, y, person), x, person)
    assert head.outside(torch.from_numpy(x).float()).float().mean() <= 0.01
    assert bool(head.outside(torch.from_numpy(x).float() + 30).all())


def test_labels_without_meaning_give_probabilities_near_half(data: tuple[F64, Ints, Ints]) -> None:
    x, y, person = data
    shuffled = np.random.default_rng(1).permutation(y)
    assert np.abs(expit(fit(x, shuffled, person).log_odds(x)) - 0.5).mean() < 0.15


def test_missing_features_count_as_average(data: tuple[F64, Ints, Ints]) -> None:
    x, y, person = data
    fitted = fit(x, y, person)
    hole = x[:1].copy()
    hole[0, 3] = np.nan
    filled = x[:1].copy()
    filled[0, 3] = fitted.mean[3]
    assert fitted.log_odds(hole) == pytest.approx(fitted.log_odds(filled))
