"""Runs of True in a mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def mask_runs(mask: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Sample indices (m, 2) of the runs of True in a mask (n,): the first of each, and the one after its last."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges.reshape(-1, 2).astype(np.int64, copy=False)
