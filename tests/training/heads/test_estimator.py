"""The discriminant keeps scikit-learn's rules, and is the one that bundles are made with."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import training.heads.estimator
from training.heads.estimator import GroupShrunkLDA
from training.heads.lda import fit_lda

CHECKS = [check for _, check in estimator_checks_generator(GroupShrunkLDA())]


def name(check: Callable[..., object]) -> str:
    return check.func.__name__ if isinstance(check, partial) else str(check)


@pytest.mark.parametrize("check", CHECKS, ids=name)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_own_checks(check: Callable[[Any], None]) -> None:
    check(GroupShrunkLDA())


def test_logits_are_those_of_the_function_that_heads_are_fitted_with() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)), np.repeat([0, 1, 2], 20)
    x[3, 2] = np.nan
    subject = np.array([f"S{number % 6}" for number in range(60)])
    fitted = GroupShrunkLDA().fit(x, np.array(["a", "b", "c"])[y], groups=subject)
    logits = fit_lda(x, y, subject, 3).logits(x)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(x), probabilities, rtol=1e-12)
    assert fitted.predict(x).tolist() == np.array(["a", "b", "c"])[logits.argmax(axis=1)].tolist()
    assert fitted.classes_.tolist() == ["a", "b", "c"]


def test_groups_count() -> None:
    rng = np.random.default_rng(0)
    x, y, subject = rng.normal(size=(40, 8)), np.tile([0, 1], 20), np.repeat(["A", "B", "C", "D"], 10)
    with_groups, without = GroupShrunkLDA().fit(x, y, groups=subject), GroupShrunkLDA().fit(x, y)
    assert not np.allclose(with_groups.predict_proba(x), without.predict_proba(x))
    with pytest.raises(ValueError, match=r"groups has shape \(3,\), expected \(40,\)"):
        GroupShrunkLDA().fit(x, y, groups=["A", "B", "C"])


def test_examples_of_the_docstring() -> None:
    assert doctest.testmod(training.heads.estimator) == (0, 3)  # failed, attempted
