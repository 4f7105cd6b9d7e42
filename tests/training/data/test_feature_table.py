"""Examples, and each wearer's baseline."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.errors import DatasetError
from tests.support.fold_jobs import made


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_embeddings_that_are_no_numbers_are_refused(bad: float) -> None:
    examples = made()
    embedding = examples.embedding.copy()
    embedding[[45, 46], 3] = bad
    with pytest.raises(DatasetError, match="2 windows are NaN or infinite, the first of p02"):
        examples.with_embedding(embedding)


def test_heart_rates_may_be_missing() -> None:
    examples = made()
    examples.hrv[3] = np.nan
    assert np.isnan(examples.take(np.arange(4)).features("both")[3, 128:]).all()


def test_windows_of_the_baseline_are_not_scored_nor_subjects_with_too_few() -> None:
    examples = made(3, 20, rest=4)
    examples.rest[examples.subject == "p01"] &= np.arange(20) < 4  # leaves two
    keep = examples.scored(relative=True)
    assert not (keep & examples.rest).any()
    assert set(examples.subject[keep].tolist()) == {"p00", "p02"}
    assert keep.sum() == 2 * 16


def test_each_wearer_is_compared_with_the_own_baseline() -> None:
    """An offset of one's own goes away, whatever it is."""
    examples = made(4, 20, rest=4)
    spread = examples.within_subject_std("embedding")
    moved = examples.with_embedding(examples.embedding + 10 * np.repeat(np.arange(4.0), 20)[:, None])
    assert moved.baseline_normalised("embedding", spread) == pytest.approx(
        examples.baseline_normalised("embedding", spread)
    )


def test_subjects_without_baseline_have_no_relative_features() -> None:
    examples = made(3, 20, rest=4)
    examples.rest[examples.subject == "p01"] = False
    made_relative = examples.baseline_normalised("hrv", np.ones(3))
    assert np.isnan(made_relative[examples.subject == "p01"]).all()
    assert np.isfinite(made_relative[examples.subject != "p01"]).all()


def test_rest_without_a_label_serves_the_baseline_and_nothing_else() -> None:
    examples = made(3, 20, rest=4)
    examples.label[examples.rest] = -1
    assert (examples.scored(relative=False) == (examples.label >= 0)).all()
    keep = examples.scored(relative=True)
    assert keep.sum() == 3 * 16
    assert np.isfinite(examples.baseline_normalised("both", examples.within_subject_std("both"))[keep]).all()
