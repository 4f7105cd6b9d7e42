"""Protocols of the data flow: sources, stages of the signal path, sinks, recorders and screens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from ecg_live.events import Chunk, SelfReportEvent, StreamEvent, StreamInfo
from ecg_live.preview_items import FoundSources, ParticipantNote, PreviewStatus, StudyChoice
from ecg_live.results import (
    HeadInfo,
    HrvResult,
    Item,
    Poll,
    Prediction,
    RecordingStatus,
    RrInterval,
    Snapshot,
    SynchronyCourse,
    SynchronyMatrix,
)


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
        """Return what is new since ``since``, and the cursor for the next call. Never blocks on the worker."""
        ...

    def stop(self) -> None:
        """Ask the session to end; returns at once."""
        ...

    def mark(self, text: str, time: float | None = None) -> None:
        """Note a marker, now or at ``time`` on the session clock; returns at once, it comes back as an event."""
        ...

    def self_report(self, event: SelfReportEvent) -> None:
        """Note an answer of the participant, or a sample of a continuous rating; returns at once.

        An answer comes back as an event.
        """
        ...

    @property
    def can_record(self) -> bool:
        """Whether `record` can begin a recording."""
        ...

    def record(self, on: bool) -> None:
        """Begin a recording, or end it; returns at once; snapshot and events report it."""
        ...

    def begin_baseline(self) -> None:
        """Begin a resting baseline now, in place of one there may be; returns at once; events report it."""
        ...


class PlaybackView(View, Protocol):
    """A recorded session as a screen sees it: a `View` at a place that the user moves."""

    @property
    def duration(self) -> float:
        """Length of the session, s."""
        ...

    @property
    def position(self) -> float:
        """The place that is shown: s from the first sample."""
        ...

    @property
    def playing(self) -> bool:
        """Whether the place moves by itself."""
        ...

    @property
    def speed(self) -> float:
        """Seconds of the session in a second."""
        ...

    @property
    def revision(self) -> int:
        """Grows when the place jumps or items change; the cursor for `poll` then begins again."""
        ...

    def play(self, on: bool) -> None:
        """Go on, from the beginning if the end was reached; or stand still."""
        ...

    def set_speed(self, speed: float) -> None:
        """Play faster or slower, from here on."""
        ...

    def seek(self, at: float) -> None:
        """Go to a place, s from the first sample."""
        ...

    def reload_markers(self) -> None:
        """Play the markers as they are edited by now."""
        ...

    @property
    def items(self) -> Sequence[tuple[float, Prediction | RrInterval | HrvResult | StreamEvent]]:
        """Everything that the session gave from its start to its end, each with its time (s from the first sample)."""
        ...


class SynchronyView(Protocol):
    """The synchrony of several wearers as a screen sees it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The wearers."""
        ...

    @property
    def measures(self) -> tuple[str, ...]:
        """What is correlated."""
        ...

    @property
    def width(self) -> int:
        """Seconds of the sliding window."""
        ...

    @property
    def needed(self) -> int:
        """Seconds of the window that both wearers of a pair must have."""
        ...

    def matrix(self, measure: int) -> SynchronyMatrix:
        """Correlation of all pairs now."""
        ...

    def course(self, measure: int, pair: tuple[int, int]) -> SynchronyCourse:
        """Correlation of a pair over the session."""
        ...


class Source(Protocol):
    """A source of chunks and events: a context manager and a blocking iterator."""

    @property
    def info(self) -> StreamInfo:
        """Description of the stream; complete once the source is entered."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __iter__(self) -> Iterator[Chunk | StreamEvent]: ...

    def close(self) -> None:
        """End the iteration from any thread; a blocked iterator wakes within 0.5 s."""
        ...


class Stage(Protocol):
    """A causal step of the signal path, chunk-size invariant (bit-identical)."""

    @property
    def delay(self) -> float:
        """Delay of the output in seconds; it does not shift stream times."""
        ...

    def push(self, chunk: Chunk) -> Chunk:
        """Take a contiguous chunk; return the output that is complete, which may be empty."""
        ...

    def flush(self) -> Chunk:
        """End of the segment: return the output that is still held."""
        ...

    def reset(self) -> None:
        """Forget the segment."""
        ...


class Sink(Protocol):
    """A consumer of a session's output. One that raises is dropped with a message; the others go on."""

    @property
    def name(self) -> str:
        """Name for messages."""
        ...

    def write(self, item: Item) -> None:
        """Take one item, in order."""
        ...

    def close(self) -> None:
        """End of the output."""
        ...


class Recorder(Sink, Protocol):
    """A sink that writes a recording; `write` raises once that failed, and does not wait for the disk.

    Only a replay at full speed may wait while the disk is far behind.
    """

    @property
    def status(self) -> RecordingStatus:
        """Status of the recording; callable from any thread."""
        ...


class Scanner(Protocol):
    """Looks for sources in the background."""

    @property
    def found(self) -> FoundSources:
        """What was found by now; never blocks."""
        ...

    def retry(self) -> None:
        """Begin those searches again that failed."""
        ...

    def pause(self, on: bool) -> None:
        """Keep the radio free while a device is connected, or go on; what was found stays."""
        ...

    def close(self) -> None:
        """End all searches; returns at once."""
        ...


class Preview(Protocol):
    """A source that is shown before its session."""

    @property
    def status(self) -> PreviewStatus:
        """What is known of it by now; never blocks."""
        ...

    def poll(self, since: Poll) -> tuple[Snapshot, Poll] | None:
        """Return the trace since ``since``, and the cursor for the next call; None while the source is not open."""
        ...

    def close(self) -> None:
        """Ask for the end; returns at once."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait until the source is released; whether it is."""
        ...


class DeskServices(Protocol):
    """What the start page asks of the rest of the program."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the bundled models, the default one first."""
        ...

    @property
    def recordings(self) -> str:
        """Folder of recordings without a chosen one."""
        ...

    @property
    def demo(self) -> str:
        """Path of the bundled recording."""
        ...

    def scan(self) -> Scanner:
        """Begin to look for sources."""
        ...

    def preview(self, source: str) -> Preview:
        """Open a source to show it; returns at once."""
        ...

    def participant_note(self, participant: str, session: str, folder: str, study: str) -> ParticipantNote:
        """Check the ids, and find out whether they were used before, in a study (path) or in a folder without one."""
        ...

    def browse(self, folder: str) -> str:
        """Show the recorded sessions of a folder in a window of their own; return why not, or nothing."""
        ...

    def study_choice(self, path: str, session: str) -> StudyChoice:
        """Read a study file, and find the participant whose turn it is."""
        ...
