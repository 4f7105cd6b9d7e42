"""The resting baseline of each subject in training: the windows that a live session would have taken it from."""

from __future__ import annotations

import numpy as np

from ecg_live.events import F64
from ecg_live.model.baseline import TIME_TOLERANCE_S, WINDOW_S, BaselineWindows
from training.data.corpus import Corpus
from training.data.feature_table import Ints, Mask
from training.data.window_store import WindowRows


def baseline_windows(corpus: Corpus, seconds: float) -> Mask:
    """Which windows (n,) make up their subject's baseline: of the first ``seconds`` of rest those without overlap."""
    chosen = np.zeros(len(corpus.rows), np.bool_)
    subjects = corpus.subjects
    for subject in np.unique(subjects) if seconds else ():
        rest = np.flatnonzero((subjects == subject) & np.isfinite(corpus.rows["rest"]))
        table = BaselineWindows(seconds)
        stops = cumulative_rest(corpus.rows["session"][rest], corpus.rows["rest"][rest])
        for i, stop in zip(rest.tolist(), stops.tolist(), strict=True):
            chosen[i] = not table.complete and table.take(stop - WINDOW_S, stop)
    return chosen


def cumulative_rest(session: Ints, rest: F64) -> F64:
    """Seconds of one subject's rest up to the ends of windows (n,), summed over the sessions before.

    ``session`` (n,) is each window's session, ``rest`` (n,) the seconds of rest within it.
    """
    elapsed, before = rest.copy(), 0.0
    for each in np.unique(session):
        own = session == each
        elapsed[own] += before
        before = float(elapsed[own].max())
    return elapsed


def overlapping(rows: WindowRows, chosen: Mask) -> Mask:
    """Windows (n,) that share a sample with a chosen one, the chosen ones included."""
    overlaps = chosen.copy()
    for row in rows[chosen]:
        near = np.abs(rows["start"] - row["start"]) < WINDOW_S - TIME_TOLERANCE_S
        overlaps |= near & (rows["session"] == row["session"]) & (rows["part"] == row["part"])
    return overlaps
