"""The data that flows left to right, and the protocols of those who pass it on.

Units everywhere: mV, seconds, Hz. Conversion happens inside the adapter that meets the device or file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from ecg_live.errors import LONGEST_MESSAGE, shortened

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
Clock = Callable[[], float]  # monotonic seconds on the base of LSL's local_clock
Grade = Literal["good", "poor", "unusable"]

RATE = 256  # Hz, the model's rate (Sarkar & Etemad 2020, section 4.1)
BLOCK = 256  # samples: one second, the unit of the z-score and of signal quality
WIDTH = 2560  # samples: the model's window of 10 s (ibid.)


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a source promises about its stream.

    Parameters
    ----------
    rate : float
        Nominal rate in Hz.
    channels : tuple of str
        One name per column of every chunk.
    full_scale : tuple of float, optional
        Lowest and highest value, in mV, that the converter can give; None where nobody knows.
    name, source_id : str
        For people, and to tell two devices of one name apart.
    duration : float, optional
        Length in seconds where it is known beforehand (files).
    ecg : int
        Column of the chunks that is the ECG to be judged; the others are recorded only.
    speed : float
        Seconds of signal in a second of the session clock: 1, save for a replay that runs faster or slower.
    replay : bool
        Samples come from a file: they are not of now, and none get lost while they stay away.
    unit_assumed : bool
        Nobody stated the unit of the samples; they are taken for mV.
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


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Samples without a hole inside: ``samples (n, c)`` in mV, first one at index ``start`` of its counter.

    ``time`` is the session clock of the first sample, ``arrived`` the session clock when the whole chunk
    was there (None: when the session took it). An empty chunk is legal.
    """

    samples: F64
    start: int
    time: float
    arrived: float | None = None

    @property
    def stop(self) -> int:
        """Index behind the last sample."""
        return self.start + len(self.samples)


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples ``start .. start + lost`` of the raw counter never came (or came as no number)."""

    start: int
    lost: int
    cause: str
    bridged: bool = False
    time: float | None = None

    @property
    def stop(self) -> int:
        """Index of the first sample behind the gap."""
        return self.start + self.lost


@dataclass(frozen=True, slots=True)
class Marker:
    """Something the experimenter or stimulus program noted, at ``time`` on the session clock.

    ``raw`` is the same in seconds of raw time, as a session tells it; None while no sample has come.
    """

    time: float
    text: str
    raw: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What the stream or the session is doing.

    ``state`` is ``searching``, ``connecting``, ``lost`` or ``gave_up`` (a device); ``streaming``, ``warming_up``,
    ``gap``, ``baseline``, ``ended`` or ``error`` (the session); ``recording``, ``recorded`` or ``recording_failed``;
    ``markers`` or ``markers_missing`` (a marker stream); ``clock`` or ``warning`` (remarks). ``detail`` is one sentence
    for people, a remark's shortened to a line or two; ``seconds_left`` counts down where that is known (a baseline
    without it is complete).
    """

    state: str
    detail: str = ""
    time: float | None = None
    seconds_left: float | None = None

    def __post_init__(self) -> None:
        if self.state == "warning" and len(self.detail) > LONGEST_MESSAGE:
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

    ``time`` is the same on the session clock. What lies before and behind it is never averaged over.
    """

    time: float
    raw: float
    head: str
    before: str
    set: str


Event = Gap | Marker | State | Beats | LeadOff | Battery | SetChange


@dataclass(frozen=True, slots=True)
class Quality:
    """Grade of a stretch of signal, with the reasons in words where it is not good."""

    grade: Grade
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the model sees: ``data`` float32 (2560,), normalised, at 256 Hz.

    ``first`` is the index of its first sample on the segment's 256 Hz grid. ``start`` and ``stop`` are seconds of
    raw time from the stream's first sample, ``time`` is the session clock of its first sample, ``segment`` counts
    segments from 0. ``bridged`` is the share of raw samples that were bridged. ``heart_rate`` in bpm and ``rmssd`` in
    ms are None where beats do not bear them out. ``beats`` are seconds of raw time.
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

    ``set`` says which of the head's sets was asked: ``population``, or ``personal`` once there is a baseline.
    """

    probs: Mapping[str, float] | None
    label: str | None
    abstain: str | None = None
    set: str = "population"


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
class Summary:
    """What a session took in and gave out, the last item of all. ``wall`` in s, ``speed`` x real time."""

    samples: int
    lost: int
    windows: int
    predictions: int
    abstained: int
    wall: float
    speed: float


Item = Chunk | Gap | Marker | State | Beats | LeadOff | Battery | SetChange | Trace | Prediction | Summary


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """How a recording does: its file, ``seconds`` recorded, ``size`` in bytes, ``free`` bytes left on its disk.

    ``failed`` is one sentence when it stopped by itself; ``late`` is how long (s) the oldest item waits to be on disk;
    ``note`` says what last happened to the file.
    """

    path: str
    seconds: float = 0.0
    size: int = 0
    free: int | None = None
    late: float = 0.0
    failed: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What the screen may draw now. Immutable; made by `View.poll`.

    ``trace`` float32 (n,) holds the high-passed samples (mV, 256 Hz, NaN where there are none) from display index
    ``trace_start`` on; display index / 256 is raw time in seconds. ``predictions`` are those since the last poll,
    oldest first, ``events`` likewise. ``now`` is raw time (s) of the newest sample, ``age`` seconds since the last
    chunk came, ``latency_p95`` in s, over the last minute. ``lost`` counts raw samples. ``ended`` is true when no more
    will come. ``recording`` is None while nothing is recorded; one that failed stays until the next begins.
    """

    state: State
    trace: F32
    trace_start: int
    predictions: tuple[Prediction, ...]
    events: tuple[Event, ...]
    now: float
    age: float
    samples: int
    lost: int
    latency_p95: float | None
    ended: bool
    error: str | None = None
    recording: RecordingStatus | None = None


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """What a screen needs to know of a head: its name and its classes in the order of the probabilities."""

    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Poll:
    """How far a screen has read: trace index, predictions and events seen. Start with ``Poll()``."""

    trace: int = 0
    predictions: int = 0
    events: int = 0


class View(Protocol):
    """The session as a screen sees it: it may look, and ask to stop; it never pulls, filters or infers."""

    @property
    def info(self) -> StreamInfo:
        """The stream being shown."""
        ...

    @property
    def heads(self) -> tuple[HeadInfo, ...]:
        """The heads that predictions will carry."""
        ...

    def poll(self, since: Poll) -> tuple[Snapshot, Poll]:
        """Give what is new since ``since``, and the cursor to pass next time. Never blocks on the worker."""
        ...

    def stop(self) -> None:
        """Ask the session to end; returns at once."""
        ...

    def mark(self, text: str, time: float | None = None) -> None:
        """Note a marker, now or at ``time`` on the session clock; returns at once, it comes back as an event."""
        ...

    @property
    def can_record(self) -> bool:
        """Whether `record` can begin a recording."""
        ...

    def record(self, on: bool) -> None:
        """Begin a recording, or end it; returns at once, the snapshot and events tell."""
        ...

    def begin_baseline(self) -> None:
        """Begin a resting baseline now, in place of one there may be; returns at once, events tell."""
        ...


class Source(Protocol):
    """Where chunks and events come from. A context manager and a blocking iterator."""

    @property
    def info(self) -> StreamInfo:
        """What the stream is like; complete once the source is entered."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __iter__(self) -> Iterator[Chunk | Event]: ...

    def close(self) -> None:
        """End the iteration from any thread; a blocked iterator wakes within 0.5 s."""
        ...


class Stage(Protocol):
    """A causal step of the signal path. However its input is cut, its output is the same to the bit."""

    @property
    def delay(self) -> float:
        """How late output comes, in seconds; it does not shift raw times."""
        ...

    def push(self, chunk: Chunk) -> Chunk:
        """Take a contiguous chunk; give what can be given now, perhaps nothing."""
        ...

    def flush(self) -> Chunk:
        """End of the segment: give what is still inside."""
        ...

    def reset(self) -> None:
        """Forget the segment."""
        ...


class Sink(Protocol):
    """Where a session's output goes. One that raises is dropped with a message; the others go on."""

    @property
    def name(self) -> str:
        """For the message when it fails."""
        ...

    def write(self, item: Item) -> None:
        """Take one item, in order."""
        ...

    def close(self) -> None:
        """No more will come."""
        ...


class Recorder(Sink, Protocol):
    """A sink that writes a recording; `write` raises once that failed, and waits for no disk.

    A replay at full speed may be held up while the disk is far behind.
    """

    @property
    def status(self) -> RecordingStatus:
        """How it does, from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open a source; see ``devices.open_source``.

    ``channel`` by name or number (1 = first), ``rate`` in Hz and ``unit`` for files that state none, ``speed`` as a
    multiple of real time (``inf`` = as fast as it goes), ``chunk`` in seconds per replayed chunk, ``gain`` of a PLUX
    ECG sensor (1000 in the data sheet, 1019 in PLUX's own export), ``part`` of a file that holds several people's
    recordings (DREAMER.mat: 1 is the first person), ``annotations`` beside a WFDB record that become markers (``atr``).
    """

    channel: str | None = None
    rate: float | None = None
    unit: str | None = None
    speed: float = 1.0
    chunk: float = 0.020
    gain: float = 1000.0
    part: str | None = None
    annotations: str | None = None
