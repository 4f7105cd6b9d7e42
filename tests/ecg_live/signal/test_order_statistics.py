"""Order statistics by one sort are NumPy's, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_live.signal.order_statistics import median, percentiles, row_medians

LENGTHS = (1, 2, 3, 4, 5, 9, 62, 63, 250, 256, 1000)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_same_bits_as_numpy(length: int) -> None:
    random = np.random.default_rng(length)
    for scale in (1e-6, 1.0, 300.0):
        x = random.normal(0.3, 1.0, length) * scale
        before = x.copy()
        assert median(x) == np.median(x)
        for wanted in ((1.0, 99.0), (0.0, 100.0), (50.0, 12.5)):
            assert percentiles(x, wanted) == tuple(np.percentile(x, wanted).tolist())
        assert np.array_equal(x, before)
        rows = random.normal(size=(4, length)) * scale
        assert np.array_equal(row_medians(rows), np.median(rows, axis=1))


def test_whole_numbers_and_ties() -> None:
    assert median(np.array([3, 1, 4, 2])) == 2.5
    assert percentiles(np.array([2.0, 2.0, 2.0]), (1.0, 99.0)) == (2.0, 2.0)
