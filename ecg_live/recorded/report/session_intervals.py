"""RR intervals of all files of a session as one series, on its time axis."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from ecg_live.annotations.exclusion import touches_excluded
from ecg_live.errors import EcgLiveError
from ecg_live.recorded.report.recording_parts import RecordedFile
from ecg_live.recorded.report.session import RecordedSession
from ecg_live.recorded.report.time_axis import TimeAxis
from ecg_live.recorded.rr_intervals import NO_INTERVALS, RrSeries, join_series, read_rr_intervals, recorded_intervals


def session_intervals(session: RecordedSession, max_searched: float = inf) -> RrSeries:
    """RR intervals of all files outside of excluded stretches, in s from the first sample; none if there are none.

    A file without them is searched for beats, unless the session is longer than ``max_searched`` (s).
    """
    zero = TimeAxis(session.files).zero
    found = [(_file_intervals(file, session, max_searched), file.contents.start_s - zero) for file in session.files]
    series = join_series([replace(series, stop=series.stop + offset) for series, offset in found]).main()
    excluded = session.annotations.excluded
    if not excluded:
        return series
    return series.where(~touches_excluded(series.stop - series.rr, series.stop, excluded))


def _file_intervals(file: RecordedFile, session: RecordedSession, max_searched: float) -> RrSeries:
    if (found := recorded_intervals(file.contents, continued=file is not session.files[0])) is not None:
        return found
    if session.duration > max_searched:
        return NO_INTERVALS
    try:
        return read_rr_intervals(file.path, contents=file.contents)
    except EcgLiveError:  # the page, and `verify`, state the damage
        return NO_INTERVALS
