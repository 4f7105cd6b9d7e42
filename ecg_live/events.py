"""Items of a source: stream information, chunks of samples, and events.

Units everywhere: mV, seconds, Hz. Conversion happens inside the adapter that meets the device or file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecg_live.errors import shortened

AFFECT_DIMENSIONS = ("valence", "arousal")  # of continuous ratings
AFFECT_SCALE = -1.0, 1.0  # their ends; 0 is neutral
PAUSE_CAUSE = "a pause between parts"  # how the cause of such a gap begins: nothing was recorded, so nothing is lost
F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
SignalKind = Literal["ecg", "ppg"]
SIGNAL_NAMES: Mapping[SignalKind, str] = {"ecg": "ECG", "ppg": "pulse (PPG)"}
Clock = Callable[[], float]  # monotonic seconds on the base of LSL's local_clock


@dataclass(frozen=True, slots=True)
class AuxiliaryStream:
    """A stream that is recorded beside the ECG, and not judged.

    Parameters
    ----------
    name : str
        Unique in a session.
    kind : str
        LSL's content type, such as ``EDA`` or ``Accelerometer``.
    channels : tuple of (str, str)
        Label and unit of each channel, as the device states them.
    rate : float
        Nominal rate in Hz; 0 for samples at irregular times.
    text : bool
        Samples are strings, not numbers.
    source_id : str
        Identifies the device or program.
    """

    name: str
    kind: str
    channels: tuple[tuple[str, str], ...]
    rate: float = 0.0
    text: bool = False
    source_id: str = ""

    def samples(self, values: F64, time: float) -> AuxiliarySamples:
        """Consecutive samples (n, channels) at the stream's rate; ``time`` is the session clock of the first."""
        return AuxiliarySamples(self, time + np.arange(len(values)) / self.rate, values)


@dataclass(frozen=True, slots=True, eq=False)
class AuxiliarySamples:
    """Samples of an `AuxiliaryStream`, with the session clock of each.

    ``times`` (n,) in s; ``values`` (n, channels) in the stream's own units, or n rows of texts. At a regular rate they
    are contiguous, and ``times`` lie ``1 / rate`` apart.
    """

    stream: AuxiliaryStream
    times: F64
    values: F64 | tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """Description of a source's stream.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    channels : tuple of str
        One name per column of every chunk.
    full_scale : tuple of float, optional
        Lowest and highest value of the converter in mV; None if unknown.
    name, source_id : str
        Name for the user, and an ID that distinguishes two devices of one name.
    duration : float, optional
        Length in seconds where it is known beforehand (files).
    ecg : int
        Column of the chunks with the ECG to analyse; the others are recorded only.
    speed : float
        Seconds of signal in a second of the session clock: 1 except for a replay that runs faster or slower.
    replay : bool
        Samples come from a file: a pause loses none.
    unit_assumed : bool
        The source states no unit; samples are assumed to be in mV.
    auxiliary : tuple of AuxiliaryStream
        Other streams of the same device, for the recording only.
    signal : str
        What the analysed channel shows: ``ecg``, or ``ppg`` (pulse, by light).
    """

    rate: float
    channels: tuple[str, ...]
    full_scale: tuple[float, float] | None = None
    name: str = ""
    source_id: str = ""
    duration: float | None = None
    ecg: int = 0
    speed: float = 1.0
    replay: bool = False
    unit_assumed: bool = False
    auxiliary: tuple[AuxiliaryStream, ...] = ()
    signal: SignalKind = "ecg"


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Contiguous samples: ``samples (n, c)`` in mV; ``start`` is the first one's index on the sample counter.

    ``time`` is the session clock of the first sample, ``arrived`` the session clock when the whole chunk
    was there (None: when the session took it). An empty chunk is legal.
    """

    samples: F64
    start: int
    time: float
    arrived: float | None = None

    @property
    def stop(self) -> int:
        """Index after the last sample."""
        return self.start + len(self.samples)


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples ``start .. start + lost`` of the raw counter were lost, or were invalid (NaN)."""

    start: int
    lost: int
    cause: str
    bridged: bool = False
    time: float | None = None

    @property
    def stop(self) -> int:
        """Index of the first sample after the gap."""
        return self.start + self.lost

    @property
    def pause(self) -> bool:
        """Whether a reader put it between two parts of a file, where nothing was recorded."""
        return self.cause.startswith(PAUSE_CAUSE)


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker of the experimenter or a stimulus program, at ``time`` on the session clock.

    ``raw`` is the same time in seconds of stream time, set by the session; None before the first sample.
    """

    time: float
    text: str
    raw: float | None = None


StateName = Literal[
    "searching", "connecting", "lost", "gave_up",  # a device
    "streaming", "warming_up", "gap", "baseline", "ended", "error",  # the session
    "recording", "recorded", "recording_failed",
    "markers", "markers_missing",  # a marker stream
    "clock", "latency", "warning",  # remarks
]  # fmt: skip
StateTrait = Literal["ongoing", "away", "countdown", "listed", "alarm", "brief"]

STATES: Mapping[StateName, tuple[StateTrait, ...]] = {
    "searching": ("ongoing", "away"),
    "connecting": ("ongoing", "away"),
    "lost": ("ongoing", "away", "listed", "alarm"),
    "gave_up": ("ongoing", "away", "listed", "alarm"),
    "streaming": ("ongoing",),
    "warming_up": ("ongoing", "countdown", "brief"),
    "gap": ("ongoing", "countdown", "brief"),
    "baseline": ("ongoing", "brief"),
    "ended": ("ongoing", "listed"),
    "error": ("ongoing", "listed", "alarm"),
    "recording": ("listed", "brief"),
    "recorded": ("listed", "brief"),
    "recording_failed": ("listed", "alarm"),
    "markers": ("listed",),
    "markers_missing": ("listed", "alarm"),
    "clock": (),
    "latency": ("listed",),
    "warning": ("listed", "alarm"),
}
"""All states, with their traits for display, recording and log.

``ongoing``: lasts until the next such state. ``away``: the device gives no data.
``countdown``: it only counts down. ``listed``: an event to be listed with its detail. ``alarm``: logged as a warning.
``brief``: logged without its detail, which counts down or names a file.
"""


def states_that_are(trait: StateTrait) -> tuple[StateName, ...]:
    """Names of all states with a trait, in the table's order."""
    return tuple(name for name, traits in STATES.items() if trait in traits)


@dataclass(frozen=True, slots=True)
class State:
    """A state of the stream or the session.

    ``state`` is one of `STATES`. ``detail`` is one sentence for the user, a warning's shortened to a line or two;
    ``seconds_left`` counts down where that is known (a baseline without it is complete).
    """

    state: StateName
    detail: str = ""
    time: float | None = None
    seconds_left: float | None = None

    def __post_init__(self) -> None:
        if self.state == "warning":
            object.__setattr__(self, "detail", shortened(self.detail))


@dataclass(frozen=True, slots=True)
class Beats:
    """A strap's own heart rate (bpm) and RR intervals (s), at ``time`` on the session clock."""

    time: float
    heart_rate: float
    rr: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadOff:
    """An electrode came off (``off``) or is back, from raw sample ``start`` on."""

    start: int
    off: bool
    electrodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge between 0 and 1, at ``time`` on the session clock."""

    time: float
    level: float


@dataclass(frozen=True, slots=True)
class SetChange:
    """A head answers from another of its sets from the window on that ends at ``raw`` (s of raw time).

    ``time`` is the same on the session clock. No average spans it.
    """

    time: float
    raw: float
    head: str
    before: str
    set: str


@dataclass(frozen=True, slots=True)
class SelfReportAnswer:
    """A participant's answer to a self-report, or why there is none.

    Parameters
    ----------
    report, kind : str
        Name and kind of the self-report, as in the study file.
    shown, time : float
        Session clock when the question was shown, and when it was answered.
    values : tuple of (str, float or None)
        Value of each item, None without an answer; none of a free text.
    text : str
        The answer to a free text.
    scale : tuple of float, optional
        The least and the largest value that there can be.
    missing : str
        Why values are missing, such as ``skipped``; empty if none is.
    block : str
        Block of the study before or during which it was asked; empty without one.
    asking : int
        How often the report was asked by now in this session, from 1.
    raw_shown, raw : float, optional
        Both times as stream time (s), set by the session; None before the first sample.
    """

    report: str
    kind: str
    shown: float
    time: float
    values: tuple[tuple[str, float | None], ...] = ()
    text: str = ""
    scale: tuple[float, float] | None = None
    missing: str = ""
    block: str = ""
    asking: int = 1
    raw_shown: float | None = None
    raw: float | None = None


@dataclass(frozen=True, slots=True)
class AffectRating:
    """A sample of a continuous rating, at ``time`` on the session clock; both values lie within `AFFECT_SCALE`.

    ``raw`` is the same time in seconds of stream time, set by the session; None before the first sample.
    """

    time: float
    valence: float
    arousal: float
    raw: float | None = None


SelfReportEvent = SelfReportAnswer | AffectRating
StreamEvent = Gap | Marker | State | Beats | LeadOff | Battery | SetChange | AuxiliarySamples | SelfReportEvent
