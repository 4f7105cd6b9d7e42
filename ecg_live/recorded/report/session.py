"""A recorded session as its report sees it: everything on one time axis, in seconds from the first sample."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from ecg_live.events import states_that_are
from ecg_live.recorded.report.ecg_overview import EcgOverview, summarise_ecg
from ecg_live.recorded.report.recording_parts import RecordingFile
from ecg_live.recorded.report.time_axis import TimeAxis, wall_clock
from ecg_live.recorded.report.windows import RecordedWindows, read_windows

COUNTDOWN_STATES = states_that_are("countdown")
MIN_HOP_S, MAX_HOP_S = 0.1, 600.0  # s that may lie between two windows


class RecordedGap(NamedTuple):
    """A gap, as the session told it."""

    start: float
    stop: float
    lost: int
    bridged: bool
    cause: str


class RecordedMarker(NamedTuple):
    """A marker; ``clock`` is when it was by the wall clock."""

    time: float
    text: str
    clock: dt.datetime | None = None


@dataclass(slots=True)
class SessionEvent:
    """What the session or the device told, as often as it did so without a word between: ``until`` the last time."""

    time: float
    kind: str
    text: str
    until: float
    times: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class RecordedSession:
    """All of a recording. ``duration`` and ``hop`` in s; ``trace`` is None where no ECG came."""

    parts: tuple[RecordingFile, ...]
    duration: float
    hop: float
    windows: RecordedWindows
    gaps: tuple[RecordedGap, ...]
    markers: tuple[RecordedMarker, ...]
    session_events: tuple[SessionEvent, ...]
    trace: EcgOverview | None

    @property
    def own(self) -> Mapping[str, str]:
        """What the headers say."""
        return self.parts[0].contents.header_texts

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The session's settings."""
        return parse_json_object(self.own.get("configuration", ""))


def parse_json_object(text: str) -> Mapping[str, Any]:
    """An object of JSON; an empty one where there is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def finite_number(fields: Mapping[str, Any], name: str) -> float | None:
    """A finite number among fields of JSON."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:  # an integer of hundreds of digits
        return None


def load_session(parts: tuple[RecordingFile, ...]) -> RecordedSession:
    """Put a recording's parts together.

    Raises
    ------
    RecordingError
        They do not fit together.
    """
    times, trace = TimeAxis(parts), summarise_ecg(parts)
    told = [(time, event) for part in parts for time, event in _timed_events(part, times)]
    notes = (note for part in parts for note in _markers(part, times, trace))
    markers = tuple(sorted(notes, key=lambda note: note.time))
    gaps = tuple(hole for _, event in told if event.get("type") == "gap" and (hole := _parse_gap(event, times.zero)))
    silent = parts[-1].checked.trailing_lost
    duration = (trace.stop + silent) / trace.rate if trace else _duration_without_ecg(parts, times)
    windows = read_windows(parts, times, duration)
    hop = _hop(
        finite_number(parse_json_object(parts[0].contents.header_texts.get("configuration", "")), "hop"), windows
    )
    happenings = tuple(_session_events(told, ecg=trace is not None))
    return RecordedSession(parts, duration, hop, windows, gaps, markers, happenings, trace)


def _hop(asked: float | None, windows: RecordedWindows) -> float:
    """Seconds from one window to the next: those asked for, or more, since a strap may speak more rarely."""
    found = float(np.median(np.diff(windows.stop))) if len(windows) > 1 else MIN_HOP_S
    return min(max(found, asked or MIN_HOP_S, MIN_HOP_S), MAX_HOP_S)


def _timed_events(part: RecordingFile, times: TimeAxis) -> Iterator[tuple[float, Mapping[str, Any]]]:
    events = list(part.contents.events())
    return zip(times.of_stamps([stamp for stamp, _ in events]).tolist(), (event for _, event in events), strict=True)


def _markers(part: RecordingFile, times: TimeAxis, trace: EcgOverview | None) -> Iterator[RecordedMarker]:
    """Markers of a part: where there is ECG, where a replay has them; else by their stamps."""
    said = part.contents.text_streams.get("markers")
    if said is None:
        return
    clocks = [wall_clock(part.contents, stamp) for stamp in said.stamps]
    placed = trace.markers.get(part.number, []) if trace else []
    if len(placed) != len(clocks):
        texts = ["".join(row) for row in said.values]
        placed = list(zip(times.of_stamps(said.stamps).tolist(), texts, strict=True))
    for (time, text), clock in zip(placed, clocks, strict=True):
        if isfinite(time):
            yield RecordedMarker(time, text, clock)


def _parse_gap(event: Mapping[str, Any], zero: float) -> RecordedGap | None:
    start, stop, lost = (finite_number(event, name) for name in ("start", "stop", "lost"))
    if start is None or stop is None or lost is None:
        return None
    return RecordedGap(start - zero, stop - zero, int(lost), event.get("bridged") is True, str(event.get("cause", "")))


def _session_events(told: Sequence[tuple[float, Mapping[str, Any]]], *, ecg: bool) -> Iterator[SessionEvent]:
    """States and what electrodes did; those that differ by their numbers only, one behind the other, are one."""
    left_out = COUNTDOWN_STATES if ecg else ("warming_up",)  # of a strap nothing else tells that it was silent
    last: SessionEvent | None = None
    for time, event in told:
        kind, text = _kind_and_text(event)
        if not kind or kind in left_out:
            continue
        if last is not None and (kind, _mask_numbers(text)) == (last.kind, _mask_numbers(last.text)):
            last.until, last.times = time, last.times + 1
            continue
        if last is not None:
            yield last
        last = SessionEvent(time, kind, text, time)
    if last is not None:
        yield last


def _kind_and_text(event: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and words; no kind for what is not told here."""
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


def _duration_without_ecg(parts: Sequence[RecordingFile], times: TimeAxis) -> float:
    """When the last word of a recording without ECG came."""
    held = [part.contents for part in parts]
    words = [stamp for one in held for text in one.text_streams.values() for stamp in text.stamps]
    numbers = [found.stamps for one in held for found in one.numeric_streams.values()]
    placed = times.of_stamps(np.concatenate([np.array(words, dtype=np.float64), *numbers]))
    known = placed[np.isfinite(placed)]
    return max(0.0, float(known.max())) if len(known) else 0.0
