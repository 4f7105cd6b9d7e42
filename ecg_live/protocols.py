"""The protocols of those who pass data on: sources, stages of the signal path, sinks, recorders and screens."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from ecg_live.events import Chunk, StreamEvent, StreamInfo
from ecg_live.results import HeadInfo, Item, Poll, RecordingStatus, Snapshot


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

    def __iter__(self) -> Iterator[Chunk | StreamEvent]: ...

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
