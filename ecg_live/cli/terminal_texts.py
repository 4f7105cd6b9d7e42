"""Texts of a session in the terminal: values beside their names, and lines of predictions and events."""

from __future__ import annotations

from collections.abc import Mapping

from ecg_live.cli.terminal_charts import bars
from ecg_live.events import State, StreamEvent
from ecg_live.presentation.formatting import event_text, hrv_brief, hrv_text
from ecg_live.presentation.status import (
    UNDECIDED_LABEL,
    abstention_text,
    interval_text,
    result_state,
    value_text,
)
from ecg_live.results import HeadResult, Hrv, Prediction, Snapshot

LATENCY_NAME = "latency p95"  # the longest name of a value that does not belong to a head


def heads_text(heads: Mapping[str, HeadResult]) -> str:
    """Answers of all heads in a line; a single head needs no name."""
    if len(heads) == 1:
        return head_suffix(*heads.values()).lstrip(": ")
    return "  ".join(f"{name.replace('_', ' ')}{head_suffix(head)}" for name, head in heads.items())


def fitting_hrv_text(hrv: Hrv | None, room: int) -> str:
    """Heart rate variability in a line, with what fits into so many characters."""
    whole = hrv_text(hrv)
    return whole if hrv is None or len(whole) <= room else f"{hrv_brief(hrv)}  (over {hrv.seconds:.0f} s)"


def samples_text(snapshot: Snapshot, lost: str, note: str) -> str:
    """Samples, those lost, and their share if there are any."""
    return f"{snapshot.samples:,}  ({lost} lost{f', {note}' if note and lost != '0' else ''})"


def value_rows(snapshot: Snapshot, last: Prediction | None, room: int, *, stale: bool) -> list[tuple[str, str]]:
    """Names and values below the trace; dashes for values that are unknown.

    Parameters
    ----------
    snapshot : Snapshot
    last : Prediction, optional
        The latest one.
    room : int
        Characters that the probabilities of a head may take.
    stale : bool
        The latest prediction is too old to show.
    """
    fresh = None if stale or snapshot.state.state in {"warming_up", "gap"} else last
    rows = [("heart rate", f"{fresh.heart_rate:.0f} bpm" if fresh and fresh.heart_rate else "--")]
    rows.append(("RMSSD", f"{fresh.rmssd:.0f} ms" if fresh and fresh.rmssd is not None else "--"))
    rows.append(("quality", _quality_text(fresh) if fresh else "--"))
    for name, head in fresh.heads.items() if fresh else ():
        rows.append((name.replace("_", " "), _head_text(head, room)))
    latency = f"{snapshot.latency_p95 * 1000:.0f} ms" if snapshot.latency_p95 is not None else "--"
    return [*rows, (LATENCY_NAME, latency)]


def _head_text(head: HeadResult, room: int) -> str:
    """Probabilities of a head in at most ``room`` characters, marked if undecided; or its reason to abstain."""
    if result_state(head) == "number" and head.scale is not None:
        return f"{value_text(head.value)}  ({interval_text(head)}; scale {head.scale[0]:g} to {head.scale[1]:g})"
    if not head.probs:
        return f"abstains: {abstention_text(head)}"
    prefix = f"{UNDECIDED_LABEL}  " if result_state(head) == "low" else ""
    return prefix + bars(head.probs, max(0, room - len(prefix)))


def prediction_line(item: Prediction) -> str:
    """One prediction as a plain line."""
    heads = [f"{name}{head_suffix(head)}" for name, head in item.heads.items()]
    rate = f"{item.heart_rate:.0f} bpm" if item.heart_rate else "-- bpm"
    return f"{item.stop:8.1f} s  {rate}  {_quality_text(item)}  " + "  ".join(heads)


def event_line(event: StreamEvent, rate: float) -> str:
    """One event as a plain line; empty for those that only count down."""
    if isinstance(event, State):
        counts = event.state == "warming_up" or event.seconds_left is not None
        return "" if counts else f"{event.state}: {event.detail}"
    return event_text(event, rate)


def head_suffix(head: HeadResult) -> str:
    """What follows a head's name in a line: its answer, or the reason why it abstains."""
    if result_state(head) == "number":
        return f" {value_text(head.value)} ({interval_text(head)})"
    if not head.probs or head.label is None:
        return f": {abstention_text(head)}"
    likeliest = f"{head.label} {head.probs[head.label]:.2f}"
    return f" {UNDECIDED_LABEL} ({likeliest})" if result_state(head) == "low" else f" {likeliest}"


def _quality_text(item: Prediction) -> str:
    return item.quality.grade + (f" ({', '.join(item.quality.reasons)})" if item.quality.reasons else "")
