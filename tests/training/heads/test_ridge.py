"""Ridge heads: what they learn, and how often their interval holds for people who were left out."""

from __future__ import annotations

import numpy as np
import pytest

from training.heads.ridge import constant_estimates, fit_ridge

SCALE = (0.0, 10.0)


def people(count: int, seed: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, 3), ratings and subjects: the first feature gives the rating, each person has an offset."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((40 * count, 3))
    subject = np.repeat([f"p{i:02}" for i in range(count)], 40)
    offset = np.repeat(rng.standard_normal(count) * noise / 2, 40)
    return x, 5 + x[:, 0] + offset + noise * rng.standard_normal(len(x)) / 2, subject


def test_it_learns_the_rating_and_its_interval_holds_for_others() -> None:
    x, y, subject = people(20, 0)
    fitted = fit_ridge(x, y, subject, "hrv", SCALE)
    new, truth, _ = people(60, 1)
    value, low, high = fitted.estimates(new).T
    assert np.corrcoef(value, truth)[0, 1] > 0.75
    assert 0.72 < np.mean((low <= truth) & (truth <= high)) < 0.88
    np.testing.assert_allclose(high - value, fitted.margin)


def test_an_answer_stays_on_the_scale_and_missing_features_are_average() -> None:
    x, y, subject = people(6, 0)
    fitted = fit_ridge(x, y, subject, "hrv", SCALE)
    assert fitted.estimates(np.full((1, 3), 1e6)).tolist() == [[10.0, 10.0, 10.0]]
    missing = fitted.estimates(np.full((1, 3), np.nan))[0, 0]
    assert missing == pytest.approx(fitted.bias)


def test_noise_is_shrunk_towards_the_mean() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((240, 3)), 5 + rng.standard_normal(240)
    fitted = fit_ridge(x, y, np.repeat([f"p{i}" for i in range(6)], 40), "hrv", SCALE)
    assert np.ptp(fitted.estimates(x)[:, 0]) < 0.5


def test_the_constant_says_the_mean() -> None:
    found = constant_estimates(np.array([1.0, 2.0, 3.0, 6.0]), 2)
    assert found.shape == (2, 3)
    assert found[0, 0] == 3.0
    assert found[0, 1] < 3.0 < found[0, 2]
