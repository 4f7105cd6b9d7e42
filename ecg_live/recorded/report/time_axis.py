"""The time axis of a report: stream time and session clock, both in seconds from the first sample of the recording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import isfinite

import numpy as np

from ecg_live.events import F64
from ecg_live.recorded.report.recording_parts import RecordedFile
from ecg_live.recorded.session_file import SessionContents


class TimeAxis:
    """Converts session-clock timestamps to seconds on the axis, for all files of a recording.

    Parameters
    ----------
    files : sequence of RecordedFile

    Attributes
    ----------
    zero : float
        Stream time (s) at which the axis begins: that of the first sample, or of the first heart rate of a strap.
    """

    def __init__(self, files: Sequence[RecordedFile]) -> None:
        knots = [knot for file in files for knot in _known_times(file.contents)]
        zeros = [zero for file in files if (zero := _first_sample_time(file)) is not None]
        self.zero = min(zeros, default=0.0)
        if not knots:  # nothing was measured: the axis begins with the first text
            stamps = [
                s for file in files for text in file.contents.text_streams.values() for s in text.stamps if isfinite(s)
            ]
            knots = [(min(stamps, default=0.0), 0.0)]
            self.zero = 0.0
        knots.sort()
        self._stamps = np.array([stamp for stamp, _ in knots])
        self._raw = np.array([raw for _, raw in knots]) - self.zero

    def of_stamps(self, stamps: Sequence[float] | F64) -> F64:
        """Convert timestamps (n,) of the session clock to axis times (n,), from the last known time before each."""
        clock = np.asarray(stamps, dtype=np.float64)
        at = np.clip(np.searchsorted(self._stamps, clock, side="right") - 1, 0, None)
        return np.asarray(self._raw[at] + (clock - self._stamps[at]))

    def to_stamps(self, times: Sequence[float] | F64) -> F64:
        """Convert axis times (n,) to timestamps (n,) of the session clock, from the last known time before each."""
        raw = np.asarray(times, dtype=np.float64)
        at = np.clip(np.searchsorted(np.maximum.accumulate(self._raw), raw, side="right") - 1, 0, None)
        return np.asarray(self._stamps[at] + (raw - self._raw[at]))


def wall_clock(contents: SessionContents, stamp: float) -> dt.datetime | None:
    """Convert a session-clock timestamp to wall time; None if unknown, or if a replay ran at another speed."""
    try:
        if float(contents.header_texts.get("speed", "1")) != 1:
            return None
        opened = dt.datetime.fromisoformat(contents.file_header.get("datetime", ""))
        return opened + dt.timedelta(seconds=stamp - contents.opened_at)
    except (ValueError, OverflowError):
        return None


def _first_sample_time(file: RecordedFile) -> float | None:
    """Return the stream time (s) of the first sample, or of a strap's first heart rate; None without either."""
    ecg, contents = file.ecg, file.contents
    if ecg is not None:
        return contents.start_s if ecg.samples else None
    beats = _finite_stamps(contents, "heart_rate")
    if not beats:
        return None
    predictions = _prediction_times(contents)
    return predictions[0][1] - (predictions[0][0] - beats[0]) if predictions else 0.0


def _known_times(contents: SessionContents) -> list[tuple[float, float]]:
    """Return timestamps with known stream time, as pairs (s)."""
    begin = [(contents.first_timestamp, contents.start_s)] if isfinite(contents.first_timestamp) else []
    known = begin + _prediction_times(contents)
    return known or [(stamp, 0.0) for stamp in _finite_stamps(contents, "heart_rate")[:1]]


def _prediction_times(contents: SessionContents) -> list[tuple[float, float]]:
    """Return the timestamps of predictions with the stream time at which their windows end, as pairs (s)."""
    found = contents.numeric_streams.get("predictions")
    if found is None or found.values.shape[1] < 2:
        return []
    pairs = zip(found.stamps.tolist(), found.values[:, 1].tolist(), strict=True)
    return [pair for pair in pairs if all(map(isfinite, pair))]


def _finite_stamps(contents: SessionContents, key: str) -> list[float]:
    found = contents.numeric_streams.get(key)
    return [] if found is None else [stamp for stamp in found.stamps.tolist() if isfinite(stamp)]
