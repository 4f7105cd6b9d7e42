"""What may be shown as live, and in which words: the states of a head and of the stream. No Qt in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ecg_live.types import HeadResult, Prediction, Snapshot

from .words import NOTHING, number, sentence, title_text

Kind = Literal["waiting", "warming_up", "gap", "valid", "low", "abstain", "stale", "no_data", "ended", "error"]
Tone = Literal["live", "info", "warn", "fault", "neutral"]

DIM_AFTER = 3.0  # s: an answer this old is dimmed and its age shown
GONE_AFTER = 10.0  # s: and this old it is no longer shown
SURE = 0.6  # a likeliest class below this probability is of low confidence
AWAY = ("searching", "connecting", "lost", "gave_up")  # states of a device that gives no data now
PERSONAL = "Relative to the resting baseline"

PILLS: dict[Kind, tuple[Tone, str]] = {
    "waiting": ("neutral", "Waiting"),
    "warming_up": ("info", "Warming up"),
    "gap": ("warn", "Gap"),
    "valid": ("live", "Valid"),
    "low": ("warn", "Low confidence"),
    "abstain": ("neutral", "No estimate"),
    "stale": ("neutral", "Stale"),
    "no_data": ("fault", "Disconnected"),
    "ended": ("neutral", "Ended"),
    "error": ("fault", "Error"),
}


@dataclass(frozen=True, slots=True)
class HeadStatus:
    """How to show a head: its state, ``label`` and ``percent`` as text, a ``note`` (reason, age, countdown)."""

    kind: Kind
    label: str = NOTHING
    percent: str = ""
    note: str = ""
    dim: bool = True


@dataclass(frozen=True, slots=True)
class Strip:
    """The line on top: tone, one word in capitals, and a sentence."""

    tone: Tone
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the latest prediction is, in s, and how far predictions are apart (``hop``, s)."""

    age: float
    hop: float = 1.0

    @property
    def dim(self) -> bool:
        """Too old to look live."""
        return self.age > DIM_AFTER + self.hop - 1

    @property
    def gone(self) -> bool:
        """Too old to be shown at all."""
        return self.age > GONE_AFTER + self.hop - 1

    @property
    def note(self) -> str:
        """The age in words."""
        return f"{number(self.age)} s old"


def best(result: HeadResult) -> float | None:
    """Give the probability of the head's label."""
    return None if result.probs is None or result.label is None else result.probs.get(result.label)


def result_kind(result: HeadResult) -> Literal["valid", "low", "abstain"]:
    """Say whether an answer is valid, of low confidence, or none."""
    top = best(result)
    if result.abstain is not None or top is None or number(top) == NOTHING:
        return "abstain"
    return "valid" if top >= SURE else "low"


def away(snapshot: Snapshot) -> bool:
    """Whether the device says that it gives no data. A session that has not begun is ``connecting`` without a word."""
    state = snapshot.state
    return state.state in AWAY and (bool(state.detail) or state.state in ("lost", "gave_up"))


def stream_kind(snapshot: Snapshot) -> Kind | None:
    """Give the state that the whole stream puts every head into, or None where each speaks for itself."""
    if snapshot.error is not None or snapshot.state.state == "error":
        return "error"
    if snapshot.ended or snapshot.state.state == "ended":
        return "ended"
    if snapshot.samples and (snapshot.age > GONE_AFTER or away(snapshot)):
        return "no_data"
    if snapshot.state.state in ("warming_up", "gap") and not snapshot.age > DIM_AFTER:
        return "gap" if snapshot.state.state == "gap" else "warming_up"
    return None


def dimmed(snapshot: Snapshot) -> bool:
    """Whether nothing that was measured is of now, however young it is."""
    return stream_kind(snapshot) in ("no_data", "ended", "error")


def time_now(snapshot: Snapshot) -> float:
    """Give raw time (s), which goes on while samples stay away, until the stream ends."""
    over = stream_kind(snapshot) in ("ended", "error") or not snapshot.samples
    return snapshot.now if over else snapshot.now + max(0.0, snapshot.age)


def countdown(snapshot: Snapshot) -> str:
    """Say how long until the next estimate, if that is known."""
    left = snapshot.state.seconds_left
    return "" if left is None or number(left) == NOTHING else f"Estimate in {max(0.0, left):.0f} s"


def head_status(snapshot: Snapshot, result: HeadResult | None, fresh: Freshness) -> HeadStatus:
    """Decide how a head with this latest ``result`` (None: none yet) is shown."""
    kind = stream_kind(snapshot)
    if kind in ("warming_up", "gap"):
        return HeadStatus(kind, note=countdown(snapshot))
    if result is None or fresh.gone:
        known = kind or ("waiting" if result is None else "stale")
        return HeadStatus(known, note="" if result is None else f"Last answer {fresh.note}")
    if kind is not None or fresh.dim:
        label, percent = _answer(result)
        return HeadStatus(kind or "stale", label, percent, fresh.note)
    if result_kind(result) == "abstain":
        return HeadStatus("abstain", note=sentence(result.abstain or "") or "The model gave no number")
    note = PERSONAL if result.set == "personal" else ""
    return HeadStatus(result_kind(result), *_answer(result), note, dim=False)


def _answer(result: HeadResult) -> tuple[str, str]:
    if result_kind(result) == "abstain" or result.label is None:
        return NOTHING, ""
    return title_text(result.label), f"{number(best(result), factor=100)} %"


def hop_between(predictions: Sequence[Prediction], known: float) -> float:
    """Give the spacing of predictions (s): the smallest seen and ``known`` so far. A gap makes single steps longer."""
    return min([known, *(b.stop - a.stop for a, b in pairwise(predictions) if b.stop > a.stop)])


def strip_of(snapshot: Snapshot, warning: str, *, paused: bool) -> Strip:
    """Choose what the line on top says; faults come first. ``warning`` is one that is still fresh, or empty."""
    state, age = snapshot.state, snapshot.age
    kind = stream_kind(snapshot)
    if kind == "error":
        return Strip("fault", "ERROR", snapshot.error or sentence(state.detail) or "The session has stopped.")
    if kind == "ended":
        return Strip("neutral", "ENDED", sentence(state.detail) or "The stream has ended.")
    if away(snapshot):
        return _strip_without_device(snapshot)
    if kind == "no_data":
        return Strip("fault", "NO DATA", f"No data for {age:.0f} s. Check that the device is on and within reach.")
    if not snapshot.samples:
        return Strip("info", "WAITING", sentence(state.detail) or "For the first sample.")
    if age > DIM_AFTER:
        return Strip("warn", "NO DATA", f"No data for {age:.0f} s.")
    return _strip_while_streaming(snapshot, kind, warning, paused=paused)


def _strip_without_device(snapshot: Snapshot) -> Strip:
    state = snapshot.state
    words = [sentence(state.detail)] if state.detail else []
    if snapshot.samples:
        words.append(f"no data for {snapshot.age:.0f} s")
    text = "  ·  ".join(words) or "The device is gone."
    if state.state == "gave_up":
        return Strip("fault", "GAVE UP", text)
    if snapshot.samples or state.state == "lost":
        return Strip("fault", "DISCONNECTED", text)
    return Strip("info", state.state.upper(), text)


def _strip_while_streaming(snapshot: Snapshot, kind: Kind | None, warning: str, *, paused: bool) -> Strip:
    text = sentence(snapshot.state.detail) or countdown(snapshot)
    if kind == "gap":
        return Strip("warn", "GAP", text or "The signal has a gap; windows begin again behind it.")
    if warning:
        return Strip("warn", "WARNING", warning)
    if paused:
        return Strip("info", "PAUSED", "Only the trace stands still: samples still come in, and the numbers are live.")
    if kind == "warming_up":
        return Strip("info", "WARMING UP", text or "The first estimate needs ten seconds of signal.")
    if snapshot.state.state == "baseline" and snapshot.state.seconds_left is not None:
        return Strip("info", "BASELINE", text)
    return Strip("live", "LIVE", sentence(snapshot.state.detail) or "Samples are coming in.")
