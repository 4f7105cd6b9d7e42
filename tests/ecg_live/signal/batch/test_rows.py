"""Rows of unequal length: their medians, empty ones too."""

from __future__ import annotations

import numpy as np

from ecg_live.signal.batch import rows


def test_a_row_of_nothing_has_no_median() -> None:
    ordered = np.array([[1.0, 2.0, 4.0], [3.0, np.inf, np.inf], [np.inf] * 3])
    np.testing.assert_array_equal(rows.middle(ordered, np.array([3, 1, 0])), [2.0, 3.0, np.nan])
    for shape in ((2, 0), (2, 0, 5), (0, 0)):
        found = rows.middle(np.zeros(shape), np.zeros(shape[0], dtype=np.int64))
        assert found.shape == (shape[0], *shape[2:])
        assert np.isnan(found).all()
