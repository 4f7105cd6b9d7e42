"""What is known before a session: sources in reach, the preview of one, and the verdict on its signal. All frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecg_live.events import StreamInfo

NEEDED_GOOD_S = 10.0  # of signal without a fault, before a session: the length of a window
FaultKind = Literal[
    "no_signal",
    "electrode_off",
    "flat",
    "clipping",
    "step",
    "no_heartbeat",
    "hum",
    "drift",
    "inverted",
    "small",
    "losses",
    "rate",
    "unit",
]


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A source in reach.

    ``source`` is its URI, ``kind`` what it is in words, ``rate`` in Hz where it is stated, ``detail`` where it is
    (host, address, port), ``rssi`` in dBm.
    """

    source: str
    kind: str
    name: str
    rate: float | None = None
    detail: str = ""
    rssi: int | None = None


@dataclass(frozen=True, slots=True)
class ScanProblem:
    """A search that failed: what was found, and what to do about it."""

    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class FoundSources:
    """What a scan has found by now; ``searching`` names what is being looked for at this moment."""

    sources: tuple[FoundSource, ...] = ()
    searching: tuple[str, ...] = ()
    problems: tuple[ScanProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalFault:
    """A fault of the signal: ``value`` was measured, ``limit`` is the largest or least that is good.

    Their unit depends on the kind: mV, Hz, or a share. ``mains`` is the frequency in Hz of a hum; ``electrodes`` are
    those that are off, where the device names them.
    """

    kind: FaultKind
    value: float = 0.0
    limit: float = 0.0
    mains: float = 0.0
    electrodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalVerdict:
    """Verdict on a source's signal by now.

    ``seconds`` of contiguous signal were seen, the last ``good`` of them without a fault, counted to `NEEDED_GOOD_S`.
    ``heart_rate`` in bpm, ``amplitude`` of the QRS complex in mV from its lowest to its highest, ``rate`` in Hz as
    measured: None where unknown.
    """

    seconds: float = 0.0
    good: float = 0.0
    faults: tuple[SignalFault, ...] = ()
    heart_rate: float | None = None
    amplitude: float | None = None
    rate: float | None = None

    @property
    def go(self) -> bool:
        """Whether a session may begin."""
        return self.good >= NEEDED_GOOD_S and not self.faults


@dataclass(frozen=True, slots=True)
class PreviewStatus:
    """Status of a source that is shown before its session.

    ``state`` is one line in words while it is being opened or away; ``info`` is None until it is open. ``error`` and
    ``remedy`` are set once it cannot be used any more; ``battery`` is its charge between 0 and 1.
    """

    state: str = ""
    info: StreamInfo | None = None
    verdict: SignalVerdict = SignalVerdict()
    battery: float | None = None
    error: str = ""
    remedy: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class ParticipantNote:
    """What is known of a participant's id: an ``error`` in words, or whether and when it was used before."""

    text: str = ""
    error: bool = False


@dataclass(frozen=True, slots=True)
class StudyChoice:
    """What a study file gives for the start page; an ``error`` in words if it cannot be used.

    ``following`` is the first of its participants that has not been through the session.
    """

    path: str = ""
    name: str = ""
    participants: tuple[str, ...] = ()
    following: str = ""
    source: str = ""
    model: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What was chosen for a session; empty texts are left out.

    ``folder`` is where recordings go, ``record`` whether one runs from the start. ``note`` is what the signal check
    found; None if there was none. ``others`` are the sources of further wearers; ``participant`` then has an id for
    each, separated by commas, or is empty.
    """

    source: str
    participant: str = ""
    session: str = ""
    model: str = ""
    study: str = ""
    record: bool = False
    folder: str = ""
    note: str | None = None
    others: tuple[str, ...] = ()
