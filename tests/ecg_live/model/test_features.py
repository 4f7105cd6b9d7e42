"""What heads look at: heart rate and variability of known beats, and the order of the columns."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from ecg_live.model.features import FeatureKind, combine_features, hrv_features, input_size
from ecg_live.results import Quality, Window


def window(*rr: float, heart_rate: float | None = 60.0) -> Window:
    """A window whose beats are these seconds apart."""
    beats = tuple(accumulate(rr, initial=0.3))
    return Window(np.zeros(2560, np.float32), 0, 0.0, 10.0, 0.0, 0, Quality("good"), heart_rate=heart_rate, beats=beats)


def test_hrv_of_known_intervals() -> None:
    rr = np.array([800.0, 900.0, 850.0, 1000.0])
    rmssd = np.sqrt(np.mean([100.0**2, 50.0**2, 150.0**2]))
    expected = [60_000 / 875, np.log(rr.std()), np.log(rmssd)]
    assert hrv_features(window(*(rr / 1000))) == pytest.approx(expected)


def test_a_clock_like_heart_has_the_variability_of_the_grid_at_least() -> None:
    assert hrv_features(window(*[1.0] * 8)) == pytest.approx([60, 0, 0])


@pytest.mark.parametrize("made", [window(), window(1.0, 1.0), window(1.0, 1.0, 1.0, heart_rate=None)])
def test_too_few_or_implausible_beats_are_no_numbers(made: Window) -> None:
    assert np.isnan(hrv_features(made)).all()


@pytest.mark.parametrize(("inputs", "first", "last"), [("embedding", 0, 127), ("hrv", 1000, 1002), ("both", 0, 1002)])
def test_the_embedding_comes_first(inputs: FeatureKind, first: float, last: float) -> None:
    embedding, beats = np.tile(np.arange(128.0), (4, 1)), np.tile(1000 + np.arange(3.0), (4, 1))
    made = combine_features(embedding, beats, inputs)
    assert made.shape == (4, input_size(inputs))
    assert (made[3, 0], made[3, -1]) == (first, last)
