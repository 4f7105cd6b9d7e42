"""Continuous ratings of all files of a session as one series, on its time axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import numpy.typing as npt

from ecg_live.annotations.current import SessionAnnotation
from ecg_live.events import AFFECT_DIMENSIONS
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.self_reports import AffectRatings, read_affect_ratings

WHOLE_SESSION = (-inf, inf)  # also what was rated before the first sample


def session_ratings(session: RecordedSession) -> AffectRatings:
    """Ratings of all files in s from the first sample; a strap, which has none, places them by the session clock."""
    axis = TimeAxis(session.files)
    times, values = [np.empty(0)], [np.empty((0, len(AFFECT_DIMENSIONS)))]
    for file in session.files:
        found = read_affect_ratings(file.contents)
        counted = found.times + file.contents.start_s - axis.zero
        times.append(np.where(np.isfinite(counted), counted, axis.of_stamps(found.stamps)))
        values.append(found.values)
    return AffectRatings(np.concatenate(times), np.concatenate(values))


def rated_within(
    ratings: AffectRatings, stretch: tuple[float, float], excluded: Sequence[SessionAnnotation]
) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the ratings in a stretch, its end (s) left out, that lie in no excluded one."""
    inside = (ratings.times >= stretch[0]) & (ratings.times < stretch[1])
    for each in excluded:
        inside &= (ratings.times < each.onset) | (ratings.times >= each.stop)
    return np.asarray(inside)
