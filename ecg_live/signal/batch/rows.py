"""Rows of unequal length: flat with an owner each, padded to the longest, or grouped by length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ecg_live.events import F64

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def owners(counts: Indices) -> Indices:
    """Row (s,) that each element belongs to, of rows with so many elements (b,)."""
    return np.repeat(np.arange(len(counts)), counts)


def places(counts: Indices) -> Indices:
    """Place (s,) of each element within its row."""
    return np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)


def padded(flat: npt.NDArray[Any], counts: Indices, fill: float) -> npt.NDArray[Any]:
    """Flat elements (s, ...) as rows (b, longest, ...)."""
    out = np.full((len(counts), max(1, int(counts.max(initial=0))), *flat.shape[1:]), fill, dtype=flat.dtype)
    out[owners(counts), places(counts)] = flat
    return out


def medians(flat: F64, counts: Indices) -> F64:
    """Median (b,) of each row of flat finite numbers (s,); as `order_statistics.median`; NaN of an empty row."""
    return middle(np.sort(padded(flat, counts, np.inf), axis=1), counts)


def middle(ordered: F64, counts: Indices) -> F64:
    """Median (b, ...) of ordered, padded rows (b, k, ...); NaN of an empty row."""
    if ordered.shape[1] == 0:  # all rows are empty: nothing to index
        return np.full((len(ordered), *ordered.shape[2:]), np.nan)
    row, half = np.arange(len(counts)), counts // 2
    above = ordered[row, np.minimum(half, ordered.shape[1] - 1)]
    below = ordered[row, np.maximum(half - 1, 0)]
    shape = (-1, *([1] * (ordered.ndim - 2)))
    with np.errstate(invalid="ignore"):
        found = np.where((counts % 2 == 1).reshape(shape), above, (below + above) / 2)
    return np.asarray(np.where((counts == 0).reshape(shape), np.nan, found))


def sums_in_order(flat: F64, counts: Indices) -> F64:
    """Sum (b, m) of each row of flat vectors (s, m), one vector after the other, as NumPy adds along a first axis."""
    rows = padded(flat, counts, 0.0)
    total = rows[:, 0].copy()
    for k in range(1, rows.shape[1]):
        total += rows[:, k]
    return total


def of_equal_length(counts: Indices) -> Iterator[tuple[int, Indices, Indices]]:
    """Yield each length above 0, the rows (g,) that have it, and their elements' flat indices (g, length)."""
    begins = np.cumsum(counts) - counts
    for length in np.unique(counts[counts > 0]).tolist():
        rows = np.flatnonzero(counts == length)
        yield length, rows, begins[rows][:, None] + np.arange(length)
