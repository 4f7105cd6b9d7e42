"""Results of a session: windows, predictions, and snapshots for a screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ecg_live.events import F32, F64, Chunk, State, StreamEvent

Grade = Literal["good", "poor", "unusable"]
RrFlag = Literal["normal", "ectopic", "artefact"]
RrSource = Literal["ecg", "ppg", "device"]
RR_FLAGS: tuple[RrFlag, ...] = ("normal", "ectopic", "artefact")  # their places are their codes in a file
RR_SOURCES: tuple[RrSource, ...] = ("ecg", "ppg", "device")  # likewise


@dataclass(frozen=True, slots=True)
class Quality:
    """Grade of a window, with the reasons if it is not good."""

    grade: Grade
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the model sees: ``data`` float32 (2560,), normalised, at 256 Hz.

    ``first`` is the index of its first sample on the segment's 256 Hz grid. ``start`` and ``stop`` are seconds of
    raw time from the stream's first sample, ``time`` is the session clock of its first sample, ``segment`` counts
    segments from 0. ``bridged`` is the share of raw samples that were bridged. ``heart_rate`` in bpm and ``rmssd`` in
    ms are None if there are too few plausible beats. ``beats`` are seconds of raw time; ``r_peaks`` likewise, placed
    between the samples, with those of the two seconds before the window that were searched as well.
    """

    data: F32
    first: int
    start: float
    stop: float
    time: float
    segment: int
    quality: Quality
    bridged: float = 0.0
    heart_rate: float | None = None
    rmssd: float | None = None
    beats: tuple[float, ...] = ()
    r_peaks: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """High-passed signal: ``samples`` float32 (n,) in mV at 256 Hz; ``start`` in s of raw time.

    ``time`` is the session clock of its first sample.
    """

    samples: F32
    start: float
    segment: int
    time: float = float("nan")


@dataclass(frozen=True, slots=True)
class HeadResult:
    """One head's answer: probabilities by class and the likeliest label, or the reason why it abstains.

    ``set`` is the head's set that was used: ``population``, ``adaptive`` where the head has such a set, or ``personal``
    once there is a baseline. ``seconds_left`` counts down to the first answer of an adaptive set that still abstains.
    A head that gives a number has no probabilities, and a ``scale``: the least and the largest ``value`` that there can
    be; ``interval`` holds 80 % of ratings. Both are None where it abstains.
    """

    probs: Mapping[str, float] | None
    label: str | None
    abstain: str | None = None
    set: str = "population"
    seconds_left: float | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """All heads' answers for one window; fields as in `Window`, ``latency`` in s from the arrival of its last chunk.

    ``features`` float32 (128,) is the encoder's embedding.
    """

    start: float
    stop: float
    time: float
    heads: Mapping[str, HeadResult]
    heart_rate: float | None
    rmssd: float | None
    quality: Quality
    latency: float = 0.0
    beats: tuple[float, ...] = ()
    features: F32 | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RrInterval:
    """Time from one heartbeat to the next.

    ``raw`` (s of raw time) and ``time`` (session clock) are those of the beat that ends it; ``raw`` is None before the
    first sample. ``rr`` in s. ``flag`` tells a normal interval from one beside an ectopic beat, and from an artefact:
    a beat that was missed, or is none. ``source``: found in the ECG or pulse wave, or sent by the device itself.
    """

    time: float
    raw: float | None
    rr: float
    flag: RrFlag
    source: RrSource


@dataclass(frozen=True, slots=True)
class Hrv:
    """Heart rate variability of a stretch; a measure is None where the stretch is too short or too broken for it.

    ``seconds`` is its length, ``intervals`` the number of its normal RR intervals, ``coverage`` their share of the
    length, ``ectopic`` the number of intervals that were left out: ectopic ones and artefacts. ``heart_rate`` in bpm;
    ``sdnn``, ``rmssd``, ``sd1`` and ``sd2`` in ms; ``pnn50`` in %; ``lf`` and ``hf`` in ms²; ``lf_hf`` is their ratio.
    ``reason`` states why there is no measure, ``spectrum_reason`` why there is no ``lf`` or ``hf``.
    """

    seconds: float
    intervals: int
    coverage: float
    ectopic: int
    heart_rate: float | None = None
    sdnn: float | None = None
    rmssd: float | None = None
    pnn50: float | None = None
    sd1: float | None = None
    sd2: float | None = None
    lf: float | None = None
    hf: float | None = None
    lf_hf: float | None = None
    reason: str | None = None
    spectrum_reason: str | None = None


@dataclass(frozen=True, slots=True)
class HrvResult:
    """Heart rate variability of the stretch that ends at ``raw`` (s of raw time) and ``time`` (session clock)."""

    time: float
    raw: float
    hrv: Hrv


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a session; the last item of all. ``wall`` in s, ``speed`` in multiples of real time.

    ``lost`` and ``paused`` count raw samples: those that the device took and that did not come, and those of pauses
    between the parts of a file, where it took none.
    """

    samples: int
    lost: int
    windows: int
    predictions: int
    abstained: int
    wall: float
    speed: float
    paused: int = 0


Item = StreamEvent | Chunk | Trace | Prediction | RrInterval | HrvResult | Summary


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """Status of a recording: its file, ``seconds`` recorded, ``size`` in bytes, ``free`` bytes left on its disk.

    ``failed`` is one sentence when it stopped by itself, ``whole`` whether the file has all the same all that was to be
    recorded, without footers; ``late`` is how long (s) the oldest item waits to be on disk; ``note`` is the last event
    of the file.
    """

    path: str
    seconds: float = 0.0
    size: int = 0
    free: int | None = None
    late: float = 0.0
    failed: str | None = None
    note: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Immutable state for a screen, made by `View.poll`.

    ``trace`` float32 (n,) holds the high-passed samples (mV, 256 Hz, NaN where there are none) from display index
    ``trace_start`` on; display index / 256 is raw time in seconds. ``predictions`` are those since the last poll,
    oldest first, ``events``, ``rr_intervals`` and ``hrv`` likewise. ``now`` is raw time (s) of the newest sample,
    ``age`` seconds since the last chunk came, ``latency_p95`` in s, over the last minute. ``lost`` counts raw samples.
    ``ended`` is true when no more will come. ``recording`` is None while nothing is recorded; one that failed stays
    until the next begins.
    """

    state: State
    trace: F32
    trace_start: int
    predictions: tuple[Prediction, ...]
    events: tuple[StreamEvent, ...]
    now: float
    age: float
    samples: int
    lost: int
    latency_p95: float | None
    ended: bool
    error: str | None = None
    recording: RecordingStatus | None = None
    rr_intervals: tuple[RrInterval, ...] = ()
    hrv: tuple[HrvResult, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """Name of a head, and its classes in the order of the probabilities.

    A head that gives a number has no classes, and a ``scale`` from the least to the largest.
    """

    name: str
    classes: tuple[str, ...]
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """How far a screen has read: trace index, predictions, events, RR intervals and HRV seen. Start with ``Poll()``."""

    trace: int = 0
    predictions: int = 0
    events: int = 0
    rr_intervals: int = 0
    hrv: int = 0


@dataclass(frozen=True, slots=True)
class Synchrony:
    """Correlation ``r`` of two wearers' values of a ``measure``, over the ``seconds`` that end at ``time``.

    ``time`` is the session clock, or raw time where recordings are replayed. ``overlap`` counts the seconds that both
    have a value for. 95 % of unrelated pairs whose values change as slowly stay below ``limit``.
    """

    time: float
    wearers: tuple[str, str]
    measure: str
    r: float
    limit: float
    overlap: int
    seconds: int


@dataclass(frozen=True, slots=True, eq=False)
class SynchronyMatrix:
    """Correlation of all pairs at one time: ``r`` and ``limit`` (n, n), as in `Synchrony`; r is NaN where unknown.

    ``longest`` is how many seconds a pair has in common by now, of those that a value needs.
    """

    r: F64
    limit: F64
    longest: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SynchronyCourse:
    """Correlation of one pair over time: ``times`` (m,) in s before now (0 or less), ``r`` and ``limit`` (m,)."""

    times: F64
    r: F64
    limit: F64
