"""A recording open for reading: one ECG channel in mV, in chunks, with its gaps, markers and remarks."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import NamedTuple, Protocol

import numpy as np

from devices.files.unreadable import DECODE_ERRORS, damaged_file_error
from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.events import F64, Chunk, Gap, Marker, SignalKind, State, StreamInfo

RecordingItem = Chunk | Gap | State | Marker


class SampleRun(NamedTuple):
    """Contiguous samples (n,) in mV from sample index ``start`` on; ``cause`` is the reason for a gap before them."""

    start: int
    samples: F64
    cause: str = ""


class OpenRecording(Protocol):
    """A recording that is open for reading."""

    @property
    def info(self) -> StreamInfo:
        """The chosen channel, its nominal rate, and what the file states beforehand."""
        ...

    def chunks(self, size: int) -> Iterator[RecordingItem]:
        """Read the recording from its start, in chunks of ``size`` samples, shorter before a gap and at the end."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


@dataclass(frozen=True, slots=True)
class StatedSignal:
    """A recording whose kind of signal the user states."""

    recording: OpenRecording
    signal: SignalKind

    @property
    def info(self) -> StreamInfo:
        """See `OpenRecording.info`."""
        return replace(self.recording.info, signal=self.signal)

    def chunks(self, size: int) -> Iterator[RecordingItem]:
        """See `OpenRecording.chunks`."""
        return self.recording.chunks(size)

    def close(self) -> None:
        """See `OpenRecording.close`."""
        self.recording.close()


@dataclass(frozen=True, slots=True)
class FileRecording:
    """A recording made from a decoder's runs.

    Parameters
    ----------
    info : StreamInfo
        As `OpenRecording.info`.
    runs : callable
        Opens the file and decodes it from its start: runs in the order of their ``start``, events in between. It closes
        the file when it ends. A marker's ``time`` is raw time (sample index / rate), at any replay speed.
    """

    info: StreamInfo
    runs: Callable[[], Iterator[SampleRun | State | Marker]]

    def chunks(self, size: int) -> Iterator[RecordingItem]:
        """See `OpenRecording.chunks`.

        Raises
        ------
        FormatError
            The file is damaged; all samples before the damage have been read.
        RecordingError
            The disk or the library cannot read further.
        """
        cutter = _Rechunker(size, self.info.rate)
        try:
            for item in self.runs():
                yield from cutter.push(item)
        except EcgLiveError:
            yield from cutter.end()
            raise
        except DECODE_ERRORS as error:
            yield from cutter.end()
            raise damaged_file_error(self.info.name, error) from error
        except OSError as error:
            yield from cutter.end()
            why = error.strerror or error
            raise RecordingError(
                f"{self.info.name}: reading broke off: {why}", "check the disk, copy it again"
            ) from error
        yield from cutter.end()

    def close(self) -> None:
        """Nothing is open between two passes."""


class _Rechunker:
    """Cuts runs of any size into chunks of one size; an event follows the sample of its time."""

    def __init__(self, size: int, rate: float) -> None:
        self._size = size
        self._rate = rate
        self._parts: list[F64] = []
        self._start = 0  # index of the first sample in `_parts`
        self._stop = 0  # index after the last one
        self._events: list[tuple[float, State | Marker]] = []  # in order of the sample index that each waits for

    def push(self, item: SampleRun | State | Marker) -> Iterator[RecordingItem]:
        if not isinstance(item, SampleRun):
            bisect.insort(self._events, (self._due_index(item), item), key=itemgetter(0))
            yield from self._due_events()
            return
        if not len(item.samples):
            return
        if item.start != self._stop:
            yield from self._flush()
            yield self._gap(item)
            yield from self._due_events()
        self._parts.append(np.where(np.isfinite(item.samples), item.samples, np.nan))
        self._stop += len(item.samples)
        if self._stop - self._start >= self._size:
            yield from self._whole_chunks()

    def end(self) -> Iterator[RecordingItem]:
        yield from self._flush()
        yield from (self._with_time(*event) for event in self._events)
        self._events = []

    def _due_index(self, event: State | Marker) -> float:
        """Sample index after which an event is due: no marker comes before the first chunk."""
        if isinstance(event, State):
            return self._stop - 0.5
        return max(0.0, event.time * self._rate)

    def _flush(self) -> Iterator[RecordingItem]:
        if self._parts:
            yield self._chunk(np.concatenate(self._parts))
        self._parts = []
        yield from self._due_events()

    def _whole_chunks(self) -> Iterator[RecordingItem]:
        held = np.concatenate(self._parts)
        whole = len(held) - len(held) % self._size
        self._parts = [held[whole:]] if whole < len(held) else []
        for at in range(0, whole, self._size):
            yield self._chunk(held[at : at + self._size])
            yield from self._due_events()

    def _chunk(self, samples: F64) -> Chunk:
        chunk = Chunk(samples[:, None], self._start, self._start / self._rate)
        self._start = chunk.stop
        return chunk

    def _gap(self, run: SampleRun) -> Gap:
        if run.start < self._stop:
            raise ValueError(f"decoder went back from sample {self._stop} to {run.start}")
        gap = Gap(self._stop, run.start - self._stop, run.cause, time=self._stop / self._rate)
        self._start = self._stop = run.start
        return gap

    def _due_events(self) -> Iterator[State | Marker]:
        while self._events and self._events[0][0] < self._start:
            yield self._with_time(*self._events.pop(0))

    def _with_time(self, index: float, event: State | Marker) -> State | Marker:
        return replace(event, time=round(index + 0.5) / self._rate) if isinstance(event, State) else event


def with_markers(
    runs: Iterable[SampleRun | State | Marker], markers: Iterable[Marker], rate: float
) -> Iterator[SampleRun | State | Marker]:
    """Put markers between samples: each after the last sample that is not later, and before a gap around it.

    Parameters
    ----------
    runs : iterable
        A decoder's items, samples in order.
    markers : iterable of Marker
        In order of ``time``, in s from the file's first sample.
    rate : float
        Hz.
    """
    left = iter(markers)
    marker = next(left, None)
    for item in runs:
        if not isinstance(item, SampleRun):
            yield item
            continue
        while marker is not None and marker.time * rate < item.start + len(item.samples):
            cut = max(0, math.floor(marker.time * rate) + 1 - item.start)
            if cut:
                yield item._replace(samples=item.samples[:cut])
                item = SampleRun(item.start + cut, item.samples[cut:])  # noqa: PLW2901 - the rest of the run
            yield marker
            marker = next(left, None)
        yield item
    if marker is not None:
        yield marker
    yield from left
