"""What a tile shows of one wearer among several, and how tiles share a window. Independent of Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ecg_live.constants import NO_ECG
from ecg_live.presentation.formatting import NO_VALUE, capitalise, clock_text, number_text
from ecg_live.presentation.live_values import LiveValues
from ecg_live.presentation.recording import is_recording
from ecg_live.presentation.status import (
    HIDDEN_AFTER_S,
    STALE_AFTER_S,
    STATE_BADGES,
    HeadStatus,
    StatusLine,
    Tone,
    head_status,
    is_stale,
)
from ecg_live.results import HeadInfo, Snapshot

MAX_WEARERS = 16  # on one screen: at 1280 x 800 a tile of more is too small for a trace beside its numbers
TILE_ASPECT = 2.2  # width over height that shows a few beats above a line of numbers
EMPTY_PLACE_COST = 0.25  # of all places empty, in the logarithm of the aspect
GRADE_TONES: dict[str, Tone] = {"good": "live", "poor": "warn", "unusable": "unusable"}
STREAM_STATES = ("no_data", "ended", "error")
REPLAY_WORDS = ("LIVE", "REPLAY")  # of a stream without a fault


@dataclass(frozen=True, slots=True)
class TileStatus:
    """What a tile shows: texts, whether they are dimmed, and the states of stream and recording."""

    stream: StatusLine
    heart_rate: str
    heart_rate_dim: bool
    heads: tuple[HeadStatus, ...]
    quality: str
    quality_tone: Tone
    reasons: str
    lost: str
    recording: StatusLine
    veiled: bool

    @property
    def fault(self) -> bool:
        """Whether the stream has a state that the experimenter should look at."""
        return self.stream.word not in REPLAY_WORDS


def tile_status(
    snapshot: Snapshot, live_values: LiveValues, heads: Sequence[HeadInfo], now: float, warning: str = ""
) -> TileStatus:
    """Describe one wearer.

    Parameters
    ----------
    snapshot : Snapshot
    live_values : LiveValues
        Which have taken the snapshot.
    heads : sequence of HeadInfo
    now : float
        Viewer's clock, s.
    warning : str
        Warning that is more important than those of the stream.
    """
    fresh = live_values.freshness(now)
    last = None if fresh.gone else live_values.last
    dim = fresh.dim or is_stale(snapshot)
    grade = last.quality.grade if last is not None else NO_VALUE
    heart_rate, heart_rate_dim = _heart_rate(snapshot, live_values, now)
    return TileStatus(
        stream=live_values.status_line(snapshot, now, warning=warning),
        heart_rate=heart_rate,
        heart_rate_dim=heart_rate_dim,
        heads=tuple(_head(snapshot, live_values, head, now) for head in heads),
        quality=capitalise(grade),
        quality_tone="neutral" if dim else GRADE_TONES.get(grade, "neutral"),
        reasons="; ".join(last.quality.reasons) if last is not None else "",
        lost=f"lost {live_values.lost_samples(snapshot)[0]}" if live_values.has_ecg else "",
        recording=_recording(snapshot, live_values),
        veiled=live_values.silence_duration(snapshot) > 0,
    )


def _head(snapshot: Snapshot, live_values: LiveValues, head: HeadInfo, now: float) -> HeadStatus:
    last = live_values.last
    result = None if last is None else last.heads.get(head.name)
    if result is None and not live_values.has_ecg and snapshot.samples:
        return HeadStatus("abstain", note=capitalise(NO_ECG))
    return head_status(snapshot, result, live_values.freshness(now))


def head_line(status: HeadStatus) -> str:
    """A head's answer in a word or two, or its own state in its place; the stream's is said once, for all heads."""
    if status.label != NO_VALUE:
        return f"{status.label} {status.percent}".strip()
    return NO_VALUE if status.kind in STREAM_STATES else STATE_BADGES[status.kind][1]


def _heart_rate(snapshot: Snapshot, live_values: LiveValues, now: float) -> tuple[str, bool]:
    """Heart rate of the latest prediction, or of a strap, and whether it is old."""
    fresh, beats = live_values.freshness(now), live_values.beats
    predicted = None if fresh.gone or live_values.last is None else live_values.last.heart_rate
    if predicted is None and beats is not None and snapshot.age <= HIDDEN_AFTER_S:
        return number_text(beats.heart_rate), is_stale(snapshot) or snapshot.age > STALE_AFTER_S
    text = number_text(predicted)
    return text, text == NO_VALUE or fresh.dim or is_stale(snapshot)


def _recording(snapshot: Snapshot, live_values: LiveValues) -> StatusLine:
    """The recording in a few characters; the file's name is its text."""
    status = snapshot.recording
    if is_recording(snapshot) and status is not None:
        seconds = status.seconds + live_values.silence_duration(snapshot) if status.seconds else 0.0
        return StatusLine("rec", f"\N{BLACK CIRCLE} {clock_text(seconds)}", f"Recording to {status.path}")
    if status is not None or live_values.recording_failed:
        reason = live_values.recording_failed or (status.failed if status is not None else "") or ""
        return StatusLine("fault", "REC FAILED", capitalise(reason))
    return StatusLine("neutral", "", "Not recording")


def grid_shape(count: int, width: float, height: float) -> tuple[int, int]:
    """Rows and columns for so many tiles in an area: those whose tiles have the best shape and leave few places empty.

    Parameters
    ----------
    count : int
        Tiles, at least one.
    width, height : float
        Of the area, px.
    """

    def cost(columns: int) -> float:
        rows = math.ceil(count / columns)
        aspect = max(1.0, width / columns) / max(1.0, height / rows)
        return abs(math.log(aspect / TILE_ASPECT)) + EMPTY_PLACE_COST * (rows * columns - count) / (rows * columns)

    columns = min(range(1, count + 1), key=cost)
    return math.ceil(count / columns), columns


def summary_text(statuses: Sequence[TileStatus]) -> str:
    """All wearers in one line: how many are well, which states the others are in, and how many are recorded."""
    well = sum(not status.fault for status in statuses)
    states: dict[str, int] = {}
    for status in statuses:
        if status.fault:
            word = status.stream.word.casefold().replace("ecg", "ECG")
            states[word] = states.get(word, 0) + 1
    recorded = sum(status.recording.tone == "rec" for status in statuses)
    parts = [f"{well} of {len(statuses)} live"]
    parts += [f"{number} {word}" for word, number in states.items()]
    parts += [f"{recorded} recording" if recorded else "not recording"]
    return "   \N{MIDDLE DOT}   ".join(parts)
