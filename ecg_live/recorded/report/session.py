"""A recorded session as its report needs it: all on one time axis, in seconds from the first sample."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from ecg_live.annotations.current import Annotations
from ecg_live.events import states_that_are
from ecg_live.recorded.report.ecg_overview import EcgOverview, summarise_ecg
from ecg_live.recorded.report.recording_parts import RecordedFile
from ecg_live.recorded.report.time_axis import TimeAxis, wall_clock
from ecg_live.recorded.report.windows import RecordedWindows, read_windows

COUNTDOWN_STATES = states_that_are("countdown")
MIN_HOP_S, MAX_HOP_S = 0.1, 600.0  # limits of the interval between two windows


class RecordedGap(NamedTuple):
    """A gap as the session reported it."""

    start: float
    stop: float
    lost: int
    bridged: bool
    cause: str


class RecordedMarker(NamedTuple):
    """A marker; ``clock`` is its wall time, if known."""

    time: float
    text: str
    clock: dt.datetime | None = None


@dataclass(slots=True)
class SessionEvent:
    """An event of the session or the device, which occurred ``times`` times in a row until ``until`` (s)."""

    time: float
    kind: str
    text: str
    until: float
    times: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class RecordedSession:
    """A recording. ``duration`` and ``hop`` in s; ``ecg`` is None for a recording without ECG.

    ``annotations`` are those made after it, where they are applied: markers are then as they were edited.
    """

    files: tuple[RecordedFile, ...]
    duration: float
    hop: float
    windows: RecordedWindows
    gaps: tuple[RecordedGap, ...]
    markers: tuple[RecordedMarker, ...]
    events: tuple[SessionEvent, ...]
    ecg: EcgOverview | None
    annotations: Annotations = field(default_factory=Annotations)

    @property
    def header_texts(self) -> Mapping[str, str]:
        """Names and values that ecg-live wrote into the header."""
        return self.files[0].contents.header_texts

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The session's settings."""
        return parse_json_object(self.header_texts.get("configuration", ""))


def parse_json_object(text: str) -> Mapping[str, Any]:
    """Parse a JSON object; empty if the text is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def finite_number(fields: Mapping[str, Any], name: str) -> float | None:
    """Return a finite number from a JSON object; None if the field is missing or something else."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:  # an integer of hundreds of digits
        return None


def load_session(files: tuple[RecordedFile, ...]) -> RecordedSession:
    """Combine the files of a recording.

    Raises
    ------
    RecordingError
        The files do not fit together.
    """
    times = TimeAxis(files)
    ecg = summarise_ecg(files)
    events = [timed for file in files for timed in _timed_events(file, times)]
    markers = [marker for file in files for marker in _markers(file, times, ecg)]
    gaps = [_parse_gap(event, times.zero) for _, event in events if event.get("type") == "gap"]
    trailing_lost = files[-1].checked.trailing_lost
    duration = (ecg.stop + trailing_lost) / ecg.rate if ecg else _duration_without_ecg(files, times)
    windows = read_windows(files, times, duration)
    configuration = parse_json_object(files[0].contents.header_texts.get("configuration", ""))
    return RecordedSession(
        files=files,
        duration=duration,
        hop=_hop(finite_number(configuration, "hop"), windows),
        windows=windows,
        gaps=tuple(gap for gap in gaps if gap is not None),
        markers=tuple(sorted(markers, key=lambda marker: marker.time)),
        events=tuple(_session_events(events, with_ecg=ecg is not None)),
        ecg=ecg,
    )


def _hop(configured: float | None, windows: RecordedWindows) -> float:
    """Return the interval between windows (s): as configured, or longer if a strap sends less often."""
    measured = float(np.median(np.diff(windows.stop))) if len(windows) > 1 else MIN_HOP_S
    return min(max(measured, configured or MIN_HOP_S, MIN_HOP_S), MAX_HOP_S)


def _timed_events(file: RecordedFile, times: TimeAxis) -> Iterator[tuple[float, Mapping[str, Any]]]:
    events = list(file.contents.events())
    return zip(times.of_stamps([stamp for stamp, _ in events]).tolist(), (event for _, event in events), strict=True)


def _markers(file: RecordedFile, times: TimeAxis, ecg: EcgOverview | None) -> Iterator[RecordedMarker]:
    """Yield the markers of a file, at the time at which a replay has them, or else at their timestamps."""
    stream = file.contents.text_streams.get("markers")
    if stream is None:
        return
    clocks = [wall_clock(file.contents, stamp) for stamp in stream.stamps]
    timed_texts = ecg.markers.get(file.number, []) if ecg else []
    if len(timed_texts) != len(clocks):
        texts = ["".join(row) for row in stream.values]
        timed_texts = list(zip(times.of_stamps(stream.stamps).tolist(), texts, strict=True))
    for (time, text), clock in zip(timed_texts, clocks, strict=True):
        if isfinite(time):
            yield RecordedMarker(time, text, clock)


def _parse_gap(event: Mapping[str, Any], zero: float) -> RecordedGap | None:
    start, stop, lost = (finite_number(event, name) for name in ("start", "stop", "lost"))
    if start is None or stop is None or lost is None:
        return None
    return RecordedGap(start - zero, stop - zero, int(lost), event.get("bridged") is True, str(event.get("cause", "")))


def _session_events(events: Sequence[tuple[float, Mapping[str, Any]]], *, with_ecg: bool) -> Iterator[SessionEvent]:
    """Yield states, electrodes and so on; consecutive events that differ only in their numbers are one."""
    # without ECG, only these states report that a strap was silent
    left_out = COUNTDOWN_STATES if with_ecg else ("warming_up",)
    last: SessionEvent | None = None
    for time, event in events:
        kind, text = _kind_and_text(event)
        if not kind or kind in left_out:
            continue
        if last is not None and (kind, _mask_numbers(text)) == (last.kind, _mask_numbers(last.text)):
            last.until = time
            last.times += 1
            continue
        if last is not None:
            yield last
        last = SessionEvent(time, kind, text, time)
    if last is not None:
        yield last


def _kind_and_text(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return kind and text of an event; empty for an event that the report does not list."""
    if event.get("type") == "state":
        return str(event.get("state")), str(event.get("detail") or "")
    if event.get("type") == "lead_off":
        electrodes = event.get("electrodes")
        which = ", ".join(map(str, electrodes)) if isinstance(electrodes, list) and electrodes else "electrode"
        return "electrode", f"{which} {'off' if event.get('off') else 'back on'}"
    if event.get("type") == "set":
        return "set", f"{event.get('head')} answers from the {event.get('set')} set"
    level = finite_number(event, "level")
    if event.get("type") == "battery" and level is not None:
        return "battery", f"{level:.0%}"
    return "", ""


def _mask_numbers(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "#", text)


def _duration_without_ecg(files: Sequence[RecordedFile], times: TimeAxis) -> float:
    """Return the time (s) of the last text or value of a recording without ECG."""
    contents = [file.contents for file in files]
    text_stamps = [stamp for each in contents for stream in each.text_streams.values() for stamp in stream.stamps]
    value_stamps = [stream.stamps for each in contents for stream in each.numeric_streams.values()]
    at = times.of_stamps(np.concatenate([np.array(text_stamps, dtype=np.float64), *value_stamps]))
    finite = at[np.isfinite(at)]
    return max(0.0, float(finite.max())) if len(finite) else 0.0
