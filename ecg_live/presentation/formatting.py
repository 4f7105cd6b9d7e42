"""Numbers, times and events as text. None, NaN and infinity become two dashes, never ``nan``."""

from __future__ import annotations

import math

from ecg_live.events import (
    Battery,
    Gap,
    LeadOff,
    Marker,
    SelfReportAnswer,
    SetChange,
    State,
    StreamEvent,
    states_that_are,
)
from ecg_live.results import Hrv
from ecg_live.study.marker_texts import marker_words

NO_VALUE = "--"
WITHOUT_PARTICIPANT = "No participant named"
SHOWN_STATES = states_that_are("listed")


def number_text(value: float | None, digits: int = 0, factor: float = 1) -> str:
    """Format ``value * factor``; two dashes if it is not finite."""
    if value is None or not math.isfinite(value):
        return NO_VALUE
    return f"{value * factor:.{digits}f}"


def clock_text(seconds: float) -> str:
    """Format seconds as h:mm:ss."""
    if not math.isfinite(seconds):
        return NO_VALUE
    whole = int(max(0.0, seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def size_text(size: float) -> str:
    """Format a number of bytes with about three digits."""
    power = min(4, max(0, (len(str(int(size))) - 1) // 3))
    value = size / 1000**power
    return f"{value:.{1 if power and value < 100 else 0}f} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def capitalise(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def title_text(name: str) -> str:
    """Return the name of a head or class as a title."""
    return capitalise(name.replace("_", " "))


def hrv_text(hrv: Hrv | None) -> str:
    """Describe heart rate variability in a line, or why there is none."""
    if hrv is None:
        return NO_VALUE
    over = f"over {hrv.seconds:.0f} s"
    if hrv.reason is not None:
        return f"{NO_VALUE}  {over}: {hrv.reason}"
    parts = [
        f"SDNN {number_text(hrv.sdnn)} ms",
        f"RMSSD {number_text(hrv.rmssd)} ms",
        f"pNN50 {number_text(hrv.pnn50)} %",
        f"LF/HF {number_text(hrv.lf_hf, 2)}",
        f"SD1/SD2 {number_text(hrv.sd1)}/{number_text(hrv.sd2)} ms",
    ]
    left_out = f", {hrv.ectopic} intervals left out" if hrv.ectopic else ""
    return f"{'  '.join(parts)}  ({over}{left_out})"


def hrv_brief(hrv: Hrv | None) -> str:
    """Describe heart rate variability in a few words, or why there is none."""
    if hrv is None or hrv.reason is not None:
        return f"{NO_VALUE}  {hrv.reason if hrv else ''}".strip()
    ratio = number_text(hrv.lf_hf, 2)
    return f"SDNN {number_text(hrv.sdnn)} \N{MIDDLE DOT} RMSSD {number_text(hrv.rmssd)} ms \N{MIDDLE DOT} LF/HF {ratio}"


def session_title(participant: str | None, session: str | None) -> str:
    """Return who is measured, to stand above everything: participant and session, or that nobody was named."""
    return " \N{MIDDLE DOT} ".join(part for part in (participant or WITHOUT_PARTICIPANT, session) if part)


def event_text(event: StreamEvent, rate: float) -> str:
    """Describe an event, with its stream time if known; ``rate`` in Hz. Empty for events that are not shown."""
    match event:
        case Gap(start, lost, cause, bridged):
            kind = "Bridged gap" if bridged else "Gap"
            length = f"{lost / rate:.3g} s ({lost} samples)" if rate else f"{lost} samples"
            return f"{_time_prefix(start, rate)}{kind} of {length}: {cause}"
        case LeadOff(start, off, electrodes):
            which = ", ".join(electrodes) or "electrode"
            return f"{_time_prefix(start, rate)}{'Lead off' if off else 'Lead back on'}: {which}"
        case Battery(level=level):
            return f"Battery {number_text(level, factor=100)} %"
        case Marker(text=text, raw=raw):
            words = marker_words(text)
            shown = f"Marker: {text}" if words == text else capitalise(words)
            return f"{'' if raw is None else clock_text(raw) + '  '}{shown}"
        case SetChange(raw=raw, head=head, set=which):
            return f"{clock_text(raw)}  {title_text(head)}: answers from the {which} set"
        case SelfReportAnswer(raw=raw):
            return f"{'' if raw is None else clock_text(raw) + '  '}Self-report {event.report}: {_answer_text(event)}"
        case State(state=state, detail=detail) if state in SHOWN_STATES:
            return detail
        case State(state="baseline", detail=detail, seconds_left=None):  # complete; before, it only counts down
            return detail
    return ""


def _answer_text(answer: SelfReportAnswer) -> str:
    """Return the values that were given, and why others are missing."""
    values = [f"{item} {value:g}" for item, value in answer.values if value is not None]
    return ", ".join(part for part in (*values, answer.text, answer.missing) if part)


def _time_prefix(sample: int, rate: float) -> str:
    """Return the stream time of a raw sample, to stand before an event; empty for a stream without samples."""
    return f"{clock_text(sample / rate)}  " if rate else ""
