"""Which windows of rest are a wearer's baseline in training: those that would have been taken live."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64
from ecg_live.model.baseline import TIME_TOLERANCE_S, WINDOW_S, BaselineWindows
from training.data.corpus import Corpus
from training.data.feature_table import Ints, Mask, Names
from training.data.window_store import WindowRows


def baseline_windows(corpus: Corpus, subjects: Names, seconds: float) -> Mask:
    """Which windows (n,) make up their wearer's baseline: of so many seconds of rest those that do not overlap."""
    chosen = np.zeros(len(corpus.rows), np.bool_)
    for who in np.unique(subjects) if seconds else ():
        rest = np.flatnonzero((subjects == who) & np.isfinite(corpus.rows["rest"]))
        table = BaselineWindows(seconds)
        stops = cumulative_rest(corpus.rows["sitting"][rest], corpus.rows["rest"][rest])
        for i, stop in zip(rest.tolist(), stops.tolist(), strict=True):
            chosen[i] = not table.complete and table.take(stop - WINDOW_S, stop)
    return chosen


def cumulative_rest(sitting: Ints, rest: F64) -> F64:
    """Seconds of one wearer's rest up to the ends of windows (n,), counted on from sitting to sitting."""
    passed, before = rest.copy(), 0.0
    for each in np.unique(sitting):
        own = sitting == each
        passed[own] += before
        before = float(passed[own].max())
    return passed


def overlapping(rows: WindowRows, chosen: Mask) -> Mask:
    """Windows (n,) that have a sample in common with one of those chosen, and these themselves."""
    touched = chosen.copy()
    for row in rows[chosen]:
        near = np.abs(rows["start"] - row["start"]) < WINDOW_S - TIME_TOLERANCE_S
        touched |= near & (rows["sitting"] == row["sitting"]) & (rows["part"] == row["part"])
    return touched
