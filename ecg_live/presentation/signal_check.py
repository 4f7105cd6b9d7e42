"""Words for the verdict on a signal before a session: faults, remedies, progress, and the note in the recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ecg_live.preview_items import NEEDED_GOOD_S, FaultKind, SignalFault, SignalVerdict

NOTE_PREFIX = "signal check: "
LATE_AFTER_S = 2.0  # without data, a source that streamed is silent


class FaultWords(NamedTuple):
    """A fault in words: its short ``name``, one line that states it, and what to do."""

    name: str
    finding: str
    remedy: str


FAULT_WORDS: Mapping[FaultKind, FaultWords] = {
    "no_signal": FaultWords(
        "no signal", "No signal for {value:.0f} s", "Check that the device is on, worn and in reach."
    ),
    "electrode_off": FaultWords(
        "an electrode off", "Electrode off{electrodes}", "Press it on, or take a fresh one; moisten a strap."
    ),
    "flat": FaultWords("a flat line", "Flat line", "A cable or an electrode is not connected: check each of them."),
    "clipping": FaultWords(
        "clipping",
        "Clipping: the signal is at the converter's limit",
        "Refit the electrodes, or lower the gain of the device.",
    ),
    "step": FaultWords(
        "a jumping baseline",
        "The baseline jumps",
        "An electrode moves: press it on, fix its cable, and have the wearer sit still.",
    ),
    "no_heartbeat": FaultWords(
        "no heartbeat",
        "No heartbeat can be made out",
        "Check where the electrodes sit, and have the wearer sit still.",
    ),
    "hum": FaultWords(
        "mains hum",
        "Mains hum of {value:.2f} mV at {mains:.0f} Hz (at most {limit:.2f})",
        "Move mains cables and chargers away; check the reference electrode.",
    ),
    "drift": FaultWords(
        "drift",
        "The baseline drifts by {value:.1f} mV (at most {limit:.1f})",
        "Have the wearer sit still and breathe calmly; clean the skin, take fresh electrodes.",
    ),
    "inverted": FaultWords(
        "swapped leads",
        "The QRS complex points down",
        "Leads are swapped: exchange them as in the drawing, or turn the strap round.",
    ),
    "small": FaultWords(
        "a small signal",
        "Too small: the QRS complex has {value:.2f} mV (at least {limit:.2f})",
        "Move the electrodes further apart, clean the skin, moisten a strap; check the unit of the stream.",
    ),
    "losses": FaultWords(
        "losses",
        "{value:.0%} of the samples are lost (at most {limit:.0%})",
        "Bring the device nearer; take away what stands between; switch other radios off.",
    ),
    "unit": FaultWords(
        "an unknown unit",
        "No unit is stated: in mV the signal would span {value:.3g} mV a second",
        "Have the sender state its unit (uV, mV, V); a session takes --unit, or unit in the settings file.",
    ),
    "rate": FaultWords(
        "a wrong rate",
        "Wrong rate: {value:.1f} Hz come, {limit:g} Hz are stated",
        "Correct the rate at the sender; times would be wrong by as much.",
    ),
}


def fault_line(fault: SignalFault) -> str:
    """One line that states a fault."""
    names = f": {', '.join(fault.electrodes)}" if fault.electrodes else ""
    return FAULT_WORDS[fault.kind].finding.format(
        value=fault.value, limit=fault.limit, mains=fault.mains, electrodes=names
    )


def fault_remedy(fault: SignalFault) -> str:
    """What to do about a fault."""
    return FAULT_WORDS[fault.kind].remedy


def progress_line(verdict: SignalVerdict) -> str:
    """How far the good signal has come."""
    if verdict.go:
        return f"{NEEDED_GOOD_S:.0f} s of good signal"
    return f"{verdict.good:.0f} of {NEEDED_GOOD_S:.0f} s of good signal"


def with_silence(verdict: SignalVerdict, age: float) -> SignalVerdict:
    """The verdict, or that nothing comes any more: the newest sample is ``age`` seconds old."""
    if age <= LATE_AFTER_S:
        return verdict
    return SignalVerdict(verdict.seconds, 0.0, (SignalFault("no_signal", age, LATE_AFTER_S),))


def fault_names(faults: Sequence[SignalFault]) -> str:
    """Short names of faults, in a row."""
    return ", ".join(FAULT_WORDS[fault.kind].name for fault in faults)


def check_note(verdict: SignalVerdict | None) -> str:
    """What the recording notes about the check, when the session begins; without a verdict it was skipped."""
    if verdict is None:
        return f"{NOTE_PREFIX}skipped"
    if verdict.go:
        return f"{NOTE_PREFIX}go"
    if verdict.faults:
        return f"{NOTE_PREFIX}went on with {fault_names(verdict.faults)}"
    return f"{NOTE_PREFIX}went on after {verdict.good:.0f} of {NEEDED_GOOD_S:.0f} s of good signal"
