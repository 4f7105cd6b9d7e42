"""A continuous rating at a regular rate, as BIDS wants its signals."""

from __future__ import annotations

import numpy as np

from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE, F64
from ecg_live.recorded.export.bids.physio import before_silence
from ecg_live.recorded.self_reports import AffectRatings

RATING_HZ = 20.0  # at which a rating is taken
MAX_RATING_AGE_S = 0.1  # of a row: it is a sample late at most
RATING_COLUMNS = tuple(  # name, description, unit
    (name, f"Participant's rating of {name}, {AFFECT_SCALE[0]:g} to {AFFECT_SCALE[1]:g}; n/a while there is none", "")
    for name in AFFECT_DIMENSIONS
)


def rating_rows(ratings: AffectRatings) -> F64:
    """Rows (n, 2) of valence and arousal from the first ECG sample: the newest by then, to half a row; NaN for none."""
    known = ratings.times >= 0
    times, values = ratings.times[known], ratings.values[known]
    times = times[: before_silence(times)]
    if not len(times):
        return np.empty((0, len(RATING_COLUMNS)))
    rows = np.arange(round(float(times[-1]) * RATING_HZ) + 1) / RATING_HZ
    at = np.searchsorted(times, rows + 0.5 / RATING_HZ, side="right") - 1
    found = values[at]
    found[(at < 0) | (rows - times[at] > MAX_RATING_AGE_S)] = np.nan
    return np.asarray(found)
