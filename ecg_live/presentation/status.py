"""What a live view shows of heads and stream: their states, and the text for each. Independent of Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Literal

from ecg_live.events import states_that_are
from ecg_live.presentation.formatting import NO_VALUE, capitalise, number_text, title_text
from ecg_live.results import HeadResult, Prediction, Snapshot

DisplayState = Literal[
    "waiting", "warming_up", "gap", "valid", "low", "number", "abstain", "stale", "no_data", "ended", "error"
]
Tone = Literal["live", "info", "warn", "paused", "unusable", "fault", "rec", "neutral"]

STALE_AFTER_S = 3.0  # an older prediction is dimmed, and its age shown
HIDDEN_AFTER_S = 10.0  # an older prediction is not shown any more
MIN_CONFIDENT_PROBABILITY = 0.6  # below it the most probable class has low confidence, and no label is shown
UNDECIDED_LABEL = "undecided"
ABSENT_STATES = states_that_are("away")
NO_USABLE_ECG = "NO USABLE ECG"
TEXT_SEPARATOR = "  \N{MIDDLE DOT}  "
# What the answers of a set are relative to.
SET_NOTES = {"adaptive": "Relative to this session so far", "personal": "Relative to the resting baseline"}

STATE_BADGES: dict[DisplayState, tuple[Tone, str]] = {
    "waiting": ("neutral", "Waiting"),
    "warming_up": ("info", "Warming up"),
    "gap": ("warn", "Gap"),
    "valid": ("live", "Confident"),
    "low": ("warn", "Low confidence"),
    "number": ("live", "Estimate"),
    "abstain": ("neutral", "No estimate"),
    "stale": ("neutral", "Stale"),
    "no_data": ("fault", "Disconnected"),
    "ended": ("neutral", "Ended"),
    "error": ("fault", "Error"),
}


@dataclass(frozen=True, slots=True)
class HeadStatus:
    """What to show of a head: its state, ``label`` and ``percent`` as text, a ``note`` (reason, age, countdown)."""

    kind: DisplayState
    label: str = NO_VALUE
    percent: str = ""
    note: str = ""
    dim: bool = True


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A line about a state: tone, one word in capitals, and a sentence."""

    tone: Tone
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class StreamCondition:
    """The condition of a stream, in addition to its snapshot.

    Attributes
    ----------
    warning : str
        Current warning, or empty.
    unusable : float or None
        Time (s) since the last usable window; None if the latest window is usable.
    reasons : tuple of str
        Why the latest window is unusable.
    replay : float or None
        Speed at which a recording is replayed; None for a device.
    """

    warning: str = ""
    unusable: float | None = None
    reasons: tuple[str, ...] = ()
    replay: float | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """Age (s) of the latest prediction, and the interval between predictions (``hop``, s)."""

    age: float
    hop: float = 1.0

    @property
    def dim(self) -> bool:
        """Whether the prediction is too old to look live."""
        return self.age > STALE_AFTER_S + self.hop - 1

    @property
    def gone(self) -> bool:
        """Whether the prediction is too old to be shown."""
        return self.age > HIDDEN_AFTER_S + self.hop - 1

    @property
    def note(self) -> str:
        """Return the age as text."""
        return f"{number_text(self.age)} s old"


def label_probability(result: HeadResult) -> float | None:
    """Return the probability of the head's label."""
    return None if result.probs is None or result.label is None else result.probs.get(result.label)


def result_state(result: HeadResult) -> Literal["valid", "low", "number", "abstain"]:
    """Return whether a result is valid, has low confidence, is a number, or abstains."""
    if result.scale is not None:
        return "abstain" if result.abstain is not None or number_text(result.value) == NO_VALUE else "number"
    top = label_probability(result)
    if result.abstain is not None or top is None or number_text(top) == NO_VALUE:
        return "abstain"
    return "valid" if top >= MIN_CONFIDENT_PROBABILITY else "low"


def device_absent(snapshot: Snapshot) -> bool:
    """Return whether the device reports that it sends no data; ``connecting`` without detail is a session's start."""
    state = snapshot.state
    return state.state in ABSENT_STATES and (bool(state.detail) or state.state in ("lost", "gave_up"))


def stream_state(snapshot: Snapshot) -> DisplayState | None:
    """Return the state that the stream puts all heads into; None if each head has its own."""
    if snapshot.error is not None or snapshot.state.state == "error":
        return "error"
    if snapshot.ended or snapshot.state.state == "ended":
        return "ended"
    if snapshot.samples and (snapshot.age > HIDDEN_AFTER_S or device_absent(snapshot)):
        return "no_data"
    if snapshot.state.state in ("warming_up", "gap") and not snapshot.age > STALE_AFTER_S:
        return "gap" if snapshot.state.state == "gap" else "warming_up"
    return None


def is_stale(snapshot: Snapshot) -> bool:
    """Return whether all values are of the past: no data, ended, or failed."""
    return stream_state(snapshot) in ("no_data", "ended", "error")


def current_stream_time(snapshot: Snapshot) -> float:
    """Return the stream time (s), which continues without samples until the stream ends."""
    over = stream_state(snapshot) in ("ended", "error") or not snapshot.samples
    return snapshot.now if over else snapshot.now + max(0.0, snapshot.age)


def countdown_text(snapshot: Snapshot) -> str:
    """Return how long until the next estimate, if known."""
    left = snapshot.state.seconds_left
    return "" if left is None or number_text(left) == NO_VALUE else f"Estimate in {max(0.0, left):.0f} s"


def head_status(
    snapshot: Snapshot, result: HeadResult | None, fresh: Freshness, earlier_baseline: str = ""
) -> HeadStatus:
    """Return how to show a head with this latest ``result`` (None: none yet).

    ``earlier_baseline`` names the baseline of an earlier session that a personal set uses.
    """
    kind = stream_state(snapshot)
    if kind in ("warming_up", "gap"):
        return HeadStatus(kind, note=countdown_text(snapshot))
    if result is None or fresh.gone:
        known = kind or ("waiting" if result is None else "stale")
        return HeadStatus(known, note="" if result is None else f"Last answer {fresh.note}")
    if kind is not None or fresh.dim:
        label, percent = _label_and_percent(result)
        return HeadStatus(kind or "stale", label, percent, fresh.note)
    if result_state(result) == "abstain":
        wanted = "probability" if result.scale is None else "number"
        return HeadStatus("abstain", note=capitalise(abstention_text(result)) or f"The model gave no valid {wanted}")
    notes = [leaning_text(result)] if result_state(result) == "low" else []
    notes += [scale_text(result.scale)] if result.scale is not None else []
    if result.set == "personal" and earlier_baseline:
        notes.append(f"Relative to the {earlier_baseline}")
    else:
        notes += [SET_NOTES[result.set]] if result.set in SET_NOTES else []
    return HeadStatus(result_state(result), *_label_and_percent(result), TEXT_SEPARATOR.join(notes), dim=False)


def abstention_text(result: HeadResult) -> str:
    """Return why a head abstains, and for how long if that is known."""
    left = result.seconds_left
    countdown = "" if left is None or number_text(left) == NO_VALUE else f": {max(0.0, left):.0f} s to go"
    return f"{result.abstain or ''}{countdown}"


def _label_and_percent(result: HeadResult) -> tuple[str, str]:
    kind = result_state(result)
    if kind == "number":
        return value_text(result.value), interval_text(result)
    if kind == "abstain" or result.label is None:
        return NO_VALUE, ""
    if kind == "low":
        return capitalise(UNDECIDED_LABEL), ""
    return title_text(result.label), f"{number_text(label_probability(result), factor=100)} %"


def value_text(value: float | None) -> str:
    """Return a rating with one decimal."""
    return number_text(value, 1)


def interval_text(result: HeadResult) -> str:
    """Return the interval of a number; empty without one."""
    return f"{value_text(result.interval[0])} to {value_text(result.interval[1])}" if result.interval else ""


def scale_text(scale: tuple[float, float]) -> str:
    """Return what a number and its interval mean."""
    return f"On a scale of {scale[0]:g} to {scale[1]:g}; the interval holds 80 % of ratings"


def leaning_text(result: HeadResult) -> str:
    """Return the probability that a result of low confidence leans to.

    Of two classes it is always that of the second, so that the text does not flip around 50 %.
    """
    if result.probs is None or result.label is None:
        return ""
    name = list(result.probs)[-1] if len(result.probs) == 2 else result.label
    return f"{title_text(name)} {number_text(result.probs[name], factor=100)} %"


def prediction_interval(predictions: Sequence[Prediction], known: float) -> float:
    """Return the interval of predictions (s): the smallest one so far (``known``), since gaps make some longer."""
    return min([known, *(b.stop - a.stop for a, b in pairwise(predictions) if b.stop > a.stop)])


def silence_duration(snapshot: Snapshot) -> float:
    """Return how long (s) a device has been silent; 0 while it streams, before its first sample, after its end."""
    over = stream_state(snapshot) in ("ended", "error") or not snapshot.samples
    return 0.0 if over or not (snapshot.age > STALE_AFTER_S or device_absent(snapshot)) else snapshot.age


def status_line(snapshot: Snapshot, stream: StreamCondition, *, paused: bool) -> StatusLine:
    """Return the status line of the stream: the most important state, faults first."""
    state, age = snapshot.state, snapshot.age
    kind = stream_state(snapshot)
    if kind == "error":
        return StatusLine("fault", "ERROR", snapshot.error or capitalise(state.detail) or "The session has stopped.")
    if kind == "ended":
        return StatusLine("neutral", "ENDED", capitalise(state.detail) or "The stream has ended.")
    if device_absent(snapshot):
        return _status_without_device(snapshot)
    if kind == "no_data":
        return StatusLine("fault", "NO DATA", f"No data for {age:.0f} s. Check that the device is on and within reach.")
    if not snapshot.samples:
        return StatusLine("info", "WAITING", capitalise(state.detail) or "For the first sample.")
    if age > STALE_AFTER_S:
        return StatusLine("warn", "NO DATA", f"No data for {age:.0f} s.")
    return _status_while_streaming(snapshot, stream, paused=paused)


def _status_without_device(snapshot: Snapshot) -> StatusLine:
    state = snapshot.state
    words = [capitalise(state.detail)] if state.detail else []
    if snapshot.samples:
        words.append(f"no data for {snapshot.age:.0f} s")
    text = TEXT_SEPARATOR.join(words) or "The device is gone."
    if state.state == "gave_up":
        return StatusLine("fault", "GAVE UP", text)
    if snapshot.samples or state.state == "lost":
        return StatusLine("fault", "DISCONNECTED", text)
    return StatusLine("info", state.state.upper(), text)


def _status_while_streaming(snapshot: Snapshot, stream: StreamCondition, *, paused: bool) -> StatusLine:
    """Return the most important state as word, and the texts of all states: nothing hides a countdown."""
    faults, counting = list(_fault_lines(snapshot, stream)), list(_countdown_lines(snapshot))
    pause = [StatusLine("paused", "PAUSED", "Only the trace stands still, the numbers are live")] if paused else []
    if lines := [*faults, *pause, *counting]:  # the word of a pause, but the text of a countdown before its own
        text = TEXT_SEPARATOR.join(line.text for line in [*faults, *counting, *pause])
        return StatusLine(lines[0].tone, lines[0].word, text)
    detail = capitalise(snapshot.state.detail)
    if stream.replay is not None:
        speed = f"at {stream.replay:g} x real time" if stream.replay < inf else "as fast as possible"
        return StatusLine("info", "REPLAY", detail or f"A recording is played {speed}.")
    return StatusLine("live", "LIVE", detail or "Samples are coming in.")


def _fault_lines(snapshot: Snapshot, stream: StreamCondition) -> Iterator[StatusLine]:
    if stream_state(snapshot) == "gap":
        text = capitalise(snapshot.state.detail) or countdown_text(snapshot)
        yield StatusLine("warn", "GAP", text or "The signal has a gap; windows begin again after it.")
    elif stream.unusable is not None:
        why = ", ".join(stream.reasons) or "unknown reason"
        yield StatusLine("unusable", NO_USABLE_ECG, f"for {stream.unusable:.0f} s: {why}. Check the electrodes")
    if stream.warning:
        yield StatusLine("warn", "WARNING", stream.warning)


def _countdown_lines(snapshot: Snapshot) -> Iterator[StatusLine]:
    text = capitalise(snapshot.state.detail) or countdown_text(snapshot)
    if stream_state(snapshot) == "warming_up":
        yield StatusLine("info", "WARMING UP", text or "The first estimate needs ten seconds of signal.")
    elif snapshot.state.state == "baseline" and snapshot.state.seconds_left is not None:
        yield StatusLine("info", "BASELINE", text)
