"""RR intervals and heart rate variability of a recorded session, as items with their places in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from typing import Any

from ecg_live.recorded.recording_files import part_number
from ecg_live.recorded.session_file import SessionContents
from ecg_live.results import RR_FLAGS, RR_SOURCES, Hrv, HrvResult, RrInterval
from ecg_live.signal.hrv import with_reasons
from ecg_live.signal.sliding_hrv import too_early
from ecg_live.sinks.stream_layout import HRV_FIELDS, RR_CHANNELS

COUNTS = ("intervals", "ectopic")  # of `HRV_FIELDS`, those that are whole numbers
RhythmLine = tuple[int, float, RrInterval | HrvResult]  # place, time (s) and item


def rhythm_lines(contents: SessionContents, zero: float) -> Iterator[RhythmLine]:
    """Items of a file, on the axis that begins at stream time ``zero`` (s); what no session writes is left out."""
    intervals = list(_rr_intervals(contents, zero))
    yield from intervals
    begins = [each.raw + zero - each.rr for _, _, each in intervals if each.raw is not None]
    first_part = part_number(contents.file_header.get("part", "")) == 1
    yield from _hrv_results(contents, zero, begins[0] if begins and first_part else 0.0)


def _rr_intervals(contents: SessionContents, zero: float) -> Iterator[tuple[int, float, RrInterval]]:
    stream = contents.numeric_streams.get("rr_intervals")
    if stream is None or stream.values.shape[1] < len(RR_CHANNELS):
        return
    for place, (rr, flag, source, beat, *_) in zip(stream.places.tolist(), stream.values.tolist(), strict=True):
        if rr > 0 and flag in range(len(RR_FLAGS)) and source in range(len(RR_SOURCES)):
            raw = beat - zero if isfinite(beat) else None
            at = 0.0 if raw is None else raw
            yield place, at, RrInterval(at, raw, rr, RR_FLAGS[int(flag)], RR_SOURCES[int(source)])


def _hrv_results(contents: SessionContents, zero: float, began: float) -> Iterator[RhythmLine]:
    """Results of a session whose first heartbeat was at stream time ``began`` (s)."""
    stream = contents.numeric_streams.get("hrv")
    if stream is None or stream.values.shape[1] < 2 + len(HRV_FIELDS):
        return
    for place, (start, stop, *values) in zip(stream.places.tolist(), stream.values.tolist(), strict=True):
        known: dict[str, Any] = {
            name: value if isfinite(value) else None for name, value in zip(HRV_FIELDS, values, strict=False)
        }
        if isfinite(start) and isfinite(stop) and None not in (known["intervals"], known["coverage"], known["ectopic"]):
            counts = {name: int(known[name]) for name in COUNTS}
            found = with_reasons(Hrv(stop - start, **{**known, **counts}))
            if start < 0 and found.sdnn is None:
                reason = too_early(stop - began, stop - start)
                found = replace(found, reason=reason, spectrum_reason=reason)
            yield place, stop - zero, HrvResult(stop - zero, stop - zero, found)
