"""Raw time and the session clock, both as seconds since a recording's first sample: the time axis of its report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import isfinite

import numpy as np

from ecg_live.events import F64
from ecg_live.recorded.report.recording_parts import RecordingFile
from ecg_live.recorded.session_file import SessionContents


class TimeAxis:
    """Places what was recorded on one axis, over all parts of a recording.

    ``zero`` is the raw time (s) at which the axis begins: that of the first sample, of a strap its first heart rate.
    """

    def __init__(self, parts: Sequence[RecordingFile]) -> None:
        knots = [knot for part in parts for knot in _known_times(part.contents)]
        zeros = [zero for part in parts if (zero := _first_sample_time(part)) is not None]
        self.zero = min(zeros, default=0.0)
        if not knots:  # nothing was ever measured: the first word begins it
            stamps = [
                s for part in parts for text in part.contents.text_streams.values() for s in text.stamps if isfinite(s)
            ]
            knots, self.zero = [(min(stamps, default=0.0), 0.0)], 0.0
        knots.sort()
        self._stamps = np.array([stamp for stamp, _ in knots])
        self._raw = np.array([raw for _, raw in knots]) - self.zero

    def of_stamps(self, stamps: Sequence[float] | F64) -> F64:
        """Where stamps (n,) of the session clock lie: as far behind the last known place as on the clock."""
        found = np.asarray(stamps, dtype=np.float64)
        at = np.clip(np.searchsorted(self._stamps, found, side="right") - 1, 0, None)
        return np.asarray(self._raw[at] + (found - self._stamps[at]))


def wall_clock(contents: SessionContents, stamp: float) -> dt.datetime | None:
    """When a stamp was, by the wall clock; None where nobody knows, or a replay ran at another speed."""
    try:
        if float(contents.header_texts.get("speed", "1")) != 1:
            return None
        opened = dt.datetime.fromisoformat(contents.file_header.get("datetime", ""))
        return opened + dt.timedelta(seconds=stamp - contents.opened_at)
    except (ValueError, OverflowError):
        return None


def _first_sample_time(part: RecordingFile) -> float | None:
    """Raw time of the first sample; None where there is none."""
    ecg, contents = part.ecg, part.contents
    if ecg is not None:
        return contents.start_s if ecg.samples else None
    beats = _finite_stamps(contents, "heart_rate")
    answers = _prediction_times(contents)
    return answers[0][1] - (answers[0][0] - beats[0]) if beats and answers else 0.0 if beats else None


def _known_times(contents: SessionContents) -> list[tuple[float, float]]:
    """Stamps whose raw time is known."""
    begin = [(contents.first_timestamp, contents.start_s)] if isfinite(contents.first_timestamp) else []
    known = begin + _prediction_times(contents)
    return known or [(stamp, 0.0) for stamp in _finite_stamps(contents, "heart_rate")[:1]]


def _prediction_times(contents: SessionContents) -> list[tuple[float, float]]:
    """Stamps of predictions, and the raw time at which their windows end."""
    found = contents.numeric_streams.get("predictions")
    if found is None or found.values.shape[1] < 2:
        return []
    pairs = zip(found.stamps.tolist(), found.values[:, 1].tolist(), strict=True)
    return [pair for pair in pairs if all(map(isfinite, pair))]


def _finite_stamps(contents: SessionContents, key: str) -> list[float]:
    found = contents.numeric_streams.get(key)
    return [] if found is None else [stamp for stamp in found.stamps.tolist() if isfinite(stamp)]
