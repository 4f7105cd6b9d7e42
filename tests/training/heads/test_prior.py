"""The class prior: what a head's probabilities expect."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from ecg_live.errors import ConfigError
from training.heads.fit import fit_head
from training.heads.prior import check_prior, class_shares
from training.settings import ClassPrior, HeadSettings

Y = np.tile(np.repeat([0, 1], [15, 5]), 6)
SUBJECT = np.repeat([f"p{i}" for i in range(6)], 20)
X = np.random.default_rng(0).standard_normal((120, 3)) + Y[:, None]
DENSE = HeadSettings(kind="dense", hidden=(8,), epochs=8)


@pytest.mark.parametrize("kind", ["linear", "dense"])
def test_a_prior_moves_the_odds_by_its_own_and_no_ranking(kind: str) -> None:
    base = DENSE if kind == "dense" else HeadSettings()
    priors: dict[ClassPrior, float] = {"balanced": 0.5, "training": 0.25, (0.9, 0.1): 0.1}
    odds = {}
    for prior, share in priors.items():
        fitted = fit_head(X, Y, SUBJECT, 2, "hrv", replace(base, prior=prior))
        p = fitted.probabilities(X)
        odds[prior] = np.log(p[:, 1] / p[:, 0]) - np.log(share / (1 - share))
        assert fitted.prior == pytest.approx((1 - share, share))
    assert odds["training"] == pytest.approx(odds["balanced"], abs=1e-8)
    assert odds[(0.9, 0.1)] == pytest.approx(odds["balanced"], abs=1e-8)


def test_where_rest_is_three_times_as_frequent_the_mean_probability_is_its_share() -> None:
    p = fit_head(X, Y, SUBJECT, 2, "hrv", HeadSettings()).probabilities(X)[:, 1].mean()
    balanced = fit_head(X, Y, SUBJECT, 2, "hrv", HeadSettings(prior="balanced")).probabilities(X)[:, 1].mean()
    assert p == pytest.approx(0.25, abs=0.05)
    assert balanced > 0.33


def test_shares() -> None:
    assert class_shares("balanced", Y, 4).tolist() == [0.25] * 4
    assert class_shares("training", Y, 2).tolist() == [0.75, 0.25]
    assert class_shares((0.333, 0.333, 0.333), Y, 3).tolist() == pytest.approx([1 / 3] * 3)
    assert (class_shares("training", Y, 3) > 0).all()  # a class without a window has a share all the same
    assert class_shares("training", Y, 3).sum() == pytest.approx(1.0)


def test_a_prior_for_other_classes_is_refused_in_one_line() -> None:
    check_prior("training", "stress", ("low", "high"))
    check_prior((0.5, 0.5), "stress", ("low", "high"))
    with pytest.raises(
        ConfigError, match=r"head\.prior has 3 probabilities; the label stress has 2 classes: low, high"
    ):
        check_prior((0.5, 0.3, 0.2), "stress", ("low", "high"))


def test_the_settings_know_both_kinds() -> None:
    assert len(get_args(ClassPrior)) == 2
